"""Every query of the action links."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from relance.capabilities.links.models import ActionLink
from relance.core.db import DbSession
from relance.core.ids import new_id
from relance.core.subjects import SubjectRef


class LinkRepository:
    """Reads and writes action links. It takes a session and never commits."""

    def __init__(self, session: DbSession) -> None:
        self._session = session

    async def live(self, subject: SubjectRef, recipient: str) -> ActionLink | None:
        """The link of this address for this subject that is not revoked."""
        return await self._session.scalar(
            select(ActionLink).where(
                ActionLink.subject_kind == subject.kind,
                ActionLink.subject_id == subject.id,
                ActionLink.recipient == recipient,
                ActionLink.revoked_at.is_(None),
            )
        )

    async def add_unless_live(self, subject: SubjectRef, recipient: str, now: datetime) -> None:
        """Insert a link, unless a concurrent transaction has just made it."""
        await self._session.execute(
            insert(ActionLink)
            .values(
                workspace_id=self._session.workspace_id,
                id=new_id(),
                subject_kind=subject.kind,
                subject_id=subject.id,
                recipient=recipient,
                created_at=now,
            )
            .on_conflict_do_nothing()
        )

    async def revoke(self, subject: SubjectRef, recipient: str | None, now: datetime) -> int:
        """Revoke the live links of a subject, those of one address where given. How many were."""
        statement = (
            update(ActionLink)
            .where(
                ActionLink.subject_kind == subject.kind,
                ActionLink.subject_id == subject.id,
                ActionLink.revoked_at.is_(None),
            )
            .values(revoked_at=now)
            .returning(ActionLink.id)
        )
        if recipient is not None:
            statement = statement.where(ActionLink.recipient == recipient)
        return len((await self._session.scalars(statement)).all())

    async def live_by_id(self, link_id: UUID) -> ActionLink | None:
        """The link with that id, in any workspace, unless it is revoked. Read afresh, whatever the session holds."""
        found = await self._session.scalars(
            select(ActionLink)
            .where(ActionLink.id == link_id, ActionLink.revoked_at.is_(None))
            .execution_options(populate_existing=True)
        )
        return found.first()
