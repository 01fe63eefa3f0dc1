"""Every query about who a person is, and who else has the same addresses and numbers."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Text, func, literal_column, or_, select, union_all

from relance.capabilities.directory.models import Company, Contact
from relance.core.bulk import among
from relance.core.repository import Repository


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
            listed = func.jsonb_array_elements_text(more).table_valued("value").c.value
            ways = or_(*(more.contains([value]) for value in values))
            same = select(one.label("value")).where(among(one, list(values)))
            beside = select(literal_column("value", Text())).select_from(model, listed.table).where(ways)
            if model is Contact:
                same, beside = same.where(Contact.id != contact.id), beside.where(Contact.id != contact.id)
            found |= set(await self.session.scalars(union_all(same, beside)))
        return found & set(values)
