"""The mails about consents, each a typed model of its placeholders."""

from typing import Annotated, ClassVar

from relance.capabilities.messaging.mails import Mail, Placeholders, hint
from relance.core.i18n import Text

_RecipientEmail = Annotated[str, hint("Adresse du destinataire", "The recipient’s address", "camille@martin.example")]
_Contact = Annotated[str, hint("Nom du contact", "Name of the contact", "Camille Martin")]
_Workspace = Annotated[str, hint("Qui conserve les données", "Who keeps the data", "Groupe Vasseur")]
_Company = Annotated[str, hint("Société du contact", "The contact’s company", "Fonderie Martin")]
_Until = Annotated[str, hint("Date du vidage", "Date of the emptying", "31 janvier 2027", "January 31, 2027")]
_Accepted = Annotated[bool, hint("Si le contact a accepté", "Whether the contact has accepted", "oui", "yes")]
_Count = Annotated[str, hint("Nombre de contacts", "Number of contacts", "12")]


class WorkspaceFacts(Placeholders):
    """Who keeps the data."""

    name: _Workspace


class _Asked(Placeholders):
    recipient_email: _RecipientEmail
    contact: _Contact
    workspace: WorkspaceFacts
    company: _Company
    #: Until when an answer counts, or the consent holds.
    until: _Until
    link: str


class ConsentRequestMail(_Asked, Mail):
    """Demande de consentement: asks a contact whether its data may be kept."""

    key: ClassVar[str] = "crm_toolbox.consent_request"
    link_bearing: ClassVar[bool] = True
    label: ClassVar[Text | None] = Text("Demande de consentement", "Request for consent")
    about: ClassVar[Text | None] = Text(
        "Demande au contact si ses données peuvent être conservées.", "Asks the contact whether its data may be kept."
    )


class ConsentRecordedMail(_Asked, Mail):
    """Consentement enregistré: tells a contact what was noted, and how to change it."""

    key: ClassVar[str] = "crm_toolbox.consent_recorded"
    link_bearing: ClassVar[bool] = True
    label: ClassVar[Text | None] = Text("Consentement enregistré", "Consent recorded")
    about: ClassVar[Text | None] = Text(
        "Dit au contact ce qui a été noté, et comment le modifier.",
        "Tells the contact what was noted, and how to change it.",
    )

    accepted: _Accepted


class EmptyingNoticeMail(Mail):
    """Vidage à venir: tells who looks after contacts that they are going to be emptied. Names nobody."""

    key: ClassVar[str] = "crm_toolbox.emptying_notice"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Vidage à venir", "Emptying to come")
    about: ClassVar[Text | None] = Text(
        "Prévient que des contacts vont être vidés.", "Warns that contacts are going to be emptied."
    )

    recipient_email: _RecipientEmail
    workspace: WorkspaceFacts
    #: The first of them.
    until: _Until
    contacts: _Count


MAILS: tuple[type[Mail], ...] = (ConsentRequestMail, ConsentRecordedMail, EmptyingNoticeMail)
