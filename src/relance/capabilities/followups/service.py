"""Planning and cancelling, in the transaction of the change that makes it so."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from relance.capabilities.followups.models import FollowUp, FollowUpKind, FollowUpState
from relance.capabilities.followups.repository import FollowUpRepository
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.durations import after
from relance.core.ids import new_id
from relance.core.subjects import SubjectRef

_ALL = tuple(FollowUpKind)


@dataclass(frozen=True, slots=True)
class Policy:
    """When to remind and when to expire: ISO 8601 durations from the start of the cycle."""

    reminders: tuple[str, ...] = ("P7D",)
    expires_after: str = "P30D"

    def expiry(self, start: datetime) -> datetime:
        """When a cycle begun at `start` ends."""
        return after(start, self.expires_after)


class FollowUps:
    """The follow-ups of the session's workspace."""

    def __init__(self, session: DbSession, clock: Clock) -> None:
        self._rows = FollowUpRepository(session)
        self._session = session
        self._clock = clock

    async def policy(self, domain: str) -> Policy:
        """The workspace's policy for `domain`, the product's own where it has none."""
        row = await self._rows.policy(domain)
        return Policy() if row is None else Policy(tuple(row.reminders), row.expires_after)

    async def plan(self, subject: SubjectRef, cycle: int, policy: Policy, start: datetime) -> datetime:
        """Plan the reminders and the expiry of a cycle that began at `start`.

        Returns:
            When the cycle expires. Reminders at or past it are not planned.
        """
        expires_at = policy.expiry(start)
        wanted = [(FollowUpKind.REMINDER, number, after(start, d)) for number, d in enumerate(policy.reminders, 1)]
        planned = [row for row in wanted if row[2] < expires_at] + [(FollowUpKind.EXPIRY, 1, expires_at)]
        await self._rows.insert(
            [
                {
                    "workspace_id": self._session.workspace_id,
                    "id": new_id(),
                    "subject_kind": subject.kind,
                    "subject_id": subject.id,
                    "cycle": cycle,
                    "kind": kind,
                    "ordinal": ordinal,
                    "due_at": due_at,
                    "planned_at": due_at,
                    "state": FollowUpState.PENDING,
                }
                for kind, ordinal, due_at in planned
            ]
        )
        return expires_at

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
        """Put back what was set aside and has not fallen due meanwhile."""
        await self._rows.resume(subject, self._clock.now())

    async def pending(self, subject: SubjectRef) -> Sequence[FollowUp]:
        """What is still planned, soonest first."""
        return await self._rows.pending(subject)
