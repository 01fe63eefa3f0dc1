"""Every query of the directory."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    Text,
    Uuid,
    and_,
    cast,
    column,
    delete,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from relance.capabilities.directory.models import (
    COMPANY_NAME,
    CONTACT_FIRST_NAME,
    CONTACT_LAST_ACTION,
    CONTACT_NAME,
    Company,
    Contact,
)
from relance.capabilities.directory.schemas import CompanyCriteria, CompanyFilter, ContactCriteria, ContactFilter
from relance.core.bulk import among
from relance.core.driver import Statement, columns_of, read_as
from relance.core.ids import new_id
from relance.core.pagination import AnySelect, PageRequest, Slice, SortKey
from relance.core.repository import Repository, affected, fetch_page
from relance.core.search import folded, holds

#: Of the room above by name only: who looks after something is shown with it, and nothing else is asked of it.
_PEOPLE = table("users", column("workspace_id", Uuid), column("id", Uuid), column("name", Text))
#: A number as people write it; the last nine figures are those that every way of writing it has.
_PHONE = re.compile(r"[\d\s().+/-]{4,30}\Z")
#: PostgreSQL's word for a row that others refer to.
_REFERRED_TO = "23503"

COMPANY_SORTS = {"name": SortKey("name", COMPANY_NAME), "created_at": SortKey("created_at", Company.created_at)}
CONTACT_SORTS = {
    "last_name": SortKey("last_name", CONTACT_NAME),
    "created_at": SortKey("created_at", Contact.created_at),
    "last_action_at": SortKey("last_action_at", CONTACT_LAST_ACTION),
}


_BY_IDS = Statement(
    f"SELECT {columns_of(Company)} FROM companies "  # noqa: S608 - names of our models
    "WHERE workspace_id = :workspace AND id = ANY(CAST(:ids AS uuid[]))"
)


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
        """The companies with those ids, by id: to be read."""
        found = await read_as(self.session, Company, _BY_IDS, workspace=self.session.workspace_id, ids=list(ids))
        return {company.id: company for company in found}

    async def lock_companies(self, ids: Collection[UUID]) -> dict[UUID, Company]:
        """The companies with those ids, by id; locked in the order of their ids, as `company` locks one."""
        statement = select(Company).where(among(Company.id, list(ids))).order_by(Company.id)
        found = await self.session.scalars(statement.with_for_update(key_share=True))
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
        statement = narrowed_companies(select(Company), filters)
        page = await fetch_page(self.session, statement, request, COMPANY_SORTS[request.key], Company.id)
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
        statement = narrowed_contacts(select(Contact), filters)
        page = await fetch_page(self.session, statement, request, CONTACT_SORTS[request.key], Contact.id)
        return Slice([row[0] for row in page.rows], page.next)

    async def contacts(self, ids: Collection[UUID], *, lock: bool = False) -> dict[UUID, Contact]:
        """The contacts with those ids, by id; locked in the order of their ids where asked."""
        statement = select(Contact).where(among(Contact.id, list(ids))).order_by(Contact.id)
        found = await self.session.scalars(statement.with_for_update() if lock else statement)
        return {contact.id: contact for contact in found}

    # --- names -----------------------------------------------------------------------------------------------------

    async def company_names(self, ids: Collection[UUID]) -> dict[UUID, str]:
        """The names of companies."""
        if not ids:
            return {}
        found = await self.session.execute(select(Company.id, Company.name).where(among(Company.id, list(ids))))
        return {row.id: row.name for row in found}

    async def people(self, ids: Collection[UUID]) -> dict[UUID, str]:
        """The names of those of `ids` who are users of this workspace."""
        if not ids:
            return {}
        found = await self.session.execute(
            select(_PEOPLE.c.id, _PEOPLE.c.name).where(
                _PEOPLE.c.workspace_id == self.session.workspace_id, among(_PEOPLE.c.id, list(ids))
            )
        )
        return {row.id: row.name for row in found}

    # --- what may be the same ---------------------------------------------------------------------------------------

    async def contacts_like(
        self, email: str | None, name: tuple[str, str, UUID] | None, limit: int
    ) -> Sequence[Contact]:
        """Contacts with that address anywhere, or with that first and last name at that company."""
        ways: list[ColumnElement[bool]] = []
        if email is not None:
            ways.append(_has_address(Contact, email))
        if name is not None:
            first, last, company_id = name
            ways.append(
                and_(
                    Contact.company_id == company_id,
                    folded(cast(last, Text())) == CONTACT_NAME,
                    folded(cast(first, Text())) == CONTACT_FIRST_NAME,
                )
            )
        if not ways:
            return []
        statement = select(Contact).where(or_(*ways)).order_by(Contact.id).limit(limit)
        return (await self.session.scalars(statement)).all()

    async def companies_like(self, email: str | None, name: str | None, limit: int) -> Sequence[Company]:
        """Companies with that address, or with that name."""
        ways: list[ColumnElement[bool]] = []
        if email is not None:
            ways.append(_has_address(Company, email))
        if name is not None:
            ways.append(folded(cast(name, Text())) == COMPANY_NAME)
        if not ways:
            return []
        statement = select(Company).where(or_(*ways)).order_by(Company.id).limit(limit)
        return (await self.session.scalars(statement)).all()

    # --- deletion --------------------------------------------------------------------------------------------------

    async def contacts_of(self, company_id: UUID) -> Sequence[Contact]:
        """The contacts of a company, locked."""
        statement = select(Contact).where(Contact.company_id == company_id).order_by(Contact.id).with_for_update()
        return (await self.session.scalars(statement)).all()

    async def addresses_taken(self, company_id: UUID, emails: Collection[str]) -> set[str]:
        """Those of `emails` that a contact of that company has."""
        found = await self.session.scalars(
            select(Contact.email).where(Contact.company_id == company_id, among(Contact.email, list(emails)))
        )
        return {email for email in found if email is not None}

    async def move_contacts(self, company_id: UUID, new_company_id: UUID) -> int:
        """Give all contacts of a company to another one."""
        return await affected(
            self.session,
            update(Contact)
            .where(Contact.company_id == company_id)
            .values(company_id=new_company_id, version=Contact.version + 1),
        )

    async def remove(self, model: type[Company | Contact], ids: Collection[UUID]) -> str | None:
        """Delete rows, all or none of them.

        Returns:
            None when they are gone; else the table whose rows refer to one of them.
        """
        try:
            async with self.session.begin_nested():
                await affected(self.session, delete(model).where(among(model.id, list(ids))))
        except IntegrityError as refused:
            if getattr(refused.orig, "sqlstate", None) != _REFERRED_TO:
                raise
            cause = getattr(refused.orig, "__cause__", None)
            return str(getattr(cause, "table_name", None) or "")
        return None


def _has_address(model: type[Company | Contact], email: str) -> ColumnElement[bool]:
    return or_(model.email == email, model.other_emails.contains([email]))


def _shared_filters(
    statement: AnySelect, model: type[Company | Contact], filters: CompanyCriteria | ContactCriteria
) -> AnySelect:
    """`statement` with what both lists are filtered by."""
    if filters.q:
        statement = statement.where(_words(model.search_text, filters.q))
    if filters.assigned_to:
        statement = statement.where(model.assigned_to.in_(filters.assigned_to))
    if filters.unassigned is not None:
        nobody = model.assigned_to.is_(None)
        statement = statement.where(nobody if filters.unassigned else ~nobody)
    if filters.tag:
        statement = statement.where(model.tags.contains(filters.tag))
    for given in filters.custom_field:
        name, _, value = given.partition(":")
        ways = [model.custom_fields.contains({name: one}) for one in _readings(value)]
        statement = statement.where(or_(*ways))
    return statement


def narrowed_companies(statement: AnySelect, filters: CompanyCriteria) -> AnySelect:
    """`statement`, about companies, with the filters of their list."""
    statement = _shared_filters(statement, Company, filters)
    if filters.external_id is not None:
        statement = statement.where(Company.external_id == filters.external_id)
    if filters.id_scheme:
        statement = statement.where(Company.id_scheme.in_(filters.id_scheme))
    return statement


def narrowed_contacts(statement: AnySelect, filters: ContactCriteria) -> AnySelect:
    """`statement`, about contacts, with the filters of their list."""
    statement = _shared_filters(statement, Contact, filters)
    if filters.company_id:
        statement = statement.where(Contact.company_id.in_(filters.company_id))
    if filters.email is not None:
        statement = statement.where(_has_address(Contact, filters.email))
    if filters.status:
        statement = statement.where(Contact.status.in_(filters.status))
    if filters.external_id is not None:
        statement = statement.where(Contact.external_id == filters.external_id)
    if filters.active is not None:
        statement = statement.where(Contact.active.is_(filters.active))
    if filters.gdpr:
        statement = statement.where(Contact.gdpr_status.in_(filters.gdpr))
    if filters.gdpr_empties_before is not None:
        statement = statement.where(Contact.gdpr_empties_at <= filters.gdpr_empties_before)
    return statement


def _words(searched: SQLColumnExpression[Any], q: str) -> ColumnElement[bool]:
    """Whether `searched` holds every word of `q`; or `q` as a number, however it is written."""
    every = and_(*(holds(searched, word) for word in q.split()))
    if not _PHONE.match(q):
        return every
    digits = "".join(char for char in q if char.isdigit()).lstrip("0")
    return or_(every, holds(searched, digits)) if len(digits) >= 3 else every


def _readings(value: str) -> list[object]:
    """What a filter's text may stand for in JSON: a text, a number, true or false, one of a list."""
    found: list[object] = [value, [value]]
    if value in {"true", "false"}:
        found.append(value == "true")
    if re.fullmatch(r"-?\d{1,15}", value):
        found.append(int(value))
    elif re.fullmatch(r"-?\d{1,15}\.\d{1,6}", value):
        found.append(float(value))
    return found
