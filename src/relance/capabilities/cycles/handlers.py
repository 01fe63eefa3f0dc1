"""What the outbox and the follow-ups ask and tell about cycles, the same for every domain."""

from collections.abc import Mapping, Sequence
from typing import Generic
from uuid import UUID

from relance.capabilities.cycles.chase import Chase, RowT, pace_of
from relance.capabilities.cycles.lifecycle import Delivery
from relance.capabilities.cycles.service import mark_reminded, record
from relance.capabilities.followups.handlers import Done, Dropped, Due, Outcome, Postponed
from relance.capabilities.followups.models import FollowUpKind
from relance.capabilities.followups.service import FollowUps
from relance.capabilities.journal.service import Journal
from relance.capabilities.messaging.gap import TooRecent
from relance.capabilities.messaging.handlers import MailFact
from relance.capabilities.messaging.outbox import Outbox
from relance.core.db import DbSession
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.subjects import SYSTEM, SubjectRef


class ChasedMails(Generic[RowT]):
    """A `MailSubject`: the first hand-off of a cycle's inviting mail starts it, later mails count as reminders."""

    def __init__(self, runtime: Runtime, chase: Chase[RowT]) -> None:
        self.kind = chase.kind
        self._runtime = runtime
        self._chase = chase
        self._asking = frozenset({chase.inviting, chase.reminding})

    async def wanted(self, session: DbSession, messages: Sequence[MailFact]) -> set[UUID]:
        """Ids of the messages whose subject still stands as the mail says."""
        known = await self._chase.statuses(session, {message.subject.id for message in messages})
        return {
            message.id
            for message in messages
            if known.get(message.subject.id) in self._chase.wanted_in.get(message.mail_key, ())
        }

    async def sent(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """The relay took them."""
        asking = [message for message in messages if message.mail_key in self._asking]
        if not asking:
            return
        rows = await self._chase.lock_all(session, {message.subject.id for message in asking})
        for message in asking:
            row = rows.get(message.subject.id)
            if row is not None:
                await self._count(session, row, message)
        await session.flush()

    async def _count(self, session: DbSession, row: RowT, message: MailFact) -> None:
        chased = row.chased
        first = chased.last_sent_at is None
        chased.last_sent_at = max(message.at, chased.last_sent_at or message.at)
        chased.reminders_count += 0 if first else 1
        if row.address_key == message.recipient.casefold():
            # Sent again by hand: as far as anybody knows the address works, and may be reminded.
            chased.delivery = None
        if message.mail_key != self._chase.inviting or message.cycle != chased.cycle:
            return
        lifecycle = self._chase.lifecycle
        step = lifecycle.find(chased.status, "send", Actor.WORKER)
        if step is not None:
            before, chased.status = chased.status, lifecycle.target(step, chased.status)
            self._record(session, row, step.journal, before)
        if chased.status in self._chase.open_states:
            await self._start(session, row, message)

    async def _start(self, session: DbSession, row: RowT, message: MailFact) -> None:
        chased, follow_ups = row.chased, FollowUps(session, self._runtime.clock)
        subject = SubjectRef(self.kind, chased.id)
        if chased.cycle in {planned.cycle for planned in await follow_ups.pending(subject)}:
            # The same mail, sent again by hand: the cycle has begun with the first one, and does not begin anew.
            return
        policy = await follow_ups.policy(self._chase.domain)
        chased.expires_at = await follow_ups.plan(subject, chased.cycle, policy, message.at)

    async def failed(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """Shown on the subject, nobody is reminded there any more, and those who ask are told.

        Where the inviting mail ran out of time, its cycle is over before it has begun.
        """
        asking = [message for message in messages if message.mail_key in self._asking]
        if not asking:
            return
        rows = await self._chase.lock_all(session, {message.subject.id for message in asking})
        for message in asking:
            row = rows.get(message.subject.id)
            # A report may come late: what it says of an earlier address says nothing of the one in use.
            if row is None or row.address_key != message.recipient.casefold():
                continue
            inviting = message.mail_key == self._chase.inviting and message.cycle == row.chased.cycle
            if message.never_left and not (inviting and row.chased.status in self._chase.open_states):
                # A reminder: the expiry of its subject says all there is to say.
                continue
            if row.chased.delivery != Delivery.UNDELIVERABLE:
                await self._undelivered(session, row, message)
            if message.out_of_time and inviting:
                self._lapse(session, row, message)
        await session.flush()

    async def _undelivered(self, session: DbSession, row: RowT, failure: MailFact) -> None:
        chased, subject = row.chased, SubjectRef(self.kind, row.chased.id)
        chased.delivery = Delivery.NOT_SENT if failure.never_left else Delivery.UNDELIVERABLE
        follow_ups = FollowUps(session, self._runtime.clock)
        await follow_ups.cancel(subject, "undeliverable", (FollowUpKind.REMINDER,))
        if not failure.never_left:
            self._record(session, row, f"{self.kind}.undeliverable", chased.status)
        if chased.status in self._chase.open_states:
            await self._chase.tell_undeliverable(session, row, failure)

    def _lapse(self, session: DbSession, row: RowT, failure: MailFact) -> None:
        """What nobody could answer is over; there is nothing to tell whom it never reached."""
        lifecycle, chased = self._chase.lifecycle, row.chased
        before = chased.status
        step = lifecycle.find(before, "expire", Actor.WORKER)
        if step is not None:
            chased.status = lifecycle.target(step, before)
            chased.expires_at = chased.expires_at or failure.at
            self._record(session, row, step.journal, before)

    def _record(self, session: DbSession, row: RowT, action: str, before: str) -> None:
        record(Journal(session, self._runtime.clock), self.kind, row, action, before, SYSTEM)


class ChasedFollowUps(Generic[RowT]):
    """A `FollowUpHandler`: reminds what is still open, within the gap, and expires what nobody has answered."""

    def __init__(self, runtime: Runtime, chase: Chase[RowT]) -> None:
        self.kind = chase.kind
        self._runtime = runtime
        self._chase = chase

    async def follow_up(self, session: DbSession, due: Sequence[Due]) -> Mapping[UUID, Outcome]:
        """Remind or expire; see `FollowUpHandler`."""
        rows = await self._chase.lock_free(session, [follow_up.subject_id for follow_up in due])
        outcomes: dict[UUID, Outcome] = {}
        reminded: list[RowT] = []
        for follow_up in due:
            row = rows.get(follow_up.subject_id)
            if row is None:
                continue
            if follow_up.cycle != row.chased.cycle:
                outcomes[follow_up.id] = Dropped("earlier_cycle")
            elif follow_up.kind == FollowUpKind.EXPIRY:
                outcomes[follow_up.id] = await self._expire(session, row)
            else:
                outcomes[follow_up.id] = outcome = self._may_remind(row)
                if isinstance(outcome, Done):
                    mark_reminded(row, self._runtime.clock.now())
                    reminded.append(row)
        await session.flush()
        if reminded:
            await self._chase.remind(session, reminded)
        for row in reminded:
            step = self._chase.lifecycle.find(row.chased.status, "remind", Actor.WORKER)
            assert step is not None  # _may_remind has found it
            self._record(session, row, step.journal, row.chased.status)
        await session.flush()
        return outcomes

    def _may_remind(self, row: RowT) -> Outcome:
        chased = row.chased
        pace = pace_of(row, self._runtime.clock.now())
        refused = self._chase.lifecycle.refusal(chased.status, "remind", Actor.WORKER, self._chase.facts(row, pace))
        if isinstance(refused, TooRecent):
            until = pace.gap_ends_at
            if until is None or (chased.expires_at is not None and until >= chased.expires_at):
                return Dropped("gap_past_expiry")
            return Postponed(until)
        return Dropped(refused.code) if refused is not None else Done()

    async def _expire(self, session: DbSession, row: RowT) -> Outcome:
        chased, lifecycle = row.chased, self._chase.lifecycle
        facts = self._chase.facts(row, pace_of(row, self._runtime.clock.now()))
        refused = lifecycle.refusal(chased.status, "expire", Actor.WORKER, facts)
        if refused is not None:
            return Dropped(refused.code)
        step = lifecycle.require(chased.status, "expire", Actor.WORKER, facts)
        before, chased.status = chased.status, lifecycle.target(step, chased.status)
        await Outbox(session, self._runtime.clock).cancel(SubjectRef(self.kind, chased.id), "expired")
        await self._chase.tell_expired(session, row)
        self._record(session, row, step.journal, before)
        return Done()

    def _record(self, session: DbSession, row: RowT, action: str, before: str) -> None:
        record(Journal(session, self._runtime.clock), self.kind, row, action, before, SYSTEM)
