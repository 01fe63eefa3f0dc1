"""What mails keep of people: addresses, words, and what a relay said about an address."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from relance.capabilities.messaging.personal.repository import PersonalMails
from relance.core.db import DbSession
from relance.core.i18n import Text
from relance.core.personal import Person

#: Why a mail does not leave any more.
ERASED = "person_erased"


class MailsOfPeople:
    """A `Keeper` of mails. What has left cannot be called back: that it left, and when, is kept."""

    section = "messages"
    label = Text("Messages", "Mails")
    asked: str | None = None
    near: str | None = None
    files: str | None = None

    async def find(self, session: DbSession, person: Person, *, lock: bool) -> Sequence[UUID]:
        """See `Keeper.find`."""
        return await PersonalMails(session).find(person, lock=lock)

    async def tell(self, session: DbSession, person: Person, ids: Sequence[UUID]) -> Sequence[Mapping[str, Any]]:
        """What was written to the person, and about them."""
        return [dict(row._mapping) for row in await PersonalMails(session).shown(ids)] if ids else []

    async def erase(self, session: DbSession, person: Person, ids: Sequence[UUID]) -> None:
        """See `PersonalMails.empty`."""
        if ids:
            await PersonalMails(session).empty(ids, person, ERASED)
