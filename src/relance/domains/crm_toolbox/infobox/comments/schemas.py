"""Requests and responses about comments."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from relance.core.schemas import Input, Instant, ListQuery, Output, Reference
from relance.domains.crm_toolbox.rich_text import GivenHtml

_COMMENT: JsonDict = {
    "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a31",
    "author": {"id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a14", "name": "Claire Vasseur"},
    "body_html": "<p>C’est fait.</p>",
    "body_text": "C’est fait.",
    "created_at": "2026-11-20T15:12:00Z",
    "edited_at": None,
    "version": 1,
}


class CommentWrite(Input):
    """What is said."""

    model_config = ConfigDict(json_schema_extra={"example": {"body": "<p>C’est fait.</p>"}})

    body: GivenHtml = Field(description="HTML: formatting is kept, a script is refused.")


class InfoboxCommentRead(Output):
    """A comment on an entry."""

    model_config = ConfigDict(json_schema_extra={"example": _COMMENT})

    id: UUID
    author: Reference = Field(description="Also where they have left.")
    body_html: str = Field(description="Clean HTML, safe to show as it is.")
    body_text: str
    created_at: Instant
    edited_at: Instant | None
    version: int


class InfoboxCommentQuery(ListQuery):
    """Query of the comments of an entry."""

    sort: Literal["created_at", "-created_at"] = "created_at"
