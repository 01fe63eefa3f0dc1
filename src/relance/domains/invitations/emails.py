"""The mails of this domain, each a typed model of its placeholders."""

from typing import Annotated, ClassVar

from relance.capabilities.cycles.emails import NeverLeft
from relance.capabilities.messaging.handlers import EXPIRED
from relance.capabilities.messaging.mails import Mail, Placeholders, hint
from relance.core.i18n import Locale, Text
from relance.domains.invitations.lifecycle import Reason

_Partner = Annotated[str, hint("Raison sociale du partenaire", "Name of the partner", "Fonderie Martin")]
_LocalId = Annotated[str, hint("Identifiant local du partenaire", "Local identifier of the partner", "732829320")]
_Organisation = Annotated[
    str, hint("Nom de l’entité émettrice", "Name of the organisation that asks", "Groupe Vasseur")
]
_Requester = Annotated[str, hint("Nom de la personne qui invite", "Name of the person who asks", "Claire Vasseur")]
_RequesterEmail = Annotated[str, hint("Son adresse", "Their address", "claire@vasseur.example")]
_Email = Annotated[str, hint("Adresse du destinataire", "The recipient’s address", "achats@partenaire.example")]
_Reason = Annotated[
    str,
    hint(
        "Pourquoi le partenaire est sollicité",
        "Why the partner is asked",
        "Votre organisation n’est pas encore inscrite.",
        "Your organisation is not registered yet.",
    ),
]
_ExpiresOn = Annotated[
    str,
    hint(
        "Date limite de réponse",
        "Until when to answer",
        "23 décembre 2026 à 10:00 (Europe/Paris)",
        "December 23, 2026 at 10:00 (Europe/Paris)",
    ),
]
_CompletedOn = Annotated[str, hint("Date de la réponse", "Date of the answer", "2 décembre 2026", "December 2, 2026")]
_DeclinedOn = Annotated[str, hint("Date du refus", "Date of the refusal", "2 décembre 2026", "December 2, 2026")]
_HappenedOn = Annotated[
    str,
    hint(
        "Date du constat",
        "When it was noticed",
        "2 décembre 2026 à 10:00 (Europe/Paris)",
        "December 2, 2026 at 10:00 (Europe/Paris)",
    ),
]
_Reference = Annotated[
    str, hint("Référence de l’invitation", "Reference of the invitation", "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10")
]
_PartnerEmail = Annotated[str, hint("Adresse sollicitée", "Address that was asked", "achats@partenaire.example")]
_DeclineReason = Annotated[
    str, hint("Motif donné, ou vide", "Reason given, or empty", "Nous cessons cette activité.", "We are closing.")
]
_Failure = Annotated[
    str, hint("Ce qui s’est passé", "What happened", "L’adresse n’existe pas.", "The address does not exist.")
]
_Diagnosis = Annotated[
    str, hint("Code du serveur de messagerie, ou vide", "Code of the mail server, or empty", "5.1.1")
]


class PartnerFacts(Placeholders):
    """The invited company."""

    name: _Partner
    local_id: _LocalId


class OrganisationFacts(Placeholders):
    """The organisation that asks (entité émettrice)."""

    name: _Organisation


class RequesterFacts(Placeholders):
    """The person who asked."""

    name: _Requester
    email: _RequesterEmail


class _Asking(Placeholders):
    recipient_email: _Email
    partner: PartnerFacts
    organisation: OrganisationFacts
    requester: RequesterFacts
    reason: _Reason
    link: str
    expires_on: _ExpiresOn


class InvitationMail(_Asking, Mail):
    """Asks the partner to fill the form."""

    key: ClassVar[str] = "invitations.invitation"
    link_bearing: ClassVar[bool] = True
    label: ClassVar[Text | None] = Text("Invitation", "Invitation")
    about: ClassVar[Text | None] = Text(
        "Demande au partenaire de remplir le formulaire.", "Asks the partner to fill the form."
    )


class ReminderMail(_Asking, Mail):
    """Asks again; never moves the expiry."""

    key: ClassVar[str] = "invitations.reminder"
    link_bearing: ClassVar[bool] = True
    label: ClassVar[Text | None] = Text("Rappel d’invitation", "Reminder")
    about: ClassVar[Text | None] = Text(
        "Redemande au partenaire qui n’a pas répondu.", "Asks the partner again who has not answered."
    )


class ExpiredMail(_Asking, Mail):
    """Tells the partner that the invitation is over and whom to write to."""

    key: ClassVar[str] = "invitations.expired"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Invitation expirée", "Invitation expired")
    about: ClassVar[Text | None] = Text(
        "Dit au partenaire que l’invitation a pris fin.", "Tells the partner that the invitation is over."
    )


#: What reaches nobody who is not to be chased any more.
CHASING = frozenset({ReminderMail.key, ExpiredMail.key})


class CompletedMail(Mail):
    """Tells the requester that the partner has submitted its form."""

    key: ClassVar[str] = "invitations.completed"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Formulaire complété", "Form completed")
    about: ClassVar[Text | None] = Text(
        "Dit au demandeur que le partenaire a répondu.", "Tells the requester that the partner has answered."
    )

    recipient_email: _Email
    partner: PartnerFacts
    organisation: OrganisationFacts
    completed_on: _CompletedOn
    reference: _Reference


class DeclinedMail(Mail):
    """Tells the requester that the partner does not want to be contacted any more."""

    key: ClassVar[str] = "invitations.declined"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Invitation déclinée", "Invitation declined")
    about: ClassVar[Text | None] = Text(
        "Dit au demandeur que le partenaire décline.", "Tells the requester that the partner declines."
    )

    recipient_email: _Email
    partner: PartnerFacts
    organisation: OrganisationFacts
    partner_email: _PartnerEmail
    declined_on: _DeclinedOn
    reason: _DeclineReason
    reference: _Reference


class UndeliverableMail(Mail):
    """Tells the requester that mail does not reach the partner's address."""

    key: ClassVar[str] = "invitations.undeliverable"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Adresse injoignable", "Address unreachable")
    about: ClassVar[Text | None] = Text(
        "Dit au demandeur que l’adresse ne reçoit pas, ou que l’invitation n’a pas pu partir à temps.",
        "Tells the requester that no mail arrives, or that the invitation could not leave in time.",
    )

    recipient_email: _Email
    partner: PartnerFacts
    organisation: OrganisationFacts
    address: _PartnerEmail
    reason: _Failure
    #: What the mail system said, as a code: "5.1.1"; empty where there is none.
    diagnosis: _Diagnosis
    happened_on: _HappenedOn
    never_left: NeverLeft


_UNKNOWN_ADDRESS = Text("L’adresse n’existe pas ou n’existe plus.", "The address does not exist, or exists no longer.")
_BLOCKED_ADDRESS = Text(
    "Un message précédent n’a pas pu être remis à cette adresse.", "An earlier mail could not be delivered there."
)
_NEVER_LEFT = Text("Il n’a pas pu partir avant sa date limite.", "It could not leave before its deadline.")
_REFUSED = Text(
    "Le serveur de messagerie du destinataire a refusé le message.", "The recipient’s mail server refused the mail."
)


def failure_sentence(enhanced: str | None, reason: str | None, locale: Locale) -> str:
    """Why a mail did not arrive, for people: from the enhanced status code, or from the reason of its state."""
    if reason == "suppressed":
        return _BLOCKED_ADDRESS.in_locale(locale)
    if reason == EXPIRED:
        return _NEVER_LEFT.in_locale(locale)
    unknown = reason == "address_unwritable" or (enhanced or "").startswith("5.1.")
    return (_UNKNOWN_ADDRESS if unknown else _REFUSED).in_locale(locale)


_REASONS = {
    Reason.NOT_REGISTERED: Text(
        "Votre organisation n’est pas encore inscrite.", "Your organisation is not registered yet."
    ),
    Reason.FORM_NOT_VALIDATED: Text(
        "Votre organisation est inscrite, mais son formulaire de préqualification n’est pas encore validé.",
        "Your organisation is registered, but its prequalification form is not validated yet.",
    ),
    Reason.UPDATE_REQUESTED: Text(
        "Votre formulaire de préqualification n’est plus valide : une mise à jour vous est demandée.",
        "Your prequalification form is no longer valid: an update is requested.",
    ),
}


def reason_sentence(reason: Reason, locale: Locale) -> str:
    """Why the partner is asked, as a sentence of the mail and the page."""
    return _REASONS[reason].in_locale(locale)
