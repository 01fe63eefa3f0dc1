"""Requests and responses about the further contacts of a mandate."""

from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from relance.capabilities.cycles.lifecycle import Delivery
from relance.capabilities.cycles.schemas import NextMessage, Silence
from relance.capabilities.directory.schemas import Name, Phone
from relance.core.actions import AvailableAction
from relance.core.addresses import EmailAddress
from relance.core.schemas import Input, Instant, Output
from relance.domains.mandates.lifecycle import MandateStatus
from relance.domains.mandates.schemas import ACTION_EXAMPLE, CONTACT_EXAMPLE, EXAMPLE_ID, Civility, ContactRead


class MandateContactCreate(Input):
    """Somebody else of the company, to be asked to join."""

    model_config = ConfigDict(json_schema_extra={"example": {**CONTACT_EXAMPLE, "email": "compta@martin.example"}})

    title: Civility | None = None
    first_name: Name
    last_name: Name
    email: EmailAddress = Field(description="Compared without regard to case; asked once for a mandate.")
    phone: Phone | None = Field(None, description="International, or French national form; kept as E.164.")


_EXAMPLE: JsonDict = {
    "id": EXAMPLE_ID,
    "mandate_id": EXAMPLE_ID,
    "contact": {**CONTACT_EXAMPLE, "email": "compta@martin.example", "title_label": "Mme"},
    "status": "invited",
    "status_label": "Invitation envoyée",
    "last_sent_at": "2026-11-23T09:00:02.120000Z",
    "reminders_count": 0,
    "delivery": None,
    "delivery_label": None,
    "expires_at": "2026-12-23T09:00:02.120000Z",
    "accepted_at": None,
    "declined_at": None,
    "decline_reason": None,
    "created_at": "2026-11-23T09:00:01.480000Z",
    "version": 2,
    "cycle": 1,
    "next_messages": [],
    "no_message_reason": {"code": "active", "message": "La PME a accepté."},
}


class MandateContactSummary(Output):
    """Somebody else of the company who was asked to join."""

    id: UUID
    mandate_id: UUID
    contact: ContactRead
    status: MandateStatus
    status_label: str
    last_sent_at: Instant | None
    reminders_count: int
    delivery: Delivery | None
    delivery_label: str | None
    expires_at: Instant | None
    accepted_at: Instant | None
    declined_at: Instant | None
    decline_reason: str | None
    created_at: Instant
    version: int = Field(description="Counts the changes; the ETag.")
    cycle: int
    next_messages: list[NextMessage] = Field(description="What will be sent, soonest first.")
    no_message_reason: Silence | None = Field(description="Why nothing will be sent; null where something will.")


class MandateContactListed(MandateContactSummary):
    """One row of the list, with its actions where they were asked for."""

    model_config = ConfigDict(json_schema_extra={"example": {**_EXAMPLE, "available_actions": None}})

    available_actions: list[AvailableAction] | None = Field(description="With `include=available_actions`.")


class MandateContactRead(MandateContactSummary):
    """One of them in full."""

    model_config = ConfigDict(json_schema_extra={"example": {**_EXAMPLE, "available_actions": [ACTION_EXAMPLE]}})

    available_actions: list[AvailableAction] = Field(description="What the caller may do now.")
