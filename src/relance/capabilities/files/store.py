"""Where the bytes are: a local folder, or an S3-compatible store, by the same few calls."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast
from uuid import UUID

from obstore.exceptions import NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from relance.capabilities.files.models import StoredFile
from relance.core.clock import system_now
from relance.core.db import DbSession
from relance.core.errors import NotFound
from relance.core.ids import new_id
from relance.core.settings import Settings

#: Bytes in memory at once.
CHUNK = 256 * 1024
#: Names in memory at once of a listing.
_LISTED = 500


class FileStore:
    """The files of every workspace; the name of an object is made of two ids, never of what somebody typed."""

    def __init__(self, settings: Settings) -> None:
        """Raises: ValueError: the address of the store is unreadable."""
        self._url = settings.files_url
        self._keep = timedelta(days=settings.files_keep_days)
        self._opened: ObjectStore | None = None

    @property
    def _store(self) -> ObjectStore:
        # Opened at the first use: a process that never touches a file needs no folder.
        if self._opened is None:
            if self._url.startswith("file://"):
                folder = Path(self._url.removeprefix("file://"))
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._opened = cast("ObjectStore", LocalStore(folder))
            else:
                self._opened = from_url(self._url)
        return self._opened

    async def keep(
        self,
        session: DbSession,
        created_by: UUID | None,
        path: Path,
        name: str,
        media_type: str,
        *,
        link_id: UUID | None = None,
    ) -> StoredFile:
        """Store the file at `path`, and its row in the session's transaction.

        A transaction that is rolled back leaves an object without a row, which nobody can reach and a later sweep
        deletes. Either a user made the file, or it came through a link.
        """
        size, digest = await asyncio.to_thread(measure, path)
        now = system_now()
        file = StoredFile(
            workspace_id=session.workspace_id,
            id=new_id(),
            created_by=created_by,
            link_id=link_id,
            name=name,
            media_type=media_type,
            size=size,
            digest=digest,
            created_at=now,
            expires_at=self.until(now),
        )
        await self._store.put_async(_object(file.workspace_id, file.id), path, chunk_size=5 * 1024 * 1024)
        session.add(file)
        await session.flush()
        return file

    def until(self, now: datetime) -> datetime:
        """Until when a file is kept that nothing holds."""
        return now + self._keep

    async def read(self, workspace_id: UUID, file_id: UUID) -> AsyncIterator[bytes]:
        """The bytes, piece by piece.

        Raises:
            NotFound: they are gone.
        """
        try:
            found = await self._store.get_async(_object(workspace_id, file_id))
        except (NotFoundError, FileNotFoundError):
            raise NotFound() from None
        return _pieces(found.stream(min_chunk_size=CHUNK))

    async def fetch(self, workspace_id: UUID, file_id: UUID, path: Path) -> None:
        """Copy the bytes to `path`.

        Raises:
            NotFound: they are gone.
        """
        pieces = await self.read(workspace_id, file_id)
        with path.open("wb") as local:
            async for piece in pieces:
                local.write(piece)

    async def delete(self, workspace_id: UUID, file_id: UUID) -> None:
        """Delete the bytes; those that are gone already are no fault."""
        try:
            await self._store.delete_async(_object(workspace_id, file_id))
        except (NotFoundError, FileNotFoundError):
            return

    async def objects(self, since: datetime, until: datetime) -> AsyncIterator[tuple[UUID, Sequence[UUID]]]:
        """What is stored and was made in that time, by workspace, some at a time, whether it has a row or not.

        Ids begin with their time, so that a store lists these and not the others.
        """
        for folder in (await self._store.list_with_delimiter_async())["common_prefixes"]:
            workspace_id = _as_id(folder)
            if workspace_id is None:
                continue
            before = _object(workspace_id, _first_id(since))
            async for found in self._store.list(folder, offset=before, chunk_size=_LISTED):
                ids = [_as_id(one["path"].rpartition("/")[2]) for one in found]
                yield workspace_id, [one for one in ids if one is not None and one < _first_id(until)]


async def _pieces(stream: AsyncIterator[object]) -> AsyncIterator[bytes]:
    async for piece in stream:
        yield bytes(cast("bytes", piece))


def measure(path: Path) -> tuple[int, str]:
    """Size in bytes, and SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as local:
        while piece := local.read(CHUNK):
            digest.update(piece)
    return path.stat().st_size, digest.hexdigest()


def _first_id(at: datetime) -> UUID:
    """Lower than every UUIDv7 made from `at` on, and higher than those before."""
    return UUID(int=int(at.timestamp() * 1000) << 80)


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _object(workspace_id: UUID, file_id: UUID) -> str:
    return f"{workspace_id}/{file_id}"
