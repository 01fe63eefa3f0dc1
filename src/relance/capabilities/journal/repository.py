"""Every query of the journal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from relance.capabilities.journal.models import SECURITY, JournalEntry
from relance.core.bulk import among, insert_all
from relance.core.pagination import AnySelect, PageRequest, Slice, SortKey, keyset
from relance.core.repository import Repository, fetch_page


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """Which entries; None: whatever it is. `until` is not included."""

    action: str | None = None
    subject_id: UUID | None = None
    actor_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Whose history, a company's or a contact's, and what of it; None: whatever it is. `until` is not included."""

    company_id: UUID | None = None
    contact_id: UUID | None = None
    actions: Sequence[str] | None = None
    actors: Sequence[UUID] | None = None
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

    async def history(
        self,
        readable: Sequence[tuple[Sequence[str], str, AnySelect | None]],
        wanted: HistoryFilter,
        request: PageRequest,
    ) -> Sequence[JournalEntry]:
        """Entries about a company or a contact, one more than a page has.

        Args:
            readable: actions on subjects of a kind, and the ids of those subjects; None for all of them.
            wanted: of whom, and which.
            request: sorted by `at`.
        """
        ways: list[ColumnElement[bool]] = []
        for actions, kind, ids in readable:
            told = [one for one in actions if wanted.actions is None or one in wanted.actions]
            if not told:
                continue
            way = and_(JournalEntry.subject_kind == kind, among(JournalEntry.action, told))
            ways.append(way if ids is None else and_(way, JournalEntry.subject_id.in_(ids)))
        if not ways or (wanted.company_id is None and wanted.contact_id is None):
            return []
        statement = select(JournalEntry).where(or_(*ways), *_of_history(wanted))
        key = SortKey("at", JournalEntry.at)
        return (await self.session.scalars(keyset(statement, request, key, JournalEntry.id))).all()


def _of_history(wanted: HistoryFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.company_id is not None:
        found.append(JournalEntry.company_id == wanted.company_id)
    if wanted.contact_id is not None:
        found.append(JournalEntry.contact_id == wanted.contact_id)
    if wanted.actors is not None:
        found.append(and_(JournalEntry.actor_kind == "user", among(JournalEntry.actor_id, list(wanted.actors))))
    if wanted.since is not None:
        found.append(JournalEntry.at >= wanted.since)
    if wanted.until is not None:
        found.append(JournalEntry.at < wanted.until)
    return found
