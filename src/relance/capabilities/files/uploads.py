"""Taking the bytes of a file that somebody sends."""

import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import Request, Response, UploadFile, params

from relance.core.http import StrictRoute
from relance.core.middleware import accept_body_of

_CHUNK = 256 * 1024


class UploadRoute(StrictRoute):
    """Operations that take files read more than the others."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, the limit raised before anything is read where files are sent."""
        handle = super().get_route_handler()
        if self.body_field is None or not isinstance(self.body_field.field_info, params.File):
            return handle

        async def roomy(request: Request) -> Response:
            accept_body_of(request, request.app.state.runtime.settings.max_form_bytes)
            return await handle(request)

        return roomy


async def save_upload(upload: UploadFile, path: Path) -> None:
    """Copy an upload to `path`."""
    with path.open("wb") as local:
        while piece := await upload.read(_CHUNK):
            local.write(piece)


@asynccontextmanager
async def on_disk(upload: UploadFile) -> AsyncIterator[Path]:
    """The upload as a file, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="relance-upload-") as folder:
        path = Path(folder) / "file"
        await save_upload(upload, path)
        yield path
