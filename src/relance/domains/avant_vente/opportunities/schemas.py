"""Requests and responses about opportunities."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from relance.capabilities.directory.schemas import CompanyInput
from relance.core.schemas import (
    UNSET,
    ExternalId,
    GivenInstant,
    Input,
    Instant,
    Line,
    ListQuery,
    Output,
    Patch,
    Reference,
    RequiredLine,
)
from relance.domains.avant_vente.opportunities.kinds import OpportunityKind

EXAMPLE_ID = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"
_ERA = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _in_our_era(value: datetime) -> datetime:
    if not _ERA[0] <= value <= _ERA[1]:
        raise PydanticCustomError("out_of_era", "an instant between 1990 and 2200 is expected")
    return value


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise PydanticCustomError("finite_number", "a finite number is expected")
    return value


def _money(value: Decimal) -> float:
    return float(value)


Amount = Annotated[
    Decimal, Field(ge=0, max_digits=14, decimal_places=2), AfterValidator(_finite), WithJsonSchema({"type": "number"})
]
#: A number with two decimals, which every reader of JSON keeps exactly up to a trillion.
MoneyRead = Annotated[
    Decimal,
    PlainSerializer(_money, return_type=float, when_used="json"),
    WithJsonSchema({"type": "number"}, mode="serialization"),
]
ClosedAt = Annotated[GivenInstant, AfterValidator(_in_our_era)]

_WRITTEN: JsonDict = {
    "partner_organisation_id": EXAMPLE_ID,
    "company": {"name": "Fonderie Martin"},
    "title": "ERP de l’usine de Lille",
    "kind": "primo",
    "amount": 48000.5,
    "stage": "Qualification",
    "closed_at": None,
}
_READ: JsonDict = {
    "id": EXAMPLE_ID,
    "customer": {"id": EXAMPLE_ID, "name": "Fonderie Martin"},
    "partner_organisation": {"id": EXAMPLE_ID, "name": "Intégrateur du Nord"},
    "external_id": "OPP-1204",
    "title": "ERP de l’usine de Lille",
    "kind": "primo",
    "kind_label": "Primo",
    "amount": 48000.5,
    "stage": "Qualification",
    "open": True,
    "closed_at": None,
    "requestable": True,
    "created_at": "2027-11-02T09:30:00Z",
    "version": 1,
}


class OpportunitySort(StrEnum):
    """Orders of the list; ties end on the id."""

    CREATED_DESC = "-created_at"
    CREATED = "created_at"
    TITLE = "title"
    TITLE_DESC = "-title"
    CUSTOMER = "customer_name"
    CUSTOMER_DESC = "-customer_name"


class OpportunityReplace(Input):
    """All that can be written of an opportunity; what is absent is as its default says."""

    model_config = ConfigDict(json_schema_extra={"example": _WRITTEN})

    partner_organisation_id: UUID = Field(description="The partner that follows it; it does not change any more.")
    company: CompanyInput = Field(description="The customer.")
    title: RequiredLine
    kind: OpportunityKind = Field(
        OpportunityKind.PRIMO, description="`primo`: an intervention can be asked for on it; `other`: it cannot."
    )
    amount: Amount | None = Field(None, description="Without a currency: the workspace's.")
    stage: Line | None = Field(None, description="In the words of whoever follows it.")
    closed_at: ClosedAt | None = Field(None, description="When it was won, lost or given up; null while it is open.")


class OpportunityCreate(OpportunityReplace):
    """An opportunity to add."""

    external_id: ExternalId | None = Field(None, description="Your own key for this opportunity; unique.")


class OpportunityUpdate(Patch):
    """Changes to an opportunity (JSON merge patch)."""

    model_config = ConfigDict(json_schema_extra={"example": {"stage": "Négociation"}})

    external_id: ExternalId | None = None
    company: CompanyInput = UNSET
    title: RequiredLine = UNSET
    kind: OpportunityKind = UNSET
    amount: Amount | None = None
    stage: Line | None = None
    closed_at: ClosedAt | None = None


class OpportunityRead(Output):
    """A sale that a partner follows."""

    model_config = ConfigDict(json_schema_extra={"example": _READ})

    id: UUID
    customer: Reference
    partner_organisation: Reference
    external_id: str | None
    title: str
    kind: OpportunityKind
    kind_label: str
    amount: MoneyRead | None
    stage: str | None
    open: bool
    closed_at: Instant | None
    requestable: bool = Field(description="Whether the caller can ask for an intervention on it now.")
    created_at: Instant
    version: int = Field(description="Counts the changes; the ETag.")


class OpportunityQuery(ListQuery):
    """Query of the list (Suivi opportunités)."""

    q: Annotated[Line, Field(max_length=100)] | None = Field(
        None, description="Part of the title, the customer's name or the external id."
    )
    kind: OpportunityKind | None = Field(None, description="Only this kind.")
    open: bool | None = Field(None, description="Only the open ones, or only the closed ones.")
    organisation_id: UUID | None = Field(None, description="Only those of this partner.")
    company_id: UUID | None = Field(None, description="Only those of this customer.")
    external_id: ExternalId | None = Field(None, description="Your own key, whole.")
    sort: OpportunitySort = OpportunitySort.CREATED_DESC
