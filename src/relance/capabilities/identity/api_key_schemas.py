"""Bodies and answers of API keys."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from relance.capabilities.identity.schemas import LevelCode, PermissionCode
from relance.core.durations import Duration
from relance.core.schemas import GivenInstant, Input, Instant, ListQuery, Output, Reference, RequiredLine

ApiKeySort = Literal["created_at", "-created_at"]

_ID = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"
_AT = "2026-11-02T09:30:00Z"
_KEY: JsonDict = {
    "id": _ID,
    "name": "ERP",
    "user": {"id": _ID, "name": "Léa Petit"},
    "hint": "k3Xz",
    "permissions": {"companies:write": "all"},
    "replaces_id": None,
    "live": True,
    "created_at": _AT,
    "expires_at": None,
    "revoked_at": None,
    "last_used_at": None,
}


class ApiKeyCreate(Input):
    """An API key to make for the caller."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"name": "ERP", "permissions": {"companies:write": "all"}, "expires_at": "2027-11-01T00:00:00Z"}
        }
    )

    name: RequiredLine
    permissions: dict[PermissionCode, LevelCode] | None = Field(
        None, max_length=200, description="Permission → level, none above yours. Absent: all that you may do now."
    )
    expires_at: GivenInstant | None = Field(None, description="Absent: it lives until it is revoked.")


class ApiKeyRotate(Input):
    """How long the key that is replaced goes on."""

    model_config = ConfigDict(json_schema_extra={"example": {"overlap": "P7D"}})

    overlap: Duration = "P1D"


class ApiKeyRead(Output):
    """An API key, without its clear form."""

    model_config = ConfigDict(json_schema_extra={"example": _KEY})

    id: UUID
    name: str
    user: Reference
    hint: str = Field(description="Last characters of the key.")
    permissions: dict[str, LevelCode]
    replaces_id: UUID | None = Field(description="The key that this one takes over from.")
    live: bool
    created_at: Instant
    expires_at: Instant | None
    revoked_at: Instant | None
    last_used_at: Instant | None = Field(description="To the minute.")


class ApiKeyCreated(ApiKeyRead):
    """A new API key. This is the only answer that holds its clear form."""

    model_config = ConfigDict(
        json_schema_extra={"example": {**_KEY, "api_key": "rl_live_6nhCYckcLgbvrv1KxWBJ8yKiJCk6GC9b9XRsk3Xz"}}
    )

    api_key: str = Field(description="Shown once.")


class ApiKeyQuery(ListQuery):
    """Filters of the list of API keys."""

    live: bool | None = Field(None, description="True: neither revoked nor expired.")
    sort: ApiKeySort = "-created_at"
