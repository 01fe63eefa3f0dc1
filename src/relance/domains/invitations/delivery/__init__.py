"""What the outbox asks and tells about mails of invitations: still wanted, sent, refused for good."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from relance.capabilities.followups.models import FollowUpKind
from relance.capabilities.followups.service import FollowUps, Start
from relance.capabilities.journal.service import Entry, Journal
from relance.capabilities.messaging.handlers import MailFact
from relance.core.db import DbSession
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.subjects import SYSTEM
from relance.domains.invitations.asked import KIND
from relance.domains.invitations.asking import Asking, subject_of
from relance.domains.invitations.creation import DOMAIN, reason_of
from relance.domains.invitations.delivery.repository import Asked, InvitationMailRepository
from relance.domains.invitations.emails import (
    CHASING,
    CompletedMail,
    DeclinedMail,
    ExpiredMail,
    InvitationMail,
    ReminderMail,
    UndeliverableMail,
)
from relance.domains.invitations.lifecycle import LIFECYCLE, Delivery, FormStatus, Status, is_open
from relance.domains.invitations.repository import InvitationRepository, InvitationRow

#: In which states of the invitation each mail still makes sense.
_WANTED = {
    InvitationMail.key: {Status.QUEUED, Status.SENT},
    ReminderMail.key: {Status.SENT},
    ExpiredMail.key: {Status.EXPIRED},
    CompletedMail.key: set(Status),
    DeclinedMail.key: set(Status),
    UndeliverableMail.key: set(Status),
}
_ASKING = {InvitationMail.key, ReminderMail.key}
_TO_PARTNER = {*_ASKING, ExpiredMail.key}


class InvitationMails:
    """Registered for the subject kind `invitation` by the composition root."""

    kind = KIND

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def wanted(self, session: DbSession, messages: Sequence[MailFact]) -> set[UUID]:
        """Ids of the messages whose invitation still stands as the mail says."""
        known = await InvitationMailRepository(session).statuses({message.subject.id for message in messages})
        found: set[UUID] = set()
        for message in messages:
            status, quiet, address = known.get(message.subject.id, (Status.CANCELLED, False, ""))
            chasing = message.mail_key in CHASING and quiet
            # The address was corrected while the mail waited for its turn.
            elsewhere = message.mail_key in _TO_PARTNER and message.recipient.casefold() != address
            if status in _WANTED[message.mail_key] and not chasing and not elsewhere:
                found.add(message.id)
        return found

    async def sent(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """The relay took them: the first one starts the cycle, later ones count as reminders."""
        asking = [message for message in messages if message.mail_key in _ASKING]
        if not asking:
            return
        repository = InvitationMailRepository(session)
        rows = await repository.lock({message.subject.id for message in asking})
        entries: list[Entry] = []
        beginning: list[_Beginning] = []
        for message in asking:
            row = rows.get(message.subject.id)
            if row is not None:
                _count(row, message, entries, beginning)
        await self._start_cycles(session, beginning)
        await repository.count(list(rows.values()))
        await Journal(session, self._runtime.clock).record_all(entries, SYSTEM)

    async def _start_cycles(self, session: DbSession, beginning: Sequence["_Beginning"]) -> None:
        if not beginning:
            return
        follow_ups = FollowUps(session, self._runtime.clock)
        again = [one.start.subject for one in beginning if one.again]
        # The same mail, sent again by hand: the cycle has begun with the first one, and does not begin anew.
        begun = await follow_ups.planned_cycles(again) if again else set()
        new = [one for one in beginning if (one.start.subject, one.start.cycle) not in begun]
        expiries = await follow_ups.plan_many([one.start for one in new], await follow_ups.policy(DOMAIN))
        for one, expires_at in zip(new, expiries, strict=True):
            one.row.expires_at = expires_at
        archived = [one.start.subject for one in new if one.row.archived_at is not None]
        if archived:
            await follow_ups.suspend_many(archived, "archived")

    async def failed(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """The dashboard shows it, nobody is chased at that address any more, and the requester is told.

        Where the inviting mail ran out of time, its cycle is over before it has begun.
        """
        asking = [message for message in messages if message.mail_key in _ASKING]
        rows = await InvitationRepository(session).lock_all({message.subject.id for message in asking})
        lost: list[tuple[InvitationRow, MailFact]] = []
        lapsed: list[tuple[InvitationRow, MailFact]] = []
        for message in asking:
            row = rows.get(message.subject.id)
            # A report may come late: what it says of an earlier address says nothing of the one in use.
            if row is None or row.invitation.email_key != message.recipient.casefold():
                continue
            inviting = message.mail_key == InvitationMail.key and message.cycle == row.invitation.cycle
            if message.never_left and not (inviting and is_open(Status(row.invitation.status))):
                # A reminder: the invitation's own expiry says all there is to say.
                continue
            if row.invitation.delivery != Delivery.UNDELIVERABLE:
                row.invitation.delivery = Delivery.NOT_SENT if message.never_left else Delivery.UNDELIVERABLE
                lost.append((row, message))
            if message.out_of_time and inviting:
                lapsed.append((row, message))
        await session.flush()
        await self._give_up(session, lost)
        await self._lapse(session, lapsed)

    async def _give_up(self, session: DbSession, lost: Sequence[tuple[InvitationRow, MailFact]]) -> None:
        if not lost:
            return
        subjects = [subject_of(row.invitation) for row, _ in lost]
        await FollowUps(session, self._runtime.clock).cancel_many(subjects, "undeliverable", (FollowUpKind.REMINDER,))
        entries = []
        for row in (row for row, failure in lost if not failure.never_left):
            codes, company_id = {"status": row.invitation.status}, row.invitation.company_id
            subject = subject_of(row.invitation)
            entries.append(Entry("invitation.undeliverable", subject, company_id, before=codes, after=codes))
        await Journal(session, self._runtime.clock).record_all(entries, SYSTEM)
        asking = Asking(session, self._runtime)
        for row, failure in lost:
            if is_open(Status(row.invitation.status)):
                await asking.tell_undeliverable(row, failure)

    async def _lapse(self, session: DbSession, lapsed: Sequence[tuple[InvitationRow, MailFact]]) -> None:
        """What nobody could answer is over; there is nothing to tell whom it never reached."""
        entries = []
        for row, failure in lapsed:
            before = row.invitation.status
            step = LIFECYCLE.find(before, "expire", Actor.WORKER)
            if step is not None:
                row.invitation.status = LIFECYCLE.target(step, before)
                row.invitation.expires_at = row.invitation.expires_at or failure.at
                codes = {"status": before}, {"status": row.invitation.status}
                subject, company_id = subject_of(row.invitation), row.invitation.company_id
                entries.append(Entry(step.journal, subject, company_id, None, *codes))
        await session.flush()
        await Journal(session, self._runtime.clock).record_all(entries, SYSTEM)


@dataclass(frozen=True, slots=True)
class _Beginning:
    """A cycle that a mail has begun, or has begun again."""

    row: Asked
    start: Start
    again: bool


def _count(row: Asked, message: MailFact, entries: list[Entry], beginning: list[_Beginning]) -> None:
    """What `message` changes in `row`; its journal entry and its cycle are left in the two lists."""
    sent_at, first = message.at, row.last_sent_at is None
    row.last_sent_at = max(sent_at, row.last_sent_at or sent_at)
    row.reminders_count += 0 if first else 1
    if row.email_key == message.recipient.casefold():
        # Sent again by hand: as far as anybody knows the address works, and may be reminded.
        row.delivery = None
    if message.mail_key != InvitationMail.key or message.cycle != row.cycle:
        return
    if row.status == Status.QUEUED:
        before = row.status
        step = LIFECYCLE.require(before, "send", Actor.WORKER, row.facts(sent_at))
        row.status = LIFECYCLE.target(step, before)
        row.reason = reason_of(FormStatus(row.form_status), registered=row.registered_at is not None)
        codes = {"status": before}, {"status": row.status}
        entries.append(Entry(step.journal, message.subject, row.company_id, None, *codes))
    if row.status == Status.SENT:
        beginning.append(_Beginning(row, Start(message.subject, row.cycle, row.last_sent_at), not first))
