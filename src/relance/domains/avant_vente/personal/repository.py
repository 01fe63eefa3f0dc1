"""Which rows of pre-sales are about a person's company: the domain itself asks colleagues and partners only."""

from typing import Any

from sqlalchemy import ColumnElement, exists

from relance.core.personal import Person
from relance.domains.avant_vente.models import AvantVenteRequest, Opportunity


def requests(person: Person) -> ColumnElement[bool]:
    """Requests about a sale to the person's company."""
    return exists().where(
        Opportunity.workspace_id == AvantVenteRequest.workspace_id,
        Opportunity.id == AvantVenteRequest.opportunity_id,
        Opportunity.company_id == person.company_id,
    )


def of_requests(model: type[Any], person: Person) -> ColumnElement[bool]:
    """What belongs to such requests."""
    return exists().where(
        AvantVenteRequest.workspace_id == model.workspace_id,
        AvantVenteRequest.id == model.request_id,
        Opportunity.workspace_id == AvantVenteRequest.workspace_id,
        Opportunity.id == AvantVenteRequest.opportunity_id,
        Opportunity.company_id == person.company_id,
    )
