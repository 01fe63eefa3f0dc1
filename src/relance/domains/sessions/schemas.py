"""Requests and responses of sessions and their slots."""

from datetime import date, time
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from relance.core.actions import AvailableAction
from relance.core.schemas import (
    UNSET,
    ClockTime,
    ExternalId,
    Input,
    Instant,
    Line,
    Output,
    Paragraph,
    Patch,
    Reference,
    RequiredLine,
)
from relance.domains.sessions.lifecycle import Confirmation, SessionConfirmation, SessionStatus
from relance.domains.sessions.planning import FIRST_DAY, LAST_DAY, LONGEST_PERIOD, MOST_SLOTS, SlotTimes, is_zone

EXAMPLE_ID = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"
SLOT_EXAMPLE: JsonDict = {"date": "2030-03-28", "starts_at": "09:00", "ends_at": "12:30", "place": "Lyon, salle 2"}
#: Clients of one session.
MOST_CLIENTS = 100
#: A field of that name hides the type in its class.
Day = date
PlannedDay = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]


def _known_zone(value: str) -> str:
    if not is_zone(value):
        raise PydanticCustomError("unknown_zone", "an IANA time zone is expected, `Europe/Paris` for one")
    return value


Zone = Annotated[
    str,
    StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_+\-/]+$"),
    AfterValidator(_known_zone),
    Field(description="IANA name.", examples=["Europe/Paris"]),
]
Place = Annotated[Line, Field(description="Where it takes place.")]
Capacity = Annotated[int, Field(ge=1, le=100_000, description="How many seats there are.")]


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


class SessionClientInput(Input):
    """A client company, and its main contact."""

    company_id: UUID
    contact_id: UUID | None = Field(None, description="A contact of that company, to whom proposals go.")


_BODY: JsonDict = {
    "organisation_id": EXAMPLE_ID,
    "title": "Sécurité incendie, niveau 1",
    "trainer": "Nadia Belkacem",
    "capacity": 12,
    "zone": "Europe/Paris",
}


class SessionReplace(Input):
    """What a session is to be, all of it."""

    model_config = ConfigDict(json_schema_extra={"example": {**_BODY, "slots": [SLOT_EXAMPLE]}})

    organisation_id: UUID = Field(description="The training organisation in whose name clients are asked.")
    title: RequiredLine
    trainer: Line | None = None
    capacity: Capacity | None = None
    zone: Zone | None = Field(None, description="On whose clocks the slots are said; the workspace's where absent.")
    responsible_id: UUID | None = Field(None, description="Whose session it is; the caller's where absent.")
    automatic_reminders: bool = Field(
        False,
        description="Remind a client once who has not answered: 7 days after the mail, or 2 days before the due date, "
        "whichever is earlier.",
    )
    slots: list[SlotInput] = Field(default_factory=list, max_length=MOST_SLOTS)
    clients: Annotated[list[SessionClientInput], Field(max_length=MOST_CLIENTS)] | None = Field(
        None, description="All of them: in a `PUT`, others are removed. Left as they are where absent."
    )


class SessionCreate(SessionReplace):
    """A session, with its slots and clients where they are known."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_BODY,
                "external_id": "S-2030-014",
                "slots": [SLOT_EXAMPLE],
                "clients": [{"company_id": EXAMPLE_ID, "contact_id": EXAMPLE_ID}],
            }
        }
    )

    external_id: ExternalId | None = Field(None, description="Your own key for this session; unique.")


class SessionUpdate(Patch):
    """Changes to a session (JSON merge patch). Another zone moves the slots, which is a change of dates."""

    model_config = ConfigDict(json_schema_extra={"example": {"trainer": "Paul Imbert", "capacity": 10}})

    external_id: ExternalId | None = None
    title: RequiredLine = UNSET
    trainer: Line | None = None
    capacity: Capacity | None = None
    zone: Zone = UNSET
    responsible_id: UUID = UNSET
    automatic_reminders: bool = UNSET


class SessionCancelRequest(Input):
    """Why a session is cancelled."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "Formatrice indisponible"}})

    reason: Annotated[Paragraph, Field(min_length=1, max_length=1000)]


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


class ConfirmationCounts(Output):
    """Clients by state."""

    not_sent: int
    awaiting: int
    accepted: int
    declined: int
    manual: int


_SUMMARY: JsonDict = {
    "id": EXAMPLE_ID,
    "organisation": {"id": EXAMPLE_ID, "name": "Vasseur Formation"},
    "responsible": {"id": EXAMPLE_ID, "name": "Claire Vasseur"},
    "external_id": "S-2030-014",
    "title": "Sécurité incendie, niveau 1",
    "trainer": "Nadia Belkacem",
    "capacity": 12,
    "zone": "Europe/Paris",
    "status": "planned",
    "status_label": "Planifiée",
    "first_on": "2030-03-28",
    "last_on": "2030-03-29",
    "places": ["Lyon, salle 2"],
    "clients": [{"id": EXAMPLE_ID, "name": "Fonderie Martin"}],
    "confirmation": "awaiting",
    "confirmation_label": "En attente de confirmation",
    "counts": {"not_sent": 0, "awaiting": 1, "accepted": 0, "declined": 0, "manual": 0},
    "overdue": False,
    "created_at": "2026-11-23T09:00:01.480000Z",
}


class SessionSummary(Output):
    """One row of the list."""

    id: UUID
    organisation: Reference
    responsible: Reference
    external_id: str | None
    title: str
    trainer: str | None
    capacity: int | None
    zone: str
    status: SessionStatus
    status_label: str
    first_on: Day | None
    last_on: Day | None
    places: list[str] = Field(description="Every place once, in the order of the slots.")
    clients: list[Reference] = Field(description="The client companies, by name.")
    confirmation: SessionConfirmation | None = Field(description="The worst of the clients; null without clients.")
    confirmation_label: str | None = Field(description="« confirmation dates Client ».")
    counts: ConfirmationCounts
    overdue: bool = Field(description="Whether a due date has passed without an answer.")
    created_at: Instant


class SessionListed(SessionSummary):
    """One row of the list, with its actions where they were asked for."""

    model_config = ConfigDict(json_schema_extra={"example": {**_SUMMARY, "available_actions": None}})

    available_actions: list[AvailableAction] | None = Field(description="With `include=available_actions`.")


class SessionClientState(Output):
    """How one client stands, in short."""

    id: UUID
    company: Reference
    confirmation: Confirmation
    confirmation_label: str
    overdue: bool


class SessionRead(SessionSummary):
    """One session in full."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_SUMMARY,
                "version": 3,
                "automatic_reminders": False,
                "slots": [
                    {
                        "id": EXAMPLE_ID,
                        **SLOT_EXAMPLE,
                        "begins_at": "2030-03-28T08:00:00Z",
                        "finishes_at": "2030-03-28T11:30:00Z",
                    }
                ],
                "client_states": [
                    {
                        "id": EXAMPLE_ID,
                        "company": {"id": EXAMPLE_ID, "name": "Fonderie Martin"},
                        "confirmation": "awaiting",
                        "confirmation_label": "Date(s) en attente de confirmation - Envoyé le 23/11/2026 - 15/03/2030",
                        "overdue": False,
                    }
                ],
                "created_by": {"id": EXAMPLE_ID, "name": "Claire Vasseur"},
                "cancelled_at": None,
                "cancel_reason": None,
                "available_actions": [{"action": "cancel", "allowed": True, "reason": None}],
            }
        }
    )

    version: int = Field(description="Counts the changes; the ETag.")
    automatic_reminders: bool
    slots: list[SlotRead]
    client_states: list[SessionClientState]
    created_by: Reference
    cancelled_at: Instant | None
    cancel_reason: str | None
    available_actions: list[AvailableAction] = Field(
        description="What the caller may do now, from the same table that enforces it."
    )
