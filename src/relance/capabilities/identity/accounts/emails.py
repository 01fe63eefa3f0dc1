"""The mails of identity, each a typed model of its placeholders."""

from typing import ClassVar

from relance.capabilities.messaging.mails import Mail, Placeholders


class WorkspaceFacts(Placeholders):
    """The workspace of the account."""

    name: str


class InviterFacts(Placeholders):
    """Who made the account; the workspace itself where the command line did."""

    name: str
    email: str


class _Inviting(Placeholders):
    recipient_email: str
    recipient_name: str
    workspace: WorkspaceFacts
    inviter: InviterFacts
    link: str
    expires_on: str


class UserInvitationMail(_Inviting, Mail):
    """Asks somebody to take up their account."""

    key: ClassVar[str] = "identity.invitation"
    link_bearing: ClassVar[bool] = True


class UserReminderMail(_Inviting, Mail):
    """Asks again; never moves the expiry."""

    key: ClassVar[str] = "identity.reminder"
    link_bearing: ClassVar[bool] = True


class UserExpiredMail(_Inviting, Mail):
    """Says that the invitation is over and whom to write to."""

    key: ClassVar[str] = "identity.expired"
    link_bearing: ClassVar[bool] = False


class PasswordResetMail(Mail):
    """Lets somebody choose a new password."""

    key: ClassVar[str] = "identity.password_reset"
    link_bearing: ClassVar[bool] = True

    recipient_email: str
    recipient_name: str
    workspace: WorkspaceFacts
    link: str
    expires_on: str
