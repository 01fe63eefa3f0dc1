"""Deleting for good, and what becomes of what belongs to it."""

from collections.abc import Sequence
from uuid import UUID

from relance.capabilities.directory.errors import AlreadyInDirectory, CompanyHasContacts, StillReferred
from relance.capabilities.directory.models import Company, Contact
from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.directory.watchers import DepartureWatcher
from relance.capabilities.journal.service import Entry, Journal
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.errors import NotFound, ValidationFailed
from relance.core.etag import Precondition
from relance.core.i18n import Text
from relance.core.subjects import ActorRef, SubjectRef

_BOTH = Text("« cascade » ou « reassign_to », pas les deux.", "Either `cascade` or `reassign_to`.")
_UNKNOWN = Text("Cette société est inconnue.", "This company is not known.")


class Deletion:
    """Deletes entries of the session's workspace. What the journal keeps of them are ids."""

    def __init__(self, session: DbSession, clock: Clock, actor: ActorRef, watchers: Sequence[DepartureWatcher]) -> None:
        self._rows = DirectoryRepository(session)
        self._session = session
        self._journal = Journal(session, clock)
        self._actor = actor
        self._watchers = watchers

    async def contact(self, contact_id: UUID, precondition: Precondition) -> None:
        """Delete a contact.

        Raises:
            NotFound: there is none in this workspace.
            PreconditionFailed: it has changed since the caller read it.
            StillReferred: something is about it.
        """
        contact = await self._rows.contact(contact_id, lock=True)
        if contact is None:
            raise NotFound()
        precondition.check(contact.version)
        await self.contacts([contact])

    async def contacts(self, contacts: Sequence[Contact]) -> None:
        """Delete locked contacts, all or none of them.

        Raises:
            StillReferred: something is about one of them.
        """
        entries = [
            Entry("contact.deleted", SubjectRef("contact", one.id), company_id=one.company_id, contact_id=one.id)
            for one in contacts
        ]
        for watcher in self._watchers:
            await watcher.departing(self._session, contacts, self._actor)
        await self._remove(Contact, [one.id for one in contacts])
        for one in contacts:
            self._session.expunge(one)
        await self._journal.record_all(entries, self._actor)

    async def company(
        self, company_id: UUID, precondition: Precondition, *, cascade: bool = False, reassign_to: UUID | None = None
    ) -> None:
        """Delete a company, its contacts with it or given to another one.

        Raises:
            NotFound: there is none in this workspace.
            PreconditionFailed: it has changed since the caller read it.
            ValidationFailed: the other company is not known, or is this one.
            CompanyHasContacts: it has contacts, and neither is said.
            AlreadyInDirectory: the other company has a contact with the address of one of them.
            StillReferred: something is about it, or about one of its contacts.
        """
        company = await self._rows.company(company_id, lock=True)
        if company is None:
            raise NotFound()
        if cascade and reassign_to is not None:
            raise ValidationFailed.at("/query/reassign_to", "cascade_or_reassign", _BOTH)
        if reassign_to is not None:
            await self._require_other(company_id, reassign_to)
        precondition.check(company.version)
        contacts = await self._rows.contacts_of(company_id)
        if contacts and reassign_to is not None:
            await self._give(contacts, company_id, reassign_to)
        elif contacts and cascade:
            await self.contacts(contacts)
        elif contacts:
            raise CompanyHasContacts(len(contacts))
        await self._remove(Company, [company_id])
        self._session.expunge(company)
        self._journal.record("company.deleted", SubjectRef("company", company_id), self._actor, company_id=company_id)

    async def _require_other(self, company_id: UUID, other_id: UUID) -> None:
        if other_id == company_id or await self._rows.company(other_id) is None:
            raise ValidationFailed.at("/query/reassign_to", "unknown_company", _UNKNOWN)

    async def _give(self, contacts: Sequence[Contact], company_id: UUID, other_id: UUID) -> None:
        for email in await self._rows.addresses_taken(other_id, {one.email for one in contacts if one.email}):
            own = next(one for one in contacts if one.email == email)
            raise AlreadyInDirectory(own.id, "/email")
        await self._rows.move_contacts(company_id, other_id)
        entries = [
            Entry(
                "contact.changed",
                SubjectRef("contact", one.id),
                company_id=other_id,
                contact_id=one.id,
                after={"fields": ["company_id"]},
            )
            for one in contacts
        ]
        await self._journal.record_all(entries, self._actor)

    async def _remove(self, model: type[Company | Contact], ids: Sequence[UUID]) -> None:
        used_by = await self._rows.remove(model, ids)
        if used_by is not None:
            raise StillReferred(used_by)
