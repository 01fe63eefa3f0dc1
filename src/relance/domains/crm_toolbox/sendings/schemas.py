"""Requests and responses of sendings."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from relance.capabilities.files.schemas import FileFacts
from relance.core.actions import AvailableAction
from relance.core.i18n import Locale, Text
from relance.core.schemas import ActionsQuery, GivenInstant, Input, Instant, Line, Output, Reference
from relance.domains.crm_toolbox.actions.declaration import ToolboxAction
from relance.domains.crm_toolbox.actions.schemas import (
    EXAMPLE_TARGETS,
    EXAMPLE_USER,
    ActionInput,
    ActionReport,
    ContactTargets,
)
from relance.domains.crm_toolbox.rich_text import GivenHtml
from relance.domains.crm_toolbox.sendings.lifecycle import RecipientStatus
from relance.domains.crm_toolbox.sendings.permissions import SEND

_ID = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"
_HTML = "<p>Bonjour {{ contact.first_name }},</p><p>Voici le profil de Camille.</p>"
_PROFILE: JsonDict = {"id": _ID, "name": "Chargée de prévention"}
_FILE: JsonDict = {
    "id": _ID,
    "name": "cv.pdf",
    "media_type": "application/pdf",
    "size": 148213,
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
_LISTED: JsonDict = {
    "id": _ID,
    "entry_id": _ID,
    "send_at": "2030-03-01T09:30:00Z",
    "upcoming": True,
    "profiles": [_PROFILE],
    "recipients_count": 1,
    "created_by": _PROFILE,
    "created_at": "2030-02-01T09:30:00Z",
    "version": 1,
}
_RECIPIENT: JsonDict = {
    "contact_id": _ID,
    "contact_name": "Camille Martin",
    "company_id": _ID,
    "company_name": "Fonderie Martin",
    "status": "planned",
    "status_label": "À venir",
    "reason": None,
    "reason_label": None,
    "sent_at": None,
}
_ACTION: JsonDict = {"action": "cancel", "allowed": True, "reason": None}

MailBody = Annotated[str, Field(min_length=1, max_length=50_000)]


class ProfileSendingCreate(ActionInput):
    """Send profiles to contacts, or note that it was done."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "targets": [*EXAMPLE_TARGETS],
                "mode": "send",
                "profile_ids": [_ID],
                "export_template_id": _ID,
                "subject": "Un profil pour vous",
                "body": _HTML,
                "locale": "fr",
                "participants": {"user_ids": [EXAMPLE_USER]},
            }
        }
    )

    targets: ContactTargets
    mode: Literal["send", "record"] = Field("send", description="`record`: nothing is sent, the entry alone is made.")
    at: GivenInstant | None = Field(
        None, description="When it is to leave, if that is to come; of a record, when it was done. Now where absent."
    )
    profile_ids: list[UUID] = Field(min_length=1, max_length=20)
    include_files: bool = Field(True, description="Attach the files of the profiles.")
    export_template_id: UUID | None = Field(None, description="Attach a PDF of each profile, made by this template.")
    subject: Annotated[Line, Field(min_length=1)] | None = Field(None, description="Instead of the template's.")
    body: MailBody | None = Field(
        None, description="HTML, instead of the template's; see the draft. Placeholders are filled for each contact."
    )
    locale: Locale | None = Field(None, description="Of `subject` and `body`, and then of the mail; French if absent.")
    description: GivenHtml | None = Field(None, description="HTML for the infobox; no contact reads it.")


class SendingReport(ActionReport):
    """What was done, target by target."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "entry_id": _ID,
                "total": 1,
                "done": 1,
                "unchanged": 0,
                "failed": 0,
                "results": [
                    {
                        "company_id": None,
                        "contact_id": _ID,
                        "outcome": "done",
                        "outcome_label": "Effectué",
                        "error": None,
                    }
                ],
                "dry_run": False,
                "sending_id": _ID,
            }
        }
    )

    sending_id: UUID | None = Field(description="The sending; null of a record, and where there is none.")


class SendingDraftQuery(Input):
    """What the draft is of."""

    profile_id: list[UUID] = Field(min_length=1, max_length=20, description="Repeatable.")
    contact_id: UUID | None = Field(None, description="Whose language it is in, where `locale` is absent.")
    locale: Locale | None = Field(None, description="The language of the draft.")


class SendingDraft(Output):
    """The mail as it would leave, for somebody to edit before it does."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "locale": "fr",
                "subject": "Groupe Vasseur vous envoie un profil",
                "body": _HTML,
                "attachments": [_FILE],
            }
        }
    )

    locale: Locale
    subject: str
    body: str = Field(description="HTML. `{{ contact.… }}` stays as it is: it is filled for each contact.")
    attachments: list[FileFacts] = Field(description="The files of the profiles.")


class RecipientRead(Output):
    """One contact of a sending."""

    contact_id: UUID
    contact_name: str | None = Field(description="Null where it is deleted.")
    company_id: UUID
    company_name: str | None
    status: RecipientStatus
    status_label: str
    reason: str | None = Field(description="Why it was cancelled or has failed: a code.")
    reason_label: str | None
    sent_at: Instant | None


class _Sending(Output):
    id: UUID
    entry_id: UUID = Field(description="Its entry in the infobox.")
    send_at: Instant
    upcoming: bool = Field(description="Whether it is still to leave.")
    profiles: list[Reference] = Field(description="As they were called.")
    recipients_count: int
    created_by: Reference
    created_at: Instant
    version: int = Field(description="Counts the changes; the ETag.")


class ProfileSendingListed(_Sending):
    """A sending in a list."""

    model_config = ConfigDict(json_schema_extra={"example": {**_LISTED, "available_actions": None}})

    available_actions: list[AvailableAction] | None = Field(description="With `include=available_actions`.")


class ProfileSendingRead(_Sending):
    """A sending in full."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_LISTED,
                "subject": None,
                "body": None,
                "locale": None,
                "files": [_FILE],
                "recipients": [_RECIPIENT],
                "available_actions": [_ACTION],
            }
        }
    )

    subject: str | None = Field(description="Null: the template's.")
    body: str | None
    locale: Locale | None = Field(description="Null: each contact's own.")
    files: list[FileFacts] = Field(description="What is attached: `GET …/infobox/{entry_id}/files/{id}`.")
    recipients: list[RecipientRead]
    available_actions: list[AvailableAction]


class ProfileSendingQuery(ActionsQuery):
    """Query of the list."""

    contact_id: UUID | None = Field(None, description="Sent, or to be sent, to this contact.")
    upcoming: bool | None = Field(None, description="Only those that are to leave, or only the others.")
    sort: Literal["send_at", "-send_at"] = "-send_at"


class Rescheduling(Input):
    """Another instant."""

    model_config = ConfigDict(json_schema_extra={"example": {"at": "2030-03-02T09:30:00Z"}})

    at: GivenInstant = Field(description="To come.")


ACTION = ToolboxAction(
    key="send_profile",
    label=Text("Envoyer profil", "Send a profile"),
    icon="contact_mail",
    permission=SEND,
    path="/v1/crm-toolbox/profile-sendings",
    body=ProfileSendingCreate,
)
