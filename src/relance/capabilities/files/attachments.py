"""Files that somebody outside sends through a link, and the subjects that hold them.

A file comes first, by itself, and is free: it is deleted after some days. Once an answer, a draft or a delivery names
it, that subject holds it, and it is kept for as long as it is held. Each `hold` says all that a subject holds; what it
let go of is free again, for a day, so that a page that was open meanwhile can still name it.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from relance.capabilities.files.errors import FileTooLarge, FileTypeNotAccepted, TooManyFiles
from relance.capabilities.files.inspection import Inspected, inspect_file
from relance.capabilities.files.kinds import kinds_in_words, size_in_words
from relance.capabilities.files.models import StoredFile
from relance.capabilities.files.names import clean_name
from relance.capabilities.files.repository import FileRepository
from relance.capabilities.files.store import FileStore, measure
from relance.core.clock import system_now
from relance.core.db import DbSession
from relance.core.subjects import SubjectRef

#: Files kept at once that came through one link; whoever has a link has no account.
MOST_OF_LINK = 50
_AFTER_RELEASE = timedelta(days=1)


class Attachments:
    """Files sent through links, in one session."""

    def __init__(self, session: DbSession) -> None:
        self._rows = FileRepository(session)
        self._session = session

    async def receive(
        self, store: FileStore, link_id: UUID, path: Path, name: str, max_bytes: int, accept: Collection[str]
    ) -> StoredFile:
        """Keep the file at `path`, sent through the link, whose row the caller has locked.

        The same file sent again through the same link is the same file.

        Raises:
            FileRefused: it is empty, too large, of none of the kinds in `accept`, or not what its name says; or there
                are too many.
        """
        digest, inspected = await _inspected(path, name, max_bytes, accept)
        known = await self._rows.lock_same(link_id, inspected.name, digest)
        if known is not None:
            if known.expires_at is not None:
                known.expires_at = store.until(system_now())
            return known
        if await self._rows.count_of_link(link_id) >= MOST_OF_LINK:
            raise TooManyFiles(limit=MOST_OF_LINK)
        return await store.keep(self._session, None, path, inspected.name, inspected.kind.media_type, link_id=link_id)

    async def receive_from(
        self, store: FileStore, user_id: UUID, path: Path, name: str, max_bytes: int, accept: Collection[str]
    ) -> StoredFile:
        """Keep the file at `path`, sent by a user.

        Raises:
            FileRefused: it is empty, too large, of none of the kinds in `accept`, or not what its name says.
        """
        _, inspected = await _inspected(path, name, max_bytes, accept)
        return await store.keep(self._session, user_id, path, inspected.name, inspected.kind.media_type)

    async def find_sent(self, link_id: UUID, path: Path, name: str) -> StoredFile | None:
        """The file that was sent through the link before with this name and content."""
        _, digest = await asyncio.to_thread(measure, path)
        return await self._rows.lock_same(link_id, clean_name(name), digest)

    async def nameable(
        self, ids: Collection[UUID], link_id: UUID, holders: Collection[SubjectRef] = (), *, lock: bool = False
    ) -> dict[UUID, StoredFile]:
        """Those of `ids` that an answer through the link may name: sent through it and free, or held by `holders`."""
        if not ids:
            return {}
        return {file.id: file for file in await self._rows.nameable(ids, holders, link_id, lock=lock)}

    async def nameable_by(
        self, ids: Collection[UUID], user_id: UUID, holders: Collection[SubjectRef] = ()
    ) -> dict[UUID, StoredFile]:
        """Those of `ids` that a user may let something hold, locked: uploaded by it and free, or held by `holders`."""
        if not ids:
            return {}
        return {file.id: file for file in await self._rows.nameable_by(ids, holders, user_id)}

    async def hold(self, holder: SubjectRef, ids: Collection[UUID]) -> None:
        """From now on `holder` holds `ids`, which are nameable and locked, and nothing else."""
        await self._rows.release_others(holder, ids, system_now() + _AFTER_RELEASE)
        if ids:
            await self._rows.hold(holder, ids)

    async def held(self, holders: Collection[SubjectRef]) -> Sequence[StoredFile]:
        """The files of these subjects, oldest first."""
        return await self._rows.held(holders) if holders else ()


async def _inspected(path: Path, name: str, max_bytes: int, accept: Collection[str]) -> tuple[str, Inspected]:
    """Digest and kind of a file that is taken."""
    size, digest = await asyncio.to_thread(measure, path)
    if size > max_bytes:
        raise FileTooLarge(name=clean_name(name), limit=size_in_words(max_bytes), max_bytes=max_bytes)
    inspected = await asyncio.to_thread(inspect_file, path, name)
    if inspected.kind.code not in accept:
        raise FileTypeNotAccepted(name=inspected.name, accepted=kinds_in_words(accept))
    return digest, inspected
