"""Requests and responses of prequalification forms and of what partners answered."""

from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from relance.capabilities.files.schemas import FileFacts
from relance.core.durations import PositiveDuration
from relance.core.schemas import Input, Instant, ListQuery, Output, Reference, RequiredLine
from relance.domains.invitations.lifecycle import ExpiryReason, FormStatus

_SCHEMA_EXAMPLE = {
    "type": "object",
    "required": ["identity"],
    "properties": {
        "identity": {
            "type": "object",
            "x-title": {"fr": "Votre organisation", "en": "Your organisation"},
            "required": ["legal_name"],
            "properties": {
                "legal_name": {
                    "type": "string",
                    "maxLength": 200,
                    "x-title": {"fr": "Dénomination sociale", "en": "Legal name"},
                }
            },
        }
    },
}
_FORM_EXAMPLE: dict[str, Any] = {
    "form_version": 2,
    "title_fr": "Formulaire de préqualification",
    "title_en": "Prequalification form",
    "json_schema": _SCHEMA_EXAMPLE,
    "validity": "P2Y",
}


class FormWrite(Input):
    """A new version of the workspace's form."""

    model_config = ConfigDict(
        json_schema_extra={"example": {name: value for name, value in _FORM_EXAMPLE.items() if name != "form_version"}}
    )

    title_fr: RequiredLine
    title_en: RequiredLine
    json_schema: dict[str, Any] = Field(
        description="JSON Schema 2020-12: sections are objects; words by `x-title`, `x-hint`, `x-enum-labels`; the "
        "order of the fields is the order of the page. A file is a string of the format `file`, several are an array "
        "of these; `x-accept` lists kinds (`pdf`, `png`, `jpeg`, `docx`, `xlsx`, `pptx`, `odt`, `ods`), `x-max-bytes` "
        "bounds each. See docs/forms.md."
    )
    validity: PositiveDuration = Field("P2Y", description="How long an answer stays valid, ISO 8601.")


class FormRead(Output):
    """One version of the workspace's form."""

    model_config = ConfigDict(
        from_attributes=True,
        extra="forbid",
        json_schema_extra={
            "example": {
                "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10",
                **_FORM_EXAMPLE,
                "created_at": "2026-11-23T09:00:00Z",
            }
        },
    )

    id: UUID
    form_version: int = Field(description="Counts the versions; the page gives it back with the answers.")
    title_fr: str
    title_en: str
    json_schema: dict[str, Any]
    validity: str
    created_at: Instant


class FormQuery(ListQuery):
    """Query of the versions, newest first."""

    sort: Literal["-form_version"] = "-form_version"


class PrequalificationQuery(ListQuery):
    """Query of what partners answered, newest partner first."""

    sort: Literal["-id"] = "-id"
    company_id: UUID | None = Field(None, description="Only this partner.")
    form_status: list[FormStatus] = Field(default_factory=list, max_length=3, description="Repeatable.")


class PrequalificationRead(Output):
    """What one partner answered, shared by all its invitations."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10",
                "company": {"id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a11", "name": "Fonderie Martin"},
                "form_status": "completed",
                "form_status_label": "Complétée",
                "form_version": 2,
                "answers": {"identity": {"legal_name": "Fonderie Martin"}},
                "files": [
                    {
                        "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a12",
                        "name": "attestation.pdf",
                        "media_type": "application/pdf",
                        "size": 148213,
                        "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                    }
                ],
                "completed_at": "2026-11-23T09:00:00Z",
                "valid_until": "2028-11-23T09:00:00Z",
                "expiry_reason": None,
                "expiry_reason_label": None,
            }
        }
    )

    id: UUID
    company: Reference
    form_status: FormStatus
    form_status_label: str
    form_version: int | None = Field(description="The version of the form that was answered.")
    answers: dict[str, Any] | None = Field(description="Null until the partner has submitted; never a draft.")
    files: list[FileFacts] = Field(
        description="What the ids in the file fields of the answers stand for; fetched below this address."
    )
    completed_at: Instant | None
    valid_until: Instant | None = Field(description="Until when the answers hold, or held.")
    expiry_reason: ExpiryReason | None = Field(description="Why the form is expired; null where it is not.")
    expiry_reason_label: str | None
