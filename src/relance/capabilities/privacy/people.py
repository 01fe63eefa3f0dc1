"""Telling and erasing what every room keeps of a person, from one list of keepers. See docs/adr/0034."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from relance.capabilities.directory.consent import ConsentStatus
from relance.capabilities.directory.forgotten import Forgotten, keys_of
from relance.capabilities.directory.models import ConsentRecord, Contact
from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.journal.service import Journal
from relance.capabilities.privacy.repository import PeopleRepository
from relance.core.db import DbSession
from relance.core.i18n import Text
from relance.core.ids import new_id
from relance.core.personal import Keeper, Person, about
from relance.core.runtime import Runtime
from relance.core.subjects import ActorRef, SubjectRef

EMPTIED = "consent.emptied"


@dataclass(frozen=True, slots=True)
class Told:
    """What one kind of rows holds of a person."""

    section: str
    label: Text
    records: Sequence[Mapping[str, Any]]


class People:
    """What is kept of people, for whoever may tell it or erase it. Registered as a `DepartureWatcher`."""

    def __init__(self, runtime: Runtime, keepers: Sequence[Keeper]) -> None:
        """
        Args:
            runtime: of this process.
            keepers: those of subjects first, then those that look at subjects: links, mails, files, follow-ups.
        """
        self._runtime = runtime
        self._keepers = keepers

    async def tell(self, session: DbSession, contact: Contact) -> list[Told]:
        """All that is kept of a contact. Changes nothing."""
        found, every = await about(session, self._keepers, await self._person(session, contact), lock=False)
        told = []
        for keeper, ids in zip(self._keepers, every, strict=True):
            records = await keeper.tell(session, found, ids) if ids else ()
            if records:
                told.append(Told(keeper.section, keeper.label, records))
        return told

    async def departing(self, session: DbSession, contacts: Sequence[Contact], actor: ActorRef) -> None:
        """Erase contacts that are about to be deleted; see `DepartureWatcher`."""
        for contact in contacts:
            await self._erase(session, contact)

    async def empty(self, session: DbSession, contact: Contact, actor: ActorRef, journal: str = EMPTIED) -> None:
        """Leave nothing of the person in a locked contact, nor anywhere else; the row stays, with its company."""
        now, before = self._runtime.clock.now(), contact.gdpr_status
        await self._erase(session, contact)
        contact.gdpr_status = ConsentStatus.EMPTIED
        contact.gdpr_since = contact.emptied_at = now
        contact.gdpr_empties_at = None
        self._record(session, contact, actor, journal, now)
        Journal(session, self._runtime.clock).record(
            journal,
            SubjectRef("consent", contact.id),
            actor,
            company_id=contact.company_id,
            contact_id=contact.id,
            before={"status": before},
            after={"status": ConsentStatus.EMPTIED},
        )
        await session.flush()

    def _record(self, session: DbSession, contact: Contact, actor: ActorRef, action: str, now: datetime) -> None:
        session.add(
            ConsentRecord(
                workspace_id=session.workspace_id,
                id=new_id(),
                contact_id=contact.id,
                action=action,
                at=now,
                how="worker" if actor.kind == "system" else "user",
                actor_id=actor.id,
            )
        )

    async def _erase(self, session: DbSession, contact: Contact) -> None:
        await session.flush()
        person = await self._person(session, contact)
        values = {
            "other_emails": sorted(person.own_emails),
            "external_id": contact.external_id,
        }
        found, every = await about(session, self._keepers, person, lock=True)
        for keeper, ids in zip(self._keepers, every, strict=True):
            await keeper.erase(session, found, ids)
        await Forgotten(session, self._runtime.keys).remember(keys_of(values), self._runtime.clock.now())
        await session.refresh(contact)

    async def _person(self, session: DbSession, contact: Contact) -> Person:
        emails = {one.lower() for one in (contact.email, *contact.other_emails) if one}
        phones = {one for one in (contact.phone, *contact.other_phones) if one}
        people = PeopleRepository(session)
        names = await DirectoryRepository(session).company_names([contact.company_id])
        return Person(
            contact_id=contact.id,
            company_id=contact.company_id,
            company_name=names.get(contact.company_id, ""),
            first_name=contact.first_name,
            last_name=contact.last_name,
            emails=frozenset(emails),
            own_emails=frozenset(emails - await people.emails_of_others(contact, emails)),
            own_phones=frozenset(phones - await people.phones_of_others(contact, phones)),
            at=self._runtime.clock.now(),
        )
