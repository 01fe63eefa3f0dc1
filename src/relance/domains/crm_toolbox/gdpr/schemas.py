"""Requests and responses about the data of people."""

from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from relance.capabilities.directory.consent import ConsentStatus
from relance.capabilities.directory.consent_schemas import ContactConsent
from relance.core.actions import AvailableAction
from relance.core.durations import Duration, PositiveDuration
from relance.core.i18n import Locale
from relance.core.schemas import GivenInstant, Input, Instant, Output, RequiredLine

_CONTACT = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a12"


class PersonalSection(Output):
    """What one kind of rows holds of a person."""

    section: str = Field(description="Stable: `contact`, `messages`, `invitations`…")
    label: str
    records: list[dict[str, Any]] = Field(description="As they are kept; what is empty is left out.")


class PersonalData(Output):
    """All that is kept of a person: what emptying the contact would clear, and nothing less."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "contact_id": _CONTACT,
                "exported_at": "2026-11-02T09:30:00Z",
                "sections": [
                    {
                        "section": "contact",
                        "label": "Fiche du contact",
                        "records": [
                            {
                                "id": _CONTACT,
                                "first_name": "Camille",
                                "last_name": "Martin",
                                "email": "camille@fonderie.example",
                            }
                        ],
                    }
                ],
            }
        }
    )

    contact_id: UUID
    exported_at: Instant
    sections: list[PersonalSection]


_SETTINGS: JsonDict = {
    "enabled": True,
    "pending_for": "P30D",
    "refused_for": "P7D",
    "accepted_for": "P24M",
    "notice_before": "P3D",
}


class GdprSettingsWrite(Input):
    """Whether consents are used, and after how long contacts are emptied."""

    model_config = ConfigDict(json_schema_extra={"example": _SETTINGS})

    enabled: bool = Field(description="Whether statuses may be set, and whether the worker empties what is due.")
    pending_for: PositiveDuration = Field("P30D", description="From the asking, where nobody answers.")
    refused_for: PositiveDuration = Field("P7D", description="From the refusal, or from the withdrawal.")
    accepted_for: PositiveDuration = Field("P24M", description="How long a consent holds.")
    notice_before: Duration = Field(
        "P3D", description="How long before the emptying those who look after the contact are told."
    )


class GdprSettingsRead(Output):
    """What holds in the workspace."""

    model_config = ConfigDict(json_schema_extra={"example": {**_SETTINGS, "version": 1}})

    enabled: bool
    pending_for: str
    refused_for: str
    accepted_for: str
    notice_before: str
    version: int = Field(description="0: the product's own, until the workspace has set something.")


class ProposedTemplate(Output):
    """A mail that may go with a status."""

    key: str = Field(description="In `/v1/email-templates`, where its words are edited.")
    label: str


class GdprStatusRead(Output):
    """A status that can be set, and the mails that are proposed with it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "pending",
                "status_label": "En attente",
                "emptied_after": "P30D",
                "templates": [{"key": "crm_toolbox.consent_request", "label": "Demande de consentement"}],
            }
        }
    )

    status: ConsentStatus
    status_label: str
    emptied_after: str
    templates: list[ProposedTemplate]


class GdprStatuses(Output):
    """What can be set."""

    statuses: list[GdprStatusRead]


class EmptyingsQuery(Input):
    """Which emptyings are counted."""

    until: GivenInstant | None = Field(None, description="Included; 30 days from now where absent.")


class PlannedOfStatus(Output):
    """Contacts of one status that are going to be emptied."""

    status: ConsentStatus
    status_label: str
    contacts: int
    first_at: Instant


class PlannedEmptyings(Output):
    """How many contacts are going to be emptied; `GET /v1/contacts?gdpr_empties_before=…` lists them."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "until": "2026-12-02T09:30:00Z",
                "contacts": 2,
                "statuses": [
                    {
                        "status": "pending",
                        "status_label": "En attente",
                        "contacts": 2,
                        "first_at": "2026-12-01T09:30:00Z",
                    }
                ],
            }
        }
    )

    until: Instant
    contacts: int
    statuses: list[PlannedOfStatus]


class ConsentStep(Output):
    """One thing that happened to a consent: the proof."""

    action: str = Field(description="As its event is called: `consent.accepted` for one.")
    at: Instant
    how: str = Field(description="`link`, `user` or `worker`.")
    wording: str | None
    locale: Locale | None
    justification: str | None


class ConsentRead(ContactConsent):
    """How a contact stands, how it came to that, and what may be done."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "contact_id": _CONTACT,
                "status": "refused",
                "status_label": "Refusé",
                "since": "2026-11-02T09:30:00Z",
                "empties_at": "2026-11-09T09:30:00Z",
                "proof": {"at": "2026-11-02T09:30:00Z", "how": "link", "wording": "5c1e0f2a9b7d", "locale": "fr"},
                "history": [
                    {
                        "action": "consent.refused",
                        "at": "2026-11-02T09:30:00Z",
                        "how": "link",
                        "wording": "5c1e0f2a9b7d",
                        "locale": "fr",
                        "justification": None,
                    }
                ],
                "available_actions": [{"action": "keep", "allowed": True, "reason": None}],
            }
        }
    )

    contact_id: UUID
    history: list[ConsentStep] = Field(description="Oldest first; it outlives the emptying.")
    available_actions: list[AvailableAction]


class KeepRequest(Input):
    """Why a contact is not emptied as planned."""

    model_config = ConfigDict(json_schema_extra={"example": {"justification": "Contrat en cours."}})

    justification: RequiredLine
