"""The mails of this domain, each a typed model of its placeholders. What the team alone may read is in none of them."""

from typing import Annotated, ClassVar

from relance.capabilities.cycles.emails import NeverLeft
from relance.capabilities.messaging.mails import Mail, Placeholders, hint
from relance.core.i18n import Text

_SLOT = (
    "mardi 8 décembre 2026, 09:00 – 11:00 (Europe/Paris), Nadia Roux",
    "Tuesday, December 8, 2026, 09:00 – 11:00 (Europe/Paris), Nadia Roux",
)
_RecipientEmail = Annotated[str, hint("Adresse du destinataire", "The recipient’s address", "paul@integrateur.example")]
_Addressee = Annotated[str, hint("Nom du destinataire", "Name of the recipient", "Paul Girard")]
_Number = Annotated[str, hint("Numéro de la demande", "Number of the request", "AV-2026-00042")]
_Title = Annotated[str, hint("Intitulé de l’opportunité", "Title of the opportunity", "ERP de l’usine de Lille")]
_Customer = Annotated[str, hint("Nom du client", "Name of the customer", "Fonderie Martin")]
_Partner = Annotated[str, hint("Nom du partenaire", "Name of the partner", "Intégrateur du Nord")]
_Vendor = Annotated[str, hint("Nom de l’éditeur", "Name of the vendor", "Groupe Vasseur")]
_Type = Annotated[str, hint("Type d’intervention", "Type of intervention", "Démonstration", "Demonstration")]
_Place = Annotated[str, hint("Lieu, ou « à distance »", "Place, or “remote”", "Lille, siège", "Lille, head office")]
_WantedOn = Annotated[str, hint("Date souhaitée", "Date wanted", "8 décembre 2026", "December 8, 2026")]
_Requester = Annotated[str, hint("Nom du demandeur", "Name of whoever asks", "Paul Girard")]
_RequesterEmail = Annotated[str, hint("Son adresse", "Their address", "paul@integrateur.example")]
_Handler = Annotated[
    str, hint("Nom de la personne qui traite la demande", "Name of whoever handles the request", "Nadia Roux")
]
_Description = Annotated[
    str, hint("Descriptif de l’intervention", "Description", "Démonstration de la gestion d’atelier.", "A shop floor.")
]
_Slot = Annotated[str, hint("Créneau, fuseau nommé", "Slot, its zone named", *_SLOT)]
_Speaker = Annotated[str, hint("Intervenant, ou vide", "Speaker, or empty", "Nadia Roux")]
_Expectations = Annotated[
    str, hint("Attentes du partenaire", "What the partner expects", "Plutôt en janvier.", "Rather in January.")
]
_Question = Annotated[
    str, hint("Question de l’équipe", "Question of the team", "Combien d’utilisateurs ?", "How many users?")
]
_Answer = Annotated[str, hint("Réponse du partenaire", "Answer of the partner", "Une trentaine.", "About thirty.")]
_Reason = Annotated[str, hint("Motif", "Reason", "Hors du périmètre.", "Out of scope.")]
_ByPartner = Annotated[bool, hint("Si le partenaire a agi", "Whether it was the partner who acted", "oui", "yes")]
_ToPartner = Annotated[
    bool, hint("Si le destinataire est le partenaire", "Whether the recipient is the partner", "oui", "yes")
]
_AsksInfo = Annotated[bool, hint("Si une information est attendue", "Whether information is awaited", "non", "no")]
_Back = Annotated[
    bool,
    hint("S’il faut proposer d’autres créneaux", "Whether other slots are to be proposed", "non", "no"),
]
_Diagnosis = Annotated[
    str, hint("Code du serveur de messagerie, ou vide", "Code of the mail server, or empty", "5.1.1")
]
_Undelivered = Annotated[str, hint("Adresse injoignable", "Address that is unreachable", "paul@integrateur.example")]
_Reference = Annotated[str, hint("Référence", "Reference", "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10")]


class RequestFacts(Placeholders):
    """What is asked."""

    name: _Title
    number: _Number
    customer: _Customer
    type: _Type
    place: _Place
    wanted_on: _WantedOn


class PartnerFacts(Placeholders):
    """Who asks."""

    name: _Partner
    requester: _Requester
    requester_email: _RequesterEmail


class VendorFacts(Placeholders):
    """Who is asked. `handler` is empty while nobody has accepted the request."""

    name: _Vendor
    handler: _Handler


class _Request(Placeholders):
    recipient_email: _RecipientEmail
    addressee: _Addressee
    opportunity: RequestFacts
    partner: PartnerFacts
    vendor: VendorFacts
    reference: _Reference


class SubmittedMail(_Request, Mail):
    """Demande à traiter: tells the team that a partner asks for an intervention."""

    key: ClassVar[str] = "avant_vente.submitted"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Demande avant-vente à traiter", "Pre-sales request to process")
    about: ClassVar[Text | None] = Text(
        "Dit à l’équipe qu’un partenaire demande une intervention.", "Tells the team that a partner asks for help."
    )

    description: _Description


class AcceptedMail(_Request, Mail):
    """Demande acceptée: tells the partner that the team works on it."""

    key: ClassVar[str] = "avant_vente.accepted"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Demande avant-vente acceptée", "Pre-sales request accepted")
    about: ClassVar[Text | None] = Text(
        "Dit au partenaire que sa demande est en cours.", "Tells the partner that the team works on the request."
    )


class ProposedMail(_Request, Mail):
    """Propositions: three slots, and the link by which the partner accepts one."""

    key: ClassVar[str] = "avant_vente.proposed"
    link_bearing: ClassVar[bool] = True
    label: ClassVar[Text | None] = Text("Propositions de dates", "Proposed dates")
    about: ClassVar[Text | None] = Text(
        "Propose trois créneaux au partenaire.", "Offers the partner three slots to choose from."
    )

    link: str
    first_slot: _Slot
    second_slot: _Slot
    third_slot: _Slot


class ReminderMail(_Request, Mail):
    """Relance: the partner has not answered a proposal, or a question."""

    key: ClassVar[str] = "avant_vente.reminder"
    link_bearing: ClassVar[bool] = True
    label: ClassVar[Text | None] = Text("Relance du partenaire", "Reminder to the partner")
    about: ClassVar[Text | None] = Text(
        "Rappelle une proposition ou une question sans réponse.", "Recalls a proposal or a question without an answer."
    )

    link: str
    asks_info: _AsksInfo


class SlotAcceptedMail(_Request, Mail):
    """Créneau retenu: to both sides, with the calendar entry."""

    key: ClassVar[str] = "avant_vente.slot_accepted"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Créneau retenu", "Slot accepted")
    about: ClassVar[Text | None] = Text(
        "Confirme le créneau aux deux parties, avec l’entrée d’agenda.",
        "Confirms the slot to both sides, with the calendar entry.",
    )

    slot: _Slot
    to_partner: _ToPartner


class InterventionChangedMail(_Request, Mail):
    """Intervention modifiée: another place or speaker, to both sides, with the calendar entry."""

    key: ClassVar[str] = "avant_vente.intervention_changed"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Intervention modifiée", "Intervention changed")
    about: ClassVar[Text | None] = Text(
        "Dit aux deux parties que le lieu ou l’intervenant a changé.",
        "Tells both sides that the place or the speaker has changed.",
    )

    slot: _Slot


class SpeakerReleasedMail(_Request, Mail):
    """Intervention retirée: somebody else intervenes; takes the entry out of the speaker's calendar."""

    key: ClassVar[str] = "avant_vente.speaker_released"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Intervenant libéré", "Speaker released")
    about: ClassVar[Text | None] = Text(
        "Dit à l’intervenant remplacé qu’il n’est plus attendu.", "Tells a speaker who was replaced."
    )

    slot: _Slot


class OtherSlotsAskedMail(_Request, Mail):
    """Autres dates demandées: none of the three fits; tells the team what the partner expects."""

    key: ClassVar[str] = "avant_vente.other_slots_asked"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Autres dates demandées", "Other dates asked for")
    about: ClassVar[Text | None] = Text(
        "Dit à l’équipe qu’aucun créneau ne convient.", "Tells the team that no slot fits."
    )

    expectations: _Expectations


class InfoAskedMail(_Request, Mail):
    """Demande d’informations: the team's question, and the link by which the partner answers."""

    key: ClassVar[str] = "avant_vente.info_asked"
    link_bearing: ClassVar[bool] = True
    label: ClassVar[Text | None] = Text("Demande d’informations", "Information asked for")
    about: ClassVar[Text | None] = Text("Pose une question au partenaire.", "Asks the partner a question.")

    link: str
    question: _Question


class InfoAnsweredMail(_Request, Mail):
    """Informations reçues: the partner's answer; tells the team as well where no proposed slot is left."""

    key: ClassVar[str] = "avant_vente.info_answered"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Informations reçues", "Information received")
    about: ClassVar[Text | None] = Text(
        "Donne à l’équipe la réponse du partenaire.", "Gives the team the partner’s answer."
    )

    question: _Question
    answer: _Answer
    propose_again: _Back


class RefusedMail(_Request, Mail):
    """Demande refusée: to the partner, with the reason."""

    key: ClassVar[str] = "avant_vente.refused"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Demande avant-vente refusée", "Pre-sales request refused")
    about: ClassVar[Text | None] = Text(
        "Dit au partenaire que sa demande est refusée, et pourquoi.", "Tells the partner that it is refused, and why."
    )

    reason: _Reason


class CancelledMail(_Request, Mail):
    """Demande annulée: to the side that has not cancelled, with the reason."""

    key: ClassVar[str] = "avant_vente.cancelled"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Demande avant-vente annulée", "Pre-sales request cancelled")
    about: ClassVar[Text | None] = Text(
        "Dit à l’autre partie que la demande est annulée, et pourquoi.", "Tells the other side that it is cancelled."
    )

    reason: _Reason
    by_partner: _ByPartner


class UndeliverableMail(_Request, Mail):
    """Adresse injoignable: tells the team that mail does not reach the partner."""

    key: ClassVar[str] = "avant_vente.undeliverable"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Adresse injoignable", "Address unreachable")
    about: ClassVar[Text | None] = Text(
        "Dit à l’équipe que le courrier n’arrive pas au partenaire.", "Tells the team that mail does not arrive."
    )

    undelivered: _Undelivered
    diagnosis: _Diagnosis
    never_left: NeverLeft


MAILS: tuple[type[Mail], ...] = (
    SubmittedMail,
    AcceptedMail,
    ProposedMail,
    ReminderMail,
    SlotAcceptedMail,
    InterventionChangedMail,
    SpeakerReleasedMail,
    OtherSlotsAskedMail,
    InfoAskedMail,
    InfoAnsweredMail,
    RefusedMail,
    CancelledMail,
    UndeliverableMail,
)
