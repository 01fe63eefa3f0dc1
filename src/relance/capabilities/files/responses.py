"""A file as an answer, and what the contract says of it."""

from typing import Any

from fastapi.responses import StreamingResponse

from relance.capabilities.files.models import StoredFile
from relance.capabilities.files.store import FileStore
from relance.core.downloads import attachment

#: The `responses` of an operation that answers a file.
CONTENT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The bytes.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


async def file_response(store: FileStore, file: StoredFile) -> StreamingResponse:
    """The bytes, piece by piece, to be saved and never shown in place.

    Raises:
        NotFound: they are gone.
    """
    pieces = await store.read(file.workspace_id, file.id)
    return StreamingResponse(
        pieces,
        media_type=file.media_type,
        headers={
            **attachment(file.name),
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Content-Length": str(file.size),
            "ETag": f'"{file.digest}"',
        },
    )
