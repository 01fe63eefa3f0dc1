"""One timeline of a company or a contact: the entries of the infobox, and what the journal tells of other domains."""

from collections.abc import Sequence
from datetime import datetime

from relance.capabilities.journal.models import JournalEntry
from relance.capabilities.journal.repository import HistoryFilter
from relance.capabilities.journal.timeline import Timeline
from relance.core.db import DbSession
from relance.core.pagination import Cursor, PageRequest
from relance.core.security import Caller
from relance.domains.crm_toolbox.infobox.schemas import TimelineCriteria
from relance.domains.crm_toolbox.infobox.timelines.repository import Found, TimelineRepository
from relance.domains.crm_toolbox.infobox.views import Line, Views


class Timelines:
    """The timelines that a caller may read, in one session."""

    def __init__(self, session: DbSession, timeline: Timeline, caller: Caller, now: datetime) -> None:
        self._session = session
        self._timeline = timeline
        self._caller = caller
        self._now = now
        self._rows = TimelineRepository(session)

    async def page(self, wanted: TimelineCriteria, request: PageRequest) -> tuple[list[Line], Cursor | None]:
        """One page, and where the next begins. What is not about a company or a contact has entries alone."""
        entries = await self._rows.keys(wanted, self._caller, self._now, request)
        events = await self._events(wanted, request)
        lines = [(Found(one.at, one.id), one) for one in events]
        merged: list[tuple[Found, JournalEntry | None]] = sorted(
            [*((one, None) for one in entries), *lines], key=lambda line: line[0], reverse=request.descending
        )
        shown = merged[: request.limit]
        items = await self._shown(shown)
        if len(merged) <= request.limit:
            return items, None
        last = shown[-1][0]
        return items, Cursor(request.sort, last.at, last.id)

    async def _events(self, wanted: TimelineCriteria, request: PageRequest) -> Sequence[JournalEntry]:
        if wanted.upcoming or (wanted.company_id is None and wanted.contact_id is None):
            return []
        history = HistoryFilter(
            company_id=wanted.company_id,
            contact_id=wanted.contact_id,
            actions=wanted.type or None,
            actors=wanted.author_id or None,
            since=wanted.at_from,
            until=wanted.at_to,
        )
        return await self._timeline.lines(self._session, self._caller, history, request)

    async def _shown(self, lines: Sequence[tuple[Found, JournalEntry | None]]) -> list[Line]:
        views = Views(self._session, self._now)
        entries = await views.items([found.id for found, event in lines if event is None])
        events = await views.events([event for _, event in lines if event is not None], self._timeline)
        return [(entries if event is None else events)[found.id] for found, event in lines]
