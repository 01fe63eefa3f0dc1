"""Requests and responses about entries and timelines."""

from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from relance.core.schemas import GivenInstant, Input, Instant, Line, ListQuery, Output, Reference
from relance.domains.crm_toolbox.infobox.outcomes import Outcome

EXAMPLE_ID = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a30"
_AUTHOR: JsonDict = {"id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a14", "name": "Claire Vasseur"}
_TARGET: JsonDict = {
    "company_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10",
    "company_name": "Fonderie Martin",
    "contact_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a11",
    "contact_name": "Camille Martin",
    "deleted": False,
}
_WORDS: JsonDict = {
    "description_html": "<p>A rappeler <strong>en janvier</strong>.</p>",
    "description_text": "A rappeler en janvier.",
}
_ITEM: JsonDict = {
    "id": EXAMPLE_ID,
    "kind": "entry",
    "type": "note",
    "type_label": "Info",
    "at": "2026-11-20T14:05:00Z",
    "upcoming": False,
    "author": _AUTHOR,
    "outcome": "done",
    "outcome_label": "Effectuée",
    **_WORDS,
    "targets": [_TARGET],
    "subject_kind": None,
    "subject_id": None,
    "comments": 2,
    "files": 0,
}
_ENTRY: JsonDict = {
    "id": EXAMPLE_ID,
    "type": "note",
    "type_label": "Info",
    "action_at": "2026-11-20T14:05:00Z",
    "upcoming": False,
    "author": _AUTHOR,
    "outcome": "done",
    "outcome_label": "Effectuée",
    "outcome_reason": None,
    **_WORDS,
    "content": {"add_to_calendar": False},
    "targets": [_TARGET],
    "participants": [{"user": _AUTHOR, "added_at": "2026-11-20T14:05:00Z", "muted": False}],
    "files": [],
    "comments": 2,
    "read_only": False,
    "created_at": "2026-11-20T14:05:00Z",
    "version": 1,
}


class TargetRead(Output):
    """Whom an entry is about, with the names they have now."""

    company_id: UUID = Field(description="Of a contact: where they worked at that time.")
    company_name: str | None = Field(description="Null where it is deleted.")
    contact_id: UUID | None = Field(description="Null where the company itself is meant.")
    contact_name: str | None
    deleted: bool


class ParticipantRead(Output):
    """Somebody who is told of the entry and of what is said about it."""

    user: Reference
    added_at: Instant
    muted: bool = Field(description="Whether they want no more mails about it.")


class FileRead(Output):
    """A file of the entry: `GET …/infobox/{id}/files/{file_id}`."""

    id: UUID
    name: str
    media_type: str
    size: int = Field(description="Bytes.")


class TimelineItem(Output):
    """One line of a timeline: an entry of the infobox, or something that happened elsewhere in the product."""

    model_config = ConfigDict(json_schema_extra={"example": _ITEM})

    id: UUID = Field(description="Of the entry, or of the event.")
    kind: Literal["entry", "event"] = Field(description="`entry`: in the infobox; `event`: see `subject_kind`.")
    type: str = Field(description="Key of the action, or type of the event.")
    type_label: str
    at: Instant
    upcoming: bool = Field(description="Whether it is still to come.")
    author: Reference | None = Field(description="Who acted, also where they have left; null where no user did.")
    outcome: Outcome
    outcome_label: str
    description_html: str | None = Field(description="Clean HTML, safe to show as it is.")
    description_text: str | None
    targets: list[TargetRead]
    subject_kind: str | None = Field(description="Of an event: what it happened to, `invitation` for one.")
    subject_id: UUID | None = Field(description="Of an event.")
    comments: int
    files: int


class EntryRead(Output):
    """One entry in full."""

    model_config = ConfigDict(json_schema_extra={"example": _ENTRY})

    id: UUID
    type: str
    type_label: str
    action_at: Instant
    upcoming: bool
    author: Reference | None = Field(description="Also where they have left; null where no user acted.")
    outcome: Outcome
    outcome_label: str
    outcome_reason: str | None = Field(description="Why it was cancelled or has failed: a code.")
    description_html: str | None = Field(description="Clean HTML, safe to show as it is.")
    description_text: str | None
    content: dict[str, Any] = Field(description="What the action was given besides, by name.")
    targets: list[TargetRead]
    participants: list[ParticipantRead]
    files: list[FileRead]
    comments: int
    read_only: bool = Field(description="Whether all that it is about is deleted: then nothing is added to it.")
    created_at: Instant
    version: int


class TimelineCriteria(Input):
    """Filters of a timeline."""

    company_id: UUID | None = Field(None, description="With its contacts' lines, and what happened to it elsewhere.")
    contact_id: UUID | None = Field(None, description="Wherever they worked, and what happened to them elsewhere.")
    type: list[Line] = Field(
        default_factory=list, max_length=50, description="Keys of actions, types of events; repeatable."
    )
    author_id: list[UUID] = Field(default_factory=list, max_length=50, description="Repeatable.")
    at_from: GivenInstant | None = Field(None, description="Not before.")
    at_to: GivenInstant | None = Field(None, description="Before; not included.")
    upcoming: bool | None = Field(None, description="Only what is still to come, or only the rest.")


class TimelineFilter(ListQuery, TimelineCriteria):
    """Query of a timeline."""

    sort: Literal["at", "-at"] = "-at"
