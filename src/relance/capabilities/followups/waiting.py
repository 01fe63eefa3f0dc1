"""What quiet hours and days off do to reminders that are due: the calendar is asked again when they would act.

Planning has asked it already; a worker that comes late, a gap that ends at night and a policy that changed have not.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from relance.capabilities.followups.handlers import Dropped, Due, Outcome, Postponed
from relance.capabilities.followups.models import FollowUpKind
from relance.capabilities.followups.repository import FollowUpRepository
from relance.capabilities.followups.service import NO_ALLOWED_INSTANT, Policy
from relance.capabilities.followups.sweeping.repository import SweepRepository, cycle_key
from relance.core.db import DbSession

_NO_END = datetime.max.replace(tzinfo=UTC)


class Waiting:
    """Knows the calendars of the workspaces that one batch meets."""

    def __init__(self, session: DbSession) -> None:
        self._rows = SweepRepository(session)
        self._stored = FollowUpRepository(session)
        self._policies: dict[tuple[UUID, str], Policy] = {}

    async def held(self, wanted: Iterable[tuple[Due, datetime]]) -> Mapping[UUID, Outcome]:
        """Of reminders and the instants at which they would act, those that have to wait, or wait in vain.

        All of them are of the workspace that the session is in.
        """
        asked = [(row, at, await self._policy(row)) for row, at in wanted if row.kind == FollowUpKind.REMINDER]
        barred = [(row, at, policy) for row, at, policy in asked if policy.allowed_from(at, _NO_END) != at]
        if not barred:
            return {}
        ends = await self._rows.expiries([row for row, _, _ in barred])
        found: dict[UUID, Outcome] = {}
        for row, at, policy in barred:
            until = policy.allowed_from(at, ends.get(cycle_key(row), _NO_END))
            found[row.id] = Postponed(until) if until is not None else Dropped(NO_ALLOWED_INSTANT)
        return found

    async def _policy(self, row: Due) -> Policy:
        if row.domain is None:
            return Policy()
        key = (row.workspace_id, row.domain)
        if key not in self._policies:
            self._policies[key] = Policy.of(row.domain, *await self._stored.policy(row.domain))
        return self._policies[key]
