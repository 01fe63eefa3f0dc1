"""Taking the bytes of a file that somebody sends."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import UploadFile

from relance.core.settings import Settings
from relance.core.uploads import RoomyRoute

_CHUNK = 256 * 1024


class UploadRoute(RoomyRoute):
    """Operations that take files."""

    @staticmethod
    def room(settings: Settings) -> int:
        """Several files, and the form around them."""
        return settings.max_form_bytes


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
