"""Every query of the journal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from relance.capabilities.journal.models import SECURITY, JournalEntry
from relance.core.bulk import insert_all
from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import Repository, fetch_page


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """Which entries; None: whatever it is. `until` is not included."""

    action: str | None = None
    subject_id: UUID | None = None
    actor_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


class JournalRepository(Repository):
    """Entries of the session's workspace."""

    async def append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write many entries."""
        await insert_all(self.session, JournalEntry, rows)

    async def security_page(self, wanted: JournalFilter, request: PageRequest) -> Slice[JournalEntry]:
        """One page of what happened to accounts and rights."""
        statement = select(JournalEntry).where(SECURITY)
        if wanted.action is not None:
            statement = statement.where(JournalEntry.action == wanted.action)
        if wanted.subject_id is not None:
            statement = statement.where(JournalEntry.subject_id == wanted.subject_id)
        if wanted.actor_id is not None:
            statement = statement.where(JournalEntry.actor_id == wanted.actor_id)
        if wanted.since is not None:
            statement = statement.where(JournalEntry.at >= wanted.since)
        if wanted.until is not None:
            statement = statement.where(JournalEntry.at < wanted.until)
        page = await fetch_page(self.session, statement, request, SortKey("at", JournalEntry.at), JournalEntry.id)
        return Slice([row[0] for row in page.rows], page.next)
