"""What becomes of a profile on its way to one contact, as data. No I/O."""

from dataclasses import dataclass
from enum import StrEnum

from relance.core.i18n import Text
from relance.core.lifecycle import Actor, Lifecycle, Transition
from relance.domains.crm_toolbox.permissions import INFOBOX_WRITE

KIND = "profile_recipient"


class RecipientStatus(StrEnum):
    """Where it stands."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


STATUS_LABELS = {
    RecipientStatus.PLANNED: Text("À venir", "To come"),
    RecipientStatus.SENDING: Text("En cours d’envoi", "Being sent"),
    RecipientStatus.SENT: Text("Envoyé", "Sent"),
    RecipientStatus.FAILED: Text("Non remis", "Not delivered"),
    RecipientStatus.CANCELLED: Text("Annulé", "Cancelled"),
}
#: Why nothing is sent to a contact, or did not arrive.
REASONS = {
    "inactive": Text("contact inactif", "inactive contact"),
    "refused": Text("le contact a refusé (RGPD)", "the contact has refused (GDPR)"),
    "no_address": Text("contact sans adresse e-mail", "contact without an e-mail address"),
    "deleted": Text("contact supprimé", "deleted contact"),
    "undeliverable": Text("adresse injoignable", "the address cannot be reached"),
    "not_sent": Text("le message n’est pas parti", "the mail did not leave"),
    "on_request": Text("annulé par un utilisateur", "cancelled by a user"),
}


def reason_label(code: str) -> Text:
    """The words of a reason."""
    return REASONS.get(code, Text(code, code))


@dataclass(frozen=True, slots=True)
class Facts:
    """What the table asks about a recipient: nothing besides its state."""


_USER, _WORKER = frozenset({Actor.USER}), frozenset({Actor.WORKER})
_PLANNED = frozenset({RecipientStatus.PLANNED})

LIFECYCLE: Lifecycle[Facts] = Lifecycle(
    kind=KIND,
    initial=RecipientStatus.PLANNED,
    states={status.value: label for status, label in STATUS_LABELS.items()},
    transitions=(
        Transition(
            "cancel",
            _PLANNED,
            RecipientStatus.CANCELLED,
            _USER,
            "profile_recipient.cancelled",
            INFOBOX_WRITE,
            text=Text("Annuler l’envoi", "Cancel the sending"),
        ),
        Transition(
            "reschedule",
            _PLANNED,
            None,
            _USER,
            "profile_recipient.rescheduled",
            INFOBOX_WRITE,
            text=Text("Reporter l’envoi", "Move the sending"),
        ),
        Transition(
            "queue",
            _PLANNED,
            RecipientStatus.SENDING,
            _WORKER,
            "profile_recipient.queued",
            mail="crm_toolbox.profile",
            text=Text("L’heure est venue", "Its time has come"),
        ),
        Transition(
            "drop",
            _PLANNED,
            RecipientStatus.CANCELLED,
            _WORKER,
            "profile_recipient.dropped",
            mail="crm_toolbox.profile_not_sent",
            text=Text(
                "Le contact est inactif, a refusé, n’a plus d’adresse ou est supprimé",
                "The contact is inactive, has refused, has no address any more or is deleted",
            ),
        ),
        Transition(
            "deliver",
            frozenset({RecipientStatus.SENDING}),
            RecipientStatus.SENT,
            _WORKER,
            "profile_recipient.sent",
            text=Text("Le relais a pris le message", "The relay took the mail"),
        ),
        Transition(
            "fail",
            frozenset({RecipientStatus.SENDING, RecipientStatus.SENT}),
            RecipientStatus.FAILED,
            _WORKER,
            "profile_recipient.failed",
            mail="crm_toolbox.profile_not_sent",
            text=Text("Le message n’arrivera pas", "The mail will not arrive"),
        ),
    ),
)
