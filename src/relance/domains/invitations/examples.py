"""The mails to partners filled from a real invitation, for previews of their templates."""

from uuid import UUID

from relance.capabilities.followups.service import FollowUps
from relance.capabilities.messaging.mails import Mail
from relance.core.db import DbSession
from relance.core.errors import NotFound
from relance.core.i18n import Locale
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.domains.invitations.asking import Ask, asked_of, asking_mail
from relance.domains.invitations.creation import DOMAIN
from relance.domains.invitations.emails import ExpiredMail, InvitationMail, ReminderMail
from relance.domains.invitations.permissions import READ
from relance.domains.invitations.repository import InvitationRepository

_MAILS = {mail.key: mail for mail in (InvitationMail, ReminderMail, ExpiredMail)}


class InvitationExamples:
    """Registered for its mails by the composition root."""

    keys = frozenset(_MAILS)

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def example(
        self, session: DbSession, caller: Caller, key: str, subject_id: UUID, locale: Locale
    ) -> tuple[Mail, str | None, str | None]:
        """The mail about an invitation that the caller may read, as it was or would be asked.

        Raises:
            NotFound: there is none, or the caller may not read it.
            PermissionDenied: the caller may read no invitations.
        """
        caller.require(READ)
        row = await InvitationRepository(session).find(subject_id, caller)
        if row is None:
            raise NotFound()
        invitation = row.invitation
        policy = await FollowUps(session, self._runtime.clock).policy(DOMAIN)
        expires_at = invitation.expires_at or policy.expiry(invitation.last_asked_at or self._runtime.clock.now())
        mail = asking_mail(_MAILS[key], Ask(asked_of(row), expires_at), locale)
        return mail, row.organisation_name, row.requester_email
