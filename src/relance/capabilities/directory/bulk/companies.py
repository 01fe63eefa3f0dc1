"""Companies in bulk: as entries of their own, and as what contacts are at."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from relance.capabilities.directory.bulk.repository import BulkRepository, NamedCompany
from relance.capabilities.directory.bulk.wanted import (
    Change,
    CompanyKey,
    Done,
    Mode,
    Outcome,
    Pending,
    WantedEntry,
    fault,
    lacks,
)
from relance.capabilities.directory.identifiers import identity_columns
from relance.capabilities.directory.models import Company
from relance.capabilities.directory.watchers import Identity, IdentityChange, IdentityWatcher, name_key
from relance.capabilities.journal.service import Entry, Journal
from relance.core.clock import Clock
from relance.core.custom_fields import merged
from relance.core.db import DbSession
from relance.core.errors import ValidationFailed
from relance.core.ids import new_id
from relance.core.subjects import ActorRef, SubjectRef

#: Companies remembered from batch to batch.
_MOST_CACHED = 50_000
_DEFAULTS: Mapping[str, Any] = {
    "external_id": None,
    "country": None,
    "id_scheme": None,
    "id_value": None,
    "match_key": None,
    "email": None,
    "other_emails": [],
    "phone": None,
    "other_phones": [],
    "assigned_to": None,
    "tags": [],
    "custom_fields": {},
    "registered_at": None,
}


class CompanyCache:
    """What companies are called, from one batch to the next: a file has many contacts of few companies."""

    def __init__(self) -> None:
        self._ids: dict[str, UUID] = {}

    def find(self, key: CompanyKey) -> UUID | None:
        """The company that was found under that key before."""
        return self._ids.get(_mark(key))

    def keep(self, key: CompanyKey, company_id: UUID) -> None:
        """Remember what was found."""
        if len(self._ids) >= _MOST_CACHED:
            self._ids.clear()
        self._ids[_mark(key)] = company_id


class _Named:
    """Companies by each of the keys that a row of a contact may name them by."""

    def __init__(self, companies: Sequence[NamedCompany], folded: Mapping[str, str]) -> None:
        self.folded = folded
        self._by_external_id = {one.external_id: one.id for one in companies if one.external_id}
        self._by_match_key = {one.match_key: one.id for one in companies if one.match_key}
        self._by_name: dict[str, list[UUID]] = {}
        for one in companies:
            self._by_name.setdefault(one.folded, []).append(one.id)

    def find(self, key: CompanyKey) -> UUID | ValidationFailed | None:
        """The company that a row of a contact names."""
        if key.external_id and (found := self._by_external_id.get(key.external_id)):
            return found
        if key.identity and (found := self._by_match_key.get(key.identity.match_key)):
            return found
        if key.external_id or key.identity or key.name is None:
            return None
        named = self._by_name.get(self.folded[key.name], [])
        if len(named) > 1:
            return fault("company", "ambiguous_company")
        return named[0] if named else None


class CompaniesInBulk:
    """Companies of the session's workspace, many at a time."""

    def __init__(
        self,
        session: DbSession,
        clock: Clock,
        actor: ActorRef,
        import_id: UUID | None = None,
        cache: CompanyCache | None = None,
        watchers: Sequence[IdentityWatcher] = (),
    ) -> None:
        self._session = session
        self._clock = clock
        self._actor = actor
        self._import_id = import_id
        self._cache = cache or CompanyCache()
        self._watchers = watchers
        self._rows = BulkRepository(session)

    async def locate(self, keys: Sequence[CompanyKey | None], *, create: bool) -> list[UUID | ValidationFailed | None]:
        """The companies that rows of contacts name, those that are not known added where `create` says so.

        Returns:
            In the order of `keys`: an id, why there is none, or None where the row names no company.
        """
        named = await self._named([key for key in keys if key is not None and self._cache.find(key) is None])
        fresh: dict[str, dict[str, Any]] = {}
        found: list[UUID | ValidationFailed | str | None] = []
        for key in keys:
            known = None if key is None else self._cache.find(key) or named.find(key)
            if key is None or known is not None:
                found.append(known)
            elif not create or key.name is None:
                found.append(fault("company", "unknown_company"))
            else:
                found.append(self._plan(key, named, fresh))
        added = await self._add(list(fresh.values()))
        made = {mark: row["id"] for mark, row in fresh.items() if row["id"] in added}
        settled = [(made.get(one) or fault("company", "duplicate")) if isinstance(one, str) else one for one in found]
        for key, company_id in zip(keys, settled, strict=True):
            if key is not None and isinstance(company_id, UUID):
                self._cache.keep(key, company_id)
        return settled

    async def _named(self, keys: Sequence[CompanyKey]) -> _Named:
        folded = await self._rows.fold({key.name for key in keys if key.name})
        companies = await self._rows.companies_named(
            {key.external_id for key in keys if key.external_id},
            {key.identity.match_key for key in keys if key.identity},
            set(folded.values()),
        )
        return _Named(companies, folded)

    def _plan(self, key: CompanyKey, named: _Named, fresh: dict[str, dict[str, Any]]) -> str:
        mark = key.external_id or (key.identity.match_key if key.identity else None) or named.folded[key.name or ""]
        if mark not in fresh:
            values = {"name": key.name, "external_id": key.external_id, **identity_columns(key.identity)}
            fresh[mark] = self._row(values)
        return mark

    async def settle(self, wanted: Sequence[WantedEntry], mode: Mode) -> list[Outcome]:
        """Make or change the companies that rows ask for."""
        known = _Known(
            await self._rows.companies_known(
                [one.id for one in wanted if one.id],
                {one.external_id for one in wanted if one.external_id},
                {one.company.identity.match_key for one in wanted if one.company.identity},
            )
        )
        outcomes: list[Outcome | None] = []
        new: dict[int, dict[str, Any]] = {}
        before = {one.id: Identity.of(one) for one in known.by_id.values()}
        pending, changes = Pending(_COLUMNS), dict[int, UUID]()
        for at, one in enumerate(wanted):
            outcomes.append(None)
            row = _match(one, known)
            if isinstance(row, ValidationFailed):
                outcomes[at] = row
            elif row is None and mode is Mode.UPDATE:
                outcomes[at] = fault("name", "not_found")
            elif row is None and one.company.name is None:
                outcomes[at] = fault("name", "missing")
            elif row is None and (lacking := lacks(one)) is not None:
                outcomes[at] = lacking
            elif row is None:
                new[at] = self._row({**one.values, "custom_fields": merged({}, one.custom_fields)})
            elif mode is Mode.CREATE:
                outcomes[at] = fault("name", "already_known")
            elif pending.change(row, one, {}):
                changes[at] = row.id
            else:
                outcomes[at] = Done(Change.UNCHANGED, row.id)
        added = await self._add(list(new.values()))
        taken = await self._rows.change(Company, list(pending.changed.values()))
        for at, values in new.items():
            clash = fault("local_id" if values["match_key"] else "external_id", "duplicate")
            outcomes[at] = Done(Change.CREATED, values["id"]) if values["id"] in added else clash
        for at, row_id in changes.items():
            outcomes[at] = fault("external_id", "duplicate") if row_id in taken else Done(Change.UPDATED, row_id)
        await self._record("company.changed", [one for one in pending.changed if one not in taken])
        for company_id, state in pending.changed.items():
            parts = before[company_id].parts_changed(Identity(state["match_key"], name_key(state["name"])))
            if parts and company_id not in taken:
                await self._tell(IdentityChange(company_id, parts))
        return [one for one in outcomes if one is not None]

    async def _tell(self, change: IdentityChange) -> None:
        for watcher in self._watchers:
            await watcher.identity_changed(self._session, change, self._actor)

    def _row(self, values: Mapping[str, Any]) -> dict[str, Any]:
        own = {"workspace_id": self._session.workspace_id, "id": new_id(), "version": 1}
        made = {"created_at": self._clock.now(), "import_id": self._import_id}
        return {**own, **made, "name": None, **_DEFAULTS, **values}

    async def _add(self, rows: Sequence[dict[str, Any]]) -> set[UUID]:
        ids = await self._rows.insert(Company, rows)
        await self._record("company.created", [row["id"] for row in rows if row["id"] in ids])
        return ids

    async def _record(self, action: str, ids: Sequence[UUID]) -> None:
        entries = [Entry(action, SubjectRef("company", one), company_id=one) for one in ids]
        await Journal(self._session, self._clock).record_all(entries, self._actor)


#: What a change writes; the others stay.
_COLUMNS = ("name", *(name for name in _DEFAULTS if name != "registered_at"))


class _Known:
    """Companies by each of the keys that a row of a company may have."""

    def __init__(self, companies: Sequence[Company]) -> None:
        self.by_id = {one.id: one for one in companies}
        self.by_external_id = {one.external_id: one for one in companies if one.external_id}
        self.by_match_key = {one.match_key: one for one in companies if one.match_key}


def _mark(key: CompanyKey) -> str:
    return f"{key.external_id}/{key.identity.match_key if key.identity else None}/{key.name}"


def _match(wanted: WantedEntry, known: _Known) -> Company | ValidationFailed | None:
    """The company that a row is about."""
    if wanted.id is not None:
        return known.by_id.get(wanted.id) or fault("id", "unknown_id")
    if wanted.external_id and (found := known.by_external_id.get(wanted.external_id)):
        return found
    identity = wanted.company.identity
    return known.by_match_key.get(identity.match_key) if identity else None
