"""Every query of the outbox and of its API; those of delivery are in `delivery.repository`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, and_, delete, exists, literal_column, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from relance.capabilities.messaging.models import Message, MessageAttempt, MessageBody, MessageState, Suppression
from relance.capabilities.messaging.outcomes import Phase, Reply
from relance.capabilities.messaging.schemas import MessageFilter
from relance.core.bulk import insert_pairs
from relance.core.driver import Statement, columns_of, read_as
from relance.core.ids import new_id
from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import Repository, affected, fetch_page
from relance.core.subjects import SubjectRef

#: A mail in one of these went, may have gone, or is on its way.
_LIVE = (MessageState.QUEUED, MessageState.SENDING, MessageState.UNCERTAIN, MessageState.SENT, MessageState.BOUNCED)

_WITH_STATES = Statement(f"""
SELECT {columns_of(Message)} FROM messages
WHERE workspace_id = :workspace AND subject_kind = :kind AND subject_id = ANY(CAST(:ids AS uuid[]))
  AND state = ANY(CAST(:states AS text[]))
ORDER BY not_before, id
""")  # noqa: S608 - names of our models
# Locked in the order of their ids, as whoever else takes several of them does. OFFSET 0 has each subject looked up by
# itself: the planner, whose statistics lag behind a burst, would go through all messages for each of them.
_CANCEL = Statement("""
WITH found AS MATERIALIZED (
    SELECT f.id FROM unnest(CAST(:kinds AS text[]), CAST(:subjects AS uuid[])) AS k(kind, subject)
    CROSS JOIN LATERAL (
        SELECT m.id FROM messages m
        WHERE m.workspace_id = :workspace AND m.subject_kind = k.kind AND m.subject_id = k.subject
          AND m.state || '' = 'queued' OFFSET 0) f
), held AS (
    SELECT m.id FROM messages m
    WHERE m.workspace_id = :workspace AND m.id = ANY(ARRAY(SELECT id FROM found)) AND m.state || '' = 'queued'
    ORDER BY m.id FOR UPDATE
)
UPDATE messages m SET state = 'cancelled', reason = :reason
WHERE m.workspace_id = :workspace AND m.id = ANY(ARRAY(SELECT id FROM held)) AND m.state || '' = 'queued'
""")


class OutboxRepository(Repository):
    """Messages of the session's workspace."""

    async def insert(self, messages: Sequence[dict[str, Any]], bodies: Sequence[dict[str, Any]]) -> set[UUID]:
        """Insert messages with their bodies, and tell which ones are new: a known dedupe key is passed over."""
        return await insert_pairs(self.session, (Message, messages), (MessageBody, bodies), "workspace_id, dedupe_key")

    async def cancel_queued(self, subjects: Sequence[SubjectRef], reason: str) -> int:
        """Cancel what no worker holds."""
        return await _CANCEL.run(
            self.session,
            workspace=self.session.workspace_id,
            kinds=[subject.kind for subject in subjects],
            subjects=[subject.id for subject in subjects],
            reason=reason,
        )

    async def with_states(
        self, kind: str, ids: Collection[UUID], states: Collection[MessageState]
    ) -> Sequence[Message]:
        """Messages about those subjects of one kind in one of `states`, soonest first."""
        own = {"workspace": self.session.workspace_id, "kind": kind, "ids": list(ids), "states": list(states)}
        return await read_as(self.session, Message, _WITH_STATES, **own)

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


#: PostgreSQL's own version of a row: another transaction that changed it changed this. Messages have no version
#: column, since every step of delivery would have to write it.
_VERSION: ColumnElement[int] = literal_column("messages.xmin::text::bigint", BigInteger)
_ATTEMPTS_SHOWN = 200
#: How many rows a count is spread over.
_SHARDS = 16

_SORTS = {"created_at": SortKey("created_at", Message.created_at)}


def counting(source: str) -> str:
    """An INSERT that adds to the totals the column `outcome` of each row of `source`, a query or a table of a WITH.

    The order keeps two transactions that count the same outcomes from waiting for each other.
    """
    return f"""
INSERT INTO delivery_totals AS t (outcome, shard, total)
SELECT outcome, pg_backend_pid() % {_SHARDS}, count(*) FROM {source} AS counted GROUP BY outcome ORDER BY outcome
ON CONFLICT (outcome, shard) DO UPDATE SET total = t.total + excluded.total"""  # noqa: S608 - constants of this package


_COUNT = text(counting("(SELECT CAST(:outcome AS text) AS outcome)"))


@dataclass(frozen=True, slots=True)
class Kept:
    """A message, what it says, and the version of its row."""

    message: Message
    body: MessageBody
    version: int


class MessageRepository(Repository):
    """Messages as people and delivery reports see them: those of the session's workspace, or of all."""

    async def page(self, wanted: MessageFilter, request: PageRequest) -> Slice[Message]:
        """One page of the messages that fit `wanted`."""
        statement = select(Message).where(*_matching(wanted))
        page = await fetch_page(self.session, statement, request, _SORTS[request.key], Message.id)
        return Slice([row[0] for row in page.rows], page.next)

    async def find(self, message_id: UUID) -> Kept | None:
        """The message with that id, as it is now in the database."""
        found = await self.session.execute(
            select(Message, MessageBody, _VERSION)
            .join(MessageBody, and_(MessageBody.workspace_id == Message.workspace_id, MessageBody.id == Message.id))
            .where(Message.id == message_id)
            .execution_options(populate_existing=True)
        )
        row = found.one_or_none()
        return Kept(row[0], row[1], row[2]) if row is not None else None

    async def attempts(self, message_id: UUID) -> Sequence[MessageAttempt]:
        """What happened to a message, oldest first; the last of it where there is much."""
        found = await self.session.scalars(
            select(MessageAttempt)
            .where(MessageAttempt.message_id == message_id)
            .order_by(MessageAttempt.id.desc())
            .limit(_ATTEMPTS_SHOWN)
        )
        return found.all()[::-1]

    async def change(self, kept: Kept, **values: object) -> bool:
        """Change the row unless somebody else has done so since it was read; whether it was changed."""
        unchanged = _VERSION.in_([kept.version])
        statement = update(Message).where(Message.id == kept.message.id, unchanged)
        return await affected(self.session, statement.values(**values)) == 1

    async def suppressions(self, hashes: Collection[bytes], now: datetime) -> Mapping[bytes, str]:
        """Why addresses get no mail, by their hashes; those that get some are left out."""
        found = await self.session.execute(
            select(Suppression.address_hash, Suppression.reason).where(
                Suppression.address_hash.in_(list(hashes)),
                or_(Suppression.until.is_(None), Suppression.until > now),
            )
        )
        return {row[0]: row[1] for row in found}

    async def suppress(self, address_hash: bytes, reason: str, now: datetime) -> None:
        """Send nothing more to this address."""
        await self.session.execute(
            insert(Suppression)
            .values(
                workspace_id=self.session.workspace_id,
                id=new_id(),
                address_hash=address_hash,
                reason=reason,
                created_at=now,
            )
            .on_conflict_do_nothing()
        )

    async def lift(self, hashes: Sequence[bytes]) -> None:
        """Let mail go to this address again."""
        await affected(self.session, delete(Suppression).where(Suppression.address_hash.in_(list(hashes))))

    async def log(self, message: Message, phase: Phase, reply: Reply, at: datetime) -> None:
        """Write down what happened, unless the very same was written before: reports are delivered twice at times."""
        known = select(
            exists().where(
                MessageAttempt.workspace_id == message.workspace_id,
                MessageAttempt.message_id == message.id,
                MessageAttempt.phase == phase.value,
                MessageAttempt.reply == reply.kept,
            )
        )
        if await self.session.scalar(known):
            return
        self.session.add(
            MessageAttempt(
                message_id=message.id,
                epoch=message.lease_epoch,
                phase=phase.value,
                code=reply.code,
                enhanced=reply.enhanced,
                reply=reply.kept,
                at=at,
            )
        )
        await self.session.flush()

    async def count(self, outcome: str) -> None:
        """Add one to the total of `outcome`."""
        await self.session.execute(_COUNT, {"outcome": outcome})


def _matching(wanted: MessageFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state:
        found.append(Message.state.in_([state.value for state in wanted.state]))
    if wanted.subject_kind is not None:
        found.append(Message.subject_kind == wanted.subject_kind)
    if wanted.subject_id is not None:
        found.append(Message.subject_id == wanted.subject_id)
    if wanted.recipient is not None:
        found.append(Message.recipient == wanted.recipient)
    if wanted.template is not None:
        found.append(Message.mail_key == wanted.template)
    if wanted.created_from is not None:
        found.append(Message.created_at >= wanted.created_from)
    if wanted.created_to is not None:
        found.append(Message.created_at < wanted.created_to)
    return found
