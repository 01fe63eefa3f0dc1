"""Use cases of the directory."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from relance.capabilities.directory.errors import AlreadyInDirectory, ContactEmptied
from relance.capabilities.directory.fields import Fields
from relance.capabilities.directory.forgotten import Forgotten
from relance.capabilities.directory.identifiers import NormalisedId, identity_columns, normalise
from relance.capabilities.directory.models import Company, Contact
from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.directory.schemas import (
    CompanyCreate,
    CompanyInput,
    CompanyReplace,
    CompanyUpdate,
    ContactCreate,
    ContactReplace,
    ContactUpdate,
)
from relance.capabilities.directory.watchers import Identity, IdentityChange, IdentityWatcher
from relance.capabilities.journal.service import Journal
from relance.core.by_reference import changed
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.errors import Conflict, NotFound, RelanceError, ValidationFailed
from relance.core.etag import Precondition
from relance.core.i18n import Text
from relance.core.keys import KeyRing
from relance.core.subjects import SYSTEM, ActorRef, SubjectRef

#: Possible duplicates that are told.
_MOST_ALIKE = 20
#: What is checked against the workspace's own rows.
_FIELDS = {"assigned_to", "status", "custom_fields"}
_UNKNOWN_COMPANY = Text("Société inconnue.", "Unknown company.")


class Directory:
    """Companies and contacts of the session's workspace."""

    def __init__(self, session: DbSession, clock: Clock, actor: ActorRef = SYSTEM, keys: KeyRing | None = None) -> None:
        """`keys` of the deployment: whoever writes contacts gives them."""
        self._forgotten = Forgotten(session, keys) if keys is not None else None
        self._session = session
        self._clock = clock
        self._actor = actor
        self._journal = Journal(session, clock)
        self._rows = DirectoryRepository(session)
        self._company_fields = Fields(session, "companies")
        self._contact_fields = Fields(session, "contacts")

    async def find(self, company_id: UUID) -> Company | None:
        """The company with that id, or None where there is none in this workspace."""
        return await self._rows.company(company_id)

    async def lock(self, company_id: UUID) -> Company | None:
        """`find`, the company locked until the transaction ends, as whoever changes it locks it."""
        return await self._rows.company(company_id, lock=True)

    async def get(self, company_id: UUID) -> Company:
        """The company with that id.

        Raises:
            NotFound: there is none in this workspace.
        """
        found = await self._rows.company(company_id)
        if found is None:
            raise NotFound()
        return found

    async def find_or_create(self, wanted: CompanyCreate, pointer: str = "") -> Company:
        """The company with that identity, added where it is not known yet. What is known of it is not overwritten.

        Args:
            wanted: as the caller described it.
            pointer: where it stands in the body, for errors: `/partner` for one.

        Raises:
            ValidationFailed: its identifier does not hold.
            AlreadyInDirectory: its external id is the one of another company.
        """
        identity = _identity(wanted, pointer)
        created = await self._insert(wanted, identity)
        if created is not None:
            return created
        known = await self._known(wanted, identity)
        if known is None:
            raise Conflict()
        if identity is not None and known.match_key not in (None, identity.match_key):
            raise AlreadyInDirectory(known.id, f"{pointer}/external_id")
        return known

    async def choose(self, wanted: CompanyInput, pointer: str) -> Company:
        """The company that is meant, added to the directory where it is not known.

        Raises:
            ValidationFailed: there is none with that id, or its identifier does not hold.
            AlreadyInDirectory: its external id is the one of another company.
        """
        if wanted.id is not None:
            found = await self.find(wanted.id)
            if found is None:
                raise ValidationFailed.at(f"{pointer}/id", "unknown_company", _UNKNOWN_COMPANY)
            return found
        assert wanted.name is not None  # the schema asks for one of both
        described = CompanyCreate(name=wanted.name, local_id=wanted.local_id, external_id=wanted.external_id)
        return await self.find_or_create(described, pointer)

    async def find_all(self, ids: Collection[UUID]) -> dict[UUID, Company]:
        """Those of `ids` that are in this workspace."""
        return await self._rows.companies(ids) if ids else {}

    async def find_or_create_all(
        self, wanted: Sequence[CompanyCreate], pointer: str = ""
    ) -> list[Company | ValidationFailed]:
        """`find_or_create` for many companies that are known by their identifier alone, with few statements.

        Returns:
            In the order of `wanted`: the company, or what is wrong with its identifier.
        """
        known: dict[str, Company] = {}
        identities: list[NormalisedId | ValidationFailed] = []
        fresh: dict[str, dict[str, object]] = {}
        for one in wanted:
            try:
                identity = _identity(one, pointer)
                assert identity is not None  # by contract
            except ValidationFailed as refused:
                identities.append(refused)
                continue
            identities.append(identity)
            fresh.setdefault(identity.match_key, {"name": one.name, "external_id": None, **identity_columns(identity)})
        if fresh:
            known = await self._rows.companies_by_match_key(fresh)
            known |= await self._add_all([fresh[key] for key in sorted(fresh) if key not in known])
            if len(known) < len(fresh):  # added by somebody else in between
                known |= await self._rows.companies_by_match_key(fresh)
        return [one if isinstance(one, ValidationFailed) else known[one.match_key] for one in identities]

    async def _add_all(self, values: Sequence[dict[str, object]]) -> dict[str, Company]:
        created = await self._rows.insert_companies(values, self._clock.now()) if values else []
        for company in created:
            self._record_created(company)
        return {company.match_key: company for company in created if company.match_key is not None}

    async def create(self, wanted: CompanyCreate) -> Company:
        """A new company.

        Raises:
            ValidationFailed: its identifier does not hold.
            AlreadyInDirectory: one with its identity or its external id exists.
        """
        identity = _identity(wanted, "")
        await self._company_fields.check(wanted.model_dump(include=_FIELDS))
        created = await self._insert(wanted, identity)
        if created is not None:
            return created
        known = await self._known(wanted, identity)
        if known is None:
            raise Conflict()
        same_identity = identity is not None and known.match_key == identity.match_key
        raise AlreadyInDirectory(known.id, "/local_id/value" if same_identity else "/external_id")

    async def update(
        self,
        company_id: UUID,
        wanted: CompanyUpdate,
        precondition: Precondition,
        watchers: Sequence[IdentityWatcher],
    ) -> Company:
        """Change a company, and tell `watchers` where it is somebody else then.

        Raises:
            NotFound: there is none in this workspace.
            PreconditionFailed: it has changed since the caller read it.
            ValidationFailed: its new identifier does not hold.
            AlreadyInDirectory: its new identity or external id is the one of another company.
        """
        company = await self._rows.company(company_id, lock=True)
        if company is None:
            raise NotFound()
        precondition.check(company.version)
        changes = wanted.changes()
        if "local_id" in changes:
            del changes["local_id"]
            changes |= identity_columns(normalise(wanted.local_id) if wanted.local_id else None)
        await self._company_fields.merge(company.custom_fields, changes)
        await self._change(company, changes, wanted.model_fields_set, watchers)
        return company

    async def replace(self, company: Company, wanted: CompanyReplace, watchers: Sequence[IdentityWatcher]) -> None:
        """Make a locked company what is wanted; where it is so already, nothing is written. See `update`.

        Raises:
            ValidationFailed: its identifier does not hold.
            AlreadyInDirectory: its identity is the one of another company.
        """
        own = wanted.model_dump(exclude={"local_id", "external_id"})
        await self._company_fields.check(own)
        changes = changed(company, {**own, **identity_columns(_identity(wanted, ""))})
        if changes:
            fields = {column if column in own else "local_id" for column in changes}
            await self._change(company, changes, fields, watchers)

    async def _change(
        self,
        company: Company,
        changes: Mapping[str, Any],
        fields: Collection[str],
        watchers: Sequence[IdentityWatcher],
    ) -> None:
        if key := changes.get("match_key"):
            self._refuse_other(company, await self._rows.company_by_match_key(key), "/local_id/value")
        if key := changes.get("external_id"):
            self._refuse_other(company, await self._rows.company_by_external_id(key), "/external_id")
        before = Identity.of(company)
        for name, value in changes.items():
            setattr(company, name, value)
        self._journal.record(
            "company.changed",
            SubjectRef("company", company.id),
            self._actor,
            company_id=company.id,
            after={"fields": sorted(fields)},
        )
        await self._session.flush()
        parts = before.parts_changed(Identity.of(company))
        if parts:
            for watcher in watchers:
                await watcher.identity_changed(self._session, IdentityChange(company.id, parts), self._actor)

    async def get_contact(self, contact_id: UUID) -> Contact:
        """The contact with that id.

        Raises:
            NotFound: there is none in this workspace.
        """
        found = await self._rows.contact(contact_id)
        if found is None:
            raise NotFound()
        return found

    async def create_contact(self, wanted: ContactCreate) -> Contact:
        """A new contact.

        Raises:
            ValidationFailed: its company is not known.
            AlreadyInDirectory: the company has a contact with that address, or another one has the external id.
            PersonErased: somebody known by one of its addresses or by its external id was erased.
        """
        await self._require_company(wanted.company_id)
        await self._contact_fields.check(wanted.model_dump(include=_FIELDS))
        values = wanted.model_dump(exclude={"readmission"})
        if self._forgotten is not None:
            await self._forgotten.admit(values, readmitted=wanted.readmission is not None)
        created = await self._rows.insert_contact(values, self._clock.now())
        if created is None:
            raise await self._contact_clash(wanted)
        self._record_contact("contact.created", created, wanted.model_fields_set)
        return created

    async def like(self, wanted: CompanyCreate, own_id: UUID | None = None) -> list[Company]:
        """Companies that `wanted` may repeat: the same name or address. A warning, where a shared key is a refusal."""
        found = await self._rows.companies_like(wanted.email, wanted.name, _MOST_ALIKE + 1)
        return [company for company in found if company.id != own_id][:_MOST_ALIKE]

    async def contacts_like(self, wanted: ContactCreate, own_id: UUID | None = None) -> list[Contact]:
        """Contacts that `wanted` may repeat: the same address anywhere, or the same name at the same company."""
        name = (wanted.first_name, wanted.last_name, wanted.company_id)
        found = await self._rows.contacts_like(wanted.email, name, _MOST_ALIKE + 1)
        return [contact for contact in found if contact.id != own_id][:_MOST_ALIKE]

    async def _contact_clash(self, wanted: ContactCreate) -> RelanceError:
        if wanted.email is not None:
            known = await self._rows.contact_by_email(wanted.company_id, wanted.email)
            if known is not None:
                return AlreadyInDirectory(known.id, "/email")
        known = await self._rows.contact_by_external_id(wanted.external_id) if wanted.external_id else None
        return AlreadyInDirectory(known.id, "/external_id") if known is not None else Conflict()

    async def contact_at(self, company_id: UUID, email: str) -> Contact | None:
        """The contact of that company with that address."""
        return await self._rows.contact_by_email(company_id, email)

    async def ensure_contact(self, wanted: ContactCreate) -> Contact:
        """The contact of that company with that address, added where it is not known yet; its name is not overwritten.

        Raises:
            ValidationFailed: the company is not known.
        """
        known = await self._rows.contact_by_email(wanted.company_id, wanted.email) if wanted.email else None
        if known is not None:
            return known
        try:
            return await self.create_contact(wanted)
        except AlreadyInDirectory:  # added by somebody else in between
            known = await self._rows.contact_by_email(wanted.company_id, wanted.email or "")
            if known is None:
                raise Conflict() from None
            return known

    async def update_contact(self, contact_id: UUID, wanted: ContactUpdate, precondition: Precondition) -> Contact:
        """Change a contact.

        Raises:
            NotFound: there is none in this workspace.
            PreconditionFailed: it has changed since the caller read it.
            ValidationFailed: its new company is not known.
            AlreadyInDirectory: the company has another contact with that address, or another one has the external id.
        """
        contact = await self._rows.contact(contact_id, lock=True)
        if contact is None:
            raise NotFound()
        precondition.check(contact.version)
        changes = wanted.changes()
        await self._contact_fields.merge(contact.custom_fields, changes)
        await self._change_contact(contact, changes)
        return contact

    async def replace_contact(self, contact: Contact, wanted: ContactReplace) -> None:
        """Make a locked contact what is wanted; where it is so already, nothing is written.

        Raises:
            ValidationFailed: its company is not known.
            AlreadyInDirectory: the company has another contact with that address.
        """
        await self._contact_fields.check(wanted.model_dump(include=_FIELDS))
        changes = changed(contact, wanted.model_dump())
        if changes:
            await self._change_contact(contact, changes)

    async def _change_contact(self, contact: Contact, changes: Mapping[str, Any]) -> None:
        if contact.emptied_at is not None:
            raise ContactEmptied(contact.emptied_at)
        if self._forgotten is not None:
            await self._forgotten.admit(changed(contact, changes))
        if "company_id" in changes:
            await self._require_company(changes["company_id"])
        email = changes.get("email", contact.email)
        if email is not None:
            known = await self._rows.contact_by_email(changes.get("company_id", contact.company_id), email)
            self._refuse_other(contact, known, "/email")
        if key := changes.get("external_id"):
            self._refuse_other(contact, await self._rows.contact_by_external_id(key), "/external_id")
        for name, value in changes.items():
            setattr(contact, name, value)
        self._record_contact("contact.changed", contact, changes)
        await self._session.flush()

    async def _insert(self, wanted: CompanyCreate, identity: NormalisedId | None) -> Company | None:
        values: dict[str, object] = {**wanted.model_dump(exclude={"local_id"}), **identity_columns(identity)}
        created = await self._rows.insert_company(values, self._clock.now())
        if created is not None:
            self._record_created(created)
        return created

    def _record_created(self, company: Company) -> None:
        self._journal.record("company.created", SubjectRef("company", company.id), self._actor, company_id=company.id)

    async def _known(self, wanted: CompanyCreate, identity: NormalisedId | None) -> Company | None:
        if identity is not None:
            found = await self._rows.company_by_match_key(identity.match_key)
            if found is not None:
                return found
        return await self._rows.company_by_external_id(wanted.external_id) if wanted.external_id else None

    async def _require_company(self, company_id: UUID) -> None:
        if await self._rows.company(company_id) is None:
            raise ValidationFailed.at(
                "/company_id", "unknown_company", Text("Cette société est inconnue.", "This company is not known.")
            )

    def _record_contact(self, action: str, contact: Contact, fields: Collection[str]) -> None:
        self._journal.record(
            action,
            SubjectRef("contact", contact.id),
            self._actor,
            company_id=contact.company_id,
            contact_id=contact.id,
            after={"fields": sorted(fields)},
        )

    @staticmethod
    def _refuse_other(own: Company | Contact, known: Company | Contact | None, pointer: str) -> None:
        if known is not None and known.id != own.id:
            raise AlreadyInDirectory(known.id, pointer)


def _identity(wanted: CompanyReplace, pointer: str) -> NormalisedId | None:
    return normalise(wanted.local_id, f"{pointer}/local_id") if wanted.local_id is not None else None
