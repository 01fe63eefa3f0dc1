"""What the outbox asks and tells about the mails of identity: still wanted, sent, refused for good."""

from collections.abc import Sequence
from uuid import UUID

from relance.capabilities.followups.models import FollowUpKind
from relance.capabilities.followups.service import FollowUps
from relance.capabilities.identity.accounts.asking import KIND, subject_of
from relance.capabilities.identity.accounts.emails import UserExpiredMail, UserInvitationMail, UserReminderMail
from relance.capabilities.identity.accounts.invitations import DOMAIN, facts_of
from relance.capabilities.identity.accounts.lifecycle import INVITATION, InvitationStatus
from relance.capabilities.identity.accounts.repository import AccountRepository
from relance.capabilities.identity.accounts.resets import RESET, is_open
from relance.capabilities.identity.models import UserInvitation
from relance.capabilities.journal.service import Journal
from relance.capabilities.messaging.handlers import MailFact
from relance.core.db import DbSession
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.subjects import SYSTEM

#: In which states of the invitation each mail still makes sense.
_WANTED = {
    UserInvitationMail.key: {InvitationStatus.QUEUED, InvitationStatus.SENT},
    UserReminderMail.key: {InvitationStatus.QUEUED, InvitationStatus.SENT},
    UserExpiredMail.key: {InvitationStatus.EXPIRED},
}


class UserInvitationMails:
    """Registered for the subject kind `user_invitation` by the composition root."""

    kind = KIND

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def wanted(self, session: DbSession, messages: Sequence[MailFact]) -> set[UUID]:
        """Ids of the messages whose invitation still stands as the mail says."""
        known = await AccountRepository(session).statuses({message.subject.id for message in messages})
        return {message.id for message in messages if known.get(message.subject.id) in _WANTED[message.mail_key]}

    async def sent(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """The relay took them: the inviting mail starts its cycle."""
        asking = [message for message in messages if message.link_bearing]
        rows = await AccountRepository(session).lock_all({message.subject.id for message in asking})
        for message in asking:
            row = rows.get(message.subject.id)
            if row is not None and message.cycle == row.invitation.cycle:
                await self._count(session, row.invitation, message)
        await session.flush()

    async def _count(self, session: DbSession, invitation: UserInvitation, message: MailFact) -> None:
        invitation.last_sent_at = max(message.at, invitation.last_sent_at or message.at)
        if message.mail_key != UserInvitationMail.key or invitation.status != InvitationStatus.QUEUED:
            return
        facts = facts_of(invitation, self._runtime.clock)
        step = INVITATION.require(invitation.status, "send", Actor.WORKER, facts)
        before, invitation.status = invitation.status, INVITATION.target(step, invitation.status)
        follow_ups = FollowUps(session, self._runtime.clock)
        policy = await follow_ups.policy(DOMAIN)
        invitation.expires_at = await follow_ups.plan(
            subject_of(invitation), invitation.cycle, policy, invitation.last_sent_at or message.at
        )
        self._record(session, invitation, step.journal, before)

    async def failed(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """Shown on the user, and nobody is chased at that address any more.

        Where the inviting mail ran out of time, its cycle is over before it has begun.
        """
        asking = [message for message in messages if message.link_bearing]
        rows = await AccountRepository(session).lock_all({message.subject.id for message in asking})
        for message in asking:
            row = rows.get(message.subject.id)
            if row is None:
                continue
            if not message.never_left:
                await self._undeliverable(session, row.invitation)
            current = message.cycle == row.invitation.cycle
            if message.out_of_time and current and message.mail_key == UserInvitationMail.key:
                self._lapse(session, row.invitation, message)
        await session.flush()

    async def _undeliverable(self, session: DbSession, invitation: UserInvitation) -> None:
        invitation.undeliverable = True
        follow_ups = FollowUps(session, self._runtime.clock)
        await follow_ups.cancel(subject_of(invitation), "undeliverable", (FollowUpKind.REMINDER,))
        self._record(session, invitation, "user_invitation.undeliverable", invitation.status)

    def _lapse(self, session: DbSession, invitation: UserInvitation, failure: MailFact) -> None:
        step = INVITATION.find(invitation.status, "expire", Actor.WORKER)
        if step is not None:
            before, invitation.status = invitation.status, INVITATION.target(step, invitation.status)
            invitation.expires_at = invitation.expires_at or failure.at
            self._record(session, invitation, step.journal, before)

    def _record(self, session: DbSession, invitation: UserInvitation, action: str, before: str) -> None:
        Journal(session, self._runtime.clock).record(
            action,
            subject_of(invitation),
            SYSTEM,
            before={"status": before},
            after={"status": invitation.status, "user_id": str(invitation.user_id)},
        )


class PasswordResetMails:
    """Registered for the subject kind `password_reset` by the composition root."""

    kind = RESET

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def wanted(self, session: DbSession, messages: Sequence[MailFact]) -> set[UUID]:
        """Ids of the messages whose link would still answer."""
        known = await AccountRepository(session).resets({message.subject.id for message in messages})
        open_ones = {reset_id for reset_id, row in known.items() if is_open(row)}
        return {message.id for message in messages if message.subject.id in open_ones}

    async def sent(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """Nothing depends on it: the request has its end from the start."""

    async def failed(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """Nobody is told: who asked is not known, and whoever reads the journal sees the message itself."""
