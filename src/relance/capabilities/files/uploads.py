"""Taking the bytes of a file that somebody sends."""

from pathlib import Path

from fastapi import UploadFile

_CHUNK = 256 * 1024


async def save_upload(upload: UploadFile, path: Path) -> None:
    """Copy an upload to `path`."""
    with path.open("wb") as local:
        while piece := await upload.read(_CHUNK):
            local.write(piece)
