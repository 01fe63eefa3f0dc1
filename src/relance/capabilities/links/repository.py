"""Every query of the action links."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from relance.capabilities.links.models import ActionLink
from relance.core.db import DbSession
from relance.core.ids import new_id
from relance.core.subjects import SubjectRef

#: What there is at most one live link for: a subject and an address.
LinkKey = tuple[SubjectRef, str]


class LinkRepository:
    """Reads and writes action links. It takes a session and never commits."""

    def __init__(self, session: DbSession) -> None:
        self._session = session

    async def live(self, keys: Sequence[LinkKey]) -> dict[LinkKey, ActionLink]:
        """The links of these addresses for these subjects that are not revoked."""
        columns = tuple_(ActionLink.subject_kind, ActionLink.subject_id, ActionLink.recipient)
        found = await self._session.scalars(
            select(ActionLink).where(
                columns.in_([(subject.kind, subject.id, recipient) for subject, recipient in keys]),
                ActionLink.revoked_at.is_(None),
            )
        )
        return {(link.subject, link.recipient): link for link in found}

    async def add_unless_live(self, keys: Sequence[LinkKey], now: datetime) -> None:
        """Insert links, unless a concurrent transaction has just made them."""
        rows = [
            {
                "workspace_id": self._session.workspace_id,
                "id": new_id(),
                "subject_kind": subject.kind,
                "subject_id": subject.id,
                "recipient": recipient,
                "created_at": now,
            }
            for subject, recipient in keys
        ]
        await self._session.execute(insert(ActionLink).values(rows).on_conflict_do_nothing())

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

    async def lock(self, link_id: UUID) -> None:
        """Wait until nobody else holds the link's row, and hold it."""
        await self._session.execute(select(ActionLink.id).where(ActionLink.id == link_id).with_for_update())

    async def live_by_id(self, link_id: UUID) -> ActionLink | None:
        """The link with that id, in any workspace, unless it is revoked. Read afresh, whatever the session holds."""
        found = await self._session.scalars(
            select(ActionLink)
            .where(ActionLink.id == link_id, ActionLink.revoked_at.is_(None))
            .execution_options(populate_existing=True)
        )
        return found.first()
