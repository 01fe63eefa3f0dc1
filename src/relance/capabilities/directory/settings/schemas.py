"""Bodies and answers of what a workspace sets for its directory: statuses, its own fields, saved views."""

from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from relance.capabilities.directory.schemas import Name, OwnCode
from relance.core.schemas import UNSET, Input, Instant, ListQuery, Output, Patch

Record = Literal["contacts", "companies"]

_STATUS: JsonDict = {
    "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a20",
    "code": "prospect",
    "label": "Prospect",
    "label_fr": "Prospect",
    "label_en": "Prospect",
    "position": 1,
}
_SCHEMA: JsonDict = {
    "type": "object",
    "properties": {"sector": {"type": "string", "title": "Secteur", "enum": ["metal", "bois"]}},
    "additionalProperties": False,
}
_VIEW: JsonDict = {
    "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a21",
    "record": "contacts",
    "name": "Mes prospects actifs",
    "filters": {"status": ["prospect"], "active": True, "sort": "-created_at"},
    "created_at": "2026-11-02T09:30:00Z",
}


def _but(shown: JsonDict, *names: str) -> JsonDict:
    return {name: value for name, value in shown.items() if name not in names}


class StatusCreate(Input):
    """A status to add to the list."""

    model_config = ConfigDict(json_schema_extra={"example": _but(_STATUS, "id", "label")})

    code: OwnCode = Field(description="Unique, and never changed: rows and filters name the status by it.")
    label_fr: Name
    label_en: Name
    position: int = Field(0, ge=0, le=10_000, description="Its place in the list.")


class StatusUpdate(Patch):
    """Changes to a status (JSON merge patch)."""

    label_fr: Name = UNSET
    label_en: Name = UNSET
    position: int = Field(UNSET, ge=0, le=10_000)


class StatusRead(Output):
    """A status that contacts may have."""

    model_config = ConfigDict(json_schema_extra={"example": _STATUS})

    id: UUID
    code: str
    label: str = Field(description="In the caller's language.")
    label_fr: str
    label_en: str
    position: int


class StatusFilter(ListQuery):
    """Query of the list of statuses."""

    sort: Literal["position", "-position"] = "position"


class CustomFieldsWrite(Input):
    """The workspace's own fields of contacts or companies, all of them."""

    model_config = ConfigDict(json_schema_extra={"example": {"json_schema": _SCHEMA}})

    json_schema: dict[str, Any] = Field(
        description="JSON Schema 2020-12 of one object, fifty properties at most: `string`, `number`, `integer`, "
        "`boolean`, or an `array` of `string`; with `enum`, `pattern`, `format` and bounds as wanted."
    )


class CustomFieldsRead(Output):
    """The workspace's own fields of contacts or companies."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"record": "contacts", "json_schema": _SCHEMA, "changed_at": "2026-11-02T09:30:00Z"}
        }
    )

    record: Record
    json_schema: dict[str, Any]
    changed_at: Instant | None = Field(description="Null while there are none.")


class ViewCreate(Input):
    """A view to keep."""

    model_config = ConfigDict(json_schema_extra={"example": _but(_VIEW, "id", "created_at")})

    record: Record = Field(description="Of which list.")
    name: Name = Field(description="Unique among one's own views of that list.")
    filters: dict[str, Any] = Field(description="Query parameters of the list, `sort` included.")


class ViewUpdate(Patch):
    """Changes to a view (JSON merge patch); `filters` is replaced as a whole."""

    name: Name = UNSET
    filters: dict[str, Any] = UNSET


class ViewRead(Output):
    """A list as somebody likes to see it."""

    model_config = ConfigDict(json_schema_extra={"example": _VIEW})

    id: UUID
    record: Record
    name: str
    filters: dict[str, Any]
    created_at: Instant


class ViewFilter(ListQuery):
    """Query of one's own views."""

    record: Record | None = Field(None, description="Of which list.")
    sort: Literal["name", "-name"] = "name"
