"""What is learned about a message after delivery has let go of it, from a person or from a report: one path for both.

The domain is told first, since it locks its subject; then the row is changed, unless somebody else has changed it
since it was read. Either both happen or neither does.
"""

from datetime import datetime

from relance.capabilities.journal.service import Journal
from relance.capabilities.messaging.handlers import MailFact, MailSubjects
from relance.capabilities.messaging.lifecycle import Facts
from relance.capabilities.messaging.models import MessageState
from relance.capabilities.messaging.outcomes import Phase, Reply
from relance.capabilities.messaging.repository import Kept, MessageRepository
from relance.core.db import DbSession
from relance.core.errors import Conflict
from relance.core.lifecycle import Transition
from relance.core.runtime import Runtime
from relance.core.subjects import ActorRef, SubjectRef

KIND = "message"


class Hindsight:
    """Settles messages of the session's workspace."""

    def __init__(self, session: DbSession, runtime: Runtime, subjects: MailSubjects) -> None:
        self._session = session
        self._runtime = runtime
        self._subjects = subjects
        self._rows = MessageRepository(session)

    async def sent(self, kept: Kept, step: Transition[Facts], actor: ActorRef) -> None:
        """The relay took it after all; for its domain this is when it was handed over.

        Raises:
            Conflict: it has changed since it was read; nothing was done.
        """
        at = await self._handed_over_at(kept)
        handler = self._subjects.get(kept.message.subject_kind)
        if handler is not None:
            await handler.sent(self._session, [MailFact.of(kept.message, at)])
            await self._session.flush()
        await self.move(kept, step, actor, sent_at=at, reason=None, last_error=None, lease_owner=None, lease_until=None)

    async def bounced(self, kept: Kept, step: Transition[Facts], reply: Reply, actor: ActorRef) -> None:
        """It will never arrive.

        Raises:
            Conflict: it has changed since it was read; nothing was done.
        """
        reason, now = "bounced", self._runtime.clock.now()
        handler = self._subjects.get(kept.message.subject_kind)
        if handler is not None:
            await handler.failed(self._session, [MailFact.of(kept.message, now, reply, reason)])
            await self._session.flush()
        await self.move(
            kept,
            step,
            actor,
            reason=reason,
            last_code=reply.code,
            last_enhanced=reply.enhanced,
            last_error=reply.kept,
            lease_owner=None,
            lease_until=None,
        )

    async def move(self, kept: Kept, step: Transition[Facts], actor: ActorRef, **values: object) -> None:
        """Take the row through `step` of the lifecycle, with `values`, and record who did it.

        Raises:
            Conflict: it has changed since it was read; nothing was done.
        """
        message, target = kept.message, MessageState(step.target or kept.message.state)
        before = message.state
        if not await self._rows.change(kept, state=target, **values):
            raise Conflict()
        if target is not MessageState.QUEUED:
            await self._rows.count(target)
        Journal(self._session, self._runtime.clock).record(
            step.journal,
            SubjectRef(KIND, message.id),
            actor,
            before={"state": before},
            after={"state": target, "subject_kind": message.subject_kind, "subject_id": str(message.subject_id)},
        )

    async def _handed_over_at(self, kept: Kept) -> datetime:
        """In business time: the hand-off itself is on the database's clock, the log beside it is not."""
        attempts = await self._rows.attempts(kept.message.id)
        tried = [attempt.at for attempt in attempts if attempt.phase != Phase.REPORT]
        return tried[-1] if tried else self._runtime.clock.now()
