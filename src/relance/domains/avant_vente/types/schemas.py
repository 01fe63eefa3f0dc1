"""Requests and responses about types of intervention."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from relance.core.schemas import UNSET, Input, Instant, ListQuery, Output, Patch, RequiredLine
from relance.domains.avant_vente.schemas import EXAMPLE_ID

_WORDS: JsonDict = {"label_fr": "Démonstration", "label_en": "Demonstration"}


class InterventionTypeCreate(Input):
    """A type to add."""

    model_config = ConfigDict(json_schema_extra={"example": {**_WORDS, "active": True}})

    label_fr: RequiredLine
    label_en: RequiredLine
    active: bool = Field(True, description="Whether it can be chosen.")


class InterventionTypeUpdate(Patch):
    """Changes to a type (JSON merge patch)."""

    model_config = ConfigDict(json_schema_extra={"example": {"active": False}})

    label_fr: RequiredLine = UNSET
    label_en: RequiredLine = UNSET
    active: bool = UNSET


class InterventionTypeRead(Output):
    """One entry of the workspace's list."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": EXAMPLE_ID,
                "label": "Démonstration",
                **_WORDS,
                "active": True,
                "created_at": "2027-11-02T09:30:00Z",
                "version": 1,
            }
        }
    )

    id: UUID
    label: str = Field(description="In the caller's language.")
    label_fr: str
    label_en: str
    active: bool
    created_at: Instant
    version: int = Field(description="Counts the changes; the ETag.")


class InterventionTypeQuery(ListQuery):
    """Query of the list."""

    active: bool | None = Field(None, description="Only those that can be chosen, or only the others.")
    sort: Literal["name", "-name"] = "name"
