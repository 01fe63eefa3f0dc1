"""Every query of the sandbox."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, func, select
from sqlalchemy.dialects.postgresql import insert

from relance.capabilities.messaging.models import Message, MessageState
from relance.capabilities.sandbox.models import CapturedMail, TestClock
from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import AnyRow, Repository, fetch_page

#: How many captured mails are kept; older ones make room.
KEPT = 10_000


class ClockRepository(Repository):
    """The one row of the test clock."""

    async def offset(self) -> timedelta:
        """How far the clock is ahead; nothing until it is first moved."""
        return await self.session.scalar(select(TestClock.offset)) or timedelta()

    async def lock(self) -> TestClock:
        """The row of the clock, locked; made at the first move."""
        await self.session.execute(insert(TestClock).values(id=1, offset=timedelta()).on_conflict_do_nothing())
        found = await self.session.scalars(select(TestClock).with_for_update())
        return found.one()


class MailRepository(Repository):
    """The captured mails."""

    async def page_of_workspace(self, workspace_id: UUID, recipient: str | None, request: PageRequest) -> Slice[AnyRow]:
        """The mails that a workspace has sent, and no other's: those that name a row of its messages."""
        ours = exists().where(Message.workspace_id == workspace_id, Message.id == CapturedMail.sent_as)
        statement = select(CapturedMail).where(ours, *_to(recipient))
        key = SortKey("received_at", CapturedMail.received_at)
        return await fetch_page(self.session, statement, request, key, CapturedMail.id)

    async def latest(self, recipient: str | None, limit: int) -> Sequence[CapturedMail]:
        """The newest mails of the whole deployment."""
        statement = select(CapturedMail).where(*_to(recipient))
        newest = statement.order_by(CapturedMail.received_at.desc(), CapturedMail.id.desc()).limit(limit)
        return (await self.session.scalars(newest)).all()

    async def mail(self, mail_id: UUID) -> CapturedMail | None:
        """One mail of the deployment."""
        return await self.session.scalar(select(CapturedMail).where(CapturedMail.id == mail_id))

    async def uncertain(self, quiet_seconds: float) -> Sequence[tuple[UUID, UUID, bool]]:
        """Mails handed over at least so long ago without an answer: workspace, id, and whether the catcher has it."""
        caught = exists().where(CapturedMail.sent_as == Message.id)
        over = func.clock_timestamp() - timedelta(seconds=quiet_seconds)
        found = await self.session.execute(
            select(Message.workspace_id, Message.id, caught)
            .where(Message.state == MessageState.UNCERTAIN, Message.handoff_at < over)
            .order_by(Message.id)
            .limit(100)
        )
        return [(row[0], row[1], bool(row[2])) for row in found]

    async def forget_oldest(self, keep: int = KEPT) -> None:
        """Delete what came before the newest `keep` mails."""
        edge = select(CapturedMail.id).order_by(CapturedMail.id.desc()).offset(keep).limit(1).scalar_subquery()
        await self.session.execute(
            delete(CapturedMail).where(CapturedMail.id <= edge), execution_options={"synchronize_session": False}
        )


def _to(recipient: str | None) -> tuple[ColumnElement[bool], ...]:
    return () if recipient is None else (CapturedMail.recipient == recipient.strip().lower(),)
