"""What the guards of every cycle ask, and the words for how mail arrives. No I/O."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from relance.capabilities.messaging.gap import TooRecent, gap_ends_at
from relance.core.errors import RelanceError
from relance.core.i18n import Text
from relance.core.lifecycle import Guard


class Delivery(StrEnum):
    """Whether mail reaches the address."""

    UNDELIVERABLE = "undeliverable"
    #: The inviting mail waited until its deadline had passed: nothing is known against the address.
    NOT_SENT = "not_sent"


DELIVERY_LABELS = {
    Delivery.UNDELIVERABLE: Text("Adresse injoignable", "Address unreachable"),
    Delivery.NOT_SENT: Text("Message non parti", "Mail never left"),
}


class AddressUndeliverable(RelanceError):
    """Mail to this address was refused for good."""

    code = "undeliverable"
    status = 409
    title = Text("Adresse injoignable", "Address unreachable")
    detail = Text(
        "Le serveur de courrier a refusé cette adresse définitivement ; corrigez-la d’abord.",
        "The mail server refused this address for good; correct it first.",
    )


@dataclass(frozen=True, slots=True)
class Pace:
    """What decides whether a subject may be asked again now. `forced` lifts the gap for one manual reminder."""

    now: datetime
    last_asked_at: datetime | None = None
    undeliverable: bool = False
    forced: bool = False

    @property
    def gap_ends_at(self) -> datetime | None:
        """When the next link-bearing mail may be asked for; None where it may be now."""
        return gap_ends_at(self.last_asked_at, self.now)


class Paced(Protocol):
    """Facts of a subject that hold its pace."""

    @property
    def pace(self) -> Pace: ...


def _gap(facts: Paced) -> RelanceError | None:
    ends = None if facts.pace.forced else facts.pace.gap_ends_at
    return TooRecent(retry_at=ends) if ends else None


def _deliverable(facts: Paced) -> RelanceError | None:
    return AddressUndeliverable() if facts.pace.undeliverable else None


GAP_OVER = Guard[Paced]("gap", Text("24 h depuis le dernier envoi", "24 h since the last mail"), _gap)
DELIVERABLE = Guard[Paced]("deliverable", Text("adresse joignable", "address reachable"), _deliverable)
