"""Planning and cancelling, in the transaction of the change that makes it so."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from relance.capabilities.followups.calendar import Calendar, QuietHours
from relance.capabilities.followups.models import FollowUp, FollowUpKind, FollowUpPolicy, FollowUpState
from relance.capabilities.followups.repository import FollowUpRepository
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.durations import after
from relance.core.ids import new_id
from relance.core.subjects import SubjectRef

_ALL = tuple(FollowUpKind)
_NO_END = datetime.max.replace(tzinfo=UTC)

#: Why a reminder is dropped that quiet hours and days off would hold until the expiry.
NO_ALLOWED_INSTANT = "no_allowed_instant"


@dataclass(frozen=True, slots=True)
class Policy:
    """When to remind and when to expire: ISO 8601 durations from the start of the cycle.

    Reminders wait for the `calendar` of the `domain`; without one they leave when they are due. An expiry never waits.
    """

    reminders: tuple[str, ...] = ("P7D",)
    expires_after: str = "P30D"
    domain: str | None = None
    calendar: Calendar | None = None

    def expiry(self, start: datetime) -> datetime:
        """When a cycle begun at `start` ends."""
        return after(start, self.expires_after)

    @classmethod
    def of(cls, domain: str, row: FollowUpPolicy | None, zone: str) -> "Policy":
        """The policy of a domain; the product's own where the workspace has none."""
        if row is None:
            return cls(domain=domain)
        quiet = None
        if row.quiet_from is not None and row.quiet_to is not None:
            quiet = QuietHours(row.quiet_from, row.quiet_to)
        calendar = Calendar(ZoneInfo(zone), quiet, row.working_days_only, row.holidays)
        return cls(tuple(row.reminders), row.expires_after, domain, calendar)

    def allowed_from(self, at: datetime, expires_at: datetime) -> datetime | None:
        """When a reminder due at `at` may leave; None where it may not before the expiry."""
        return at if self.calendar is None else self.calendar.next_allowed(at, expires_at)


class FollowUps:
    """The follow-ups of the session's workspace."""

    def __init__(self, session: DbSession, clock: Clock) -> None:
        self._rows = FollowUpRepository(session)
        self._session = session
        self._clock = clock

    async def policy(self, domain: str) -> Policy:
        """The workspace's policy for `domain`, the product's own where it has none."""
        return Policy.of(domain, *await self._rows.policy(domain))

    async def plan(self, subject: SubjectRef, cycle: int, policy: Policy, start: datetime) -> datetime:
        """Plan the reminders and the expiry of a cycle that began at `start`.

        Returns:
            When the cycle expires. Reminders at or past it are not planned; one that its calendar would hold until
            then is planned as dropped, so that the table says why nothing left.
        """
        expires_at = policy.expiry(start)
        reminders = [after(start, duration) for duration in policy.reminders]
        await self.plan_at(subject, cycle, policy, reminders, expires_at)
        return expires_at

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
        rows = []
        if expires_at is not None:
            rows.append(self._row(subject, cycle, policy.domain, FollowUpKind.EXPIRY, 1, expires_at, expires_at))
        for ordinal, wanted in enumerate(reminders, 1):
            if wanted < end:
                due_at = policy.allowed_from(wanted, end)
                rows.append(self._row(subject, cycle, policy.domain, FollowUpKind.REMINDER, ordinal, wanted, due_at))
        if rows:
            await self._rows.insert(rows)

    def _row(
        self,
        subject: SubjectRef,
        cycle: int,
        domain: str | None,
        kind: FollowUpKind,
        ordinal: int,
        planned_at: datetime,
        due_at: datetime | None,
    ) -> dict[str, Any]:
        return {
            "workspace_id": self._session.workspace_id,
            "id": new_id(),
            "subject_kind": subject.kind,
            "subject_id": subject.id,
            "domain": domain,
            "cycle": cycle,
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
        return await self._rows.settle_pending(
            subject,
            FollowUpState.CANCELLED,
            reason,
            self._clock.now(),
            kinds,
            (FollowUpState.PENDING, FollowUpState.SUSPENDED),
        )

    async def suspend(self, subject: SubjectRef, reason: str) -> None:
        """Set what is planned aside until `resume`."""
        await self._rows.settle_pending(
            subject, FollowUpState.SUSPENDED, reason, self._clock.now(), _ALL, (FollowUpState.PENDING,)
        )

    async def resume(self, subject: SubjectRef) -> None:
        """Put back what was set aside. Reminders that have fallen due meanwhile are dropped; an expiry acts at once."""
        await self._rows.resume(subject, self._clock.now())

    async def pending(self, subject: SubjectRef) -> Sequence[FollowUp]:
        """What is still planned, soonest first."""
        return await self._rows.pending(subject)
