"""Requests and responses about comments."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from relance.core.schemas import Input, Instant, ListQuery, Output, Reference
from relance.domains.avant_vente.schemas import EXAMPLE_ID, Words
from relance.domains.avant_vente.states import Visibility

_COMMENT: JsonDict = {
    "id": EXAMPLE_ID,
    "visibility": "public",
    "visibility_label": "Public",
    "body": "Le client préfère le matin.",
    "author": {"id": EXAMPLE_ID, "name": "Paul Girard"},
    "late_answer": False,
    "created_at": "2027-11-22T08:20:00.510000Z",
}


class CommentCreate(Input):
    """A comment to add."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"body": "Le client préfère le matin.", "visibility": "public"}}
    )

    body: Words
    visibility: Visibility = Field(
        Visibility.PUBLIC, description="`internal`: read by those who handle requests, by nobody else."
    )


class CommentRead(Output):
    """What somebody says about a request."""

    model_config = ConfigDict(json_schema_extra={"example": _COMMENT})

    id: UUID
    visibility: Visibility
    visibility_label: str
    body: str
    author: Reference
    late_answer: bool = Field(description="Whether it is an answer that came after the end of the request.")
    created_at: Instant


class CommentQuery(ListQuery):
    """Query of the comments of a request."""

    sort: Literal["created_at", "-created_at"] = "created_at"
