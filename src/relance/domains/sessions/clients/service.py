"""The clients of a session: who they are, and validating their dates by hand. The session's row is locked."""

from uuid import UUID

from relance.capabilities.directory.models import Company, Contact
from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.followups.service import FollowUps
from relance.capabilities.journal.service import Journal
from relance.capabilities.links.service import Links
from relance.capabilities.messaging.outbox import Outbox
from relance.core.db import DbSession
from relance.core.errors import DuplicateResource, NotFound, ValidationFailed
from relance.core.i18n import Text
from relance.core.lifecycle import Actor
from relance.core.pagination import PageRequest
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import ActorRef
from relance.domains.sessions.asking import facts_of, subject_of
from relance.domains.sessions.clients import views
from relance.domains.sessions.clients.repository import ClientRepository
from relance.domains.sessions.clients.schemas import (
    SessionClientListed,
    SessionClientQuery,
    SessionClientRead,
    SessionClientUpdate,
)
from relance.domains.sessions.errors import SessionCancelled
from relance.domains.sessions.lifecycle import LIFECYCLE, Confirmation, SessionStatus
from relance.domains.sessions.proposals.repository import ProposalRepository
from relance.domains.sessions.reminding import Reminding
from relance.domains.sessions.repository import ClientRow, SessionRow
from relance.domains.sessions.schemas import MOST_CLIENTS, SessionClientInput
from relance.domains.sessions.timetable import Timetables, record_client

_UNKNOWN_COMPANY = Text("Société inconnue.", "Unknown company.")
_UNKNOWN_CONTACT = Text("Ce contact n’est pas de cette société.", "This contact is not of this company.")
_TOO_MANY = Text("Une session a 100 clients au plus.", "A session has 100 clients at most.")


class SessionClients:
    """The clients of a session, for a caller in one session of the database."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._clock = runtime.clock
        self._actor = ActorRef.of(caller)
        self._rows = ClientRepository(session)
        self._timetables = Timetables(session, runtime.clock, self._actor)
        self._reminding = Reminding(session, runtime.clock)

    # --- reading ---------------------------------------------------------------------------------------------------

    async def page(
        self, row: SessionRow, query: SessionClientQuery, request: PageRequest
    ) -> tuple[list[SessionClientListed], str | None]:
        """One page of them, and the cursor of the next."""
        now = self._clock.now()
        found = await self._rows.page(row.session.id, query.confirmation, query.overdue, request, now)
        shown = [self.get(row, client_id) for client_id in found.rows]
        items = [
            views.listed(row, one, now, views.actions_of(row, one, self._caller, now) if query.include else None)
            for one in shown
        ]
        return items, self._runtime.cursors.encode(found.next) if found.next else None

    @staticmethod
    def get(row: SessionRow, client_id: UUID) -> ClientRow:
        """One client of that session.

        Raises:
            NotFound: there is none.
        """
        for found in row.clients:
            if found.client.id == client_id:
                return found
        raise NotFound()

    async def detail(self, row: SessionRow, found: ClientRow) -> SessionClientRead:
        """One client in full, as the caller sees it now."""
        subject, client = subject_of(found.client), found.client
        queued = await Outbox(self._session, self._clock).pending(subject)
        planned = await FollowUps(self._session, self._clock).pending(subject)
        last = await ProposalRepository(self._session).find(client.id, client.proposal_version)
        to = last.recipient if last else ""
        return views.detail(row, found, self._caller, self._clock.now(), to, queued, planned)

    async def fresh(self, row: SessionRow, client_id: UUID) -> tuple[SessionRow, ClientRow]:
        """The session and its client as they are after what was done, the session's list up to date."""
        row = await self._timetables.refreshed(row)
        return row, self.get(row, client_id)

    # --- who they are ----------------------------------------------------------------------------------------------

    async def add(self, row: SessionRow, wanted: SessionClientInput, pointer: str = "") -> tuple[SessionRow, ClientRow]:
        """Another client company.

        Raises:
            SessionCancelled: the session will not take place.
            ValidationFailed: the company or the contact is not known, or there are too many.
            DuplicateResource: the company is a client of this session already.
        """
        if row.status is SessionStatus.CANCELLED:
            raise SessionCancelled()
        if len(row.clients) >= MOST_CLIENTS:
            raise ValidationFailed.at(f"{pointer}/company_id", "too_many", _TOO_MANY)
        company = await self._company(wanted.company_id, pointer)
        if wanted.contact_id is not None:
            await self._contact(wanted.contact_id, company.id, pointer)
        values = {"session_id": row.session.id, "company_id": company.id, "contact_id": wanted.contact_id}
        made = await self._rows.insert({**values, "created_at": self._clock.now()})
        if made is None:
            known = next(one.client.id for one in row.clients if one.company.id == company.id)
            raise DuplicateResource(existing_id=str(known), pointer=f"{pointer}/company_id")
        row, found = await self.fresh(row, made)
        self._record(found, "session.client_added", None)
        return row, found

    async def update(
        self, row: SessionRow, found: ClientRow, wanted: SessionClientUpdate, pointer: str = ""
    ) -> tuple[SessionRow, ClientRow]:
        """Another main contact.

        Raises:
            ValidationFailed: the contact is not of this company.
        """
        client, changes = found.client, wanted.changes()
        if wanted.contact_id is not None:
            await self._contact(wanted.contact_id, client.company_id, pointer)
        if "contact_id" in changes:
            client.contact_id = wanted.contact_id
        self._record(found, "session.client_changed", client.confirmation)
        return await self.fresh(row, client.id)

    async def remove(self, row: SessionRow, found: ClientRow) -> SessionRow:
        """Take a client out of the session: its links are gone."""
        client = found.client
        step = LIFECYCLE.require(client.confirmation, "remove", Actor.USER, facts_of(row, client, self._clock.now()))
        await self._quiet(found, "removed")
        await Links(self._session, self._clock).revoke(subject_of(client))
        self._record(found, step.journal, client.confirmation)
        await self._session.flush()
        await self._rows.delete(client.id)
        return await self._timetables.refreshed(row)

    async def _company(self, company_id: UUID, pointer: str) -> Company:
        company = await DirectoryRepository(self._session).company(company_id)
        if company is None:
            raise ValidationFailed.at(f"{pointer}/company_id", "unknown_company", _UNKNOWN_COMPANY)
        return company

    async def _contact(self, contact_id: UUID, company_id: UUID, pointer: str) -> Contact:
        contact = await DirectoryRepository(self._session).contact(contact_id)
        if contact is None or contact.company_id != company_id:
            raise ValidationFailed.at(f"{pointer}/contact_id", "unknown_contact", _UNKNOWN_CONTACT)
        return contact

    # --- validating by hand ----------------------------------------------------------------------------------------

    async def validate(self, row: SessionRow, found: ClientRow) -> tuple[SessionRow, ClientRow]:
        """Validation manuelle on: nothing is asked of the client any more.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        client = found.client
        step = LIFECYCLE.require(client.confirmation, "validate", Actor.USER, facts_of(row, client, self._clock.now()))
        before = client.confirmation
        client.prior, client.confirmation = before, LIFECYCLE.target(step, before)
        await self._quiet(found, "validated")
        self._record(found, step.journal, before)
        return await self.fresh(row, client.id)

    async def unvalidate(self, row: SessionRow, found: ClientRow) -> tuple[SessionRow, ClientRow]:
        """Validation manuelle off: back to where the client stood.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        client, now = found.client, self._clock.now()
        step = LIFECYCLE.require(client.confirmation, "unvalidate", Actor.USER, facts_of(row, client, now))
        before, client.confirmation = client.confirmation, LIFECYCLE.target(step, client.confirmation)
        client.prior = None
        self._record(found, step.journal, before)
        row, found = await self.fresh(row, client.id)
        if client.confirmation == Confirmation.AWAITING:
            await self._reminding.arm(row, found)
        return row, found

    async def arm_all(self, row: SessionRow) -> None:
        """Plan the reminder of everybody who is waited for, or none, as the session says now."""
        for found in row.clients:
            if found.client.confirmation == Confirmation.AWAITING:
                await self._reminding.arm(row, found)

    async def _quiet(self, found: ClientRow, reason: str) -> None:
        subject = subject_of(found.client)
        await Outbox(self._session, self._clock).cancel(subject, reason)
        await FollowUps(self._session, self._clock).cancel(subject, reason)

    def _record(self, found: ClientRow, action: str, before: str | None) -> None:
        record_client(Journal(self._session, self._clock), self._actor, found, action, before)
