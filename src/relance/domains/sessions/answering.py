"""Taking a client's answer. The session's row is locked, and the lifecycle has been asked."""

from relance.capabilities.followups.service import FollowUps
from relance.capabilities.journal.service import Journal
from relance.capabilities.messaging.outbox import Outbox
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.ids import new_id
from relance.core.lifecycle import Transition
from relance.core.subjects import ActorRef
from relance.domains.sessions.asking import SessionMails, subject_of
from relance.domains.sessions.lifecycle import LIFECYCLE, Confirmation, Facts
from relance.domains.sessions.models import DateAnswer
from relance.domains.sessions.proposals.repository import ProposalRepository
from relance.domains.sessions.repository import ClientRow, SessionRow
from relance.domains.sessions.timetable import Timetables, record_client


class Answering:
    """Writes answers, on behalf of `actor`."""

    def __init__(self, session: DbSession, clock: Clock, actor: ActorRef) -> None:
        self._session = session
        self._clock = clock
        self._actor = actor

    async def take(
        self, row: SessionRow, found: ClientRow, step: Transition[Facts], comment: str | None, address: str
    ) -> None:
        """The client accepts or declines, for the first time or anew; whoever is in charge is told."""
        client, now = found.client, self._clock.now()
        before, client.confirmation = client.confirmation, LIFECYCLE.target(step, client.confirmation)
        client.answered_at, client.answered_by, client.comment = now, address, comment
        given = await ProposalRepository(self._session).answer_count(client.id)
        self._session.add(
            DateAnswer(
                id=new_id(),
                session_client_id=client.id,
                proposal_version=client.proposal_version,
                decision=client.confirmation,
                comment=comment,
                answered_at=now,
                answered_by=address,
            )
        )
        await FollowUps(self._session, self._clock).cancel(subject_of(client), "answered")
        await Outbox(self._session, self._clock).cancel(subject_of(client), "answered")
        changed = before != Confirmation.AWAITING
        mails = SessionMails(self._session, self._clock)
        await mails.tell_answered(row, found, changed=changed, ordinal=given)
        record_client(Journal(self._session, self._clock), self._actor, found, step.journal, before)
        await Timetables(self._session, self._clock, self._actor).refreshed(row)
