"""Queries and answers of `/v1/webhook-deliveries`."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from relance.capabilities.webhooks.feed.schemas import EVENT_EXAMPLE, ID, EventRead, EventSubject, TypeCode
from relance.capabilities.webhooks.models import DeliveryState, Trigger
from relance.core.schemas import GivenInstant, Input, Instant, ListQuery, Output

_AT = "2026-11-23T09:00:03.120000Z"
_EXAMPLE: JsonDict = {
    "id": ID,
    "endpoint_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a13",
    "event_id": ID,
    "type": "invitation.sent",
    "subject": {"kind": "invitation", "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a11"},
    "trigger": "event",
    "state": "pending",
    "state_label": "En attente",
    "reason": "status",
    "attempts_count": 1,
    "last_status": 503,
    "created_at": _AT,
    "not_before": "2026-11-23T09:00:08.420000Z",
    "finished_at": None,
}


class DeliveryFilterQuery(Input):
    """Filters of the log."""

    endpoint_id: list[UUID] = Field(default_factory=list, max_length=100, description="Repeatable.")
    event_id: list[UUID] = Field(default_factory=list, max_length=100, description="Repeatable.")
    subject_id: list[UUID] = Field(default_factory=list, max_length=100, description="Repeatable.")
    state: list[DeliveryState] = Field(default_factory=list, max_length=len(DeliveryState), description="Repeatable.")
    type: list[TypeCode] = Field(default_factory=list, max_length=100, description="Repeatable: `invitation.sent`.")
    created_from: GivenInstant | None = Field(None, description="Created at this instant or later.")
    created_to: GivenInstant | None = Field(None, description="Created before this instant.")


class DeliveryQuery(ListQuery, DeliveryFilterQuery):
    """Query of the log."""

    sort: Literal["created_at", "-created_at"] = "-created_at"


class DeliveryListed(Output):
    """One event for one endpoint."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    id: UUID
    endpoint_id: UUID
    event_id: UUID = Field(description="The `webhook-id` header, the same at every attempt and every replay.")
    type: str
    subject: EventSubject
    trigger: Trigger = Field(description="`event`: it has just happened; `replay`: somebody asked for it again.")
    state: DeliveryState
    state_label: str
    reason: str | None = Field(
        description="What went wrong last: `status`, `redirect`, `gone`, `timeout`, `connection`, `tls`, `protocol`, "
        "`unresolvable`, `address_refused`, `secrets_unreadable`, `worker_lost`; null where nothing did."
    )
    attempts_count: int
    last_status: int | None = Field(description="Of the last answer; null where there was none.")
    created_at: Instant
    not_before: Instant = Field(description="Not sent sooner; later events of its subject wait for it.")
    finished_at: Instant | None = Field(description="When it was delivered, or given up.")


class AttemptRequest(Output):
    """What was sent; its body is the event."""

    url: str
    headers: dict[str, str] = Field(description="Without the signature.")


class AttemptResponse(Output):
    """What was answered."""

    status: int
    headers: dict[str, str] = Field(description="`content-type`, `date`, `location`, `retry-after`, `server`.")
    body: str | None = Field(description="The first 2 KiB, as text.")


class AttemptRead(Output):
    """One conversation."""

    at: Instant
    milliseconds: int
    reason: str | None = Field(description="What went wrong; null where the endpoint took the event.")
    request: AttemptRequest
    response: AttemptResponse | None = Field(description="Null where there was no answer.")


class DeliveryRead(DeliveryListed):
    """One delivery in full."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_EXAMPLE,
                "version": 4,
                "event": EVENT_EXAMPLE,
                "attempts": [
                    {
                        "at": _AT,
                        "milliseconds": 84,
                        "reason": "status",
                        "request": {
                            "url": "https://erp.partenaire.example/relance",
                            "headers": {"webhook-id": ID, "webhook-timestamp": "1795424403"},
                        },
                        "response": {"status": 503, "headers": {"retry-after": "5"}, "body": "busy"},
                    }
                ],
            }
        }
    )

    version: int = Field(description="Changes with every change of the delivery, the worker's included; the ETag.")
    event: EventRead = Field(description="The body of every request.")
    attempts: list[AttemptRead] = Field(description="What happened, oldest first.")
