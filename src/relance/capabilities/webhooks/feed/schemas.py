"""Queries and answers of `/v1/events`; the same event is the payload of webhooks."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from relance.core.schemas import Input, Instant, ListQuery, Output

ID = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"
EVENT_EXAMPLE: JsonDict = {
    "id": ID,
    "position": 4711,
    "type": "invitation.sent",
    "version": 1,
    "at": "2026-11-23T09:00:02.120000Z",
    "actor": {"kind": "system", "id": None},
    "subject": {"kind": "invitation", "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a11"},
    "data": {
        "before": {"status": "queued", "forced": None, "requester": None},
        "after": {"status": "sent", "forced": None, "requester": None},
        "company_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a12",
        "contact_id": None,
    },
}

TypeCode = Annotated[str, StringConstraints(max_length=100, pattern=r"^[a-z][a-z_]*\.[a-z_]+$")]
KindCode = Annotated[str, StringConstraints(max_length=100, pattern=r"^[a-z][a-z_]*$")]


class EventFilterQuery(Input):
    """Filters of the feed."""

    after: UUID | None = Field(None, description="Id of the last event that you have: only what comes after it.")
    type: list[TypeCode] = Field(
        default_factory=list, max_length=100, description="Repeatable: `invitation.sent`; see `/v1/meta/event-types`."
    )
    subject_kind: list[KindCode] = Field(default_factory=list, max_length=50, description="Repeatable: `invitation`.")
    subject_id: list[UUID] = Field(default_factory=list, max_length=100, description="Repeatable.")


class EventQuery(ListQuery, EventFilterQuery):
    """Query of the feed."""

    sort: Literal["position", "-position"] = "position"


class EventActor(Output):
    """Who did it."""

    kind: str = Field(description="`user`, `api_key`, `recipient` (through a link), `system`.")
    id: UUID | None = Field(description="Null for the system itself.")


class EventSubject(Output):
    """What it happened to."""

    kind: str = Field(description="`invitation` for one.")
    id: UUID


class EventRead(Output):
    """One event: what happened to what, never with personal data or tokens."""

    model_config = ConfigDict(json_schema_extra={"example": EVENT_EXAMPLE})

    id: UUID = Field(description="Stable: the `webhook-id` of every delivery of this event.")
    position: int = Field(description="Its place in the feed of the workspace: grows, with gaps.")
    type: str = Field(description="See `/v1/meta/event-types` and the webhooks of this contract.")
    version: int = Field(description="Of the payload of this type.")
    at: Instant
    actor: EventActor
    subject: EventSubject
    data: dict[str, Any] = Field(description="By `type` and `version`: see the webhooks of this contract.")
