"""The mails of this domain, each a typed model of its placeholders."""

from typing import ClassVar

from relance.capabilities.messaging.mails import Mail, Placeholders
from relance.core.i18n import Locale, Text
from relance.domains.invitations.lifecycle import Reason


class PartnerFacts(Placeholders):
    """The invited company."""

    name: str
    local_id: str


class OrganisationFacts(Placeholders):
    """The organisation that asks (entité émettrice)."""

    name: str


class RequesterFacts(Placeholders):
    """The person who asked."""

    name: str
    email: str


class _Asking(Placeholders):
    recipient_email: str
    partner: PartnerFacts
    organisation: OrganisationFacts
    requester: RequesterFacts
    reason: str
    link: str
    expires_on: str


class InvitationMail(_Asking, Mail):
    """Asks the partner to fill the form."""

    key: ClassVar[str] = "invitations.invitation"
    link_bearing: ClassVar[bool] = True


class ReminderMail(_Asking, Mail):
    """Asks again; never moves the expiry."""

    key: ClassVar[str] = "invitations.reminder"
    link_bearing: ClassVar[bool] = True


class ExpiredMail(_Asking, Mail):
    """Tells the partner that the invitation is over and whom to write to."""

    key: ClassVar[str] = "invitations.expired"
    link_bearing: ClassVar[bool] = False


class CompletedMail(Mail):
    """Tells the requester that the partner has submitted its form."""

    key: ClassVar[str] = "invitations.completed"
    link_bearing: ClassVar[bool] = False

    recipient_email: str
    partner: PartnerFacts
    organisation: OrganisationFacts
    completed_on: str
    reference: str


class DeclinedMail(Mail):
    """Tells the requester that the partner does not want to be contacted any more."""

    key: ClassVar[str] = "invitations.declined"
    link_bearing: ClassVar[bool] = False

    recipient_email: str
    partner: PartnerFacts
    organisation: OrganisationFacts
    partner_email: str
    declined_on: str
    reason: str
    reference: str


class UndeliverableMail(Mail):
    """Tells the requester that mail does not reach the partner's address."""

    key: ClassVar[str] = "invitations.undeliverable"
    link_bearing: ClassVar[bool] = False

    recipient_email: str
    partner: PartnerFacts
    organisation: OrganisationFacts
    address: str
    reason: str
    #: What the mail system said, as a code: "5.1.1"; empty where there is none.
    diagnosis: str
    happened_on: str


_UNKNOWN_ADDRESS = Text("L’adresse n’existe pas ou n’existe plus.", "The address does not exist, or exists no longer.")
_BLOCKED_ADDRESS = Text(
    "Un message précédent n’a pas pu être remis à cette adresse.", "An earlier mail could not be delivered there."
)
_REFUSED = Text(
    "Le serveur de messagerie du destinataire a refusé le message.", "The recipient’s mail server refused the mail."
)


def failure_sentence(enhanced: str | None, reason: str | None, locale: Locale) -> str:
    """Why a mail did not arrive, for people: from the enhanced status code, or from the reason of its state."""
    if reason == "suppressed":
        return _BLOCKED_ADDRESS.in_locale(locale)
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
        "La validité de votre formulaire de préqualification est passée : une mise à jour vous est demandée.",
        "Your prequalification form is no longer valid: an update is requested.",
    ),
}


def reason_sentence(reason: Reason, locale: Locale) -> str:
    """Why the partner is asked, as a sentence of the mail and the page."""
    return _REASONS[reason].in_locale(locale)
