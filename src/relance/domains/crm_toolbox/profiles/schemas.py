"""Requests and responses of profiles."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue
from pydantic.config import JsonDict

from relance.capabilities.files.schemas import FileFacts
from relance.core.schemas import (
    UNSET,
    Input,
    Instant,
    ListQuery,
    Output,
    Paragraph,
    Patch,
    Reference,
    RequiredLine,
)
from relance.domains.crm_toolbox.profiles.models import ProfileKind
from relance.domains.crm_toolbox.rich_text import GivenHtml

EXAMPLE_ID = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"
#: Files of one profile; together with a text they must fit into one mail.
MOST_FILES = 20
_FIELDS: list[JsonValue] = [{"label": "Disponibilité", "value": "Mars 2030"}]
_PERSON: JsonDict = {"id": EXAMPLE_ID, "name": "Camille Martin"}
_WORDS: JsonDict = {
    "kind": "person",
    "title": "Chargée de prévention",
    "summary": "Dix ans dans l’industrie.",
}
_LISTED: JsonDict = {
    "id": EXAMPLE_ID,
    **_WORDS,
    "kind_label": "Personne",
    "archived_at": None,
    "created_at": "2030-03-01T09:30:00Z",
    "created_by": _PERSON,
    "changed_at": "2030-03-02T09:30:00Z",
    "changed_by": _PERSON,
    "version": 2,
}
_FILE: JsonDict = {
    "id": EXAMPLE_ID,
    "name": "cv.pdf",
    "media_type": "application/pdf",
    "size": 148213,
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}


class ProfileField(Input):
    """One thing that is told of a profile."""

    label: RequiredLine
    value: Paragraph


class ProfileFieldRead(Output):
    """One thing that is told of a profile."""

    label: str
    value: str


Fields = Annotated[list[ProfileField], Field(max_length=50)]
FileIds = Annotated[list[UUID], Field(max_length=MOST_FILES)]


class ProfileCreate(Input):
    """A profile to add."""

    model_config = ConfigDict(
        json_schema_extra={"example": {**_WORDS, "description": "<p>Prévention et audits.</p>", "fields": _FIELDS}}
    )

    kind: ProfileKind
    title: RequiredLine
    summary: Paragraph | None = None
    description: GivenHtml | None = Field(None, description="HTML: formatting is kept, a script is refused.")
    fields: Fields = Field(default_factory=list, description="Whatever else is told, in this order.")
    file_ids: FileIds = Field(default_factory=list, description="Files of the caller's own, from `POST /v1/files`.")


class ProfileUpdate(Patch):
    """Changes to a profile (JSON merge patch)."""

    model_config = ConfigDict(json_schema_extra={"example": {"summary": "Douze ans dans l’industrie."}})

    kind: ProfileKind = UNSET
    title: RequiredLine = UNSET
    summary: Paragraph | None = UNSET
    description: GivenHtml | None = UNSET
    fields: Fields = UNSET
    file_ids: FileIds = Field(UNSET, description="All of its files: those it has and is to keep, and new ones.")
    archived: bool = Field(UNSET, description="An archived one is no longer offered; what was sent stays.")


class ProfileListed(Output):
    """A profile in a list."""

    model_config = ConfigDict(json_schema_extra={"example": {**_LISTED, "files_count": 1}})

    id: UUID
    kind: ProfileKind
    kind_label: str
    title: str
    summary: str | None
    archived_at: Instant | None
    created_at: Instant
    created_by: Reference
    changed_at: Instant
    changed_by: Reference
    files_count: int
    version: int = Field(description="Counts the changes; the ETag.")


class ProfileRead(Output):
    """A profile."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_LISTED,
                "description": "<p>Prévention et audits.</p>",
                "description_text": "Prévention et audits.",
                "fields": _FIELDS,
                "files": [_FILE],
            }
        }
    )

    id: UUID
    kind: ProfileKind
    kind_label: str
    title: str
    summary: str | None
    description: str | None = Field(description="Clean HTML.")
    description_text: str | None = Field(description="The same as words.")
    fields: list[ProfileFieldRead]
    files: list[FileFacts]
    archived_at: Instant | None
    created_at: Instant
    created_by: Reference
    changed_at: Instant
    changed_by: Reference
    version: int = Field(description="Counts the changes; the ETag.")


class ProfileQuery(ListQuery):
    """Query of the list."""

    q: str | None = Field(None, min_length=1, max_length=200, description="Words of title or summary.")
    kind: list[ProfileKind] = Field(default_factory=list, max_length=2, description="Repeatable.")
    archived: bool = Field(False, description="The archived ones instead of the others.")
    sort: Literal["title", "-title", "changed_at", "-changed_at"] = "title"
