"""What the guards of the lifecycle ask about a request. No I/O."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from relance.capabilities.cycles.lifecycle import Pace
from relance.core.errors import FieldError, RelanceError, ValidationFailed
from relance.core.i18n import Text
from relance.core.lifecycle import Guard
from relance.domains.avant_vente.errors import NoSlotChosen, RequestIncomplete, SlotData, SlotNotCurrent, SlotPassed
from relance.domains.avant_vente.states import RequestStatus

#: How many slots a proposal has.
SLOTS = 3


@dataclass(frozen=True, slots=True)
class SlotFact:
    """A slot as the guards see it."""

    id: UUID
    round: int
    rank: int
    starts_at: datetime
    ends_at: datetime
    zone: str

    def data(self) -> SlotData:
        """The slot in a problem document."""
        return {
            "id": str(self.id),
            "rank": self.rank,
            "starts_at": _instant(self.starts_at),
            "ends_at": _instant(self.ends_at),
            "zone": self.zone,
        }


@dataclass(frozen=True, slots=True)
class Period:
    """A slot that is to be proposed."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What the guards ask about a request, and about what somebody wants to do with it."""

    pace: Pace
    round: int = 1
    #: What it lacks to be submitted.
    missing: tuple[str, ...] = ()
    #: The slots of the present round.
    slots: tuple[SlotFact, ...] = ()
    #: The slot that is meant: named by whoever acts, or saved before.
    chosen: SlotFact | None = None
    #: What is to be proposed; None where nobody proposes.
    offered: tuple[Period, ...] | None = None
    #: Where it stood before information was asked for.
    before_info: RequestStatus | None = None
    #: Whether whoever acts handles requests for the vendor.
    staff: bool = False
    future: tuple[SlotFact, ...] = field(init=False)

    def __post_init__(self) -> None:
        # One place says which slots are still to come; the class is frozen otherwise.
        coming = tuple(slot for slot in self.slots if slot.starts_at > self.pace.now)
        object.__setattr__(self, "future", coming)

    @property
    def returns_to(self) -> RequestStatus | None:
        """Where an answer leads: the status before; back to work where no proposed slot is left to accept."""
        if self.before_info is RequestStatus.SCHEDULED and not self.future:
            return RequestStatus.IN_PROGRESS
        return self.before_info

    def current(self) -> list[SlotData]:
        """The slots of the present round in a problem document."""
        return [slot.data() for slot in self.slots]


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _complete(facts: Facts) -> RelanceError | None:
    return RequestIncomplete(facts.missing) if facts.missing else None


_NOT_THREE = Text("Trois créneaux sont attendus.", "Three slots are expected.")
_REPEATED = Text("Ce créneau est proposé deux fois.", "This slot is proposed twice.")
_PAST = Text("Ce créneau n’est pas à venir.", "This slot is not in the future.")


def _three_distinct(facts: Facts) -> RelanceError | None:
    if facts.offered is None:
        return None
    faults: list[FieldError] = []
    if len(facts.offered) != SLOTS:
        faults.append(FieldError("/slots", "three_slots", _NOT_THREE.in_locale()))
    for position, slot in enumerate(facts.offered):
        if slot in facts.offered[:position]:
            faults.append(FieldError(f"/slots/{position}", "slot_repeated", _REPEATED.in_locale()))
        if slot.starts_at <= facts.pace.now:
            faults.append(FieldError(f"/slots/{position}/starts_at", "slot_not_future", _PAST.in_locale()))
    return ValidationFailed(faults) if faults else None


def _chosen(facts: Facts) -> RelanceError | None:
    return NoSlotChosen(facts.current()) if facts.chosen is None else None


def _current(facts: Facts) -> RelanceError | None:
    if facts.chosen is not None and facts.chosen.round != facts.round:
        return SlotNotCurrent(facts.current())
    return None


def _still_future(facts: Facts) -> RelanceError | None:
    if facts.chosen is not None and facts.chosen.starts_at <= facts.pace.now:
        return SlotPassed(facts.current())
    return None


def _answerable(facts: Facts) -> RelanceError | None:
    return SlotPassed(facts.current()) if facts.before_info is None and not facts.future else None


COMPLETE = Guard[Facts](
    "complete",
    Text(
        "descriptif, type, date, lieu (sur site) et case de confirmation",
        "description, type, date, place (on site) and the box of confirmation",
    ),
    _complete,
)
THREE_DISTINCT = Guard[Facts](
    "three_distinct_future_slots",
    Text("exactement trois créneaux distincts et à venir", "exactly three distinct slots, all in the future"),
    _three_distinct,
)
SLOT_CHOSEN = Guard[Facts]("slot_chosen", Text("un créneau retenu", "a slot chosen"), _chosen)
CURRENT_ROUND = Guard[Facts]("current_round", Text("créneau du tour en cours", "slot of the current round"), _current)
ANSWERABLE = Guard[Facts](
    "answerable", Text("une question, ou un créneau à venir", "a question, or a slot to come"), _answerable
)
STILL_FUTURE = Guard[Facts]("still_future", Text("créneau encore à venir", "slot still in the future"), _still_future)
