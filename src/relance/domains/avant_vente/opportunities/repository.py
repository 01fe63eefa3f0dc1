"""Every query about opportunities."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, false, or_, select, true
from sqlalchemy.dialects.postgresql import insert

from relance.capabilities.directory.models import COMPANY_NAME, Company
from relance.capabilities.identity.models import Organisation, OrganisationKind
from relance.core.ids import new_id
from relance.core.pagination import AnySelect, PageRequest, Slice, SortKey
from relance.core.repository import Repository, fetch_page
from relance.core.search import folded, holds
from relance.core.security import Caller, Level
from relance.domains.avant_vente.models import OPPORTUNITY_TITLE, Opportunity
from relance.domains.avant_vente.opportunities.schemas import OpportunityQuery
from relance.domains.avant_vente.permissions import READ


@dataclass(frozen=True, slots=True)
class OpportunityRow:
    """An opportunity with the names around it."""

    opportunity: Opportunity
    company: Company
    organisation_name: str


def _joined() -> AnySelect:
    workspace = Opportunity.workspace_id
    return (
        select(Opportunity, Company, Organisation.name)
        .join(Company, and_(Company.workspace_id == workspace, Company.id == Opportunity.company_id))
        .join(
            Organisation,
            and_(Organisation.workspace_id == workspace, Organisation.id == Opportunity.partner_organisation_id),
        )
    )


def visible(caller: Caller) -> ColumnElement[bool]:
    """Which opportunities `caller` may read: those of its partners; at level all every one."""
    level = caller.level(READ)
    if level is Level.NONE:
        return false()
    return true() if level is Level.ALL else Opportunity.partner_organisation_id.in_(caller.organisation_ids)


def _matching(wanted: OpportunityQuery, caller: Caller) -> list[ColumnElement[bool]]:
    found = [visible(caller)]
    if wanted.kind is not None:
        found.append(Opportunity.kind == wanted.kind.value)
    if wanted.open is not None:
        found.append(Opportunity.closed_at.is_(None) if wanted.open else Opportunity.closed_at.is_not(None))
    if wanted.organisation_id is not None:
        found.append(Opportunity.partner_organisation_id == wanted.organisation_id)
    if wanted.company_id is not None:
        found.append(Opportunity.company_id == wanted.company_id)
    if wanted.external_id is not None:
        found.append(Opportunity.external_id == wanted.external_id)
    if wanted.q and wanted.q.strip():
        texts = (OPPORTUNITY_TITLE, COMPANY_NAME, folded(Opportunity.external_id))
        found.append(or_(*(holds(text, wanted.q.strip()) for text in texts)))
    return found


_SORTS: dict[str, SQLColumnExpression[Any]] = {
    "created_at": Opportunity.created_at,
    "title": OPPORTUNITY_TITLE,
    "customer_name": COMPANY_NAME,
}


class OpportunityRepository(Repository):
    """Opportunities of the session's workspace."""

    async def page(self, wanted: OpportunityQuery, caller: Caller, request: PageRequest) -> Slice[OpportunityRow]:
        """One page of the list."""
        key = SortKey(request.key, _SORTS[request.key])
        statement = _joined().where(*_matching(wanted, caller))
        found = await fetch_page(self.session, statement, request, key, Opportunity.id)
        return Slice([OpportunityRow(*row[:3]) for row in found.rows], found.next)

    async def find(self, opportunity_id: UUID, caller: Caller, *, lock: bool = False) -> OpportunityRow | None:
        """The opportunity, where the caller may read it."""
        return await self._one(Opportunity.id == opportunity_id, visible(caller), lock=lock)

    async def by_external_id(self, external_id: str, caller: Caller, *, lock: bool = False) -> OpportunityRow | None:
        """The opportunity with that key, where the caller may read it."""
        return await self._one(Opportunity.external_id == external_id, visible(caller), lock=lock)

    async def taken(self, external_id: str) -> UUID | None:
        """The opportunity with that key, whoever may read it."""
        return await self.session.scalar(select(Opportunity.id).where(Opportunity.external_id == external_id))

    async def insert(self, values: Mapping[str, object]) -> UUID | None:
        """A new opportunity; None where another one has its external id."""
        own = {"workspace_id": self.session.workspace_id, "id": new_id(), "version": 1}
        statement = insert(Opportunity).values({**own, **values}).on_conflict_do_nothing()
        return await self.session.scalar(statement.returning(Opportunity.id))

    async def is_partner(self, organisation_id: UUID) -> bool | None:
        """Whether that organisation is a partner in use; None where there is none."""
        statement = select(Organisation).where(Organisation.id == organisation_id)
        found = await self.session.scalar(statement)
        return found.active and found.kind == OrganisationKind.PARTNER if found is not None else None

    async def partners(self, caller: Caller, *, everywhere: bool) -> Mapping[str, UUID]:
        """The partners in use that the caller may name in a file, by their names."""
        statement = select(Organisation.name, Organisation.id).where(
            Organisation.kind == OrganisationKind.PARTNER.value, Organisation.active.is_(True)
        )
        if not everywhere:
            statement = statement.where(Organisation.id.in_(caller.organisation_ids))
        return {row[0]: row[1] for row in await self.session.execute(statement)}

    async def _one(self, *conditions: ColumnElement[bool], lock: bool) -> OpportunityRow | None:
        statement = _joined().where(*conditions).execution_options(populate_existing=True)
        row = (await self.session.execute(statement.with_for_update(of=Opportunity) if lock else statement)).first()
        return OpportunityRow(*row[:3]) if row is not None else None
