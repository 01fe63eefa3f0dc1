"""What people and delivery reports may do with a message, as data. No I/O.

The steps of delivery itself (claim, hand-off, settlement, recovery) are not here: they are single statements over
batches, in `delivery.repository`, and nobody asks for them one by one.
"""

from dataclasses import dataclass
from datetime import datetime

from relance.capabilities.messaging.errors import AddressSuppressed, MessageExpired, MessageNotWanted
from relance.capabilities.messaging.models import MessageState
from relance.capabilities.messaging.permissions import HANDLE
from relance.capabilities.messaging.suppression import of_delivery
from relance.core.errors import RelanceError
from relance.core.i18n import Text
from relance.core.lifecycle import Actor, Guard, Lifecycle, Transition

STATE_LABELS = {
    MessageState.QUEUED: Text("En attente", "Queued"),
    MessageState.SENDING: Text("En cours d’envoi", "Being sent"),
    MessageState.SENT: Text("Envoyé", "Sent"),
    MessageState.UNCERTAIN: Text("Incertain", "Uncertain"),
    MessageState.FAILED: Text("Refusé", "Refused"),
    MessageState.DEAD: Text("Impossible à envoyer", "Cannot be sent"),
    MessageState.CANCELLED: Text("Annulé", "Cancelled"),
    MessageState.SUPPRESSED: Text("Adresse bloquée", "Address suppressed"),
    MessageState.BOUNCED: Text("Non remis", "Bounced"),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the guards ask about a message."""

    now: datetime
    expires_at: datetime | None
    #: Whether its subject still stands as the mail says.
    wanted: bool
    #: Why the address gets no mail; None where it gets some.
    suppression: str | None
    #: The caller asks to lift the suppression.
    lift: bool = False


def _in_time(facts: Facts) -> RelanceError | None:
    if facts.expires_at is None or facts.expires_at > facts.now:
        return None
    return MessageExpired(facts.expires_at)


def _wanted(facts: Facts) -> RelanceError | None:
    return None if facts.wanted else MessageNotWanted()


def _reachable(facts: Facts) -> RelanceError | None:
    if facts.suppression is None:
        return None
    liftable = of_delivery(facts.suppression)
    return None if facts.lift and liftable else AddressSuppressed(reason=facts.suppression, liftable=liftable)


_USER = frozenset({Actor.USER})
_WORKER = frozenset({Actor.WORKER})

LIFECYCLE: Lifecycle[Facts] = Lifecycle(
    kind="message",
    initial=MessageState.QUEUED,
    states={state.value: label for state, label in STATE_LABELS.items()},
    transitions=(
        Transition(
            "resend",
            frozenset(
                {
                    MessageState.UNCERTAIN,
                    MessageState.FAILED,
                    MessageState.BOUNCED,
                    MessageState.DEAD,
                    MessageState.SUPPRESSED,
                }
            ),
            MessageState.QUEUED,
            _USER,
            "message.resent",
            HANDLE,
            (
                Guard("in_time", Text("pas encore périmé", "not out of date"), _in_time),
                Guard("wanted", Text("toujours d’actualité", "still wanted"), _wanted),
                Guard("address_reachable", Text("adresse non bloquée", "address not suppressed"), _reachable),
            ),
            text=Text("Envoyer de nouveau", "Send again"),
        ),
        Transition(
            "mark-sent",
            frozenset({MessageState.UNCERTAIN}),
            MessageState.SENT,
            _USER,
            "message.marked_sent",
            HANDLE,
            text=Text("Considérer comme envoyé", "Take as sent"),
        ),
        Transition(
            "cancel",
            frozenset({MessageState.QUEUED}),
            MessageState.CANCELLED,
            _USER,
            "message.cancelled",
            HANDLE,
            text=Text("Annuler", "Cancel"),
        ),
        # A report may be faster than the worker that writes the relay's answer: `sending` is not too early for it.
        Transition(
            "bounce",
            frozenset({MessageState.SENT, MessageState.UNCERTAIN, MessageState.SENDING}),
            MessageState.BOUNCED,
            _WORKER,
            "message.bounced",
            text=Text("Un rapport dit que le message n’arrivera pas", "A report says that it will not arrive"),
        ),
        Transition(
            "confirm",
            frozenset({MessageState.UNCERTAIN}),
            MessageState.SENT,
            _WORKER,
            "message.confirmed",
            text=Text("Un rapport dit que le relais l’avait pris", "A report says that the relay had taken it"),
        ),
    ),
)
