"""Queries of the list, and its counts."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from relance.core.schemas import ActionsQuery, Input, Line, Output
from relance.domains.avant_vente.states import RequestStatus


class RequestSort(StrEnum):
    """Orders of the list; ties end on the id."""

    CREATED_DESC = "-created_at"
    CREATED = "created_at"
    NUMBER_DESC = "-number"
    NUMBER = "number"
    WANTED_DESC = "-wanted_date"
    WANTED = "wanted_date"
    ACTION_DESC = "-last_action_at"
    ACTION = "last_action_at"
    CUSTOMER = "customer_name"
    CUSTOMER_DESC = "-customer_name"


class OpenFilter(StrEnum):
    """Which requests, by whether they are settled."""

    OPEN = "true"
    SETTLED = "false"
    ALL = "all"


class RequestFilter(Input):
    """Filters of the list, its counts and its exports."""

    open: OpenFilter = Field(
        OpenFilter.OPEN,
        description="`true`: « Demandes avant-vente en cours », those not settled; `false`: the settled ones; `all`.",
    )
    status: list[RequestStatus] = Field(
        default_factory=list, max_length=8, description="Repeatable; with `open` as it is, or `open=all`."
    )
    intervention_type_id: list[UUID] = Field(default_factory=list, max_length=50, description="Repeatable.")
    mine: bool = Field(False, description="Only those that the caller has made, submitted or handles.")
    organisation_id: UUID | None = Field(None, description="Only those of this partner.")
    opportunity_id: UUID | None = Field(None, description="Only those on this opportunity.")
    speaker_id: UUID | None = Field(None, description="Only those for which this speaker is wanted or proposed.")
    wanted_from: date | None = Field(None, description="Only those wanted on this date or later.")
    wanted_to: date | None = Field(None, description="Only those wanted by this date.")
    q: Annotated[Line, Field(max_length=100)] | None = Field(
        None, description="Part of the number, the opportunity's title, the customer's name or the place."
    )


class RequestQuery(ActionsQuery, RequestFilter):
    """Query of the list."""

    sort: RequestSort = RequestSort.CREATED_DESC


class RequestExportQuery(RequestFilter):
    """Query of the export that streams."""

    sort: RequestSort = RequestSort.CREATED_DESC


class RequestExportCreate(Input):
    """An export to be made in the background."""

    model_config = ConfigDict(json_schema_extra={"example": {"format": "xlsx", "filter": {"open": "all"}}})

    format: Literal["csv", "xlsx"]
    filter: RequestFilter = Field(default_factory=lambda: RequestFilter.model_validate({}))
    sort: RequestSort = RequestSort.CREATED_DESC


class RequestStatusCounts(Output):
    """Requests by status."""

    draft: int
    to_process: int
    in_progress: int
    scheduled: int
    awaiting_info: int
    completed: int
    refused: int
    cancelled: int


class RequestCounts(Output):
    """How many requests the filters leave."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "total": 9,
                "status": {
                    "draft": 1,
                    "to_process": 3,
                    "in_progress": 2,
                    "scheduled": 2,
                    "awaiting_info": 1,
                    "completed": 0,
                    "refused": 0,
                    "cancelled": 0,
                },
            }
        }
    )

    total: int
    status: RequestStatusCounts
