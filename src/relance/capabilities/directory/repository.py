"""Every query of the directory."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.dialects.postgresql import insert

from relance.capabilities.directory.models import (
    COMPANY_NAME,
    CONTACT_FIRST_NAME,
    CONTACT_NAME,
    Company,
    Contact,
)
from relance.capabilities.directory.schemas import CompanyFilter, ContactFilter
from relance.core.ids import new_id
from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import Repository, fetch_page
from relance.core.search import folded, holds

_COMPANY_SORTS = {"name": SortKey("name", COMPANY_NAME), "created_at": SortKey("created_at", Company.created_at)}
_CONTACT_SORTS = {
    "last_name": SortKey("last_name", CONTACT_NAME),
    "created_at": SortKey("created_at", Contact.created_at),
}


class DirectoryRepository(Repository):
    """Companies and contacts of the session's workspace."""

    async def company(self, company_id: UUID, *, lock: bool = False) -> Company | None:
        """The company with that id; locked until the end of the transaction where asked."""
        return await self._one_company(Company.id == company_id, lock=lock)

    async def _one_company(self, wanted: ColumnElement[bool], *, lock: bool) -> Company | None:
        statement = select(Company).where(wanted)
        if lock:
            # FOR NO KEY UPDATE: rows that come to point to it, invitations for one, are not held up by a change, and so
            # never wait for it while it waits for them.
            statement = statement.with_for_update(key_share=True)
        return (await self.session.scalars(statement)).one_or_none()

    async def companies(self, ids: Collection[UUID]) -> dict[UUID, Company]:
        """The companies with those ids, by id."""
        found = await self.session.scalars(select(Company).where(Company.id.in_(ids)))
        return {company.id: company for company in found}

    async def company_by_match_key(self, match_key: str, *, lock: bool = False) -> Company | None:
        """The company with that identity."""
        return await self._one_company(Company.match_key == match_key, lock=lock)

    async def companies_by_match_key(self, match_keys: Collection[str]) -> dict[str, Company]:
        """The companies with those identities."""
        found = await self.session.scalars(select(Company).where(Company.match_key.in_(match_keys)))
        return {company.match_key: company for company in found if company.match_key is not None}

    async def insert_companies(self, values: Sequence[dict[str, object]], now: datetime) -> Sequence[Company]:
        """New companies, without those whose identity or external id exists.

        Given in the order of their identities, two transactions that add the same companies never wait for each other
        in a circle.
        """
        own = {"workspace_id": self.session.workspace_id, "version": 1, "created_at": now}
        statement = (
            insert(Company)
            .values([{**own, "id": new_id(), **row} for row in values])
            .on_conflict_do_nothing()
            .returning(Company)
        )
        return (await self.session.scalars(statement)).all()

    async def company_by_external_id(self, external_id: str, *, lock: bool = False) -> Company | None:
        """The company with that key of the partner."""
        return await self._one_company(Company.external_id == external_id, lock=lock)

    async def insert_company(self, values: dict[str, object], now: datetime) -> Company | None:
        """A new company, or None where one with its identity or its external id exists.

        Two transactions that add the same company at once: the later waits for the earlier, then gets None.
        """
        return next(iter(await self.insert_companies([values], now)), None)

    async def company_page(self, filters: CompanyFilter, request: PageRequest) -> Slice[Company]:
        """One page of the companies that fit `filters`."""
        statement = select(Company)
        if filters.q:
            digits = "".join(filters.q.split())
            statement = statement.where(
                or_(
                    holds(COMPANY_NAME, filters.q),
                    Company.id_value.contains(digits.upper(), autoescape=True),
                    holds(folded(Company.external_id), filters.q),
                )
            )
        if filters.external_id is not None:
            statement = statement.where(Company.external_id == filters.external_id)
        if filters.id_scheme:
            statement = statement.where(Company.id_scheme.in_(filters.id_scheme))
        page = await fetch_page(self.session, statement, request, _COMPANY_SORTS[request.key], Company.id)
        return Slice([row[0] for row in page.rows], page.next)

    async def contact(self, contact_id: UUID, *, lock: bool = False) -> Contact | None:
        """The contact with that id; locked until the end of the transaction where asked."""
        statement = select(Contact).where(Contact.id == contact_id)
        return (await self.session.scalars(statement.with_for_update() if lock else statement)).one_or_none()

    async def contact_by_email(self, company_id: UUID, email: str) -> Contact | None:
        """The contact of that company with that address."""
        statement = select(Contact).where(Contact.company_id == company_id, Contact.email == email)
        return (await self.session.scalars(statement)).one_or_none()

    async def contact_by_external_id(self, external_id: str, *, lock: bool = False) -> Contact | None:
        """The contact with that key of the partner."""
        statement = select(Contact).where(Contact.external_id == external_id)
        return (await self.session.scalars(statement.with_for_update() if lock else statement)).one_or_none()

    async def insert_contact(self, values: dict[str, object], now: datetime) -> Contact | None:
        """A new contact, or None where the company has one with that address, or another one has the external id."""
        statement = (
            insert(Contact)
            .values(workspace_id=self.session.workspace_id, id=new_id(), version=1, created_at=now, **values)
            .on_conflict_do_nothing()
            .returning(Contact)
        )
        return (await self.session.scalars(statement)).one_or_none()

    async def contact_page(self, filters: ContactFilter, request: PageRequest) -> Slice[Contact]:
        """One page of the contacts that fit `filters`."""
        statement = select(Contact)
        if filters.q:
            statement = statement.where(
                or_(
                    holds(CONTACT_NAME, filters.q),
                    holds(CONTACT_FIRST_NAME, filters.q),
                    Contact.email.contains(filters.q.lower(), autoescape=True),
                )
            )
        if filters.company_id:
            statement = statement.where(Contact.company_id.in_(filters.company_id))
        if filters.email is not None:
            statement = statement.where(Contact.email == filters.email)
        if filters.external_id is not None:
            statement = statement.where(Contact.external_id == filters.external_id)
        if filters.active is not None:
            statement = statement.where(Contact.active.is_(filters.active))
        page = await fetch_page(self.session, statement, request, _CONTACT_SORTS[request.key], Contact.id)
        return Slice([row[0] for row in page.rows], page.next)
