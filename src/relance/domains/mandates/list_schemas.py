"""Queries of the list, its exports and its counts."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from relance.core.schemas import ActionsQuery, ExternalId, Input, Line, Output
from relance.domains.mandates.lifecycle import MandateKind, MandateStatus, Passthrough


class MandateSort(StrEnum):
    """Orders of the list; ties end on the id."""

    CREATED_DESC = "-created_at"
    CREATED = "created_at"
    LAST_SENT_DESC = "-last_sent_at"
    LAST_SENT = "last_sent_at"
    COMPANY = "company_name"
    COMPANY_DESC = "-company_name"
    EXPIRES = "expires_at"
    EXPIRES_DESC = "-expires_at"
    NEXT_DELIVERY = "next_delivery_on"
    NEXT_DELIVERY_DESC = "-next_delivery_on"


class MandateFilter(Input):
    """Filters of the list; the same for the counts and the exports."""

    mine: bool = Field(False, description="Only those in whose team the caller is.")
    status: list[MandateStatus] = Field(default_factory=list, max_length=7, description="Repeatable.")
    kind: list[MandateKind] = Field(default_factory=list, max_length=2, description="Repeatable.")
    team_member_id: UUID | None = Field(None, description="Only those in whose team this user is.")
    passthrough: Passthrough | None = Field(None, description="Only those that use the option, or only the others.")
    organisation_id: UUID | None = Field(None, description="Only this issuing organisation.")
    company_id: UUID | None = Field(None, description="Only this company.")
    external_id: ExternalId | None = Field(None, description="Your own key, whole.")
    next_delivery_from: date | None = Field(None, description="Only those whose next delivery is due then or later.")
    next_delivery_to: date | None = Field(None, description="Only those whose next delivery is due by then.")
    q: Annotated[Line, Field(max_length=100)] | None = Field(
        None, description="Part of the company's name, the external id, the contact's name or address."
    )


class MandateQuery(ActionsQuery, MandateFilter):
    """Query of the list."""

    sort: MandateSort = MandateSort.CREATED_DESC


class MandateExportQuery(MandateFilter):
    """Query of the export that streams."""

    sort: MandateSort = MandateSort.CREATED_DESC


class MandateExportCreate(Input):
    """An export to be made in the background."""

    model_config = ConfigDict(json_schema_extra={"example": {"format": "xlsx", "filter": {"mine": True}}})

    format: Literal["csv", "xlsx"]
    filter: MandateFilter = Field(default_factory=lambda: MandateFilter.model_validate({}))
    sort: MandateSort = MandateSort.CREATED_DESC


class MandateStatusCounts(Output):
    """Mandates by status."""

    draft: int
    invited: int
    active: int
    invitation_expired: int
    declined: int
    disabled: int
    cancelled: int


class MandateCounts(Output):
    """How many mandates the filters leave."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "total": 12,
                "status": {
                    "draft": 2,
                    "invited": 4,
                    "active": 5,
                    "invitation_expired": 1,
                    "declined": 0,
                    "disabled": 0,
                    "cancelled": 0,
                },
            }
        }
    )

    total: int
    status: MandateStatusCounts
