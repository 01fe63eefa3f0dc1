"""Requests and responses of proposals and answers."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from relance.capabilities.files.schemas import FileFacts
from relance.core.addresses import EmailAddress
from relance.core.i18n import Locale
from relance.core.schemas import Input, Instant, Line, ListQuery, Output
from relance.domains.sessions.slot_schemas import EXAMPLE_ID, SLOT_EXAMPLE, Day

#: Copies of one proposal, and files that go with it.
MOST_COPIES = 20
MOST_FILES = 20

_TO = "camille@martin.example"
_SUBJECT = "Sécurité incendie, niveau 1 : dates à confirmer avant le 15 mars 2030"
_HTML = '<p>Bonjour Camille Martin,</p><p><a class="button" href="{{ accept_link }}">J’accepte</a></p>'
_FILE: JsonDict = {
    "id": EXAMPLE_ID,
    "name": "programme.pdf",
    "media_type": "application/pdf",
    "size": 148213,
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}

Copies = Annotated[list[EmailAddress], Field(max_length=MOST_COPIES)]


class ProposalDraft(Output):
    """A proposal as it would leave, for somebody to edit before it does."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "version": 1,
                "due_on": "2030-03-15",
                "to": _TO,
                "cc": [],
                "bcc": [],
                "locale": "fr",
                "subject": _SUBJECT,
                "body": _HTML,
                "attachments": [],
                "slots": [SLOT_EXAMPLE],
            }
        }
    )

    version: int = Field(description="Which proposal to this client it would be.")
    due_on: Day = Field(description="The due date that the words speak of.")
    to: str | None = Field(description="The main contact's address; null where there is none: then it is to be given.")
    cc: list[str]
    bcc: list[str]
    locale: Locale
    subject: str
    body: str = Field(
        description="HTML. `{{ accept_link }}`, `{{ decline_link }}` and `{{ link }}` stay as they are: they become "
        "the recipient's own address."
    )
    attachments: list[FileFacts] = Field(description="Of the last proposal; its dates go as an `.ics` by themselves.")
    slots: list["ProposedSlot"]


class ProposedSlot(Output):
    """A slot as it is proposed."""

    date: Day
    starts_at: str
    ends_at: str
    place: str | None


class DraftQuery(Input):
    """What the draft is to speak of."""

    due_on: date | None = Field(None, description="The due date in its words; 14 days from today where absent.")


class DateProposalCreate(Input):
    """Propose the dates of the session to a client. What is absent is taken from the draft."""

    model_config = ConfigDict(json_schema_extra={"example": {"due_on": "2030-03-15", "cc": ["rh@martin.example"]}})

    due_on: date = Field(description="Until when the client may answer, included; not after the first slot.")
    to: EmailAddress | None = Field(None, description="The main contact's address where absent.")
    cc: Copies = Field(
        default_factory=list, description="Copies, each a mail of its own, without the links that answer."
    )
    bcc: Copies = Field(default_factory=list, description="The same; nobody else reads who they are.")
    subject: Annotated[Line, Field(min_length=1)] | None = None
    body: Annotated[str, Field(min_length=1, max_length=50_000)] | None = Field(
        None, description="HTML, as the draft has it; it names at least one of the links."
    )
    file_ids: list[UUID] = Field(
        default_factory=list,
        max_length=MOST_FILES,
        description="Attachments uploaded by `POST /v1/files`: 10 MiB each, 20 MiB together.",
    )


class DateProposalSort(StrEnum):
    """Orders of the proposals to a client."""

    VERSION_DESC = "-version"
    VERSION = "version"


class DateProposalQuery(ListQuery):
    """Query of the proposals to a client."""

    sort: DateProposalSort = DateProposalSort.VERSION_DESC


class DateProposalRead(Output):
    """A proposal as it was sent."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": EXAMPLE_ID,
                "version": 1,
                "current": True,
                "due_on": "2030-03-15",
                "zone": "Europe/Paris",
                "slots": [SLOT_EXAMPLE],
                "to": _TO,
                "cc": ["rh@martin.example"],
                "bcc": [],
                "locale": "fr",
                "subject": None,
                "body": None,
                "attachments": [_FILE],
                "created_at": "2026-11-23T09:00:01Z",
                "sent_at": "2026-11-23T09:00:02.120000Z",
            }
        }
    )

    id: UUID
    version: int
    current: bool = Field(description="Whether it is the one in force.")
    due_on: Day = Field(description="As it was proposed; an extension is the client's.")
    zone: str
    slots: list[ProposedSlot]
    to: str
    cc: list[str]
    bcc: list[str]
    locale: Locale
    subject: str | None = Field(description="As it was edited; null for the template's words.")
    body: str | None
    attachments: list[FileFacts]
    created_at: Instant
    sent_at: Instant | None


class DateAnswerSort(StrEnum):
    """Orders of the answers of a client."""

    ANSWERED_DESC = "-answered_at"
    ANSWERED = "answered_at"


class DateAnswerQuery(ListQuery):
    """Query of the answers of a client."""

    sort: DateAnswerSort = DateAnswerSort.ANSWERED_DESC


class DateAnswerRead(Output):
    """One answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": EXAMPLE_ID,
                "proposal_version": 1,
                "decision": "accepted",
                "comment": "Nous serons quatre.",
                "answered_at": "2026-11-24T14:12:00Z",
                "answered_by": _TO,
            }
        }
    )

    id: UUID
    proposal_version: int
    decision: Literal["accepted", "declined"]
    comment: str | None
    answered_at: Instant
    answered_by: str


ProposalDraft.model_rebuild()
