"""Requests and responses about distribution lists."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from relance.core.schemas import UNSET, Input, Instant, ListQuery, Output, Patch, Reference, RequiredLine
from relance.domains.crm_toolbox.actions.schemas import EXAMPLE_USER

_MEMBER: JsonDict = {"id": EXAMPLE_USER, "name": "Claire Vasseur"}
_LIST: JsonDict = {
    "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a40",
    "name": "Direction commerciale",
    "members": [_MEMBER],
    "created_by": EXAMPLE_USER,
    "created_at": "2026-11-02T09:30:00Z",
    "version": 1,
}
Users = Annotated[list[UUID], Field(max_length=200, description="Users of the workspace.")]


class ListCreate(Input):
    """A list to make."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "Direction commerciale", "user_ids": [EXAMPLE_USER]}}
    )

    name: RequiredLine
    user_ids: Users = Field(default_factory=list)


class ListUpdate(Patch):
    """Changes to a list (JSON merge patch)."""

    name: RequiredLine = UNSET
    user_ids: Users = UNSET


class ListRead(Output):
    """A distribution list."""

    model_config = ConfigDict(json_schema_extra={"example": _LIST})

    id: UUID
    name: str
    members: list[Reference]
    created_by: UUID
    created_at: Instant
    version: int


class DistributionListQuery(ListQuery):
    """Query of the lists."""

    sort: Literal["name", "-name"] = "name"
