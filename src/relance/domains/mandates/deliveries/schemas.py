"""Requests and responses about deliveries."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from relance.capabilities.cycles.schemas import NextMessage, Silence
from relance.capabilities.files.schemas import FileFacts
from relance.core.actions import AvailableAction
from relance.core.schemas import ActionsQuery, Input, Instant, Output, Paragraph
from relance.domains.mandates.deliveries.lifecycle import Channel, DeliveryStatus
from relance.domains.mandates.schemas import EXAMPLE_ID

Comment = Annotated[Paragraph, Field(max_length=2000)]

_FILE: JsonDict = {
    "id": EXAMPLE_ID,
    "name": "releve-janvier.pdf",
    "media_type": "application/pdf",
    "size": 148213,
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
_LISTED: JsonDict = {
    "id": EXAMPLE_ID,
    "mandate_id": EXAMPLE_ID,
    "due_on": "2027-01-31",
    "status": "received",
    "status_label": "Reçu",
    "channel": "link",
    "channel_label": "Par le lien",
    "received_at": "2027-01-29T09:12:44.310000Z",
    "received_by_id": None,
    "comment": "Le relevé de la seconde banque suit.",
    "files": [_FILE],
    "last_sent_at": "2027-01-28T08:00:01.120000Z",
    "reminders_count": 1,
    "undeliverable": False,
    "created_at": "2026-12-31T23:00:02.480000Z",
    "version": 3,
}


class MandateDeliverySort(StrEnum):
    """Orders of the list; ties end on the id."""

    DUE_DESC = "-due_on"
    DUE = "due_on"


class MandateDeliveryQuery(ActionsQuery):
    """Query of the deliveries of a mandate."""

    sort: MandateDeliverySort = MandateDeliverySort.DUE_DESC
    status: list[DeliveryStatus] = Field(default_factory=list, max_length=3, description="Repeatable.")


class RemindDeliveryRequest(Input):
    """Options of a manual reminder."""

    force: bool = Field(False, description="Send although the last mail is less than 24 h old.")


class ReceiveDeliveryRequest(Input):
    """What is known of documents that came some other way."""

    model_config = ConfigDict(json_schema_extra={"example": {"comment": "Remis au rendez-vous du 29"}})

    comment: Comment | None = None


class MandateDeliverySummary(Output):
    """What is due on one date, and what has come."""

    id: UUID
    mandate_id: UUID
    due_on: date = Field(description="Included, to the end of the day in the workspace's zone.")
    status: DeliveryStatus
    status_label: str
    channel: Channel | None = Field(description="How the documents came.")
    channel_label: str | None
    received_at: Instant | None
    received_by_id: UUID | None = Field(description="The account that handed in; null where it came by the link.")
    comment: str | None = Field(description="Of whoever handed in.")
    files: list[FileFacts]
    last_sent_at: Instant | None
    reminders_count: int
    undeliverable: bool = Field(description="Mail to one of those who are asked was refused for good.")
    created_at: Instant
    version: int = Field(description="Counts the changes; the ETag.")


class MandateDeliveryListed(MandateDeliverySummary):
    """One row of the list, with its actions where they were asked for."""

    model_config = ConfigDict(json_schema_extra={"example": {**_LISTED, "available_actions": None}})

    available_actions: list[AvailableAction] | None = Field(description="With `include=available_actions`.")


class MandateDeliveryRead(MandateDeliverySummary):
    """One delivery in full."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_LISTED,
                "available_actions": [
                    {
                        "action": "remind",
                        "allowed": False,
                        "reason": {
                            "code": "transition_not_allowed",
                            "message": "L’action « remind » n’est pas possible dans l’état « received ».",
                        },
                    }
                ],
                "next_messages": [],
                "no_message_reason": {"code": "received", "message": "Les documents sont reçus."},
            }
        }
    )

    available_actions: list[AvailableAction] = Field(description="What the caller may do now.")
    next_messages: list[NextMessage] = Field(description="What will be sent, soonest first.")
    no_message_reason: Silence | None = Field(description="Why nothing will be sent; null where something will.")
