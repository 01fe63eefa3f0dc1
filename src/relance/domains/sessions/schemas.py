"""Requests and responses of sessions and their slots."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from relance.core.actions import AvailableAction
from relance.core.schemas import (
    UNSET,
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
from relance.domains.sessions.planning import MOST_SLOTS, is_zone
from relance.domains.sessions.slot_schemas import EXAMPLE_ID, SLOT_EXAMPLE, Day, SlotInput, SlotRead

#: Clients of one session.
MOST_CLIENTS = 100


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
Capacity = Annotated[int, Field(ge=1, le=100_000, description="How many seats there are.")]


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
