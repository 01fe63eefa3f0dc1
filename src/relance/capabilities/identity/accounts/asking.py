"""Putting the mails of an invitation into the outbox: one place builds them for the API, the worker and the CLI."""

from datetime import datetime
from zoneinfo import ZoneInfo

from relance.capabilities.identity.accounts.emails import (
    InviterFacts,
    UserExpiredMail,
    UserInvitationMail,
    UserReminderMail,
    WorkspaceFacts,
)
from relance.capabilities.identity.accounts.repository import InvitedUser
from relance.capabilities.identity.models import UserInvitation
from relance.capabilities.links.service import Links
from relance.capabilities.messaging.outbox import Envelope, Outbox
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.i18n import as_locale, long_datetime
from relance.core.subjects import SubjectRef

KIND = "user_invitation"


def subject_of(invitation: UserInvitation) -> SubjectRef:
    """How the capabilities name an invitation."""
    return SubjectRef(KIND, invitation.id)


class Asking:
    """Enqueues the mails of invitations in the session's transaction."""

    def __init__(self, session: DbSession, clock: Clock) -> None:
        self._outbox = Outbox(session, clock)
        self._links = Links(session, clock)
        self._clock = clock

    async def invite(self, row: InvitedUser, expires_at: datetime) -> None:
        """Enqueue the inviting mail of the current cycle."""
        row.invitation.last_asked_at = self._clock.now()
        await self._enqueue(row, UserInvitationMail, expires_at, 0, priority=50)

    async def remind(self, row: InvitedUser, expires_at: datetime) -> None:
        """Enqueue one more reminder."""
        row.invitation.last_asked_at = self._clock.now()
        row.invitation.reminders_asked += 1
        await self._enqueue(row, UserReminderMail, expires_at, row.invitation.reminders_asked, priority=100)

    async def tell_expired(self, row: InvitedUser) -> None:
        """Say that the invitation is over."""
        await self._enqueue(row, UserExpiredMail, row.invitation.expires_at or self._clock.now(), 0, priority=200)

    async def _enqueue(
        self,
        row: InvitedUser,
        mail: type[UserInvitationMail] | type[UserReminderMail] | type[UserExpiredMail],
        expires_at: datetime,
        ordinal: int,
        priority: int,
    ) -> None:
        user, subject, locale = row.user, subject_of(row.invitation), as_locale(row.user.locale)
        link = await self._links.ensure(subject, user.email)
        await self._outbox.enqueue(
            Envelope(
                subject=subject,
                mail=mail(
                    recipient_email=user.email,
                    recipient_name=user.name,
                    workspace=WorkspaceFacts(name=row.workspace_name),
                    inviter=InviterFacts(name=row.inviter_name or row.workspace_name, email=row.inviter_email or ""),
                    link="",  # the outbox points it to `link_id`
                    expires_on=long_datetime(expires_at, ZoneInfo(row.zone), locale),
                ),
                recipient=user.email,
                locale=locale,
                cycle=row.invitation.cycle,
                ordinal=ordinal,
                link_id=link.id,
                sender_name=row.workspace_name,
                reply_to=row.inviter_email,
                priority=priority,
                expires_at=None if mail is UserExpiredMail else expires_at,
            )
        )
