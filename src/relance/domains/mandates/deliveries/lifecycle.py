"""A delivery from its planning to its receipt, as data. No I/O."""

from dataclasses import dataclass
from enum import StrEnum

from relance.capabilities.cycles.lifecycle import GAP_OVER, Pace
from relance.core.errors import RelanceError
from relance.core.i18n import Text
from relance.core.lifecycle import Actor, Guard, Lifecycle, Transition
from relance.domains.mandates.deliveries.errors import MandateNotActive
from relance.domains.mandates.lifecycle import REMIND, WRITE

DELIVER = "mandates:deliver"


class DeliveryStatus(StrEnum):
    """Where a delivery stands."""

    DUE = "due"
    RECEIVED = "received"
    LATE = "late"


class Channel(StrEnum):
    """How the documents came."""

    LINK = "link"
    ACCOUNT = "account"
    ELSEWHERE = "elsewhere"


STATUS_LABELS = {
    DeliveryStatus.DUE: Text("À déposer", "Due"),
    DeliveryStatus.RECEIVED: Text("Reçu", "Received"),
    DeliveryStatus.LATE: Text("En retard", "Late"),
}
CHANNEL_LABELS = {
    Channel.LINK: Text("Par le lien", "By the link"),
    Channel.ACCOUNT: Text("Par un compte", "By an account"),
    Channel.ELSEWHERE: Text("Reçu par ailleurs", "Received elsewhere"),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the guards ask about a delivery. `active`: whether its mandate is."""

    pace: Pace
    active: bool


def _active(facts: Facts) -> RelanceError | None:
    return None if facts.active else MandateNotActive()


ACTIVE = Guard[Facts]("mandate_active", Text("mandat actif", "active mandate"), _active)

_OPEN = frozenset({DeliveryStatus.DUE, DeliveryStatus.LATE})

LIFECYCLE: Lifecycle[Facts] = Lifecycle(
    kind="mandate_delivery",
    initial=DeliveryStatus.DUE,
    states={status.value: label for status, label in STATUS_LABELS.items()},
    transitions=(
        Transition(
            "remind",
            _OPEN,
            None,
            frozenset({Actor.USER, Actor.WORKER}),
            "mandate_delivery.reminded",
            REMIND,
            (ACTIVE, GAP_OVER),
            "mandates.upload_due",
            Text("Relancer", "Remind"),
        ),
        Transition(
            "expire",
            frozenset({DeliveryStatus.DUE}),
            DeliveryStatus.LATE,
            frozenset({Actor.WORKER}),
            "mandate_delivery.late",
            guards=(ACTIVE,),
            mail="mandates.upload_late",
            text=Text("Passer en retard après l’échéance", "Become late after the due date"),
        ),
        Transition(
            "upload",
            _OPEN,
            DeliveryStatus.RECEIVED,
            frozenset({Actor.USER, Actor.RECIPIENT}),
            "mandate_delivery.received",
            DELIVER,
            (ACTIVE,),
            "mandates.upload_received",
            Text("Déposer", "Hand in"),
        ),
        Transition(
            "receive",
            _OPEN,
            DeliveryStatus.RECEIVED,
            frozenset({Actor.USER}),
            "mandate_delivery.received_elsewhere",
            WRITE,
            (ACTIVE,),
            text=Text("Noter comme reçu par ailleurs", "Note as received elsewhere"),
        ),
    ),
)
