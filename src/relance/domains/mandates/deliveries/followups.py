"""What the outbox and the follow-ups ask and tell about deliveries."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from relance.capabilities.followups.handlers import Done, Dropped, Due, Outcome, Postponed
from relance.capabilities.followups.models import FollowUpKind
from relance.capabilities.messaging.gap import TooRecent
from relance.capabilities.messaging.handlers import MailFact
from relance.core.db import DbSession
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.domains.mandates.deliveries.asking import KIND, facts_of, zone_of
from relance.domains.mandates.deliveries.dates import due_end
from relance.domains.mandates.deliveries.emails import UploadDueMail
from relance.domains.mandates.deliveries.lifecycle import LIFECYCLE, DeliveryStatus
from relance.domains.mandates.deliveries.repository import DeliveryRepository, DeliveryRow
from relance.domains.mandates.deliveries.service import Deliveries
from relance.domains.mandates.lifecycle import MandateStatus


class DeliveryFollowUps:
    """A `FollowUpHandler`: reminds while documents are awaited, and tells when the due date has passed."""

    kind = KIND

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock

    async def follow_up(self, session: DbSession, due: Sequence[Due]) -> Mapping[UUID, Outcome]:
        """Remind or become late; see `FollowUpHandler`."""
        acts = Deliveries(session, self._clock)
        rows = await DeliveryRepository(session).lock_free([follow_up.subject_id for follow_up in due])
        outcomes: dict[UUID, Outcome] = {}
        for follow_up in due:
            row = rows.get(follow_up.subject_id)
            if row is None:
                continue
            expiring = follow_up.kind == FollowUpKind.EXPIRY
            outcome = self._may(row, follow_up, "expire" if expiring else "remind")
            if isinstance(outcome, Done):
                if expiring:
                    await acts.expire(row)
                elif not await acts.remind(row, Actor.WORKER):
                    outcome = Dropped("nobody_to_ask")
            outcomes[follow_up.id] = outcome
        await session.flush()
        return outcomes

    def _may(self, row: DeliveryRow, follow_up: Due, action: str) -> Outcome:
        delivery = row.delivery
        if follow_up.cycle != delivery.cycle:
            return Dropped("earlier_cycle")
        facts = facts_of(row, self._clock)
        refused = LIFECYCLE.refusal(delivery.status, action, Actor.WORKER, facts)
        if isinstance(refused, TooRecent):
            until = facts.pace.gap_ends_at
            waits = delivery.status == DeliveryStatus.DUE
            if until is None or (waits and until >= due_end(delivery.due_on, zone_of(row))):
                return Dropped("gap_past_due_date")
            return Postponed(until)
        return Dropped(refused.code) if refused is not None else Done()


class DeliverySubject:
    """A `MailSubject`: what asks for documents leaves only while they are awaited."""

    kind = KIND

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock

    async def wanted(self, session: DbSession, messages: Sequence[MailFact]) -> set[UUID]:
        """Ids of the messages that still say what is so."""
        known = await DeliveryRepository(session).states({message.subject.id for message in messages})
        return {message.id for message in messages if _stands(message, known.get(message.subject.id))}

    async def sent(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """The relay took them."""
        asking = [message for message in messages if message.mail_key == UploadDueMail.key]
        rows = await DeliveryRepository(session).lock_all({message.subject.id for message in asking})
        for message in asking:
            row = rows.get(message.subject.id)
            if row is not None:
                row.delivery.last_sent_at = max(message.at, row.delivery.last_sent_at or message.at)
        await session.flush()

    async def failed(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """Refused for good: shown on the delivery. One that came too late to leave says no more than the due date."""
        asking = [message for message in messages if message.mail_key == UploadDueMail.key and not message.never_left]
        rows = await DeliveryRepository(session).lock_all({message.subject.id for message in asking})
        for message in asking:
            row = rows.get(message.subject.id)
            if row is not None and not row.delivery.undeliverable:
                row.delivery.undeliverable = True
                Deliveries(session, self._clock).record(row, "mandate_delivery.undeliverable", row.delivery.status)
        await session.flush()


def _stands(message: MailFact, known: tuple[str, str] | None) -> bool:
    if known is None:
        return False
    status, mandate_status = known
    if message.mail_key != UploadDueMail.key:
        return True
    return status != DeliveryStatus.RECEIVED and mandate_status == MandateStatus.ACTIVE
