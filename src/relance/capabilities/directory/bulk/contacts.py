"""Contacts in bulk."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from relance.capabilities.directory.bulk.companies import CompaniesInBulk, CompanyCache
from relance.capabilities.directory.bulk.repository import BulkRepository
from relance.capabilities.directory.bulk.wanted import Change, Done, Mode, Outcome, Pending, WantedEntry, fault, lacks
from relance.capabilities.directory.forgotten import Forgotten, PersonKey, keys_of
from relance.capabilities.directory.models import Contact
from relance.capabilities.journal.service import Entry, Journal
from relance.core.clock import Clock
from relance.core.custom_fields import merged
from relance.core.db import DbSession
from relance.core.errors import ValidationFailed
from relance.core.ids import new_id
from relance.core.keys import KeyRing
from relance.core.subjects import ActorRef, SubjectRef

_DEFAULTS: Mapping[str, Any] = {
    "external_id": None,
    "email": None,
    "other_emails": [],
    "phone": None,
    "other_phones": [],
    "assigned_to": None,
    "tags": [],
    "custom_fields": {},
    "active": True,
    "status": None,
    "locale": "fr",
}
#: What a change writes; the others stay.
_COLUMNS = ("company_id", "first_name", "last_name", *_DEFAULTS)
_REQUIRED = ("last_name", "first_name")


class _Known:
    """Contacts by each of their keys."""

    def __init__(self, contacts: Sequence[Contact]) -> None:
        self.by_id = {one.id: one for one in contacts}
        self.by_external_id = {one.external_id: one for one in contacts if one.external_id}
        self.by_email: dict[str, list[Contact]] = {}
        for one in contacts:
            if one.email is not None:
                self.by_email.setdefault(one.email, []).append(one)

    def match(self, wanted: WantedEntry, company_id: UUID | None) -> Contact | ValidationFailed | None:
        """The contact that a row is about: by id, else by external id, else by address, at its company first."""
        if wanted.id is not None:
            return self.by_id.get(wanted.id) or fault("id", "unknown_id")
        if wanted.external_id is not None:
            found = self.by_external_id.get(wanted.external_id)
            if found is not None:
                return found
        if wanted.email is None:
            return None
        # Whoever has a key of their own is another person than the row with another key.
        same = [
            one for one in self.by_email.get(wanted.email, []) if wanted.external_id is None or one.external_id is None
        ]
        here = [one for one in same if one.company_id == company_id]
        if here or len(same) <= 1:
            return next(iter(here or same), None)
        return fault("email", "ambiguous")


class ContactsInBulk:
    """Contacts of the session's workspace, many at a time."""

    def __init__(
        self,
        session: DbSession,
        clock: Clock,
        actor: ActorRef,
        import_id: UUID | None = None,
        cache: CompanyCache | None = None,
        *,
        keys: KeyRing,
    ) -> None:
        self._forgotten = Forgotten(session, keys)
        self._session = session
        self._clock = clock
        self._actor = actor
        self._companies = CompaniesInBulk(session, clock, actor, import_id, cache)
        self._rows = BulkRepository(session)

    async def settle(self, wanted: Sequence[WantedEntry], mode: Mode) -> list[Outcome]:
        """Make or change the contacts that rows ask for; companies that are not known are added with them."""
        known = _Known(
            await self._rows.contacts_known(
                [one.id for one in wanted if one.id],
                [one.external_id for one in wanted if one.external_id],
                [one.email for one in wanted if one.email],
            )
        )
        keys = [one.company if _names_company(one) else None for one in wanted]
        companies = await self._companies.locate(keys, create=mode is not Mode.UPDATE)
        erased = await self._forgotten.among([keys_of(one.values) for one in wanted])
        outcomes: list[Outcome | None] = []
        new: dict[int, dict[str, Any]] = {}
        pending, changes = Pending(_COLUMNS), dict[int, UUID]()
        for at, (one, company_id) in enumerate(zip(wanted, companies, strict=True)):
            settled = self._decide(one, company_id, known, mode, erased[at])
            outcomes.append(settled if isinstance(settled, ValidationFailed) else None)
            if isinstance(settled, Contact):
                moved = {"company_id": company_id} if company_id is not None else {}
                if pending.change(settled, one, moved):
                    changes[at] = settled.id
                else:
                    outcomes[at] = Done(Change.UNCHANGED, settled.id)
            elif isinstance(settled, dict):
                new[at] = settled
        added = await self._rows.insert(Contact, list(new.values()))
        taken = await self._rows.change(Contact, list(pending.changed.values()))
        for at, values in new.items():
            done = values["id"] in added
            outcomes[at] = Done(Change.CREATED, values["id"]) if done else fault(_key(values), "duplicate")
        for at, row_id in changes.items():
            clash = fault(_key(pending.changed[row_id]), "duplicate")
            outcomes[at] = clash if row_id in taken else Done(Change.UPDATED, row_id)
        await self._record("contact.created", [row for row in new.values() if row["id"] in added])
        await self._record("contact.changed", [row for one, row in pending.changed.items() if one not in taken])
        return [one for one in outcomes if one is not None]

    def _decide(
        self,
        one: WantedEntry,
        company_id: UUID | ValidationFailed | None,
        known: _Known,
        mode: Mode,
        erased: tuple[PersonKey, datetime] | None,
    ) -> Contact | ValidationFailed | dict[str, Any]:
        """What a row is about: a contact that is known, the values of a new one, or why it cannot be done."""
        if isinstance(company_id, ValidationFailed):
            return company_id
        row = known.match(one, company_id)
        if isinstance(row, ValidationFailed):
            return row
        if row is not None and row.emptied_at is not None:
            return fault("id", "contact_emptied")
        if erased is not None:
            return fault(erased[0].pointer.split("/")[1], "person_erased")
        if row is None:
            return self._fresh(one, company_id, mode)
        if mode is Mode.CREATE:
            return fault("email" if one.email else "external_id", "already_known")
        return row

    def _fresh(self, one: WantedEntry, company_id: UUID | None, mode: Mode) -> ValidationFailed | dict[str, Any]:
        if mode is Mode.UPDATE:
            keyless = one.external_id is None and one.email is None
            return fault("id", "no_key") if keyless else fault("email", "not_found")
        for name in _REQUIRED:
            if name not in one.values:
                return fault(name, "missing")
        if company_id is None:
            return fault("company", "missing")
        if (lacking := lacks(one)) is not None:
            return lacking
        return {
            "workspace_id": self._session.workspace_id,
            "id": new_id(),
            "version": 1,
            "created_at": self._clock.now(),
            "company_id": company_id,
            **_DEFAULTS,
            **one.values,
            "custom_fields": merged({}, one.custom_fields),
        }

    async def _record(self, action: str, rows: Sequence[Mapping[str, Any]]) -> None:
        entries = [
            Entry(action, SubjectRef("contact", row["id"]), company_id=row["company_id"], contact_id=row["id"])
            for row in rows
        ]
        await Journal(self._session, self._clock).record_all(entries, self._actor)


def _names_company(one: WantedEntry) -> bool:
    key = one.company
    return bool(key.name or key.identity or key.external_id)


def _key(values: Mapping[str, Any]) -> str:
    return "email" if values["email"] else "external_id"
