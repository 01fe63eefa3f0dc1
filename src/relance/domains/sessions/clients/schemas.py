"""Requests and responses of the clients of a session."""

from datetime import date
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from relance.capabilities.cycles.lifecycle import Delivery
from relance.capabilities.cycles.schemas import NextMessage
from relance.core.actions import AvailableAction
from relance.core.schemas import ActionsQuery, Input, Instant, Output, Patch, Reference
from relance.domains.sessions.lifecycle import Confirmation
from relance.domains.sessions.schemas import SessionClientInput
from relance.domains.sessions.slot_schemas import EXAMPLE_ID


class SessionClientCreate(SessionClientInput):
    """Another client of the session."""

    model_config = ConfigDict(json_schema_extra={"example": {"company_id": EXAMPLE_ID, "contact_id": EXAMPLE_ID}})


class SessionClientUpdate(Patch):
    """Changes to a client (JSON merge patch). Who was asked stays asked; the next proposal goes to the new contact."""

    model_config = ConfigDict(json_schema_extra={"example": {"contact_id": EXAMPLE_ID}})

    contact_id: UUID | None = None


class SessionClientSort(StrEnum):
    """Orders of the clients; ties end on the id."""

    CREATED = "created_at"
    CREATED_DESC = "-created_at"


class SessionClientQuery(ActionsQuery):
    """Query of the clients of a session."""

    sort: SessionClientSort = SessionClientSort.CREATED
    confirmation: list[Confirmation] = Field(default_factory=list, max_length=5, description="Repeatable.")
    overdue: bool | None = Field(None, description="Only those whose due date has passed unanswered, or the others.")


class ContactPerson(Output):
    """The main contact of a client."""

    id: UUID
    name: str
    email: str | None


_LISTED: JsonDict = {
    "id": EXAMPLE_ID,
    "session_id": EXAMPLE_ID,
    "company": {"id": EXAMPLE_ID, "name": "Fonderie Martin"},
    "contact": {"id": EXAMPLE_ID, "name": "Camille Martin", "email": "camille@martin.example"},
    "confirmation": "awaiting",
    "confirmation_label": "Date(s) en attente de confirmation - Envoyé le 23/11/2026 - 15/03/2030",
    "manual_validation": False,
    "overdue": False,
    "proposal_version": 1,
    "due_on": "2030-03-15",
    "sent_at": "2026-11-23T09:00:02.120000Z",
    "answered_at": None,
    "answered_by": None,
    "comment": None,
    "last_sent_at": "2026-11-23T09:00:02.120000Z",
    "reminders_count": 0,
    "delivery": None,
    "delivery_label": None,
    "created_at": "2026-11-23T08:59:00Z",
}


class SessionClientSummary(Output):
    """One client of a session."""

    id: UUID
    session_id: UUID
    company: Reference
    contact: ContactPerson | None
    confirmation: Confirmation
    confirmation_label: str = Field(description="« Etat confirmation »; empty before the first proposal.")
    manual_validation: bool
    overdue: bool = Field(description="Whether the due date has passed without an answer.")
    proposal_version: int = Field(description="Of the last proposal; 0 before the first one.")
    due_on: date | None = Field(description="Until when an answer is taken, included.")
    sent_at: Instant | None = Field(description="When the proposal in force left.")
    answered_at: Instant | None
    answered_by: str | None = Field(description="The address whose link answered.")
    comment: str | None
    last_sent_at: Instant | None
    reminders_count: int
    delivery: Delivery | None
    delivery_label: str | None
    created_at: Instant


class SessionClientListed(SessionClientSummary):
    """One client of a session, with its actions where they were asked for."""

    model_config = ConfigDict(json_schema_extra={"example": {**_LISTED, "available_actions": None}})

    available_actions: list[AvailableAction] | None = Field(description="With `include=available_actions`.")


class NoMail(Output):
    """Why nothing will be sent."""

    code: Literal["not_sent", "answered", "validated", "cancelled", "undeliverable", "nothing_planned"]
    message: str


class SessionClientRead(SessionClientSummary):
    """One client of a session in full."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_LISTED,
                "version": 2,
                "available_actions": [
                    {
                        "action": "remind",
                        "allowed": False,
                        "reason": {"code": "too_recent", "message": "Moins de 24 heures depuis le dernier envoi."},
                    },
                    {"action": "validate", "allowed": True, "reason": None},
                ],
                "next_messages": [],
                "no_message_reason": {"code": "nothing_planned", "message": "Aucun envoi n’est prévu."},
            }
        }
    )

    version: int = Field(description="Counts the changes; the ETag.")
    available_actions: list[AvailableAction] = Field(description="What the caller may do now.")
    next_messages: list[NextMessage] = Field(description="What will be sent, soonest first.")
    no_message_reason: NoMail | None = Field(description="Why nothing will be sent; null where something will.")


class RemindSessionClient(Input):
    """Options of a manual reminder."""

    force: bool = Field(False, description="Send although the last mail is less than 24 h old.")


class ExtendRequest(Input):
    """A later due date."""

    model_config = ConfigDict(json_schema_extra={"example": {"due_on": "2030-03-22"}})

    due_on: date = Field(description="Included; not before today, not after the first slot.")
