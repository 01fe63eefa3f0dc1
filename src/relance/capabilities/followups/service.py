"""Planning and cancelling, in the transaction of the change that makes it so."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from relance.capabilities.followups.calendar import Calendar, QuietHours
from relance.capabilities.followups.models import FollowUp, FollowUpKind, FollowUpPolicy, FollowUpState
from relance.capabilities.followups.repository import FollowUpRepository
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.durations import after
from relance.core.ids import new_id
from relance.core.subjects import SubjectRef, by_subject

_ALL = tuple(FollowUpKind)
#: The reminders of the product's own policy.
_WEEK = ("P7D",)
_NO_END = datetime.max.replace(tzinfo=UTC)

#: Why a reminder is dropped that quiet hours and days off would hold until the expiry.
NO_ALLOWED_INSTANT = "no_allowed_instant"


@dataclass(frozen=True, slots=True)
class Policy:
    """When to remind and when to expire: ISO 8601 durations from the start of the cycle.

    Reminders wait for the `calendar` of the `domain`; without one they leave when they are due. An expiry never waits.
    """

    reminders: tuple[str, ...] = _WEEK
    expires_after: str = "P30D"
    domain: str | None = None
    calendar: Calendar | None = None

    def expiry(self, start: datetime) -> datetime:
        """When a cycle begun at `start` ends."""
        return after(start, self.expires_after)

    def reminders_from(self, start: datetime) -> list[datetime]:
        """When the policy wants reminders of what began at `start`."""
        return [after(start, duration) for duration in self.reminders]

    @classmethod
    def of(cls, domain: str, row: FollowUpPolicy | None, zone: str, reminders: tuple[str, ...] = _WEEK) -> "Policy":
        """The policy of a domain; the product's own, with its `reminders`, where the workspace has none."""
        if row is None:
            return cls(reminders, domain=domain)
        quiet = None
        if row.quiet_from is not None and row.quiet_to is not None:
            quiet = QuietHours(row.quiet_from, row.quiet_to)
        calendar = Calendar(ZoneInfo(zone), quiet, row.working_days_only, row.holidays)
        return cls(tuple(row.reminders), row.expires_after, domain, calendar)

    def allowed_from(self, at: datetime, expires_at: datetime) -> datetime | None:
        """When a reminder due at `at` may leave; None where it may not before the expiry."""
        return at if self.calendar is None else self.calendar.next_allowed(at, expires_at)


@dataclass(frozen=True, slots=True)
class Start:
    """A cycle of a subject that begins."""

    subject: SubjectRef
    cycle: int
    at: datetime


#: Kind, ordinal, when the policy wants it, when it may act (None: at no instant).
_Schedule = list[tuple[FollowUpKind, int, datetime, datetime | None]]


class FollowUps:
    """The follow-ups of the session's workspace."""

    def __init__(self, session: DbSession, clock: Clock) -> None:
        self._rows = FollowUpRepository(session)
        self._session = session
        self._clock = clock

    async def policy(self, domain: str, reminders: tuple[str, ...] = _WEEK) -> Policy:
        """The workspace's policy for `domain`; the product's own, with its `reminders`, where it has none."""
        row, zone = await self._rows.policy(domain)
        return Policy.of(domain, row, zone, reminders)

    async def plan(self, subject: SubjectRef, cycle: int, policy: Policy, start: datetime) -> datetime:
        """Plan the reminders and the expiry of a cycle that began at `start`.

        Returns:
            When the cycle expires. Reminders at or past it are not planned; one that its calendar would hold until
            then is planned as dropped, so that the table says why nothing left.
        """
        return (await self.plan_many([Start(subject, cycle, start)], policy))[0]

    async def plan_many(self, starts: Sequence["Start"], policy: Policy) -> list[datetime]:
        """`plan` for many cycles under one policy, with one statement; the expiries are in the order of `starts`."""
        rows: list[dict[str, Any]] = []
        schedules: dict[datetime, _Schedule] = {}
        for one in starts:
            schedule = schedules.get(one.at)
            if schedule is None:
                schedule = schedules[one.at] = _schedule(policy, one.at)
            rows.extend(self._row(one, policy.domain, *planned) for planned in schedule)
        await self._rows.insert(rows)
        return [schedules[one.at][0][2] for one in starts]

    async def plan_at(
        self,
        subject: SubjectRef,
        cycle: int,
        policy: Policy,
        reminders: Sequence[datetime],
        expires_at: datetime | None,
    ) -> None:
        """Plan reminders at given instants, in their order, and an expiry where there is one.

        Only the calendar of `policy` counts. Reminders at or past the expiry are as in `plan`.
        """
        end = expires_at or _NO_END
        start = Start(subject, cycle, end)
        rows = []
        if expires_at is not None:
            rows.append(self._row(start, policy.domain, FollowUpKind.EXPIRY, 1, expires_at, expires_at))
        for ordinal, wanted in enumerate(reminders, 1):
            if wanted < end:
                due_at = policy.allowed_from(wanted, end)
                rows.append(self._row(start, policy.domain, FollowUpKind.REMINDER, ordinal, wanted, due_at))
        if rows:
            await self._rows.insert(rows)

    def _row(
        self,
        start: "Start",
        domain: str | None,
        kind: FollowUpKind,
        ordinal: int,
        planned_at: datetime,
        due_at: datetime | None,
    ) -> dict[str, Any]:
        return {
            "workspace_id": self._session.workspace_id,
            "id": new_id(),
            "subject_kind": start.subject.kind,
            "subject_id": start.subject.id,
            "domain": domain,
            "cycle": start.cycle,
            "kind": kind,
            "ordinal": ordinal,
            "due_at": due_at or planned_at,
            "planned_at": planned_at,
            "state": FollowUpState.PENDING if due_at else FollowUpState.DROPPED,
            "reason": None if due_at else NO_ALLOWED_INSTANT,
            "settled_at": None if due_at else self._clock.now(),
        }

    async def cancel(self, subject: SubjectRef, reason: str, kinds: Collection[FollowUpKind] = _ALL) -> int:
        """Cancel what is still planned. An answer calls this in its own transaction.

        Returns:
            How many were cancelled.
        """
        return await self.cancel_many([subject], reason, kinds)

    async def cancel_many(
        self, subjects: Sequence[SubjectRef], reason: str, kinds: Collection[FollowUpKind] = _ALL
    ) -> int:
        """`cancel` for many subjects, with one statement."""
        return await self._rows.settle_pending(
            subjects,
            FollowUpState.CANCELLED,
            reason,
            self._clock.now(),
            kinds,
            (FollowUpState.PENDING, FollowUpState.SUSPENDED),
        )

    async def suspend(self, subject: SubjectRef, reason: str) -> None:
        """Set what is planned aside until `resume`."""
        await self.suspend_many([subject], reason)

    async def suspend_many(self, subjects: Sequence[SubjectRef], reason: str) -> None:
        """`suspend` for many subjects, with one statement."""
        await self._rows.settle_pending(
            subjects, FollowUpState.SUSPENDED, reason, self._clock.now(), _ALL, (FollowUpState.PENDING,)
        )

    async def resume(self, subject: SubjectRef) -> None:
        """Put back what was set aside. Reminders that have fallen due meanwhile are dropped; an expiry acts at once."""
        await self._rows.resume(subject, self._clock.now())

    async def pending(self, subject: SubjectRef) -> Sequence[FollowUp]:
        """What is still planned, soonest first."""
        return (await self.pending_many(subject.kind, [subject.id]))[subject.id]

    async def pending_many(self, kind: str, ids: Collection[UUID]) -> Mapping[UUID, Sequence[FollowUp]]:
        """`pending` for many subjects of one kind, with one statement."""
        return by_subject(ids, await self._rows.pending(kind, ids))

    async def planned_cycles(self, subjects: Sequence[SubjectRef]) -> set[tuple[SubjectRef, int]]:
        """Which cycles of `subjects` have something planned still."""
        return await self._rows.planned_cycles(subjects)


def _schedule(policy: Policy, start: datetime) -> _Schedule:
    """What a cycle begun at `start` plans, its expiry first."""
    expires_at = policy.expiry(start)
    found: _Schedule = [(FollowUpKind.EXPIRY, 1, expires_at, expires_at)]
    for ordinal, duration in enumerate(policy.reminders, 1):
        wanted = after(start, duration)
        if wanted < expires_at:
            found.append((FollowUpKind.REMINDER, ordinal, wanted, policy.allowed_from(wanted, expires_at)))
    return found
