"""Proposing dates to a client, asking again, and extending the due date. The session's row is locked."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from uuid import UUID

from relance.capabilities.followups.service import FollowUps
from relance.capabilities.journal.service import Journal
from relance.capabilities.links.service import Links, comparable
from relance.capabilities.messaging.catalogue.checking import Draft
from relance.capabilities.messaging.catalogue.drafts import MailDrafts
from relance.capabilities.messaging.outbox import Outbox
from relance.capabilities.messaging.templates import Templates
from relance.core.db import DbSession
from relance.core.errors import NotFound, ValidationFailed
from relance.core.i18n import Text
from relance.core.ids import new_id
from relance.core.lifecycle import Actor
from relance.core.pagination import PageRequest
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import ActorRef
from relance.domains.sessions.asking import asking_values, client_locale, facts_of, subject_of
from relance.domains.sessions.calendars import same_dates, snapshot
from relance.domains.sessions.emails import ProposalMail
from relance.domains.sessions.lifecycle import LIFECYCLE
from relance.domains.sessions.models import DateProposal
from relance.domains.sessions.planning import due_end
from relance.domains.sessions.proposals import views
from relance.domains.sessions.proposals.files import ProposalFiles
from relance.domains.sessions.proposals.repository import ProposalRepository
from relance.domains.sessions.proposals.schemas import (
    DateAnswerRead,
    DateProposalCreate,
    DateProposalRead,
    ProposalDraft,
)
from relance.domains.sessions.proposals.sending import Sending, Words
from relance.domains.sessions.reminding import Reminding
from relance.domains.sessions.repository import ClientRow, SessionRow
from relance.domains.sessions.timetable import Timetables, forget_answer, record_client

#: How long a client is given where nobody says otherwise.
_USUAL = timedelta(days=14)
_NO_RECIPIENT = Text(
    "Ce client n’a pas de contact avec une adresse : donnez un destinataire.",
    "This client has no contact with an address: give a recipient.",
)
_PAST = Text("L’échéance n’est pas avant aujourd’hui.", "The due date is not before today.")
_AFTER_START = Text("L’échéance n’est pas après le premier créneau.", "The due date is not after the first slot.")
_NOT_LATER = Text("L’échéance ne peut qu’être reportée.", "The due date can only be extended.")


class Proposals:
    """Proposals to the clients of a session, for a caller in one session of the database."""

    def __init__(
        self, session: DbSession, runtime: Runtime, caller: Caller, templates: Callable[[], Templates]
    ) -> None:
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._templates = templates
        self._clock = runtime.clock
        self._actor = ActorRef.of(caller)
        self._rows = ProposalRepository(session)
        self._files = ProposalFiles(session, caller)
        self._timetables = Timetables(session, runtime.clock, self._actor)
        self._reminding = Reminding(session, runtime.clock)

    # --- reading ---------------------------------------------------------------------------------------------------

    async def draft(self, row: SessionRow, found: ClientRow, due_on: date | None) -> ProposalDraft:
        """The proposal as it would leave, for somebody to edit.

        Raises:
            RelanceError: dates cannot be proposed now: the refusal of the lifecycle.
            ValidationFailed: that due date is not possible.
        """
        client, locale = found.client, client_locale(row, found)
        LIFECYCLE.require(client.confirmation, "propose", Actor.USER, facts_of(row, client, self._clock.now()))
        if due_on is not None:
            self._check_due(row, due_on, "/query/due_on")
        shown = due_on or self._usual_due(row)
        earlier = await self._rows.of_client(client.id)
        to = found.contact.email if found.contact else None
        values = asking_values(row, found, to or "", locale, shown, revised=self._revised(row, earlier))
        drafts = MailDrafts(self._session, self._runtime, self._templates())
        words = await drafts.draft(ProposalMail(**values), locale, row.session.organisation_id)
        files = await self._files.of(row, earlier[-1].file_ids if earlier else [])
        return views.draft(row, client.proposal_version + 1, shown, to, locale, words, files)

    async def page(
        self, row: SessionRow, found: ClientRow, request: PageRequest
    ) -> tuple[list[DateProposalRead], str | None]:
        """One page of the proposals to a client, and the cursor of the next."""
        page = await self._rows.page(found.client.id, request)
        files = await self._files.of(row, [one for proposal in page.rows for one in proposal.file_ids])
        items = [views.proposal(one, found.client, files) for one in page.rows]
        return items, self._runtime.cursors.encode(page.next) if page.next else None

    async def read(self, row: SessionRow, found: ClientRow, proposal: DateProposal) -> DateProposalRead:
        """One proposal."""
        return views.proposal(proposal, found.client, await self._files.of(row, proposal.file_ids))

    async def get(self, row: SessionRow, found: ClientRow, version: int) -> DateProposalRead:
        """The proposal with that version.

        Raises:
            NotFound: there is none.
        """
        proposal = await self._rows.find(found.client.id, version)
        if proposal is None:
            raise NotFound()
        return await self.read(row, found, proposal)

    async def answers(self, found: ClientRow, request: PageRequest) -> tuple[list[DateAnswerRead], str | None]:
        """One page of the answers of a client, and the cursor of the next."""
        page = await self._rows.answers(found.client.id, request)
        items = [DateAnswerRead.model_validate(one) for one in page.rows]
        return items, self._runtime.cursors.encode(page.next) if page.next else None

    # --- asking ----------------------------------------------------------------------------------------------------

    async def propose(
        self, row: SessionRow, found: ClientRow, wanted: DateProposalCreate
    ) -> tuple[SessionRow, ClientRow, DateProposal]:
        """Ask a client for an answer to the dates as they are now.

        Raises:
            RelanceError: the refusal of the lifecycle.
            ValidationFailed: no recipient, a due date that is not possible, words or files that do not hold.
            AttachmentsTooLarge: the files weigh too much together.
        """
        client, now = found.client, self._clock.now()
        step = LIFECYCLE.require(client.confirmation, "propose", Actor.USER, facts_of(row, client, now))
        recipient = wanted.to or (found.contact.email if found.contact else None)
        if not recipient:
            raise ValidationFailed.at("/to", "missing_recipient", _NO_RECIPIENT)
        self._check_due(row, wanted.due_on, "/due_on")
        earlier = await self._rows.of_client(client.id)
        files = await self._files.take(row, wanted.file_ids)
        proposal = self._made(row, found, wanted, recipient)
        words = await self._words(row, found, proposal, wanted, revised=self._revised(row, earlier))
        await self._end_earlier(found, earlier, recipient)
        before, client.confirmation = client.confirmation, LIFECYCLE.target(step, client.confirmation)
        client.proposal_version = proposal.version
        client.due_on, client.due_at = wanted.due_on, due_end(wanted.due_on, row.zone)
        client.last_asked_at, client.sent_at, client.delivery = now, None, None
        forget_answer(client)
        self._session.add(proposal)
        await self._session.flush()
        sending = Sending(self._session, self._clock)
        await sending.send(row, found, proposal, earlier, files, words, revised=self._revised(row, earlier))
        record_client(Journal(self._session, self._clock), self._actor, found, step.journal, before)
        row = await self._timetables.refreshed(row)
        return row, _of(row, client.id), proposal

    def _made(self, row: SessionRow, found: ClientRow, wanted: DateProposalCreate, recipient: str) -> DateProposal:
        to = comparable(recipient)
        cc = [one for one in dict.fromkeys(map(comparable, wanted.cc)) if one != to]
        bcc = [one for one in dict.fromkeys(map(comparable, wanted.bcc)) if one != to and one not in cc]
        return DateProposal(
            id=new_id(),
            session_client_id=found.client.id,
            version=found.client.proposal_version + 1,
            dates_version=row.session.dates_version,
            zone=row.session.zone,
            slots=[snapshot(slot) for slot in row.slots],
            due_on=wanted.due_on,
            recipient=recipient,
            cc=cc,
            bcc=bcc,
            locale=client_locale(row, found),
            subject=wanted.subject,
            body=wanted.body,
            file_ids=[str(one) for one in dict.fromkeys(wanted.file_ids)],
            created_by=self._caller.user_id,
            created_at=self._clock.now(),
        )

    async def _words(
        self, row: SessionRow, found: ClientRow, proposal: DateProposal, wanted: DateProposalCreate, *, revised: bool
    ) -> Words | None:
        """What the caller edited, checked, with its copy without links; None where nothing was."""
        if wanted.subject is None and wanted.body is None:
            return None
        locale = client_locale(row, found)
        drafts = MailDrafts(self._session, self._runtime, self._templates())
        values = asking_values(row, found, proposal.recipient, locale, wanted.due_on, revised=revised)
        shown = await drafts.draft(ProposalMail(**values), locale, row.session.organisation_id)
        given = Draft(wanted.subject or shown.subject, wanted.body or shown.html)
        return Words.of(drafts, locale, given, copied=bool(proposal.cc or proposal.bcc))

    async def _end_earlier(self, found: ClientRow, earlier: Sequence[DateProposal], recipient: str) -> None:
        """What was proposed before is asked no more; an address that is not asked any more cannot answer."""
        subject = subject_of(found.client)
        await Outbox(self._session, self._clock).cancel(subject, "proposed_anew")
        await FollowUps(self._session, self._clock).cancel(subject, "proposed_anew")
        links = Links(self._session, self._clock)
        for address in {comparable(one.recipient) for one in earlier} - {comparable(recipient)}:
            await links.revoke(subject, address)

    @staticmethod
    def _revised(row: SessionRow, earlier: Sequence[DateProposal]) -> bool:
        return bool(earlier) and not same_dates(earlier[-1].slots, [snapshot(slot) for slot in row.slots])

    async def remind(self, row: SessionRow, found: ClientRow, *, force: bool) -> tuple[SessionRow, ClientRow]:
        """Ask again; the due date does not move.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        await Sending(self._session, self._clock, self._actor).remind(row, found, Actor.USER, forced=force)
        row = await self._timetables.refreshed(row)
        return row, _of(row, found.client.id)

    async def extend(self, row: SessionRow, found: ClientRow, due_on: date) -> tuple[SessionRow, ClientRow]:
        """A later due date; the link that was sent answers again.

        Raises:
            RelanceError: the refusal of the lifecycle.
            ValidationFailed: it is not later, past, or after the first slot.
        """
        client = found.client
        step = LIFECYCLE.require(client.confirmation, "extend", Actor.USER, facts_of(row, client, self._clock.now()))
        self._check_due(row, due_on, "/due_on")
        if client.due_on is not None and due_on <= client.due_on:
            raise ValidationFailed.at("/due_on", "not_later", _NOT_LATER)
        client.due_on, client.due_at = due_on, due_end(due_on, row.zone)
        record_client(Journal(self._session, self._clock), self._actor, found, step.journal, client.confirmation)
        row = await self._timetables.refreshed(row)
        await self._reminding.arm(row, _of(row, client.id))
        await self._session.flush()
        return row, _of(row, client.id)

    def _check_due(self, row: SessionRow, due_on: date, pointer: str) -> None:
        if due_on < self._today(row):
            raise ValidationFailed.at(pointer, "past", _PAST)
        if row.session.first_on is not None and due_on > row.session.first_on:
            raise ValidationFailed.at(pointer, "after_first_slot", _AFTER_START)

    def _usual_due(self, row: SessionRow) -> date:
        usual = self._today(row) + _USUAL
        return min(usual, row.session.first_on) if row.session.first_on else usual

    def _today(self, row: SessionRow) -> date:
        return self._clock.now().astimezone(row.zone).date()


def _of(row: SessionRow, client_id: UUID) -> ClientRow:
    return next(found for found in row.clients if found.client.id == client_id)
