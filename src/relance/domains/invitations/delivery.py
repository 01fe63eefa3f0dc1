"""What the outbox asks and tells about mails of invitations: still wanted, sent, refused for good."""

from collections.abc import Sequence
from uuid import UUID

from relance.capabilities.followups.models import FollowUpKind
from relance.capabilities.followups.service import FollowUps
from relance.capabilities.journal.service import Journal
from relance.capabilities.messaging.handlers import MailFact
from relance.core.db import DbSession
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.subjects import SYSTEM
from relance.domains.invitations import views
from relance.domains.invitations.asking import KIND, Asking, subject_of
from relance.domains.invitations.creation import DOMAIN, reason_for
from relance.domains.invitations.emails import (
    CompletedMail,
    DeclinedMail,
    ExpiredMail,
    InvitationMail,
    ReminderMail,
    UndeliverableMail,
)
from relance.domains.invitations.lifecycle import LIFECYCLE, Delivery, Reason, Status, is_open
from relance.domains.invitations.repository import InvitationRepository, InvitationRow, PrequalificationRepository

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
        known = await InvitationRepository(session).statuses({message.subject.id for message in messages})
        found: set[UUID] = set()
        for message in messages:
            status, archived, address = known.get(message.subject.id, (Status.CANCELLED, False, ""))
            chasing = message.mail_key == ReminderMail.key and archived
            # The address was corrected while the mail waited for its turn.
            elsewhere = message.mail_key in _TO_PARTNER and message.recipient.casefold() != address
            if status in _WANTED[message.mail_key] and not chasing and not elsewhere:
                found.add(message.id)
        return found

    async def sent(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """The relay took them: the first one starts the cycle, later ones count as reminders."""
        asking = [message for message in messages if message.mail_key in _ASKING]
        rows = await InvitationRepository(session).lock_all({message.subject.id for message in asking})
        for message in asking:
            row = rows.get(message.subject.id)
            if row is not None:
                await self._count(session, row, message)
        await session.flush()

    async def _count(self, session: DbSession, row: InvitationRow, message: MailFact) -> None:
        invitation, sent_at = row.invitation, message.at
        first = invitation.last_sent_at is None
        invitation.last_sent_at = max(sent_at, invitation.last_sent_at or sent_at)
        invitation.reminders_count += 0 if first else 1
        if invitation.email_key == message.recipient.casefold():
            # Sent again by hand: as far as anybody knows the address works, and may be reminded.
            invitation.delivery = None
        if message.mail_key != InvitationMail.key or message.cycle != invitation.cycle:
            return
        if invitation.status == Status.QUEUED:
            before = invitation.status
            facts = views.facts_of(row, sent_at)
            step = LIFECYCLE.require(before, "send", Actor.WORKER, facts)
            invitation.status = LIFECYCLE.target(step, before)
            forms = PrequalificationRepository(session)
            invitation.reason = Reason(reason_for(row.company, await forms.of_company(invitation.company_id)))
            self._record(session, row, step.journal, before)
        if invitation.status == Status.SENT:
            await self._start_cycle(session, row, again=not first)

    async def _start_cycle(self, session: DbSession, row: InvitationRow, *, again: bool) -> None:
        invitation = row.invitation
        assert invitation.last_sent_at is not None  # the caller has just set it
        follow_ups = FollowUps(session, self._runtime.clock)
        subject = subject_of(invitation)
        planned = {row.cycle for row in await follow_ups.pending(subject)} if again else set()
        if invitation.cycle in planned:
            # The same mail, sent again by hand: the cycle has begun with the first one, and does not begin anew.
            return
        policy = await follow_ups.policy(DOMAIN)
        invitation.expires_at = await follow_ups.plan(subject, invitation.cycle, policy, invitation.last_sent_at)
        if invitation.archived_at is not None:
            await follow_ups.suspend(subject, "archived")

    async def failed(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """Refused for good: the dashboard shows it, and nobody is chased at that address any more."""
        asking = [message for message in messages if message.mail_key in _ASKING]
        rows = await InvitationRepository(session).lock_all({message.subject.id for message in asking})
        for message in asking:
            row = rows.get(message.subject.id)
            # A report may come late: what it says of an earlier address says nothing of the one in use.
            if row is not None and row.invitation.email_key == message.recipient.casefold():
                await self._mark_undeliverable(session, row, message)
        await session.flush()

    async def _mark_undeliverable(self, session: DbSession, row: InvitationRow, failure: MailFact) -> None:
        invitation = row.invitation
        if invitation.delivery == Delivery.UNDELIVERABLE:
            return
        invitation.delivery = Delivery.UNDELIVERABLE
        await FollowUps(session, self._runtime.clock).cancel(
            subject_of(invitation), "undeliverable", (FollowUpKind.REMINDER,)
        )
        self._record(session, row, "invitation.undeliverable", invitation.status)
        if is_open(Status(invitation.status)):
            await Asking(session, self._runtime).tell_undeliverable(row, failure)

    def _record(self, session: DbSession, row: InvitationRow, action: str, before: str) -> None:
        Journal(session, self._runtime.clock).record(
            action,
            subject_of(row.invitation),
            SYSTEM,
            company_id=row.invitation.company_id,
            before={"status": before},
            after={"status": row.invitation.status},
        )
