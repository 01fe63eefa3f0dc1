"""Requests and responses about the slots of a session, and their planning."""

from datetime import date, time
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from relance.core.schemas import UNSET, ClockTime, Input, Instant, Line, Output, Patch
from relance.domains.sessions.planning import FIRST_DAY, LAST_DAY, LONGEST_PERIOD, MOST_SLOTS, SlotTimes

EXAMPLE_ID = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"
SLOT_EXAMPLE: JsonDict = {"date": "2030-03-28", "starts_at": "09:00", "ends_at": "12:30", "place": "Lyon, salle 2"}
#: A field of that name hides the type in its class.
Day = date
PlannedDay = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
Place = Annotated[Line, Field(description="Where it takes place.")]


class Weekday(StrEnum):
    """Days of the week."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class SlotInput(Input):
    """A slot: a day, and hours on the clocks of the session's zone."""

    model_config = ConfigDict(json_schema_extra={"example": SLOT_EXAMPLE})

    date: PlannedDay
    starts_at: ClockTime
    ends_at: ClockTime = Field(description="Later than `starts_at`: a slot does not run over midnight.")
    place: Place | None = None

    def times(self) -> SlotTimes:
        """What it says."""
        begins, ends = time.fromisoformat(self.starts_at), time.fromisoformat(self.ends_at)
        return SlotTimes(self.date, begins, ends, self.place or None)


class SlotWrite(SlotInput):
    """A slot of the whole timetable."""

    id: UUID | None = Field(None, description="Of a slot that stays and is changed; its calendar event stays the same.")


class SlotUpdate(Patch):
    """Changes to a slot (JSON merge patch)."""

    model_config = ConfigDict(json_schema_extra={"example": {"starts_at": "10:00", "place": "Lyon, salle 3"}})

    date: PlannedDay = UNSET
    starts_at: ClockTime = UNSET
    ends_at: ClockTime = UNSET
    place: Place | None = None


class SlotsWrite(Input):
    """The whole timetable; a slot that is left out is taken away."""

    model_config = ConfigDict(json_schema_extra={"example": {"slots": [SLOT_EXAMPLE]}})

    slots: list[SlotWrite] = Field(max_length=MOST_SLOTS)


class PlanHours(Input):
    """Hours of each day."""

    starts_at: ClockTime
    ends_at: ClockTime


class PlanRequest(Input):
    """Planification simple: the same hours on some days of the week, over a period."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "weekdays": ["monday", "thursday"],
                "hours": [{"starts_at": "09:00", "ends_at": "12:30"}, {"starts_at": "14:00", "ends_at": "17:30"}],
                "from": "2030-03-25",
                "to": "2030-04-25",
                "place": "Lyon, salle 2",
            }
        }
    )

    weekdays: list[Weekday] = Field(min_length=1, max_length=7)
    hours: list[PlanHours] = Field(min_length=1, max_length=10)
    start: PlannedDay = Field(alias="from", description="The first day that counts.")
    end: PlannedDay = Field(alias="to", description="The last day that counts.")
    place: Place | None = None
    replace: bool = Field(False, description="Instead of the slots there are; otherwise beside them.")

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.end < self.start:
            raise ValueError("`to` is not before `from`")
        if (self.end - self.start).days >= LONGEST_PERIOD:
            raise ValueError(f"the period is {LONGEST_PERIOD} days at most")
        return self


class SlotRead(Output):
    """A slot, in local time and as instants."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": EXAMPLE_ID,
                **SLOT_EXAMPLE,
                "begins_at": "2030-03-28T08:00:00Z",
                "finishes_at": "2030-03-28T11:30:00Z",
            }
        }
    )

    id: UUID
    date: Day
    starts_at: str = Field(description="On the clocks of the session's zone.")
    ends_at: str
    place: str | None
    begins_at: Instant
    finishes_at: Instant


class SkippedDay(Output):
    """A day that the planning leaves out."""

    date: Day
    reason: str = Field(description="The public holiday that it is.")


class PlannedSlot(Output):
    """A slot that the planning makes, or would make."""

    date: Day
    starts_at: str
    ends_at: str
    place: str | None
    begins_at: Instant
    finishes_at: Instant


class SessionPlan(Output):
    """What the planning comes to; with `dry_run` what it would come to."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "dry_run": True,
                "added": [{**SLOT_EXAMPLE, "begins_at": "2030-03-28T08:00:00Z", "finishes_at": "2030-03-28T11:30:00Z"}],
                "skipped": [{"date": "2030-04-22", "reason": "Lundi de Pâques"}],
                "total": 1,
                "clients_reset": 0,
            }
        }
    )

    dry_run: bool
    added: list[PlannedSlot]
    skipped: list[SkippedDay]
    total: int = Field(description="Slots of the session afterwards.")
    clients_reset: int = Field(description="Clients who have to be asked anew, since the dates change.")
