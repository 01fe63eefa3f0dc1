"""The mails of identity, each a typed model of its placeholders."""

from typing import Annotated, ClassVar

from relance.capabilities.messaging.mails import Mail, Placeholders, hint
from relance.core.i18n import Text

_Workspace = Annotated[str, hint("Nom de l’espace", "Name of the workspace", "Groupe Vasseur")]
_Inviter = Annotated[str, hint("Nom de la personne qui invite", "Name of who invites", "Claire Vasseur")]
_InviterEmail = Annotated[str, hint("Son adresse, ou vide", "Their address, or empty", "claire@vasseur.example")]
_Email = Annotated[str, hint("Adresse du destinataire", "The recipient’s address", "karim@vasseur.example")]
_Name = Annotated[str, hint("Nom du destinataire", "The recipient’s name", "Karim Benali")]
_ExpiresOn = Annotated[
    str,
    hint(
        "Jusqu’à quand le lien vaut",
        "Until when the link is valid",
        "23 décembre 2026 à 10:00 (Europe/Paris)",
        "December 23, 2026 at 10:00 (Europe/Paris)",
    ),
]
_ChangedOn = Annotated[
    str,
    hint(
        "Quand il a été changé",
        "When it was changed",
        "23 novembre 2026 à 10:00 (Europe/Paris)",
        "November 23, 2026 at 10:00 (Europe/Paris)",
    ),
]
_How = Annotated[str, hint("Par qui, ou comment", "By whom, or how", "depuis votre compte", "from your account")]


class WorkspaceFacts(Placeholders):
    """The workspace of the account."""

    name: _Workspace


class InviterFacts(Placeholders):
    """Who made the account; the workspace itself where the command line did."""

    name: _Inviter
    email: _InviterEmail


class _Inviting(Placeholders):
    recipient_email: _Email
    recipient_name: _Name
    workspace: WorkspaceFacts
    inviter: InviterFacts
    link: str
    expires_on: _ExpiresOn


class UserInvitationMail(_Inviting, Mail):
    """Asks somebody to take up their account."""

    key: ClassVar[str] = "identity.invitation"
    link_bearing: ClassVar[bool] = True
    label: ClassVar[Text | None] = Text("Ouverture de compte", "Account opened")
    about: ClassVar[Text | None] = Text(
        "Demande à un utilisateur d’activer son compte.", "Asks a user to activate their account."
    )


class UserReminderMail(_Inviting, Mail):
    """Asks again; never moves the expiry."""

    key: ClassVar[str] = "identity.reminder"
    link_bearing: ClassVar[bool] = True
    label: ClassVar[Text | None] = Text("Rappel d’ouverture de compte", "Account reminder")
    about: ClassVar[Text | None] = Text(
        "Redemande à un utilisateur d’activer son compte.", "Asks a user again to activate their account."
    )


class UserExpiredMail(_Inviting, Mail):
    """Says that the invitation is over and whom to write to."""

    key: ClassVar[str] = "identity.expired"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Invitation d’utilisateur expirée", "User invitation expired")
    about: ClassVar[Text | None] = Text("Dit que l’invitation a pris fin.", "Says that the invitation is over.")


class PasswordResetMail(Mail):
    """Lets somebody choose a new password."""

    key: ClassVar[str] = "identity.password_reset"
    link_bearing: ClassVar[bool] = True
    label: ClassVar[Text | None] = Text("Nouveau mot de passe", "New password")
    about: ClassVar[Text | None] = Text(
        "Permet de choisir un nouveau mot de passe.", "Lets somebody choose a new password."
    )

    recipient_email: _Email
    recipient_name: _Name
    workspace: WorkspaceFacts
    link: str
    expires_on: _ExpiresOn


class PasswordChangedMail(Mail):
    """Tells somebody that their password was changed, so that who did not do it hears of it."""

    key: ClassVar[str] = "identity.password_changed"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Mot de passe modifié", "Password changed")
    about: ClassVar[Text | None] = Text(
        "Dit à un utilisateur que son mot de passe a changé.", "Tells a user that their password was changed."
    )

    recipient_email: _Email
    recipient_name: _Name
    workspace: WorkspaceFacts
    changed_on: _ChangedOn
    #: In words that go into a sentence.
    how: _How
