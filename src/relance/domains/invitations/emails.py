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
