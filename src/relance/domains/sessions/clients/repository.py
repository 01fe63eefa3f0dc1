"""Every query about the clients of a session, beyond what comes with the session itself."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, false, func, select
from sqlalchemy.dialects.postgresql import insert

from relance.core.ids import new_id
from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import Repository, affected, fetch_page
from relance.domains.sessions.lifecycle import Confirmation
from relance.domains.sessions.models import SessionClient, TrainingSession


class ClientRepository(Repository):
    """Clients of sessions of the session's workspace."""

    async def page(
        self,
        session_id: UUID,
        confirmation: Collection[Confirmation],
        overdue: bool | None,
        request: PageRequest,
        now: datetime,
    ) -> Slice[UUID]:
        """The ids of one page of the clients of a session."""
        statement = select(SessionClient.id).where(SessionClient.session_id == session_id)
        if confirmation:
            statement = statement.where(SessionClient.confirmation.in_([one.value for one in confirmation]))
        if overdue is not None:
            late = func.coalesce(SessionClient.due_at <= now, false()) & (
                SessionClient.confirmation == Confirmation.AWAITING.value
            )
            statement = statement.where(late if overdue else ~late)
        key = SortKey(request.key, SessionClient.created_at)
        found = await fetch_page(self.session, statement, request, key, SessionClient.id)
        return Slice([row[0] for row in found.rows], found.next)

    async def insert(self, values: Mapping[str, Any]) -> UUID | None:
        """A new client; None where the company is one already."""
        own = {
            "workspace_id": self.session.workspace_id,
            "id": new_id(),
            "version": 1,
            "confirmation": Confirmation.NOT_SENT.value,
            "proposal_version": 0,
            "reminders_count": 0,
            "reminders_asked": 0,
            "plans": 0,
        }
        statement = insert(SessionClient).values({**own, **values}).on_conflict_do_nothing()
        return await self.session.scalar(statement.returning(SessionClient.id))

    async def sessions_of(self, ids: Collection[UUID]) -> Mapping[UUID, UUID]:
        """The session of each client."""
        found = await self.session.execute(
            select(SessionClient.id, SessionClient.session_id).where(SessionClient.id.in_(ids))
        )
        return {row[0]: row[1] for row in found}

    async def states(self, ids: Collection[UUID]) -> Mapping[UUID, tuple[str, int, str]]:
        """Of each client: its confirmation, the version of its proposal, and where its session stands; a plain read."""
        found = await self.session.execute(
            select(SessionClient.id, SessionClient.confirmation, SessionClient.proposal_version, TrainingSession.status)
            .join(
                TrainingSession,
                (TrainingSession.workspace_id == SessionClient.workspace_id)
                & (TrainingSession.id == SessionClient.session_id),
            )
            .where(SessionClient.id.in_(ids))
        )
        return {row[0]: (row[1], row[2], row[3]) for row in found}

    async def delete(self, client_id: UUID) -> None:
        """Take a client away, its proposals and answers with it."""
        await affected(self.session, delete(SessionClient).where(SessionClient.id == client_id))
