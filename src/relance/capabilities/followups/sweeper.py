"""The sweep: claim what is due, let the domain act, in small transactions. Any number of processes may sweep."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from relance.capabilities.followups.handlers import Done, Dropped, FollowUpHandler, Outcome, Postponed
from relance.capabilities.followups.models import FollowUp, FollowUpKind, FollowUpState
from relance.capabilities.followups.repository import FollowUpRepository
from relance.core.db import DbSession
from relance.core.runtime import Runtime
from relance.core.single_flight import SingleFlight

_log = structlog.get_logger(__name__)

BATCH = 100
_RETRY = timedelta(minutes=5)


class Sweeper:
    """Works off due follow-ups of every workspace.

    Locks: follow-up rows and subjects are both taken with SKIP LOCKED, so a sweep waits for nobody; an answer
    holds its subject's lock and may wait for a follow-up row, never the other way round.
    """

    def __init__(self, runtime: Runtime, handlers: Mapping[str, FollowUpHandler]) -> None:
        self._runtime = runtime
        self._handlers = handlers
        self._flight = SingleFlight(self._sweep)

    async def sweep(self) -> int:
        """Work until nothing is due.

        Returns:
            How many follow-ups were settled or postponed.
        """
        return await self._flight.run()

    async def close(self) -> None:
        """Wait for the batch under way."""
        await self._flight.finish()

    async def _sweep(self) -> int:
        await self._runtime.tick()
        total = 0
        while True:
            try:
                settled = await self._batch(BATCH)
            except Exception:
                # One subject must not hold up the others: take them one by one, and set the faulty one aside.
                _log.exception("follow_up_batch_failed")
                settled = await self._one_by_one()
            total += settled
            if settled == 0:
                return total

    async def _one_by_one(self) -> int:
        total = 0
        for _ in range(BATCH):
            faulty: list[UUID] = []
            try:
                settled = await self._batch(1, faulty)
            except Exception:
                _log.exception("follow_up_failed", follow_up=str(faulty[0]) if faulty else None)
                settled = await self._set_aside(faulty)
            if settled == 0:
                break
            total += settled
        return total

    async def _set_aside(self, faulty: Sequence[UUID]) -> int:
        async with self._runtime.db.transaction(None) as session:
            return await FollowUpRepository(session).delay(faulty, self._runtime.clock.now() + _RETRY)

    async def _batch(self, limit: int, seen: list[UUID] | None = None) -> int:
        now = self._runtime.clock.now()
        async with self._runtime.db.transaction(None) as session:
            rows = FollowUpRepository(session)
            claimed = await rows.claim_due(now, limit, self._handlers)
            if seen is not None:
                seen.extend(row.id for row in claimed)
            if not claimed:
                return 0
            keys = {(row.workspace_id, row.subject_kind, row.subject_id) for row in claimed}
            acting = acting_follow_ups(await rows.due_siblings(keys, now))
            settled = 0
            for (workspace_id, kind), due in by_workspace_and_kind(acting).items():
                session.enter_workspace(workspace_id)
                outcomes = await self._handlers[kind].follow_up(session, due)
                settled += await self._settle(session, due, outcomes, now)
                session.leave_workspace()
            return settled

    async def _settle(
        self, session: DbSession, due: Sequence[FollowUp], outcomes: Mapping[UUID, Outcome], now: datetime
    ) -> int:
        for row in due:
            match outcomes.get(row.id):
                case Done():
                    row.state, row.settled_at = FollowUpState.DONE, now
                case Dropped(reason):
                    row.state, row.reason, row.settled_at = FollowUpState.DROPPED, reason, now
                case Postponed(until):
                    row.due_at = max(until, now + timedelta(seconds=1))
                case None:
                    continue
        await session.flush()
        acted = [row for row in due if isinstance(outcomes.get(row.id), Done)]
        await FollowUpRepository(session).collapse_before(acted, now)
        return len(outcomes)


def acting_follow_ups(due: Sequence[FollowUp]) -> list[FollowUp]:
    """Of everything due, the one a subject that acts: its expiry, else its latest reminder (see ADR 0006)."""
    by_subject: dict[tuple[UUID, str, UUID], FollowUp] = {}
    for row in due:
        key = (row.workspace_id, row.subject_kind, row.subject_id)
        held = by_subject.get(key)
        if held is None or _rank(row) > _rank(held):
            by_subject[key] = row
    return list(by_subject.values())


def _rank(row: FollowUp) -> tuple[int, bool, int]:
    return row.cycle, row.kind == FollowUpKind.EXPIRY, row.ordinal


def by_workspace_and_kind(rows: Sequence[FollowUp]) -> dict[tuple[UUID, str], list[FollowUp]]:
    """`rows` in the groups that one handler call takes."""
    groups: dict[tuple[UUID, str], list[FollowUp]] = defaultdict(list)
    for row in rows:
        groups[row.workspace_id, row.subject_kind].append(row)
    return groups
