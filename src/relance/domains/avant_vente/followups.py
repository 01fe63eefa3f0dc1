"""What the outbox and the follow-ups ask and tell about requests."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from relance.capabilities.followups.handlers import Done, Dropped, Due, Outcome, Postponed
from relance.capabilities.followups.models import FollowUpKind
from relance.capabilities.followups.service import FollowUps
from relance.capabilities.messaging.gap import TooRecent
from relance.capabilities.messaging.handlers import MailFact
from relance.core.db import DbSession
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.domains.avant_vente.acts import RequestActs
from relance.domains.avant_vente.asking import ASKING, KIND, RequestMails, subject_of
from relance.domains.avant_vente.emails import InfoAskedMail, ProposedMail, ReminderMail
from relance.domains.avant_vente.facts import facts_of
from relance.domains.avant_vente.lifecycle import LIFECYCLE
from relance.domains.avant_vente.repository import RequestRepository, RequestRow, Standing
from relance.domains.avant_vente.states import RequestStatus

_ASKED = (RequestStatus.SCHEDULED, RequestStatus.AWAITING_INFO)


class RequestFollowUps:
    """A `FollowUpHandler`: nudges the partner where the workspace wants it. Nothing ever ends by itself."""

    kind = KIND

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock

    async def follow_up(self, session: DbSession, due: Sequence[Due]) -> Mapping[UUID, Outcome]:
        """Remind; see `FollowUpHandler`."""
        acts = RequestActs(session, self._clock, by=Actor.WORKER)
        rows = await RequestRepository(session).lock_free([follow_up.subject_id for follow_up in due])
        outcomes: dict[UUID, Outcome] = {}
        for follow_up in due:
            row = rows.get(follow_up.subject_id)
            if row is None:
                continue
            outcome = self._may(row, follow_up)
            if isinstance(outcome, Done):
                await acts.remind(row)
            outcomes[follow_up.id] = outcome
        await session.flush()
        return outcomes

    def _may(self, row: RequestRow, follow_up: Due) -> Outcome:
        if follow_up.cycle != row.request.cycle or follow_up.kind != FollowUpKind.REMINDER:
            return Dropped("earlier_cycle")
        facts = facts_of(row, self._clock.now())
        refused = LIFECYCLE.refusal(row.request.status, "remind", Actor.WORKER, facts)
        if isinstance(refused, TooRecent) and facts.pace.gap_ends_at is not None:
            return Postponed(facts.pace.gap_ends_at)
        return Dropped(refused.code) if refused is not None else Done()


class RequestSubject:
    """A `MailSubject`: what asks the partner leaves only while it is asked."""

    kind = KIND

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock

    async def wanted(self, session: DbSession, messages: Sequence[MailFact]) -> set[UUID]:
        """Ids of the messages that still say what is so."""
        known = await RequestRepository(session).standing({message.subject.id for message in messages})
        return {message.id for message in messages if _stands(message, known.get(message.subject.id))}

    async def sent(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """The relay took them: what asks begins its cycle with the first of its mails."""
        asking = [message for message in messages if message.mail_key in ASKING]
        rows = await RequestRepository(session).lock_all({message.subject.id for message in asking})
        for message in asking:
            row = rows.get(message.subject.id)
            if row is not None:
                await self._sent(session, row, message)
        await session.flush()

    async def _sent(self, session: DbSession, row: RequestRow, message: MailFact) -> None:
        request = row.request
        request.last_sent_at = max(message.at, request.last_sent_at or message.at)
        request.undeliverable = False
        if message.mail_key == ReminderMail.key or message.cycle != request.cycle or request.status not in _ASKED:
            return
        planned = await FollowUps(session, self._clock).pending(subject_of(request))
        if not planned:
            await RequestActs(session, self._clock).plan(row, message.at)

    async def failed(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """Shown on the request, nobody is reminded any more, and the team is told.

        A mail that never left says nothing against the address: the team alone hears of it, and proposes again.
        """
        asking = [message for message in messages if message.mail_key in ASKING]
        rows = await RequestRepository(session).lock_all({message.subject.id for message in asking})
        for message in asking:
            row = rows.get(message.subject.id)
            if row is None or row.request.undeliverable or row.request.status not in _ASKED:
                continue
            if message.never_left:
                if message.mail_key != ReminderMail.key and message.cycle == row.request.cycle:
                    await RequestMails(session, self._clock).tell_undeliverable(row, message)
                continue
            row.request.undeliverable = True
            await FollowUps(session, self._clock).cancel(subject_of(row.request), "undeliverable")
            status = row.request.status
            RequestActs(session, self._clock).record(row, "avant_vente_request.undeliverable", status)
            await session.flush()
            await RequestMails(session, self._clock).tell_undeliverable(row, message)
        await session.flush()


def _stands(message: MailFact, known: Standing | None) -> bool:
    """Whether the request stands as the mail says. What tells of the past always does."""
    if known is None:
        return False
    if message.mail_key == ProposedMail.key:
        return known.status == RequestStatus.SCHEDULED and message.cycle == known.proposal_cycle
    if message.mail_key == InfoAskedMail.key:
        return known.status == RequestStatus.AWAITING_INFO and message.cycle == known.cycle
    if message.mail_key == ReminderMail.key:
        return known.status in _ASKED and message.cycle == known.cycle
    return True
