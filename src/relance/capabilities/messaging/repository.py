"""Every query of the outbox; those of delivery are in `delivery.repository`."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from relance.capabilities.messaging.models import Message, MessageBody, MessageState
from relance.core.repository import Repository, affected
from relance.core.subjects import SubjectRef

#: A mail in one of these went, may have gone, or is on its way.
_LIVE = (MessageState.QUEUED, MessageState.SENDING, MessageState.UNCERTAIN, MessageState.SENT, MessageState.BOUNCED)
#: Rows of one statement: PostgreSQL takes 32,767 parameters.
_CHUNK = 1000


class OutboxRepository(Repository):
    """Messages of the session's workspace."""

    async def insert(self, messages: Sequence[dict[str, Any]], bodies: Sequence[dict[str, Any]]) -> set[UUID]:
        """Insert messages with their bodies, and tell which ones are new: a known dedupe key is passed over."""
        fresh: set[UUID] = set()
        for start in range(0, len(messages), _CHUNK):
            inserted = await self.session.scalars(
                insert(Message)
                .values(list(messages[start : start + _CHUNK]))
                .on_conflict_do_nothing(index_elements=["workspace_id", "dedupe_key"])
                .returning(Message.id)
            )
            new = set(inserted.all())
            rows = [body for body in bodies[start : start + _CHUNK] if body["id"] in new]
            if rows:
                await self.session.execute(insert(MessageBody).values(rows))
            fresh |= new
        return fresh

    async def cancel_queued(self, subject: SubjectRef, reason: str) -> int:
        """Cancel what no worker holds."""
        return await affected(
            self.session,
            update(Message)
            .where(
                Message.subject_kind == subject.kind,
                Message.subject_id == subject.id,
                Message.state == MessageState.QUEUED,
            )
            .values(state=MessageState.CANCELLED, reason=reason),
        )

    async def with_states(self, subject: SubjectRef, states: Collection[MessageState]) -> Sequence[Message]:
        """Messages about `subject` in one of `states`, soonest first."""
        found = await self.session.scalars(
            select(Message)
            .where(
                Message.subject_kind == subject.kind,
                Message.subject_id == subject.id,
                Message.state.in_(list(states)),
            )
            .order_by(Message.not_before, Message.id)
        )
        return found.all()

    async def latest(self, subject: SubjectRef, link_bearing: bool, recipient: str | None) -> Message | None:
        """The last live message about `subject`."""
        statement = select(Message).where(
            Message.subject_kind == subject.kind,
            Message.subject_id == subject.id,
            Message.link_bearing == link_bearing,
            Message.state.in_(list(_LIVE)),
        )
        if recipient is not None:
            statement = statement.where(Message.recipient == recipient)
        found: Message | None = await self.session.scalar(statement.order_by(Message.id.desc()).limit(1))
        return found
