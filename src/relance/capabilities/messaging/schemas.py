"""Queries and answers of `/v1/messages`."""

from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from relance.capabilities.messaging.models import MessageState
from relance.core.actions import AvailableAction
from relance.core.addresses import EmailAddress
from relance.core.i18n import Locale
from relance.core.schemas import ActionsQuery, GivenInstant, Input, Instant, Output

_EXAMPLE: JsonDict = {
    "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10",
    "subject": {"kind": "invitation", "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a11"},
    "template": "invitations.invitation",
    "recipient": "achats@partenaire.example",
    "locale": "fr",
    "state": "uncertain",
    "state_label": "Incertain",
    "reason": "no_answer_after_data",
    "attempts_count": 1,
    "created_at": "2026-11-23T09:00:01.480000Z",
    "not_before": "2026-11-23T09:00:01.480000Z",
    "expires_at": "2026-12-23T09:00:01.480000Z",
    "sent_at": None,
}


class MessageSort(StrEnum):
    """Orders of the list; ties end on the id."""

    CREATED_DESC = "-created_at"
    CREATED = "created_at"


_Code = Annotated[str, StringConstraints(max_length=100, pattern=r"^[a-z][a-z0-9_.]*$")]


class MessageFilter(Input):
    """Filters of the list."""

    state: list[MessageState] = Field(default_factory=list, max_length=len(MessageState), description="Repeatable.")
    subject_kind: _Code | None = Field(None, description="`invitation` for one.")
    subject_id: UUID | None = Field(None, description="Of the subject; with `subject_kind`.")
    recipient: EmailAddress | None = Field(None, description="Only mails to this address.")
    template: _Code | None = Field(None, description="Only this mail of the catalogue: `invitations.reminder`.")
    created_from: GivenInstant | None = Field(None, description="Created at this instant or later.")
    created_to: GivenInstant | None = Field(None, description="Created before this instant.")

    @model_validator(mode="after")
    def _subject_with_kind(self) -> Self:
        if self.subject_id is not None and self.subject_kind is None:
            raise PydanticCustomError("subject_kind_missing", "`subject_id` needs `subject_kind`")
        return self


class MessageQuery(ActionsQuery, MessageFilter):
    """Query of the list."""

    sort: MessageSort = MessageSort.CREATED_DESC


class MessageSubject(Output):
    """What a mail is about."""

    kind: str
    id: UUID


class MessageSummary(Output):
    """What a mail shows of itself, in lists too."""

    id: UUID
    subject: MessageSubject
    template: str = Field(description="The mail's key in the catalogue.")
    recipient: str
    locale: Locale
    state: MessageState
    state_label: str
    reason: str | None = Field(description="Why it is in this state: a code; null where nothing is to be said.")
    attempts_count: int = Field(description="Attempts that reached the relay.")
    created_at: Instant
    not_before: Instant = Field(description="Not sent sooner.")
    expires_at: Instant | None = Field(description="Not sent later.")
    sent_at: Instant | None = Field(description="When the relay took it.")


class MessageListed(MessageSummary):
    """One mail of the list, with its actions where they were asked for."""

    model_config = ConfigDict(json_schema_extra={"example": {**_EXAMPLE, "available_actions": None}})

    available_actions: list[AvailableAction] | None = Field(description="With `include=available_actions`.")


class MessageAttemptRead(Output):
    """What happened to a mail once."""

    at: Instant
    phase: str = Field(
        description="`render`, `intent`, `connect`, `auth`, `mail`, `rcpt`, `data`, `payload` (the mail itself), "
        "`lease` (its worker died), `report` (a delivery report)."
    )
    code: int | None = Field(description="SMTP reply code; null where there was no answer.")
    enhanced: str | None = Field(description="Enhanced status code (RFC 3463).")
    reply: str | None = Field(description="The words, at most 500 characters of them.")


class MessageLease(Output):
    """The worker that holds a mail being sent."""

    until: Instant = Field(description="After this another worker decides what became of it.")
    handed_over: bool = Field(description="Whether the relay may already have it.")


class MessageRead(MessageSummary):
    """One mail in full."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_EXAMPLE,
                "version": 7431,
                "explanation": "Le relais n’a pas répondu après avoir reçu le message : nul ne peut savoir s’il est "
                "parti.",
                "message_id": "019a9f5e7c3e7a519f0e0b1f6f1f5a10@relance.example",
                "handoff_at": "2026-11-23T09:00:02.120000Z",
                "lease": None,
                "attempts": [
                    {
                        "at": "2026-11-23T09:00:32.120000Z",
                        "phase": "payload",
                        "code": None,
                        "enhanced": None,
                        "reply": "SMTPServerDisconnected: connection lost",
                    }
                ],
                "available_actions": [
                    {"action": "resend", "allowed": True, "reason": None},
                    {"action": "mark-sent", "allowed": True, "reason": None},
                ],
            }
        }
    )

    version: int = Field(description="Changes with every change of the mail's row, the worker's included; the ETag.")
    explanation: str = Field(description="The state in words, in the caller's language.")
    message_id: str | None = Field(
        description="The `Message-ID` header without its brackets; null until it is rendered."
    )
    handoff_at: Instant | None = Field(description="From here on the relay may have it.")
    lease: MessageLease | None = Field(description="Null unless a worker holds it.")
    attempts: list[MessageAttemptRead] = Field(description="What happened, oldest first; the last 200.")
    available_actions: list[AvailableAction] = Field(description="What the caller may do now.")


class AttachmentRead(Output):
    """What a mail carries beside its words."""

    name: str
    media_type: str
    file_id: UUID | None = Field(description="The stored file; null for what was made for this mail, such as dates.")


class MessagePreview(Output):
    """What a mail says; the address of its link is replaced, so that nobody can follow it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "rendered_at": "2026-11-23T09:00:02.120000Z",
                "subject": "Groupe Vasseur vous invite à compléter votre préqualification",
                "text": "Bonjour, …",
                "html": "<!doctype html>…",
                "attachments": [
                    {
                        "name": "programme.pdf",
                        "media_type": "application/pdf",
                        "file_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10",
                    }
                ],
            }
        }
    )

    rendered_at: Instant | None = Field(description="Null: not yet, and shown as it would be rendered now.")
    subject: str
    text: str
    html: str
    attachments: list[AttachmentRead]


class ResendRequest(Input):
    """How to send again."""

    model_config = ConfigDict(json_schema_extra={"example": {"lift_suppression": True}})

    lift_suppression: bool = Field(
        False, description="Send although mail to this address was refused before, and stop suppressing the address."
    )
