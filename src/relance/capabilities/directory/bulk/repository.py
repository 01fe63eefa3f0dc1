"""Every query of changes in bulk."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Text, any_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError

from relance.capabilities.directory.models import COMPANY_NAME, Company, Contact
from relance.capabilities.directory.repository import DirectoryRepository
from relance.core.bulk import among, change_all, insert_all
from relance.core.repository import Repository
from relance.core.search import folded

Entry = Company | Contact


def _equals_any(column: ColumnElement[str], values: Collection[str]) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column == any_(bindparam(None, list(values), ARRAY(Text()), unique=True))
    return found


class NamedCompany(NamedTuple):
    """What a row of a contact may name a company by."""

    id: UUID
    external_id: str | None
    match_key: str | None
    folded: str


class BulkRepository(Repository):
    """Entries of the session's workspace, many at a time."""

    async def contacts_known(
        self, ids: Collection[UUID], external_ids: Collection[str], emails: Collection[str]
    ) -> Sequence[Contact]:
        """The contacts that have one of those keys, locked in the order of their ids."""
        keys = [(Contact.id, ids), (Contact.external_id, external_ids), (Contact.email, emails)]
        ways = [among(column, list(values)) for column, values in keys if values]
        if not ways:
            return []
        statement = select(Contact).where(or_(*ways)).order_by(Contact.id).with_for_update()
        return (await self.session.scalars(statement)).all()

    async def companies_known(
        self, ids: Collection[UUID], external_ids: Collection[str], match_keys: Collection[str]
    ) -> Sequence[Company]:
        """The companies that have one of those keys, locked in the order of their ids."""
        keys = [(Company.id, ids), (Company.external_id, external_ids), (Company.match_key, match_keys)]
        ways = [among(column, list(values)) for column, values in keys if values]
        if not ways:
            return []
        return (
            await self.session.scalars(
                select(Company).where(or_(*ways)).order_by(Company.id).with_for_update(key_share=True)
            )
        ).all()

    async def companies_named(
        self, external_ids: Collection[str], match_keys: Collection[str], names: Collection[str]
    ) -> Sequence[NamedCompany]:
        """The keys of the companies that have one of those, or one of those folded names."""
        keys = [(Company.external_id, external_ids), (Company.match_key, match_keys)]
        ways: list[ColumnElement[bool]] = [among(column, list(values)) for column, values in keys if values]
        if names:
            ways.append(_equals_any(COMPANY_NAME, names))
        if not ways:
            return []
        shown = select(Company.id, Company.external_id, Company.match_key, COMPANY_NAME.label("folded"))
        found = await self.session.execute(shown.where(or_(*ways)).order_by(Company.id))
        return [NamedCompany(*row) for row in found]

    async def fold(self, names: Collection[str]) -> Mapping[str, str]:
        """Each of `names` as companies are compared by their names."""
        if not names:
            return {}
        # By PostgreSQL: what Python takes for the same letters is not quite the same.
        given = func.unnest(bindparam(None, list(names), ARRAY(Text()), unique=True)).column_valued("name")
        found = await self.session.execute(select(given, folded(given)))
        return {row[0]: row[1] for row in found}

    async def insert(self, model: type[Entry], rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
        """New entries, without those that have a key of another one; the ids of the new ones."""
        return await insert_all(self.session, model, rows, unless="")

    async def change(self, model: type[Entry], rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
        """Give entries their new values; the ids of those whose new keys are taken, which stay as they were."""
        if await self._changed(model, rows):
            return set()
        return {row["id"] for row in rows if not await self._changed(model, [row])}

    async def _changed(self, model: type[Entry], rows: Sequence[Mapping[str, Any]]) -> bool:
        try:
            async with self.session.begin_nested():
                await change_all(self.session, model, rows)
        except IntegrityError:
            return False
        return True

    async def remove_untouched(self, model: type[Entry], ids: Sequence[UUID]) -> set[UUID]:
        """Delete those of `ids` that nobody has changed or acted on and nothing refers to; the ids of those gone."""
        untouched = select(model.id).where(among(model.id, list(ids)), model.version == 1).with_for_update()
        if model is Contact:
            untouched = untouched.where(Contact.last_action_at.is_(None))
        wanted = list(await self.session.scalars(untouched))
        if await DirectoryRepository(self.session).remove(model, wanted) is None:
            return set(wanted)
        return {one for one in wanted if await DirectoryRepository(self.session).remove(model, [one]) is None}

    async def companies_of_import(self, import_id: UUID, after: UUID | None, limit: int) -> Sequence[UUID]:
        """The companies that an import has made, in the order of their ids."""
        statement = select(Company.id).where(Company.import_id == import_id).order_by(Company.id).limit(limit)
        return (await self.session.scalars(statement.where(Company.id > after) if after else statement)).all()
