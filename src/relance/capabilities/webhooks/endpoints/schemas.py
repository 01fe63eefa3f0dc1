"""Bodies and answers of `/v1/webhook-endpoints`."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from relance.capabilities.webhooks.feed.schemas import ID, TypeCode
from relance.core.durations import Duration
from relance.core.schemas import UNSET, GivenInstant, Input, Instant, Line, ListQuery, Output, Patch, one_line

_AT = "2026-11-02T09:30:00Z"
_ENDPOINT: JsonDict = {
    "id": ID,
    "version": 1,
    "url": "https://erp.partenaire.example/relance",
    "description": "ERP",
    "types": ["invitation.sent", "prequalification.completed"],
    "enabled": True,
    "disabled_reason": None,
    "disabled_reason_label": None,
    "secrets": [{"created_at": _AT, "expires_at": None}],
    "failures_in_a_row": 0,
    "failing_since": None,
    "paused_until": None,
    "created_at": _AT,
}
_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw0pDVs7cJ2oE="  # noqa: S105 - an example

EndpointUrl = Annotated[
    str,
    StringConstraints(min_length=8, max_length=2000),
    AfterValidator(one_line),
    Field(examples=["https://erp.partenaire.example/relance"], json_schema_extra={"format": "uri"}),
]
_Types = Annotated[
    list[TypeCode], Field(max_length=200, description="Types of event that it gets; empty for all, new ones included.")
]


class EndpointCreate(Input):
    """An address to send events to."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "url": "https://erp.partenaire.example/relance",
                "description": "ERP",
                "types": ["invitation.sent", "prequalification.completed"],
            }
        }
    )

    url: EndpointUrl
    description: Line = ""
    types: _Types = Field(default_factory=list)


class EndpointUpdate(Patch):
    """What changes of an endpoint."""

    model_config = ConfigDict(json_schema_extra={"example": {"types": ["invitation.sent"]}})

    url: EndpointUrl = UNSET
    description: Line = UNSET
    types: _Types = UNSET


class SecretRotate(Input):
    """How long the secret that is replaced goes on signing beside the new one."""

    model_config = ConfigDict(json_schema_extra={"example": {"overlap": "P1D"}})

    overlap: Duration = Field("P1D", description="Thirty days at most; `PT0S` ends it at once.")


class ReplayPeriod(Input):
    """Which events to send again, by the instant at which they happened."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"since": "2026-11-22T00:00:00Z", "until": "2026-11-23T00:00:00Z"}}
    )

    since: GivenInstant = Field(description="Included.")
    until: GivenInstant = Field(description="Not included.")


class Replayed(Output):
    """What a replay has queued."""

    queued: int = Field(
        description="Events; those already on their way to the endpoint are not counted.", examples=[42]
    )


class Tested(Output):
    """The event of a test."""

    event_id: UUID = Field(description="The `webhook-id` that the endpoint gets.", examples=[ID])


class SecretRead(Output):
    """A live secret, without itself."""

    created_at: Instant
    expires_at: Instant | None = Field(description="Null: it signs until it is replaced.")


class EndpointRead(Output):
    """An endpoint. Its secrets are never shown again."""

    model_config = ConfigDict(json_schema_extra={"example": _ENDPOINT})

    id: UUID
    version: int
    url: str
    description: str
    types: list[str] = Field(description="Empty for all.")
    enabled: bool
    disabled_reason: str | None = Field(
        description="`by_user`, `gone` (it answered 410), `failing` (nothing succeeded for five days); null while "
        "it is enabled."
    )
    disabled_reason_label: str | None
    secrets: list[SecretRead] = Field(description="Those that sign now, the newest first; two at most.")
    failures_in_a_row: int
    failing_since: Instant | None = Field(description="Null while the last conversation succeeded.")
    paused_until: Instant | None = Field(description="After failures in a row it is left alone for up to a minute.")
    created_at: Instant


class EndpointCreated(EndpointRead):
    """An endpoint with its new secret. This is the only answer that holds it."""

    model_config = ConfigDict(json_schema_extra={"example": {**_ENDPOINT, "secret": _SECRET}})

    secret: str = Field(description="Shown once; for any library of Standard Webhooks.")


class EndpointQuery(ListQuery):
    """Filters of the list of endpoints."""

    enabled: bool | None = Field(None, description="Only those that are, or are not.")
    sort: Literal["created_at", "-created_at"] = "-created_at"
