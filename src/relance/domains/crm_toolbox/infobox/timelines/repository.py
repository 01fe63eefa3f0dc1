"""The queries of timelines: where the entries of a page stand, read from an index in its order."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, true

from relance.core.bulk import among
from relance.core.pagination import PageRequest, SortKey, keyset
from relance.core.repository import Repository
from relance.core.security import Caller
from relance.domains.crm_toolbox.infobox.outcomes import Outcome
from relance.domains.crm_toolbox.infobox.repository import visible
from relance.domains.crm_toolbox.infobox.schemas import TimelineCriteria
from relance.domains.crm_toolbox.models import InfoboxEntry, InfoboxTarget


class Found(NamedTuple):
    """Where a line stands."""

    at: datetime
    id: UUID


class TimelineRepository(Repository):
    """Timelines of the session's workspace."""

    async def keys(
        self, wanted: TimelineCriteria, caller: Caller, now: datetime, request: PageRequest
    ) -> Sequence[Found]:
        """Where the entries that fit stand, one more than a page has."""
        filters = _of_entry(wanted, caller, now)
        if wanted.company_id is None and wanted.contact_id is None:
            at, id_ = InfoboxEntry.action_at, InfoboxEntry.id
            statement = select(at, id_).where(*filters)
        else:
            # Of the targets, which stand in the order of the timeline; two of one entry are one line.
            target = InfoboxTarget
            at, id_ = target.action_at, target.entry_id
            entry = and_(InfoboxEntry.workspace_id == target.workspace_id, InfoboxEntry.id == target.entry_id)
            statement = select(at, id_).distinct().join(InfoboxEntry, entry).where(*filters)
            if wanted.company_id is not None:
                statement = statement.where(target.company_id == wanted.company_id)
            if wanted.contact_id is not None:
                statement = statement.where(target.contact_id == wanted.contact_id)
        found = await self.session.execute(keyset(statement, request, SortKey("at", at), id_))
        return [Found(row[0], row[1]) for row in found]


def _of_entry(wanted: TimelineCriteria, caller: Caller, now: datetime) -> list[ColumnElement[bool]]:
    entry = InfoboxEntry
    found: list[ColumnElement[bool]] = [visible(caller)]
    if wanted.type:
        found.append(among(entry.type, wanted.type))
    if wanted.author_id:
        found.append(among(entry.author_id, wanted.author_id))
    if wanted.at_from is not None:
        found.append(entry.action_at >= wanted.at_from)
    if wanted.at_to is not None:
        found.append(entry.action_at < wanted.at_to)
    if wanted.upcoming is not None:
        to_come = and_(entry.action_at > now, entry.outcome == Outcome.PLANNED.value)
        found.append(to_come if wanted.upcoming else ~to_come)
    return found or [true()]
