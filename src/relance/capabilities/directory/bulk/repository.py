"""Every query of changes in bulk."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Text, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError

from relance.capabilities.directory.models import COMPANY_NAME, Company, Contact
from relance.capabilities.directory.repository import DirectoryRepository
from relance.core.bulk import among, change_all, insert_all
from relance.core.driver import Statement
from relance.core.repository import Repository
from relance.core.search import folded

Entry = Company | Contact


class NamedCompany(NamedTuple):
    """What a row of a contact may name a company by."""

    id: UUID
    external_id: str | None
    match_key: str | None
    folded: str


def _finding(table: str, **keys: tuple[str, str]) -> Statement:
    """Finds ids by any of several keys: for each, the expression that an index holds, and its type.

    Each value is looked up by itself (OFFSET 0): while a table fills, the planner, whose statistics lag behind, would
    rather compare every row with every value, and the next thousand rows cost more than the thousand before.
    """
    ways = (
        f"SELECT f.id FROM unnest(CAST(:{name} AS {type_}[])) AS k(value) CROSS JOIN LATERAL ("  # noqa: S608 - constants
        f"SELECT t.id FROM {table} t WHERE t.workspace_id = :workspace AND {expression} = k.value OFFSET 0) f"
        for name, (expression, type_) in keys.items()
    )
    return Statement(" UNION ".join(ways))


_CONTACTS = _finding(
    "contacts", ids=("t.id", "uuid"), external_ids=("t.external_id", "text"), emails=("t.email", "text")
)
_COMPANIES = _finding(
    "companies",
    ids=("t.id", "uuid"),
    external_ids=("t.external_id", "text"),
    match_keys=("t.match_key", "text"),
    names=("relance_fold(t.name)", "text"),
)


class BulkRepository(Repository):
    """Entries of the session's workspace, many at a time."""

    async def contacts_known(
        self, ids: Collection[UUID], external_ids: Collection[str], emails: Collection[str]
    ) -> Sequence[Contact]:
        """The contacts that have one of those keys, locked in the order of their ids."""
        found = await self._ids(_CONTACTS, ids=ids, external_ids=external_ids, emails=emails)
        if not found:
            return []
        statement = select(Contact).where(among(Contact.id, found)).order_by(Contact.id).with_for_update()
        return (await self.session.scalars(statement)).all()

    async def companies_known(
        self, ids: Collection[UUID], external_ids: Collection[str], match_keys: Collection[str]
    ) -> Sequence[Company]:
        """The companies that have one of those keys, locked in the order of their ids."""
        found = await self._ids(_COMPANIES, ids=ids, external_ids=external_ids, match_keys=match_keys, names=())
        if not found:
            return []
        return (
            await self.session.scalars(
                select(Company).where(among(Company.id, found)).order_by(Company.id).with_for_update(key_share=True)
            )
        ).all()

    async def companies_named(
        self, external_ids: Collection[str], match_keys: Collection[str], names: Collection[str]
    ) -> Sequence[NamedCompany]:
        """The keys of the companies that have one of those, or one of those folded names."""
        wanted = await self._ids(_COMPANIES, ids=(), external_ids=external_ids, match_keys=match_keys, names=names)
        if not wanted:
            return []
        shown = select(Company.id, Company.external_id, Company.match_key, COMPANY_NAME.label("folded"))
        found = await self.session.execute(shown.where(among(Company.id, wanted)).order_by(Company.id))
        return [NamedCompany(*row) for row in found]

    async def _ids(self, finding: Statement, **keys: Collection[Any]) -> list[UUID]:
        if not any(keys.values()):
            return []
        await self.session.flush()
        values = {name: list(value) for name, value in keys.items()}
        rows = await finding.rows(self.session, workspace=self.session.workspace_id, **values)
        return [row[0] for row in rows]

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
