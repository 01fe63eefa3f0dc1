"""The mails of this domain, each a typed model of its placeholders."""

from typing import Annotated, ClassVar

from relance.capabilities.cycles.emails import NeverLeft
from relance.capabilities.messaging.mails import Mail, Placeholders, hint
from relance.core.i18n import Text

_Instant = "23 décembre 2026 à 10:00 (Europe/Paris)", "December 23, 2026 at 10:00 (Europe/Paris)"

_RecipientEmail = Annotated[str, hint("Adresse du destinataire", "The recipient’s address", "camille@martin.example")]
_Company = Annotated[str, hint("Nom de la PME", "Name of the company", "Boulangerie Martin")]
_Firm = Annotated[
    str, hint("Nom de l’organisation qui invite", "Name of the organisation that asks", "Cabinet Vasseur")
]
_Title = Annotated[str, hint("Civilité du contact, ou vide", "The contact’s title, or empty", "Mme", "Ms")]
_FirstName = Annotated[str, hint("Prénom du contact", "The contact’s first name", "Camille")]
_LastName = Annotated[str, hint("Nom du contact", "The contact’s last name", "Martin")]
_ContactEmail = Annotated[str, hint("Adresse du contact", "The contact’s address", "camille@martin.example")]
_Requester = Annotated[str, hint("Nom de la personne qui invite", "Name of the person who asks", "Claire Vasseur")]
_RequesterEmail = Annotated[str, hint("Son adresse", "Their address", "claire@vasseur.example")]
_ExpiresOn = Annotated[str, hint("Fin de l’invitation", "End of the invitation", *_Instant)]
_Registered = Annotated[
    bool, hint("Si l’adresse a déjà un compte", "Whether the address has an account already", "oui", "yes")
]
_AcceptedOn = Annotated[str, hint("Date de l’acceptation", "Date of the acceptance", *_Instant)]
_DeclinedOn = Annotated[str, hint("Date du refus", "Date of the refusal", *_Instant)]
_HappenedOn = Annotated[str, hint("Date du constat", "When it was noticed", *_Instant)]
_Reference = Annotated[
    str, hint("Référence du mandat", "Reference of the mandate", "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10")
]
_Reason = Annotated[
    str, hint("Motif donné, ou vide", "Reason given, or empty", "Déjà représenté", "Represented already")
]
_Diagnosis = Annotated[
    str, hint("Code du serveur de messagerie, ou vide", "Code of the mail server, or empty", "5.1.1")
]
_Main = Annotated[bool, hint("Si c’est le contact principal", "Whether it is the main contact", "oui", "yes")]


class CompanyFacts(Placeholders):
    """The small company (PME)."""

    name: _Company


class FirmFacts(Placeholders):
    """The organisation that asks."""

    name: _Firm


class ContactFacts(Placeholders):
    """The company's contact. `title` is the civility in words, empty where unknown."""

    title: _Title
    first_name: _FirstName
    last_name: _LastName
    email: _ContactEmail


class RequesterFacts(Placeholders):
    """The person who submitted the mandate."""

    name: _Requester
    email: _RequesterEmail


class _Mandate(Placeholders):
    recipient_email: _RecipientEmail
    company: CompanyFacts
    organisation: FirmFacts
    contact: ContactFacts
    requester: RequesterFacts


class _Asking(_Mandate):
    link: str
    expires_on: _ExpiresOn
    #: Whether the address has an account already: then it is asked to accept, not to register.
    registered: _Registered


class InviteMail(_Asking, Mail):
    """Inviter une PME: asks the contact to accept and to open an account."""

    key: ClassVar[str] = "mandates.invite"
    link_bearing: ClassVar[bool] = True
    label: ClassVar[Text | None] = Text("Inviter une PME", "Invite a company")
    about: ClassVar[Text | None] = Text(
        "Invite le contact à accepter et à ouvrir un compte.", "Invites the contact to accept and to open an account."
    )


class ReminderMail(_Asking, Mail):
    """Rappel d’invitation pour les PME: asks again; never moves the expiry."""

    key: ClassVar[str] = "mandates.reminder"
    link_bearing: ClassVar[bool] = True
    label: ClassVar[Text | None] = Text("Rappel d’invitation pour les PME", "Reminder")
    about: ClassVar[Text | None] = Text(
        "Redemande au contact qui n’a pas répondu.", "Asks the contact again who has not answered."
    )


class ExpiredMail(_Mandate, Mail):
    """Invitation expirée: tells the contact that the invitation is over and whom to write to."""

    key: ClassVar[str] = "mandates.expired"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Invitation expirée", "Invitation expired")
    about: ClassVar[Text | None] = Text(
        "Dit au contact que l’invitation a pris fin.", "Tells the contact that the invitation is over."
    )

    expires_on: _ExpiresOn


class ExpiredNotice(_Mandate, Mail):
    """Tells the owners that nobody has accepted."""

    key: ClassVar[str] = "mandates.expired_notice"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text(
        "Invitation expirée : avis aux propriétaires", "Invitation expired: notice to the owners"
    )
    about: ClassVar[Text | None] = Text(
        "Dit aux propriétaires que personne n’a accepté.", "Tells the owners that nobody has accepted."
    )

    expires_on: _ExpiresOn
    reference: _Reference


class AcceptedMail(_Mandate, Mail):
    """L’utilisateur PME a accepté l’invitation: to owners, agents and the submitter."""

    key: ClassVar[str] = "mandates.accepted"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("L’utilisateur PME a accepté l’invitation", "The company has accepted")
    about: ClassVar[Text | None] = Text(
        "Dit à l’équipe que le contact a accepté.", "Tells the team that the contact has accepted."
    )

    accepted_on: _AcceptedOn
    reference: _Reference
    #: Whether it is the main contact, whose answer makes the mandate active.
    main: _Main


class DeclinedMail(_Mandate, Mail):
    """Tells the owners that the contact has refused."""

    key: ClassVar[str] = "mandates.declined"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Mandat refusé", "Mandate declined")
    about: ClassVar[Text | None] = Text(
        "Dit aux propriétaires que le contact a refusé.", "Tells the owners that the contact has declined."
    )

    declined_on: _DeclinedOn
    reason: _Reason
    reference: _Reference


class UndeliverableMail(_Mandate, Mail):
    """Tells the owners that mail does not reach the contact."""

    key: ClassVar[str] = "mandates.undeliverable"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Adresse injoignable", "Address unreachable")
    about: ClassVar[Text | None] = Text(
        "Dit aux propriétaires que le courrier n’arrive pas, ou que l’invitation n’a pas pu partir à temps.",
        "Tells the owners that mail does not arrive, or that the invitation could not leave in time.",
    )

    #: What the mail system said, as a code: "5.1.1"; empty where there is none.
    diagnosis: _Diagnosis
    happened_on: _HappenedOn
    never_left: NeverLeft
    reference: _Reference


class CancelledMail(_Mandate, Mail):
    """Tells the contact that the firm has withdrawn its invitation."""

    key: ClassVar[str] = "mandates.cancelled"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Invitation retirée", "Invitation withdrawn")
    about: ClassVar[Text | None] = Text(
        "Dit au contact que le mandat est retiré.", "Tells the contact that the mandate is withdrawn."
    )

    reason: _Reason


MAILS: tuple[type[Mail], ...] = (
    InviteMail,
    ReminderMail,
    ExpiredMail,
    ExpiredNotice,
    AcceptedMail,
    DeclinedMail,
    UndeliverableMail,
    CancelledMail,
)
