"""The mails of this domain, each a typed model of its placeholders."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar

from relance.capabilities.cycles.emails import NeverLeft
from relance.capabilities.messaging.mails import Mail, Placeholders, hint
from relance.core.i18n import Text

_Instant = "23 novembre 2026 à 10:00 (Europe/Paris)", "November 23, 2026 at 10:00 (Europe/Paris)"

_RecipientEmail = Annotated[str, hint("Adresse du destinataire", "The recipient’s address", "camille@martin.example")]
_Title = Annotated[str, hint("Titre de la session", "Title of the session", "Sécurité incendie", "Fire safety")]
_Trainer = Annotated[str, hint("Formateur, ou vide", "Trainer, or empty", "Nadia Belkacem")]
_Zone = Annotated[
    str,
    hint(
        "Fuseau des horaires",
        "Time zone of the hours",
        "heure locale Europe/Paris (UTC+02:00)",
        "Europe/Paris time (UTC+02:00)",
    ),
]
_Day = Annotated[str, hint("Jour du créneau", "Day of the slot", "Jeudi 28 mars 2030", "Thursday, March 28, 2030")]
_Hours = Annotated[str, hint("Horaires du créneau", "Hours of the slot", "09:00 – 12:30")]
_Place = Annotated[
    str, hint("Lieu du créneau, ou vide", "Place of the slot, or empty", "Lyon, salle 2", "Lyon, room 2")
]
_Organisation = Annotated[str, hint("Organisme de formation", "Training organisation", "Vasseur Formation")]
_Responsible = Annotated[str, hint("Responsable de la session", "Person in charge", "Claire Vasseur")]
_ResponsibleEmail = Annotated[str, hint("Son adresse", "Their address", "claire@vasseur.example")]
_Company = Annotated[str, hint("Nom du client", "Name of the client", "Fonderie Martin")]
_Contact = Annotated[str, hint("Nom du contact, ou vide", "Name of the contact, or empty", "Camille Martin")]
_DueOn = Annotated[str, hint("Échéance, incluse", "Due date, included", "15 mars 2030", "March 15, 2030")]
_Revised = Annotated[
    bool, hint("Si d’autres dates avaient été proposées", "Whether other dates were proposed before", "oui", "yes")
]
_AcceptLink = Annotated[
    str,
    hint(
        "Adresse personnelle, « J’accepte » présélectionné",
        "Personal address, “I accept” chosen beforehand",
        "https://relance.example/r/…?choice=accept",
    ),
]
_DeclineLink = Annotated[
    str,
    hint(
        "Adresse personnelle, « Je décline » présélectionné",
        "Personal address, “I decline” chosen beforehand",
        "https://relance.example/r/…?choice=decline",
    ),
]
_AnsweredOn = Annotated[str, hint("Date de la réponse", "Date of the answer", *_Instant)]
_AnsweredBy = Annotated[str, hint("Adresse qui a répondu", "Address that answered", "camille@martin.example")]
_Comment = Annotated[
    str, hint("Commentaire, ou vide", "Comment, or empty", "Nous serons quatre.", "There will be four of us.")
]
_ChangedAnswer = Annotated[bool, hint("Si la réponse a changé", "Whether the answer has changed", "oui", "yes")]
_Reason = Annotated[str, hint("Motif de l’annulation", "Why it is cancelled", "Formatrice indisponible", "Trainer ill")]
_HappenedOn = Annotated[str, hint("Date du constat", "When it was noticed", *_Instant)]
_Diagnosis = Annotated[
    str, hint("Code du serveur de messagerie, ou vide", "Code of the mail server, or empty", "5.1.1")
]
_Reference = Annotated[
    str, hint("Référence de la session", "Reference of the session", "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10")
]


class SessionFacts(Placeholders):
    """The session."""

    title: _Title
    trainer: _Trainer
    zone: _Zone


class SlotFacts(Placeholders):
    """One slot, in words."""

    day: _Day
    hours: _Hours
    place: _Place


class OrganisationFacts(Placeholders):
    """The training organisation."""

    name: _Organisation


class ResponsibleFacts(Placeholders):
    """Whose session it is."""

    name: _Responsible
    email: _ResponsibleEmail


class ClientFacts(Placeholders):
    """The client company, and whom it is asked through."""

    company: _Company
    contact: _Contact


_Slots = Annotated[list[SlotFacts], hint("Créneaux, dans leur ordre", "Slots, in their order", "")]
_Clients = Annotated[list[ClientFacts], hint("Clients concernés", "Clients concerned", "")]


class _Session(Placeholders):
    recipient_email: _RecipientEmail
    organisation: OrganisationFacts
    session: SessionFacts
    slots: _Slots
    responsible: ResponsibleFacts


class _Asking(_Session):
    client: ClientFacts
    due_on: _DueOn
    #: Whether other dates were proposed to this client before.
    revised: _Revised
    link: str
    accept_link: _AcceptLink
    decline_link: _DeclineLink


#: Which answer each address chooses beforehand.
_CHOICES: Mapping[str, str] = MappingProxyType({"accept_link": "accept", "decline_link": "decline"})


class ProposalMail(_Asking, Mail):
    """Proposition de dates: asks a client to accept or decline the dates."""

    key: ClassVar[str] = "sessions.proposal"
    link_bearing: ClassVar[bool] = True
    choices: ClassVar[Mapping[str, str]] = _CHOICES
    label: ClassVar[Text | None] = Text("Proposition de dates", "Proposal of dates")
    about: ClassVar[Text | None] = Text(
        "Demande au client d’accepter ou de décliner les dates.", "Asks the client to accept or decline the dates."
    )


class ProposalCopy(_Session, Mail):
    """Copie de la proposition: for those in CC and CCI; it leads nowhere, because only the recipient answers."""

    key: ClassVar[str] = "sessions.proposal_copy"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Copie de la proposition de dates", "Copy of the proposal")
    about: ClassVar[Text | None] = Text(
        "Montre les dates à ceux qui sont en copie, sans lien de réponse.",
        "Shows the dates to those who read along, without a link that answers.",
    )

    client: ClientFacts
    due_on: _DueOn
    revised: _Revised


class ReminderMail(_Asking, Mail):
    """Relance de la proposition: asks again; never moves the due date."""

    key: ClassVar[str] = "sessions.reminder"
    link_bearing: ClassVar[bool] = True
    choices: ClassVar[Mapping[str, str]] = _CHOICES
    label: ClassVar[Text | None] = Text("Relance de la proposition de dates", "Reminder of the proposal")
    about: ClassVar[Text | None] = Text(
        "Redemande au client qui n’a pas répondu.", "Asks the client again who has not answered."
    )


class _Notice(_Session):
    reference: _Reference


class _Answered(_Notice):
    client: ClientFacts
    answered_on: _AnsweredOn
    answered_by: _AnsweredBy
    comment: _Comment
    #: Whether it takes the place of the other answer.
    changed: _ChangedAnswer


class AcceptedMail(_Answered, Mail):
    """Dates acceptées: to the person in charge."""

    key: ClassVar[str] = "sessions.accepted"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Dates acceptées par le client", "Dates accepted by the client")
    about: ClassVar[Text | None] = Text(
        "Dit au responsable que le client accepte les dates.", "Tells the person in charge that the client accepts."
    )


class DeclinedMail(_Answered, Mail):
    """Dates déclinées: to the person in charge."""

    key: ClassVar[str] = "sessions.declined"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Dates déclinées par le client", "Dates declined by the client")
    about: ClassVar[Text | None] = Text(
        "Dit au responsable que le client décline les dates.", "Tells the person in charge that the client declines."
    )


class DatesChangedMail(_Notice, Mail):
    """Dates modifiées: tells the person in charge which clients have to be asked anew."""

    key: ClassVar[str] = "sessions.dates_changed"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Dates modifiées : clients à relancer", "Dates changed: clients to ask anew")
    about: ClassVar[Text | None] = Text(
        "Dit au responsable à quels clients proposer les nouvelles dates.",
        "Tells the person in charge to whom the new dates have to be proposed.",
    )

    clients: _Clients


class CancelledMail(_Session, Mail):
    """Session annulée: to the clients who were asked, with the cancellation of their calendar events."""

    key: ClassVar[str] = "sessions.cancelled"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Session annulée", "Session cancelled")
    about: ClassVar[Text | None] = Text(
        "Dit aux clients sollicités que la session n’aura pas lieu.",
        "Tells the clients who were asked that the session will not take place.",
    )

    client: ClientFacts
    reason: _Reason


class UndeliverableMail(_Notice, Mail):
    """Adresse injoignable: tells the person in charge that mail does not reach the client."""

    key: ClassVar[str] = "sessions.undeliverable"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Adresse du client injoignable", "Address of the client unreachable")
    about: ClassVar[Text | None] = Text(
        "Dit au responsable que le courrier n’arrive pas.", "Tells the person in charge that mail does not arrive."
    )

    client: ClientFacts
    happened_on: _HappenedOn
    diagnosis: _Diagnosis
    never_left: NeverLeft


MAILS: tuple[type[Mail], ...] = (
    ProposalMail,
    ProposalCopy,
    ReminderMail,
    AcceptedMail,
    DeclinedMail,
    DatesChangedMail,
    CancelledMail,
    UndeliverableMail,
)
