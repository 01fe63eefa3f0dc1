"""What the outbox and the follow-ups ask and tell about the clients of sessions."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from relance.capabilities.cycles.lifecycle import Delivery
from relance.capabilities.followups.handlers import Done, Dropped, Due, Outcome, Postponed
from relance.capabilities.followups.service import FollowUps
from relance.capabilities.journal.service import Journal
from relance.capabilities.messaging.gap import TooRecent
from relance.capabilities.messaging.handlers import MailFact
from relance.core.db import DbSession
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.subjects import SYSTEM
from relance.domains.sessions.asking import KIND, SESSION_KIND, SessionMails, facts_of, subject_of
from relance.domains.sessions.clients.repository import ClientRepository
from relance.domains.sessions.emails import CancelledMail, ProposalCopy, ProposalMail, ReminderMail
from relance.domains.sessions.lifecycle import LIFECYCLE, Confirmation, SessionStatus
from relance.domains.sessions.proposals.repository import ProposalRepository
from relance.domains.sessions.proposals.sending import Sending
from relance.domains.sessions.reminding import Reminding
from relance.domains.sessions.repository import ClientRow, SessionRepository, SessionRow
from relance.domains.sessions.timetable import record_client

_ASKING = frozenset({ProposalMail.key, ReminderMail.key})
#: Leave only while an answer to this very proposal is awaited.
_WHILE_AWAITED = _ASKING | {ProposalCopy.key}
#: A client and its session.
Found = tuple[SessionRow, ClientRow]


async def _found(session: DbSession, ids: set[UUID], *, skip: bool = False) -> dict[UUID, Found]:
    """Clients with their sessions, which are locked in the order of their ids."""
    known = await ClientRepository(session).sessions_of(ids)
    rows = await SessionRepository(session).lock_all(set(known.values()), skip=skip)
    return {found.client.id: (row, found) for row in rows.values() for found in row.clients if found.client.id in known}


class ClientFollowUps:
    """A `FollowUpHandler`: reminds a client who has not answered. Nothing expires."""

    kind = KIND

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock

    async def follow_up(self, session: DbSession, due: Sequence[Due]) -> Mapping[UUID, Outcome]:
        """Remind; see `FollowUpHandler`."""
        found = await _found(session, {follow_up.subject_id for follow_up in due}, skip=True)
        outcomes: dict[UUID, Outcome] = {}
        for follow_up in due:
            if follow_up.subject_id not in found:
                continue
            row, client = found[follow_up.subject_id]
            outcomes[follow_up.id] = outcome = self._may(row, client, follow_up)
            if isinstance(outcome, Done):
                await Sending(session, self._clock).remind(row, client, Actor.WORKER)
        await session.flush()
        return outcomes

    def _may(self, row: SessionRow, found: ClientRow, follow_up: Due) -> Outcome:
        client, now = found.client, self._clock.now()
        if follow_up.cycle != client.plans:
            return Dropped("planned_anew")
        facts = facts_of(row, client, now)
        refused = LIFECYCLE.refusal(client.confirmation, "remind", Actor.WORKER, facts)
        if isinstance(refused, TooRecent):
            until = facts.pace.gap_ends_at
            if until is None or (client.due_at is not None and until >= client.due_at):
                return Dropped("gap_past_due_date")
            return Postponed(until)
        return Dropped(refused.code) if refused is not None else Done()


class ClientMails:
    """A `MailSubject`: what asks leaves only while an answer to it is awaited."""

    kind = KIND

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock

    async def wanted(self, session: DbSession, messages: Sequence[MailFact]) -> set[UUID]:
        """Ids of the messages that still say what is so."""
        known = await ClientRepository(session).states({message.subject.id for message in messages})
        return {message.id for message in messages if _stands(message, known.get(message.subject.id))}

    async def sent(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """The relay took them: the proposal is sent, and its reminder is planned."""
        asking = [message for message in messages if message.mail_key in _ASKING]
        found = await _found(session, {message.subject.id for message in asking})
        for message in asking:
            if message.subject.id in found:
                await self._count(session, *found[message.subject.id], message)
        await session.flush()

    async def _count(self, session: DbSession, row: SessionRow, found: ClientRow, message: MailFact) -> None:
        client = found.client
        client.reminders_count += 0 if client.last_sent_at is None else 1
        client.last_sent_at = max(message.at, client.last_sent_at or message.at)
        client.delivery = None
        if message.mail_key != ProposalMail.key:
            return
        proposal = await ProposalRepository(session).find(client.id, message.cycle)
        if proposal is None or proposal.sent_at is not None:
            return
        proposal.sent_at = message.at
        if message.cycle == client.proposal_version and client.due_on is not None:
            client.sent_at = message.at
            if client.confirmation == Confirmation.AWAITING:
                await Reminding(session, self._clock).arm(row, found)

    async def failed(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """Shown on the client, and told to whoever is in charge; a reminder that never left says nothing new."""
        asking = [message for message in messages if message.mail_key in _ASKING]
        found = await _found(session, {message.subject.id for message in asking})
        for message in asking:
            row, client = found.get(message.subject.id, (None, None))
            if row is None or client is None or message.cycle != client.client.proposal_version:
                continue
            if message.never_left and message.mail_key != ProposalMail.key:
                continue
            if client.client.delivery is None:
                await self._undeliverable(session, row, client, message)
        await session.flush()

    async def _undeliverable(self, session: DbSession, row: SessionRow, found: ClientRow, message: MailFact) -> None:
        client = found.client
        client.delivery = Delivery.NOT_SENT if message.never_left else Delivery.UNDELIVERABLE
        await FollowUps(session, self._clock).cancel(subject_of(client), "undeliverable")
        if not message.never_left:
            journal = Journal(session, self._clock)
            record_client(journal, SYSTEM, found, "session.client_undeliverable", client.confirmation)
        if client.confirmation == Confirmation.AWAITING:
            await SessionMails(session, self._clock).tell_undeliverable(row, found, message)


def _stands(message: MailFact, known: tuple[str, int, str] | None) -> bool:
    if known is None:
        return False
    confirmation, version, status = known
    if message.mail_key == CancelledMail.key:
        return status == SessionStatus.CANCELLED
    if message.mail_key not in _WHILE_AWAITED:
        return True
    awaited = confirmation == Confirmation.AWAITING or message.mail_key == ProposalCopy.key
    return awaited and version == message.cycle and status == SessionStatus.PLANNED


class SessionNotices:
    """A `MailSubject`: what is told about a session as a whole."""

    kind = SESSION_KIND

    async def wanted(self, session: DbSession, messages: Sequence[MailFact]) -> set[UUID]:
        """All of them, of sessions that are there."""
        known = await SessionRepository(session).known({message.subject.id for message in messages})
        return {message.id for message in messages if message.subject.id in known}

    async def sent(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """Nothing hangs on them."""

    async def failed(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """Nothing hangs on them."""
