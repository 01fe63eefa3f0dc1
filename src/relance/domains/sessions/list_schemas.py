"""Queries of the list, its exports and its counts."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from relance.core.schemas import ActionsQuery, ExternalId, Input, Line, Output
from relance.domains.sessions.lifecycle import SessionConfirmation, SessionStatus


class SessionSort(StrEnum):
    """Orders of the list; ties end on the id. Sessions without slots come last by their dates."""

    CREATED_DESC = "-created_at"
    CREATED = "created_at"
    FIRST = "first_on"
    FIRST_DESC = "-first_on"
    LAST = "last_on"
    LAST_DESC = "-last_on"
    TITLE = "title"
    TITLE_DESC = "-title"


class SessionFilter(Input):
    """Filters of the list; the same for the counts and the exports."""

    mine: bool = Field(False, description="Only those the caller is responsible for.")
    status: list[SessionStatus] = Field(default_factory=list, max_length=3, description="Repeatable.")
    confirmation: list[SessionConfirmation] = Field(
        default_factory=list, max_length=4, description="Repeatable: how the clients stand, the worst of them."
    )
    overdue: bool | None = Field(
        None, description="Only those where a due date has passed without an answer, or only the others."
    )
    period_from: date | None = Field(None, description="Only those that last until then or longer.")
    period_to: date | None = Field(None, description="Only those that have begun by then.")
    company_id: UUID | None = Field(None, description="Only those of this client company.")
    responsible_id: UUID | None = Field(None, description="Only those of this user.")
    organisation_id: UUID | None = Field(None, description="Only those of this organisation.")
    external_id: ExternalId | None = Field(None, description="Your own key, whole.")
    place: Annotated[Line, Field(max_length=100)] | None = Field(None, description="Part of the place of a slot.")
    q: Annotated[Line, Field(max_length=100)] | None = Field(
        None, description="Part of the title, the trainer, the external id or a client's name."
    )

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.period_from and self.period_to and self.period_to < self.period_from:
            raise ValueError("`period_to` is not before `period_from`")
        return self


class SessionQuery(ActionsQuery, SessionFilter):
    """Query of the list."""

    sort: SessionSort = SessionSort.CREATED_DESC


class SessionExportQuery(SessionFilter):
    """Query of the export that streams."""

    sort: SessionSort = SessionSort.CREATED_DESC


class SessionExportCreate(Input):
    """An export to be made in the background."""

    model_config = ConfigDict(json_schema_extra={"example": {"format": "xlsx", "filter": {"overdue": True}}})

    format: Literal["csv", "xlsx"]
    filter: SessionFilter = Field(default_factory=lambda: SessionFilter.model_validate({}))
    sort: SessionSort = SessionSort.CREATED_DESC


class SessionConfirmationCounts(Output):
    """Sessions by the worst of their clients."""

    declined: int
    to_confirm: int
    awaiting: int
    confirmed: int


class SessionStatusCounts(Output):
    """Sessions by status."""

    unplanned: int
    planned: int
    cancelled: int


class SessionCounts(Output):
    """How many sessions the filters leave."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "total": 12,
                "status": {"unplanned": 2, "planned": 9, "cancelled": 1},
                "confirmation": {"declined": 1, "to_confirm": 3, "awaiting": 2, "confirmed": 5},
                "without_clients": 1,
                "overdue": 1,
            }
        }
    )

    total: int
    status: SessionStatusCounts
    confirmation: SessionConfirmationCounts
    without_clients: int
    overdue: int
