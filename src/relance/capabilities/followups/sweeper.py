"""The sweep: claim what is due, let the domain act, in small transactions. Any number of processes may sweep."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from relance.capabilities.followups.handlers import Done, Due, FollowUpHandler, Outcome, Postponed
from relance.capabilities.followups.models import FollowUpKind
from relance.capabilities.followups.sweeping.repository import SubjectKey, SweepRepository, subject_key
from relance.capabilities.followups.waiting import Waiting
from relance.core.db import DbSession
from relance.core.runtime import Runtime
from relance.core.single_flight import SingleFlight

_log = structlog.get_logger(__name__)

BATCH = 500
#: Batches at once where there are many: PostgreSQL works on the one while Python makes the rows of the other.
HANDS = 2
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_RETRY = timedelta(minutes=5)
#: A sweep that met so many held subjects ends; the next one is seconds away.
_MOST_PASSED = 1_000


class Sweeper:
    """Works off due follow-ups of every workspace.

    Locks: follow-up rows and subjects are both taken with SKIP LOCKED, so a sweep waits for nobody; an answer
    holds its subject's lock and may wait for a follow-up row, never the other way round.
    """

    def __init__(self, runtime: Runtime, handlers: Mapping[str, FollowUpHandler]) -> None:
        self._runtime = runtime
        self._handlers = handlers
        self._flight = SingleFlight(self._sweep)
        self._closing = False

    async def sweep(self) -> int:
        """Work until nothing is due.

        Returns:
            How many follow-ups were settled or postponed.
        """
        return await self._flight.run()

    async def close(self) -> None:
        """Wait for the batch under way; another process goes on."""
        self._closing = True
        await self._flight.finish()

    async def _sweep(self) -> int:
        await self._runtime.tick()
        passed: set[UUID] = set()
        first = await self._turn(_BEGINNING, passed)
        hands = HANDS if len(first.claimed) >= BATCH else 1
        results = await asyncio.gather(*(self._go_on(first, passed) for _ in range(hands)), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return first.settled + sum(result for result in results if isinstance(result, int))

    async def _go_on(self, batch: "_Batch", passed: set[UUID]) -> int:
        """Batch after batch, from the one that `batch` came to. How many were settled."""
        total = 0
        while batch.claimed and len(passed) <= _MOST_PASSED and not self._closing:
            # What falls due before this while the sweep is under way is the next one's.
            batch = await self._turn(max(row.due_at for row in batch.claimed), passed)
            total += batch.settled
        return total

    async def _turn(self, since: datetime, passed: set[UUID]) -> "_Batch":
        batch = _Batch(since)
        try:
            await self._batch(BATCH, batch, passed)
        except Exception:
            # One subject must not hold up the others: take them one by one, and set the faulty one aside.
            _log.exception("follow_up_batch_failed")
            batch = await self._one_by_one(since, passed)
        passed |= batch.left
        return batch

    async def _one_by_one(self, since: datetime, passed: set[UUID]) -> "_Batch":
        whole = _Batch(since)
        for _ in range(BATCH):
            one = _Batch(since)
            try:
                await self._batch(1, one, passed | whole.left)
            except Exception:
                _log.exception("follow_up_failed", follow_ups=[str(row.id) for row in one.claimed])
                one.settled = await self._set_aside(one.claimed)
                one.left = set() if one.settled else {row.id for row in one.claimed}
            if not one.claimed:
                break
            whole.claimed += one.claimed
            whole.settled += one.settled
            whole.left |= one.left
        return whole

    async def _set_aside(self, faulty: Sequence[Due]) -> int:
        async with self._runtime.db.transaction(None) as session:
            return await SweepRepository(session).delay(faulty, self._runtime.clock.now() + _RETRY)

    async def _batch(self, limit: int, batch: "_Batch", passed: Collection[UUID]) -> None:
        """Claim up to `limit` and let them act; `batch` tells how far it came, also when it fails."""
        now = self._runtime.clock.now()
        async with self._runtime.db.transaction(None) as session:
            rows = SweepRepository(session)
            claimed = batch.claimed = await rows.claim_due(now, batch.since, limit, self._handlers, passed)
            if not claimed:
                return
            keys = {subject_key(row) for row in claimed}
            acting = acting_follow_ups(await rows.due_siblings(keys, now))
            waiting = Waiting(session)
            settled: set[SubjectKey] = set()
            for (workspace_id, kind), due in by_workspace_and_kind(acting).items():
                session.enter_workspace(workspace_id)
                outcomes = await self._outcomes(session, kind, due, waiting, now)
                await session.flush()
                await rows.settle(due, outcomes, now)
                await rows.collapse_before([row for row in due if isinstance(outcomes.get(row.id), Done)], now)
                settled |= {subject_key(row) for row in due if row.id in outcomes}
                session.leave_workspace()
        batch.settled = len(settled)
        # Whose subject somebody holds: not asked again in this sweep, so that it does not hold up what is behind it.
        batch.left = {row.id for row in claimed if subject_key(row) not in settled}

    async def _outcomes(
        self, session: DbSession, kind: str, due: Sequence[Due], waiting: Waiting, now: datetime
    ) -> Mapping[UUID, Outcome]:
        held = await waiting.held((row, now) for row in due)
        free = [row for row in due if row.id not in held]
        acted = await self._handlers[kind].follow_up(session, free) if free else {}
        soonest = now + timedelta(seconds=1)
        postponed = [
            (row, max(outcome.until, soonest)) for row in free if isinstance(outcome := acted.get(row.id), Postponed)
        ]
        later = {row.id: Postponed(until) for row, until in postponed}
        return {**acted, **later, **await waiting.held(postponed), **held}


@dataclass(slots=True)
class _Batch:
    """How far a batch came: what it claimed, how many subjects it settled, and what it left to the next sweep."""

    #: Claims nothing that was due before.
    since: datetime
    claimed: list[Due] = field(default_factory=list)
    settled: int = 0
    left: set[UUID] = field(default_factory=set)


def acting_follow_ups(due: Sequence[Due]) -> list[Due]:
    """Of everything due, the one a subject that acts: its expiry, else its latest reminder (see ADR 0006)."""
    by_subject: dict[SubjectKey, Due] = {}
    for row in due:
        key = subject_key(row)
        held = by_subject.get(key)
        if held is None or _rank(row) > _rank(held):
            by_subject[key] = row
    return list(by_subject.values())


def _rank(row: Due) -> tuple[int, bool, int]:
    return row.cycle, row.kind == FollowUpKind.EXPIRY, row.ordinal


def by_workspace_and_kind(rows: Sequence[Due]) -> dict[tuple[UUID, str], list[Due]]:
    """`rows` in the groups that one handler call takes."""
    groups: dict[tuple[UUID, str], list[Due]] = defaultdict(list)
    for row in rows:
        groups[row.workspace_id, row.subject_kind].append(row)
    return groups
