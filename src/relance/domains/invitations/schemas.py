"""Requests and responses of this domain."""

from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, WithJsonSchema, model_validator
from pydantic.config import JsonDict

from relance.capabilities.cycles.schemas import NextMessage as NextMessage
from relance.capabilities.cycles.schemas import Silence as Silence
from relance.capabilities.directory.schemas import LocalId, LocalIdRead, Name
from relance.core.actions import AvailableAction
from relance.core.addresses import EmailAddress
from relance.core.i18n import Locale
from relance.core.schemas import UNSET, ActionsQuery, Input, Instant, Line, Output, Patch, Reference
from relance.domains.invitations.lifecycle import Delivery, FormStatus, Reason, Status

_EXAMPLE_ID = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"
_SUMMARY: JsonDict = {
    "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10",
    "partner": {
        "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a11",
        "name": "Fonderie Martin",
        "local_id": {"scheme": "siren", "country": "FR", "value": "732829320"},
        "registered": False,
    },
    "email": "achats@partenaire.example",
    "issuing_organisation": {
        "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a12",
        "name": "Groupe Vasseur Achats",
    },
    "requested_by": {"id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a13", "name": "Claire Vasseur"},
    "last_sent_at": "2026-11-23T09:00:02.120000Z",
    "reminders_count": 0,
    "form_status": "to_complete",
    "form_status_label": "À compléter",
    "status": "sent",
    "status_label": "Envoyée",
    "reason": "not_registered",
    "reason_label": "Organisation non inscrite",
    "delivery": None,
    "delivery_label": None,
    "expires_at": "2026-12-23T09:00:02.120000Z",
    "archived_at": None,
    "created_at": "2026-11-23T09:00:01.480000Z",
}
_ACTIONS: list[JsonValue] = [
    {
        "action": "remind",
        "allowed": False,
        "reason": {"code": "too_recent", "message": "Moins de 24 heures depuis le dernier envoi."},
    },
    {"action": "cancel", "allowed": True, "reason": None},
]

_DETAIL: JsonDict = {
    **_SUMMARY,
    "version": 2,
    "cycle": 1,
    "available_actions": _ACTIONS,
    "next_messages": [
        {
            "kind": "reminder",
            "template": "invitations.reminder",
            "at": "2026-11-30T09:00:02.120000Z",
            "to": "achats@partenaire.example",
            "why": "Relance automatique si le formulaire n’est pas complété.",
        }
    ],
    "no_message_reason": None,
}


class PartnerInput(Input):
    """The partner: an existing company by `id`, or a company by name and local identifier."""

    id: UUID | None = Field(None, description="A company of the directory; then nothing else is given.")
    name: Name | None = None
    local_id: LocalId | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        by_id = self.id is not None
        inline = self.name is not None and self.local_id is not None
        if by_id == inline or (by_id and (self.name is not None or self.local_id is not None)):
            raise ValueError("give either `id`, or `name` and `local_id`")
        return self


class InvitationCreate(Input):
    """Invite one partner at one address."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "issuing_organisation_id": _EXAMPLE_ID,
                "email": "achats@partenaire.example",
                "partner": {
                    "name": "Fonderie Martin",
                    "local_id": {"scheme": "siren", "country": "FR", "value": "732829320"},
                },
                "locale": "fr",
            }
        }
    )

    issuing_organisation_id: UUID = Field(description="The organisation that asks (entité émettrice).")
    email: EmailAddress = Field(description="The address asked; compared without regard to case.")
    partner: PartnerInput
    locale: Locale = Field("fr", description="Language of the mails and the page.")


class InvitationUpdate(Patch):
    """A merge patch of an invitation."""

    model_config = ConfigDict(json_schema_extra={"example": {"email": "achats@partenaire.example"}})

    email: EmailAddress = Field(
        UNSET, description="The corrected address. Written otherwise only in its case, it is the same address."
    )


class RemindRequest(Input):
    """Options of a manual reminder."""

    force: bool = Field(False, description="Send although the last mail is less than 24 h old.")


class ReassignRequest(Input):
    """To whom a request passes."""

    model_config = ConfigDict(json_schema_extra={"example": {"user_id": _EXAMPLE_ID}})

    user_id: UUID = Field(description="An active user who works for the issuing organisation.")


class PartnerRead(Output):
    """The invited company."""

    id: UUID
    name: str
    local_id: LocalIdRead | None
    registered: bool = Field(description="Whether it has ever submitted a form.")


class InvitationSummary(Output):
    """One row of the dashboard."""

    id: UUID
    partner: PartnerRead
    email: str
    issuing_organisation: Reference
    requested_by: Reference
    last_sent_at: Instant | None
    reminders_count: int
    form_status: FormStatus
    form_status_label: str
    status: Status
    status_label: str
    reason: Reason
    reason_label: str
    delivery: Delivery | None
    delivery_label: str | None
    expires_at: Instant | None
    archived_at: Instant | None
    created_at: Instant


class InvitationListed(InvitationSummary):
    """One row of the dashboard, with its actions where they were asked for."""

    model_config = ConfigDict(json_schema_extra={"example": {**_SUMMARY, "available_actions": _ACTIONS}})

    available_actions: list[AvailableAction] | None = Field(description="With `include=available_actions`.")


class InvitationRead(InvitationSummary):
    """One invitation in full."""

    model_config = ConfigDict(
        from_attributes=True,
        extra="forbid",
        json_schema_extra={"example": _DETAIL},
    )

    version: int = Field(description="Counts the changes; the ETag.")
    cycle: int = Field(description="1, and one more for every renewal and every correction of the address.")
    available_actions: list[AvailableAction] = Field(
        description="What the caller may do now, from the same table that enforces it."
    )
    next_messages: list[NextMessage] = Field(description="What will be sent, soonest first.")
    no_message_reason: Silence | None = Field(description="Why nothing will be sent; null where something will.")


class Notice(Output):
    """Something that the caller may not have meant."""

    code: str
    message: str = Field(description="In the caller's language.")


class InvitationCreated(InvitationRead):
    """A new invitation, and what is worth a second look."""

    model_config = ConfigDict(
        json_schema_extra={"example": {**_DETAIL, "notices": []}},
    )

    notices: list[Notice] = Field(
        description="`known_under_another_name`: the identifier is one of a partner whom the directory names "
        "otherwise, and who is invited under the name that is known."
    )


class Archived(StrEnum):
    """Which rows, as to archiving."""

    FALSE = "false"
    TRUE = "true"
    ANY = "any"


class InvitationSort(StrEnum):
    """Orders of the dashboard; ties end on the id."""

    LAST_SENT_DESC = "-last_sent_at"
    LAST_SENT = "last_sent_at"
    CREATED_DESC = "-created_at"
    CREATED = "created_at"
    NAME = "partner_name"
    NAME_DESC = "-partner_name"
    EXPIRES = "expires_at"
    EXPIRES_DESC = "-expires_at"


class InvitationFilter(Input):
    """Filters of the dashboard; the same for the list, the counts and the exports."""

    mine: bool = Field(True, description="« Seulement mes demandes »: only what the caller asked for.")
    form_status: list[FormStatus] = Field(default_factory=list, max_length=3, description="Repeatable.")
    status: list[Status] = Field(default_factory=list, max_length=5, description="Repeatable.")
    archived: Archived = Field(Archived.FALSE, description="Archived rows: without, only, or with the others.")
    organisation_id: UUID | None = Field(None, description="Only this issuing organisation.")
    company_id: UUID | None = Field(None, description="Only this partner.")
    q: Annotated[Line, Field(max_length=100)] | None = Field(
        None, description="Part of the partner's name, its local id or the address."
    )


class InvitationQuery(ActionsQuery, InvitationFilter):
    """Query of the dashboard."""

    sort: InvitationSort = InvitationSort.CREATED_DESC


class Scope(StrEnum):
    """Whose invitations."""

    MINE = "mine"
    ALL = "all"


class RemindAllRequest(Input):
    """Which rows of the dashboard are reminded: its filters, the scope instead of `mine`."""

    model_config = ConfigDict(json_schema_extra={"example": {"scope": "mine", "include_expired": False}})

    scope: Scope = Field(Scope.MINE, description="`mine`: what the caller asked for; `all`: all of its organisations.")
    include_expired: bool = Field(False, description="Renew the expired ones too; they are counted apart.")
    form_status: list[FormStatus] = Field(default_factory=list, max_length=3)
    status: list[Status] = Field(default_factory=list, max_length=5)
    archived: Archived = Field(Archived.FALSE, description="Archived rows are reported, never reminded.")
    organisation_id: UUID | None = None
    company_id: UUID | None = None
    q: Annotated[str, Field(max_length=100)] | None = None

    def filter(self) -> InvitationFilter:
        """The rows that are looked at."""
        given = self.model_dump(exclude={"scope", "include_expired"})
        return InvitationFilter(mine=self.scope is Scope.MINE, **given)


class InvitationExportQuery(InvitationFilter):
    """Query of the export that streams."""

    sort: InvitationSort = InvitationSort.CREATED_DESC


class InvitationExportCreate(Input):
    """An export to be made in the background."""

    model_config = ConfigDict(json_schema_extra={"example": {"format": "xlsx", "filter": {"mine": False}}})

    format: Literal["csv", "xlsx"]
    filter: InvitationFilter = Field(default_factory=lambda: InvitationFilter.model_validate({}))
    sort: InvitationSort = InvitationSort.CREATED_DESC


#: A row that is checked by itself, so that one fault does not refuse the others.
BulkRow = Annotated[
    dict[str, JsonValue], WithJsonSchema({"$ref": "#/components/schemas/InvitationCreate"}, mode="validation")
]


class InvitationBulkCreate(Input):
    """Up to a thousand invitations."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "rows": [
                    {
                        "issuing_organisation_id": _EXAMPLE_ID,
                        "email": "achats@partenaire.example",
                        "partner": {
                            "name": "Fonderie Martin",
                            "local_id": {"scheme": "siren", "country": "FR", "value": "732829320"},
                        },
                    }
                ]
            }
        }
    )

    rows: list[BulkRow] = Field(min_length=1, max_length=1000, description="Each is checked and made by itself.")


class FormStatusCounts(Output):
    """Rows by form status."""

    to_complete: int
    completed: int
    expired: int


class StatusCounts(Output):
    """Rows by status of the invitation."""

    queued: int
    sent: int
    expired: int
    closed: int
    cancelled: int


class ArchivedCounts(Output):
    """Rows by whether they are archived."""

    false: int
    true: int


class InvitationCounts(Output):
    """How many rows the filters leave, by each axis."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "total": 42,
                "form_status": {"to_complete": 30, "completed": 10, "expired": 2},
                "status": {"queued": 1, "sent": 25, "expired": 4, "closed": 12, "cancelled": 0},
                "archived": {"false": 42, "true": 0},
            }
        }
    )

    total: int
    form_status: FormStatusCounts
    status: StatusCounts
    archived: ArchivedCounts
