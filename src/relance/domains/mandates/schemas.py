"""Requests and responses of this domain."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from relance.capabilities.cycles.lifecycle import Delivery
from relance.capabilities.cycles.schemas import NextMessage, Silence
from relance.capabilities.directory.schemas import CompanyInput, Name, Phone
from relance.core.actions import AvailableAction
from relance.core.addresses import EmailAddress
from relance.core.durations import Duration, parse_duration
from relance.core.i18n import Locale
from relance.core.schemas import UNSET, ExternalId, Input, Instant, Output, Paragraph, Patch, Reference
from relance.domains.mandates.lifecycle import MandateKind, MandateStatus, Passthrough, TeamRole
from relance.domains.mandates.schedule import Frequency, ScheduleKind

EXAMPLE_ID = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"
CONTACT_EXAMPLE: JsonDict = {
    "title": "mrs",
    "first_name": "Camille",
    "last_name": "Martin",
    "email": "camille@martin.example",
    "phone": "+33142685300",
}
_SCHEDULE: JsonDict = {
    "kind": "upload_reminder",
    "frequency": "monthly",
    "starts_on": "2027-01-31",
    "remind_before": ["P3D"],
    "remind_after": ["P2D"],
}
_A_YEAR_ON = datetime(2029, 1, 1, tzinfo=UTC)
_SUMMARY: JsonDict = {
    "id": EXAMPLE_ID,
    "company": {"id": EXAMPLE_ID, "name": "Boulangerie Martin"},
    "issuing_organisation": {"id": EXAMPLE_ID, "name": "Cabinet Vasseur"},
    "external_id": "M-0042",
    "kind": "external",
    "kind_label": "Mandat externe",
    "contact": {**CONTACT_EXAMPLE, "title_label": "Mme"},
    "status": "invited",
    "status_label": "Invitation envoyée",
    "owners": [{"id": EXAMPLE_ID, "name": "Claire Vasseur"}],
    "agents": [{"id": EXAMPLE_ID, "name": "Karim Benali"}],
    "passthrough": "disabled",
    "passthrough_label": "Désactivé",
    "last_sent_at": "2026-11-23T09:00:02.120000Z",
    "reminders_count": 0,
    "delivery": None,
    "delivery_label": None,
    "expires_at": "2026-12-23T09:00:02.120000Z",
    "next_delivery_on": None,
    "created_at": "2026-11-23T09:00:01.480000Z",
}


class Civility(StrEnum):
    """How the contact is addressed."""

    MR = "mr"
    MRS = "mrs"


class ContactInput(Patch):
    """The company's contact (JSON merge patch). It may come piece by piece; it is complete before the submission."""

    title: Civility | None = None
    first_name: Name | None = None
    last_name: Name | None = None
    email: EmailAddress | None = Field(
        None,
        description="Compared without regard to case. Of a contact that the directory knows there, names and telephone "
        "that are left out are filled in.",
    )
    phone: Phone | None = Field(None, description="International, or French national form; kept as E.164.")


class ScheduleInput(Input):
    """When data or documents are due (Planification de téléchargement)."""

    model_config = ConfigDict(json_schema_extra={"example": _SCHEDULE})

    kind: ScheduleKind
    frequency: Frequency
    starts_on: date = Field(description="The first due date; the 31st of a shorter month is its last day.")
    remind_before: Annotated[list[Duration], Field(max_length=5)] = Field(
        default_factory=list, description="How long before each due date a reminder leaves."
    )
    remind_after: Annotated[list[Duration], Field(max_length=5)] = Field(
        default_factory=list, description="How long after a due date without documents a reminder leaves."
    )

    @model_validator(mode="after")
    def _near(self) -> Self:
        if not date(1990, 1, 1) <= self.starts_on <= date(2200, 1, 1):
            raise ValueError("`starts_on` lies between 1990 and 2200")
        start = datetime(2028, 1, 1, tzinfo=UTC)
        if any(start + parse_duration(one) > _A_YEAR_ON for one in (*self.remind_before, *self.remind_after)):
            raise ValueError("a reminder lies within a year of its due date")
        return self


class TeamMemberInput(Input):
    """A user of the firm and what they are to the mandate."""

    user_id: UUID
    role: TeamRole


_EXAMPLE_BODY: JsonDict = {
    "issuing_organisation_id": EXAMPLE_ID,
    "company": {"name": "Boulangerie Martin"},
    "contact": CONTACT_EXAMPLE,
    "team": [{"user_id": EXAMPLE_ID, "role": "owner"}, {"user_id": EXAMPLE_ID, "role": "agent"}],
}


class MandateReplace(Input):
    """What a mandate is to be, all of it."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE_BODY})

    issuing_organisation_id: UUID = Field(description="The firm's organisation that asks.")
    company: CompanyInput
    kind: MandateKind = Field(
        MandateKind.EXTERNAL, description="`internal`: « Je veux représenter cette PME moi-même »."
    )
    locale: Locale = Field("fr", description="Language of the mails and the page.")
    contact: ContactInput | None = None
    schedule: ScheduleInput | None = None
    team: list[TeamMemberInput] = Field(default_factory=list, max_length=50)
    passthrough: Passthrough | None = Field(None, description="Only where the subscription has it.")


class MandateCreate(MandateReplace):
    """Open a mandate: a draft, or with everything and `submit` in one call."""

    model_config = ConfigDict(json_schema_extra={"example": {**_EXAMPLE_BODY, "external_id": "M-0042", "submit": True}})

    external_id: ExternalId | None = Field(None, description="Your own key for this mandate; unique.")
    submit: bool = Field(False, description="Submit at once; nothing is created where something is missing.")


class MandateUpdate(Patch):
    """Changes to a mandate (JSON merge patch). Another address begins a new cycle; after the acceptance it is fixed."""

    model_config = ConfigDict(json_schema_extra={"example": {"contact": {"email": "c.martin@martin.example"}}})

    external_id: ExternalId | None = None
    kind: MandateKind = Field(UNSET, description="Of a draft only.")
    locale: Locale = UNSET
    contact: ContactInput = UNSET


class ScheduleWrite(Input):
    """The schedule of a mandate; null for none."""

    model_config = ConfigDict(json_schema_extra={"example": {"schedule": _SCHEDULE}})

    schedule: ScheduleInput | None


class TeamWrite(Input):
    """The whole team of a mandate."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"team": [{"user_id": EXAMPLE_ID, "role": "owner"}, {"user_id": EXAMPLE_ID, "role": "agent"}]}
        }
    )

    team: list[TeamMemberInput] = Field(max_length=50)


class PassthroughWrite(Input):
    """Whether the option is used."""

    model_config = ConfigDict(json_schema_extra={"example": {"passthrough": "enabled"}})

    passthrough: Passthrough


class RemindMandateRequest(Input):
    """Options of a manual reminder."""

    force: bool = Field(False, description="Send although the last mail is less than 24 h old.")


class CancelRequest(Input):
    """Why a mandate is cancelled."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "Dossier repris par un confrère"}})

    reason: Annotated[Paragraph, Field(min_length=1, max_length=1000)]
    notify: bool = Field(False, description="Tell the contact, where it was invited.")


class ContactRead(Output):
    """The company's contact."""

    title: Civility | None
    title_label: str | None
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None


class ScheduleRead(Output):
    """When data or documents are due."""

    kind: ScheduleKind
    kind_label: str
    frequency: Frequency
    frequency_label: str
    starts_on: date
    remind_before: list[str]
    remind_after: list[str]
    rrule: str = Field(description="RFC 5545.")
    next_due_on: list[date] = Field(description="The next five dates.")


class MandateSummary(Output):
    """One row of the list."""

    id: UUID
    company: Reference
    issuing_organisation: Reference
    external_id: str | None
    kind: MandateKind
    kind_label: str
    contact: ContactRead
    status: MandateStatus
    status_label: str
    owners: list[Reference]
    agents: list[Reference]
    passthrough: Passthrough
    passthrough_label: str
    last_sent_at: Instant | None
    reminders_count: int
    delivery: Delivery | None
    delivery_label: str | None
    expires_at: Instant | None
    next_delivery_on: date | None
    created_at: Instant


ACTION_EXAMPLE: JsonDict = {
    "action": "remind",
    "allowed": False,
    "reason": {"code": "too_recent", "message": "Moins de 24 heures depuis le dernier envoi."},
}


class MandateListed(MandateSummary):
    """One row of the list, with its actions where they were asked for."""

    model_config = ConfigDict(json_schema_extra={"example": {**_SUMMARY, "available_actions": None}})

    available_actions: list[AvailableAction] | None = Field(description="With `include=available_actions`.")


class MandateRead(MandateSummary):
    """One mandate in full."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_SUMMARY,
                "version": 3,
                "cycle": 1,
                "locale": "fr",
                "schedule": None,
                "created_by": {"id": EXAMPLE_ID, "name": "Claire Vasseur"},
                "submitted_by": {"id": EXAMPLE_ID, "name": "Claire Vasseur"},
                "submitted_at": "2026-11-23T09:00:01.480000Z",
                "accepted_at": None,
                "declined_at": None,
                "decline_reason": None,
                "cancelled_at": None,
                "cancel_reason": None,
                "available_actions": [ACTION_EXAMPLE, {"action": "cancel", "allowed": True, "reason": None}],
                "next_messages": [
                    {
                        "kind": "reminder",
                        "template": "mandates.reminder",
                        "at": "2026-11-30T09:00:02.120000Z",
                        "to": "camille@martin.example",
                        "why": "Relance automatique si la PME n’a pas accepté.",
                    }
                ],
                "no_message_reason": None,
            }
        }
    )

    version: int = Field(description="Counts the changes; the ETag.")
    cycle: int = Field(description="1, and one more for every renewal and every corrected address.")
    locale: Locale
    schedule: ScheduleRead | None
    created_by: Reference
    submitted_by: Reference | None
    submitted_at: Instant | None
    accepted_at: Instant | None
    declined_at: Instant | None
    decline_reason: str | None
    cancelled_at: Instant | None
    cancel_reason: str | None
    available_actions: list[AvailableAction] = Field(
        description="What the caller may do now, from the same table that enforces it."
    )
    next_messages: list[NextMessage] = Field(description="What will be sent, soonest first.")
    no_message_reason: Silence | None = Field(description="Why nothing will be sent; null where something will.")


class Missing(Output):
    """One thing that a step lacks."""

    code: str = Field(examples=["contact_email"])
    message: str


class CompletenessStep(Output):
    """One step of the wizard."""

    step: Literal["details", "schedule", "team", "passthrough"]
    step_label: str
    complete: bool
    missing: list[Missing]


class Completeness(Output):
    """What a mandate lacks to be submitted, in the order of the wizard."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "complete": False,
                "steps": [
                    {
                        "step": "details",
                        "step_label": "Société et contact",
                        "complete": False,
                        "missing": [{"code": "contact_email", "message": "L’adresse e-mail du contact."}],
                    },
                    {"step": "team", "step_label": "Équipe", "complete": True, "missing": []},
                ],
            }
        }
    )

    complete: bool
    steps: list[CompletenessStep] = Field(description="A step of a feature that is not subscribed is left out.")


class SchedulePreviewRequest(Input):
    """A schedule whose dates are to be seen before it is saved."""

    model_config = ConfigDict(json_schema_extra={"example": {"schedule": _SCHEDULE, "count": 3}})

    schedule: ScheduleInput
    count: int = Field(12, ge=1, le=100, description="How many dates.")


class SchedulePreview(Output):
    """The dates of a schedule that is not saved yet."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "rrule": "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
                "due_on": ["2027-01-31", "2027-02-28", "2027-03-31"],
            }
        }
    )

    rrule: str
    due_on: list[date]
