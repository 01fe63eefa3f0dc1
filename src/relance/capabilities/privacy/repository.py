"""Every query about who a person is, and who else has the same addresses and numbers."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import or_, select

from relance.capabilities.directory.models import Company, Contact
from relance.core.bulk import among
from relance.core.repository import Repository

#: Entries that are looked at: an address that so many have is nobody's alone.
_MOST = 1000


class PeopleRepository(Repository):
    """Contacts and companies of the session's workspace, by what they are reached at."""

    async def emails_of_others(self, contact: Contact, emails: Collection[str]) -> set[str]:
        """Those of `emails` that another contact or a company has too."""
        return await self._of_others(contact, emails, "email", "other_emails")

    async def phones_of_others(self, contact: Contact, phones: Collection[str]) -> set[str]:
        """Those of `phones` that another contact or a company has too."""
        return await self._of_others(contact, phones, "phone", "other_phones")

    async def _of_others(self, contact: Contact, values: Collection[str], first: str, others: str) -> set[str]:
        if not values:
            return set()
        found: set[str] = set()
        models: tuple[type[Any], ...] = (Contact, Company)
        for model in models:
            one, more = getattr(model, first), getattr(model, others)
            ways = or_(among(one, list(values)), *(more.contains([value]) for value in values))
            statement = select(one, more).where(ways).limit(_MOST)
            if model is Contact:
                statement = statement.where(Contact.id != contact.id)
            for row in await self.session.execute(statement):
                found |= {row[0], *row[1]}
        return found & set(values)
