"""Companies and contacts under the partner's own keys."""

from collections.abc import Sequence

from relance.capabilities.directory.models import Company, Contact
from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.directory.schemas import CompanyCreate, CompanyReplace, ContactCreate, ContactReplace
from relance.capabilities.directory.service import Directory
from relance.capabilities.directory.watchers import IdentityWatcher
from relance.core.by_reference import ByReference
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.keys import KeyRing
from relance.core.subjects import SYSTEM, ActorRef


class CompaniesByReference(ByReference[Company, CompanyReplace]):
    """Companies of the session's workspace by their external id."""

    def __init__(
        self, session: DbSession, clock: Clock, watchers: Sequence[IdentityWatcher], actor: ActorRef = SYSTEM
    ) -> None:
        self._rows = DirectoryRepository(session)
        self._directory = Directory(session, clock, actor)
        self._watchers = watchers

    async def find(self, external_id: str, *, lock: bool = False) -> Company | None:
        """The company with that key."""
        return await self._rows.company_by_external_id(external_id, lock=lock)

    async def create(self, external_id: str, wanted: CompanyReplace) -> Company:
        """A new company; see `Directory.create`."""
        return await self._directory.create(CompanyCreate.model_construct(**dict(wanted), external_id=external_id))

    async def replace(self, row: Company, wanted: CompanyReplace) -> None:
        """See `Directory.replace`."""
        await self._directory.replace(row, wanted, self._watchers)


class ContactsByReference(ByReference[Contact, ContactReplace]):
    """Contacts of the session's workspace by their external id."""

    def __init__(self, session: DbSession, clock: Clock, actor: ActorRef = SYSTEM, keys: KeyRing | None = None) -> None:
        self._rows = DirectoryRepository(session)
        self._directory = Directory(session, clock, actor, keys)

    async def find(self, external_id: str, *, lock: bool = False) -> Contact | None:
        """The contact with that key."""
        return await self._rows.contact_by_external_id(external_id, lock=lock)

    async def create(self, external_id: str, wanted: ContactReplace) -> Contact:
        """A new contact; see `Directory.create_contact`."""
        created = ContactCreate.model_construct(**dict(wanted), external_id=external_id)
        return await self._directory.create_contact(created)

    async def replace(self, row: Contact, wanted: ContactReplace) -> None:
        """See `Directory.replace_contact`."""
        await self._directory.replace_contact(row, wanted)
