"""Requests and responses about actions of the workspace's own."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from relance.capabilities.directory.schemas import OwnCode
from relance.core.custom_fields import CustomValues
from relance.core.schemas import (
    UNSET,
    GivenInstant,
    Input,
    Instant,
    ListQuery,
    Output,
    Patch,
    RequiredLine,
)
from relance.domains.crm_toolbox.actions.schemas import EXAMPLE_TARGETS, ActionInput, Targets

_SCHEMA: JsonDict = {
    "type": "object",
    "properties": {
        "budget": {"type": "integer", "title": "Budget (k€)", "minimum": 0},
        "need": {"type": "string", "title": "Besoin", "enum": ["erp", "crm"]},
    },
    "required": ["need"],
    "additionalProperties": False,
}
_TYPE: JsonDict = {
    "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a50",
    "key": "qualification",
    "label": "Réunion de qualification",
    "label_fr": "Réunion de qualification",
    "label_en": "Qualification meeting",
    "icon": "groups",
    "json_schema": _SCHEMA,
    "several": True,
    "role_ids": [],
    "active": True,
    "created_at": "2026-11-02T09:30:00Z",
    "version": 1,
}


def _sent(*but: str) -> JsonDict:
    return {name: value for name, value in _TYPE.items() if name not in {"id", "label", "created_at", "version", *but}}


Icon = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
RoleIds = Annotated[list[UUID], Field(max_length=50)]


class CustomTypeCreate(Input):
    """An action to add to the toolbox."""

    model_config = ConfigDict(json_schema_extra={"example": _sent()})

    key: OwnCode = Field(description="Unique, and never changed: part of its address.")
    label_fr: RequiredLine
    label_en: RequiredLine
    icon: Icon = Field("bolt", description="Name of a Material Symbol.")
    json_schema: dict[str, Any] = Field(description="Its fields: a flat JSON Schema, as `/v1/custom-fields` takes it.")
    several: bool = Field(True, description="Whether one run may have several targets.")
    role_ids: RoleIds = Field(
        default_factory=list, description="Roles that may use it; all that hold `crm-toolbox:custom` where empty."
    )
    active: bool = Field(True, description="Whether it is offered.")


class CustomTypeUpdate(Patch):
    """Changes to an action (JSON merge patch)."""

    label_fr: RequiredLine = UNSET
    label_en: RequiredLine = UNSET
    icon: Icon = UNSET
    json_schema: dict[str, Any] = UNSET
    several: bool = UNSET
    role_ids: RoleIds = UNSET
    active: bool = UNSET


class CustomTypeRead(Output):
    """An action of the workspace's own."""

    model_config = ConfigDict(json_schema_extra={"example": _TYPE})

    id: UUID
    key: str
    label: str
    label_fr: str
    label_en: str
    icon: str
    json_schema: dict[str, Any]
    several: bool
    role_ids: list[UUID]
    active: bool
    created_at: Instant
    version: int


class CustomTypeQuery(ListQuery):
    """Query of the actions of the workspace's own."""

    sort: Literal["key", "-key"] = "key"


class CustomActionCreate(ActionInput):
    """One run of an action of the workspace's own."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"targets": [*EXAMPLE_TARGETS], "values": {"need": "erp", "budget": 40}}}
    )

    targets: Targets
    values: CustomValues = Field(default_factory=dict, description="Of the fields of the action, by name.")
    action_at: GivenInstant | None = Field(None, description="When it happened, or is to happen; now where absent.")
