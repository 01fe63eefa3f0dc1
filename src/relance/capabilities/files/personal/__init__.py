"""What files keep of people: what they have sent, and the tables of imports and exports in which they stand."""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from relance.capabilities.files.personal.reading import names_somebody
from relance.capabilities.files.personal.repository import PersonalFiles
from relance.capabilities.files.store import FileStore
from relance.core.clock import system_now
from relance.core.db import DbSession
from relance.core.errors import NotFound
from relance.core.i18n import Text
from relance.core.personal import Person

#: For how many people of one transaction tables are read: after that, those that can be made again go unread.
_MOST_READ = 5
_READ = "tables_read_for_people"
#: An import may still be waiting for a younger file.
_UNDER_WAY = timedelta(hours=1)


class FilesOfPeople:
    """A `Keeper` of files. A table in which a person stands goes as a whole: it can be made again without them."""

    section = "files"
    label = Text("Fichiers", "Files")
    asked: str | None = None
    near: str | None = None
    files: str | None = None

    def __init__(self, store: FileStore) -> None:
        self._store = store

    async def find(self, session: DbSession, person: Person, *, lock: bool) -> Sequence[UUID]:
        """See `Keeper.find`. Reads the tables that are kept, which are few and live for some days.

        Where many people are erased at once, that would be the same files over and over: exports and imported files of
        more than an hour ago then go without being read.
        """
        rows = PersonalFiles(session)
        sent = list(await rows.sent_by(person))
        session.info[_READ] = read = session.info.get(_READ, 0) + 1
        if lock and read > _MOST_READ:
            sent += await rows.made_tables(system_now() - _UNDER_WAY)
        known = set(sent)
        tables = [one for one in await rows.tables() if one not in known]
        with tempfile.TemporaryDirectory(prefix="relance-personal-") as folder:
            path = Path(folder) / "file"
            for file_id in tables:
                try:
                    await self._store.fetch(session.workspace_id, file_id, path)
                except NotFound:
                    continue
                if await asyncio.to_thread(names_somebody, path, person.needles, (person.first_name, person.last_name)):
                    sent.append(file_id)
        return sent

    async def tell(self, session: DbSession, person: Person, ids: Sequence[UUID]) -> Sequence[Mapping[str, Any]]:
        """Names, kinds and sizes."""
        return [dict(row._mapping) for row in await PersonalFiles(session).shown(ids)] if ids else []

    async def erase(self, session: DbSession, person: Person, ids: Sequence[UUID]) -> None:
        """They are past their time, at once; the next sweep deletes the bytes."""
        if ids:
            await PersonalFiles(session).expire(ids, system_now())
