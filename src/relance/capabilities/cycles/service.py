"""Asking, asking again and stopping, in the transaction of the change that makes it so. The rows are locked."""

from datetime import datetime
from typing import Any, Generic

from relance.capabilities.cycles.chase import Chase, RowT, pace_of
from relance.capabilities.followups.service import FollowUps, Policy
from relance.capabilities.journal.service import Journal
from relance.capabilities.links.service import Links
from relance.capabilities.messaging.outbox import Outbox
from relance.core.db import DbSession
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.subjects import SYSTEM, ActorRef, SubjectRef


class Cycles(Generic[RowT]):
    """The cycles of one kind of subject, on behalf of `actor`."""

    def __init__(self, session: DbSession, runtime: Runtime, chase: Chase[RowT], actor: ActorRef = SYSTEM) -> None:
        self._session = session
        self._clock = runtime.clock
        self._chase = chase
        self._actor = actor
        self._follow_ups = FollowUps(session, runtime.clock)
        self._outbox = Outbox(session, runtime.clock)
        self._links = Links(session, runtime.clock)
        self._journal = Journal(session, runtime.clock)

    def subject(self, row: RowT) -> SubjectRef:
        """How the capabilities name the row."""
        return SubjectRef(self._chase.kind, row.chased.id)

    async def policy(self) -> Policy:
        """The workspace's policy for these cycles."""
        return await self._follow_ups.policy(self._chase.domain)

    async def ask(self, row: RowT) -> None:
        """Enqueue the inviting mail of the row's present cycle."""
        await self._session.flush()
        now = self._clock.now()
        row.chased.last_asked_at = now
        await self._chase.invite(self._session, [row], (await self.policy()).expiry(now))

    async def remind(self, row: RowT, *, forced: bool = False) -> None:
        """Ask again; the expiry does not move.

        Raises:
            RelanceError: the refusal of the lifecycle: transition, gap, undeliverable address…
        """
        step, before = self._step(row, "remind", forced=forced)
        mark_reminded(row, self._clock.now())
        await self._chase.remind(self._session, [row])
        self.record(row, step.journal, before, forced=forced)

    async def renew(self, row: RowT) -> None:
        """Begin a new cycle: the inviting mail again, reminders and expiry armed again once it has left.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        step, before = self._step(row, "renew")
        row.chased.status = self._chase.lifecycle.target(step, before)
        row.chased.cycle += 1
        row.chased.delivery = None
        row.chased.expires_at = (await self.policy()).expiry(self._clock.now())
        await self.ask(row)
        self.record(row, step.journal, before)

    async def readdress(self, row: RowT, action: str) -> None:
        """The row has another address: what went to the old one answers no more, the new one is asked.

        Args:
            row: already with its new address.
            action: for the journal.
        """
        await self.stop(row, "readdressed", revoke=True)
        chased = row.chased
        chased.cycle += 1
        chased.delivery = chased.expires_at = None
        await self.ask(row)
        self.record(row, action, chased.status)

    async def stop(self, row: RowT, reason: str, *, revoke: bool = False) -> None:
        """Take back what is queued and planned; `revoke` ends the links too."""
        subject = self.subject(row)
        await self._outbox.cancel(subject, reason)
        await self._follow_ups.cancel(subject, reason)
        if revoke:
            await self._links.revoke(subject)

    def record(
        self, row: RowT, action: str, before: str | None, actor: ActorRef | None = None, **details: object
    ) -> None:
        """Write to the journal what happened to the row, which is in its new state."""
        record(self._journal, self._chase.kind, row, action, before, actor or self._actor, **details)

    def _step(self, row: RowT, action: str, *, forced: bool = False) -> Any:
        before = row.chased.status
        facts = self._chase.facts(row, pace_of(row, self._clock.now(), forced=forced))
        return self._chase.lifecycle.require(before, action, Actor.USER, facts), before


def mark_reminded(row: RowT, now: datetime) -> None:
    """Count one more reminder that is asked for."""
    row.chased.last_asked_at = now
    row.chased.reminders_asked += 1


def record(
    journal: Journal, kind: str, row: RowT, action: str, before: str | None, actor: ActorRef, **details: object
) -> None:
    """Append what happened to `row`, with its state before and after."""
    journal.record(
        action,
        SubjectRef(kind, row.chased.id),
        actor,
        company_id=row.company_id,
        contact_id=row.contact_id,
        before={"status": before} if before else None,
        after={"status": row.chased.status, **details},
    )
