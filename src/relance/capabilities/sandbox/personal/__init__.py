"""Captured mails hold what mails hold: those of a person, or that name them, go with them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from relance.capabilities.messaging.personal.repository import PersonalMails
from relance.capabilities.sandbox.personal.repository import CapturedOfPeople
from relance.core.db import DbSession
from relance.core.i18n import Text
from relance.core.personal import Person


class CapturedMails:
    """A `Keeper` that tells nothing: the mails themselves are told."""

    section = "captured_mails"
    label = Text("Messages capturés", "Captured mails")
    asked: str | None = None
    near: str | None = None
    files: str | None = None

    async def find(self, session: DbSession, person: Person, *, lock: bool) -> Sequence[UUID]:
        """See `Keeper.find`."""
        messages = await PersonalMails(session).find(person, lock=False)
        return await CapturedOfPeople(session).of_messages(messages) if messages else ()

    async def tell(self, session: DbSession, person: Person, ids: Sequence[UUID]) -> Sequence[Mapping[str, Any]]:
        """Nothing."""
        return ()

    async def erase(self, session: DbSession, person: Person, ids: Sequence[UUID]) -> None:
        """Delete them."""
        if ids:
            await CapturedOfPeople(session).forget(ids)
