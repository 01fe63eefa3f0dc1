"""The mails of sendings, each a typed model of its placeholders."""

from typing import Annotated, ClassVar

from relance.capabilities.messaging.mails import Mail, Placeholders, hint
from relance.core.i18n import Text

_Email = Annotated[str, hint("Adresse du destinataire", "The recipient’s address", "camille@martin.example")]
_Workspace = Annotated[str, hint("Nom de l’espace de travail", "Name of the workspace", "Groupe Vasseur")]


class ContactFacts(Placeholders):
    """Whom it is sent to."""

    first_name: Annotated[str, hint("Prénom du contact", "First name of the contact", "Camille")]
    last_name: Annotated[str, hint("Nom du contact", "Last name of the contact", "Martin")]
    company: Annotated[str, hint("Société du contact", "Company of the contact", "Fonderie Martin")]


class AuthorFacts(Placeholders):
    """Who sends it."""

    name: Annotated[str, hint("Nom de l’expéditeur", "Name of the sender", "Inès Roy")]
    email: Annotated[str, hint("Adresse de l’expéditeur", "Address of the sender", "ines@vasseur.example")]


class ProfileLine(Placeholders):
    """A profile that is sent."""

    title: Annotated[str, hint("Titre du profil", "Title of the profile", "Chargée de prévention", "Safety officer")]
    summary: Annotated[
        str, hint("Résumé, ou vide", "Summary, or empty", "Dix ans dans l’industrie.", "Ten years in industry.")
    ]


class ProfileMail(Mail):
    """Envoyer profil: profiles, in words and attached."""

    key: ClassVar[str] = "crm_toolbox.profile"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Envoi de profil", "Profile")
    about: ClassVar[Text | None] = Text(
        "Envoie à un contact les profils choisis et leurs fichiers.", "Sends a contact the chosen profiles and files."
    )

    recipient_email: _Email
    workspace: _Workspace
    contact: ContactFacts
    author: AuthorFacts
    profiles: Annotated[list[ProfileLine], hint("Profils envoyés", "The profiles", "", "")]


class RefusedLine(Placeholders):
    """A contact who gets nothing."""

    name: Annotated[str, hint("Contact", "Contact", "Camille Martin")]
    reason: Annotated[str, hint("Motif", "Reason", "contact inactif", "inactive contact")]


class ProfileNotSentMail(Mail):
    """Profil non envoyé: tells whoever wanted it sent that some contacts did not get it."""

    key: ClassVar[str] = "crm_toolbox.profile_not_sent"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Profil non envoyé", "Profile not sent")
    about: ClassVar[Text | None] = Text(
        "Informe l’auteur d’un envoi que des contacts ne l’ont pas reçu.",
        "Tells the author of a sending which contacts did not get it.",
    )

    recipient_email: _Email
    addressee: Annotated[str, hint("Nom du destinataire", "Name of the recipient", "Inès Roy")]
    workspace: _Workspace
    profiles: Annotated[str, hint("Titres des profils", "Titles of the profiles", "Chargée de prévention", "Officer")]
    contacts: Annotated[list[RefusedLine], hint("Contacts concernés", "The contacts", "", "")]


MAILS: tuple[type[Mail], ...] = (ProfileMail, ProfileNotSentMail)
