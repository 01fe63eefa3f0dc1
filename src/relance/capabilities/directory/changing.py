"""Changing one thing on rows that are locked, as actions on many of them do."""

from collections.abc import Mapping
from typing import Any

from relance.capabilities.directory.errors import ContactEmptied
from relance.capabilities.directory.models import Company, Contact
from relance.capabilities.journal.service import Journal
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.subjects import ActorRef, SubjectRef


class Changing:
    """Gives locked rows values that need no look at other rows: a status of the list, an owner, whether in use."""

    def __init__(self, session: DbSession, clock: Clock, actor: ActorRef) -> None:
        self._journal = Journal(session, clock)
        self._actor = actor

    def change(self, row: Company | Contact, values: Mapping[str, Any]) -> bool:
        """Whether anything was to be changed; where not, nothing is written.

        Raises:
            ContactEmptied: nothing is changed on a contact that was emptied.
        """
        if isinstance(row, Contact) and row.emptied_at is not None:
            raise ContactEmptied(row.emptied_at)
        changed = {name: value for name, value in values.items() if getattr(row, name) != value}
        for name, value in changed.items():
            setattr(row, name, value)
        if changed:
            contact = isinstance(row, Contact)
            kind = "contact" if contact else "company"
            self._journal.record(
                f"{kind}.changed",
                SubjectRef(kind, row.id),
                self._actor,
                company_id=row.company_id if isinstance(row, Contact) else row.id,
                contact_id=row.id if contact else None,
                after={"fields": sorted(changed)},
            )
        return bool(changed)
