"""Every query about proposals and answers."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import Repository, fetch_page
from relance.domains.sessions.models import DateAnswer, DateProposal


class ProposalRepository(Repository):
    """Proposals and answers of the session's workspace."""

    async def find(self, client_id: UUID, version: int) -> DateProposal | None:
        """The proposal of a client with that version."""
        found = await self.session.scalars(
            select(DateProposal).where(DateProposal.session_client_id == client_id, DateProposal.version == version)
        )
        return found.one_or_none()

    async def of_client(self, client_id: UUID) -> Sequence[DateProposal]:
        """Every proposal to a client, the first one first."""
        found = await self.session.scalars(
            select(DateProposal).where(DateProposal.session_client_id == client_id).order_by(DateProposal.version)
        )
        return found.all()

    async def page(self, client_id: UUID, request: PageRequest) -> Slice[DateProposal]:
        """One page of the proposals to a client."""
        statement = select(DateProposal).where(DateProposal.session_client_id == client_id)
        key = SortKey(request.key, DateProposal.version)
        found = await fetch_page(self.session, statement, request, key, DateProposal.id)
        return Slice([row[0] for row in found.rows], found.next)

    async def answers(self, client_id: UUID, request: PageRequest) -> Slice[DateAnswer]:
        """One page of the answers of a client."""
        statement = select(DateAnswer).where(DateAnswer.session_client_id == client_id)
        key = SortKey(request.key, DateAnswer.answered_at)
        found = await fetch_page(self.session, statement, request, key, DateAnswer.id)
        return Slice([row[0] for row in found.rows], found.next)

    async def answer_count(self, client_id: UUID) -> int:
        """How often a client has answered."""
        found: Any = await self.session.scalar(
            select(func.count()).select_from(DateAnswer).where(DateAnswer.session_client_id == client_id)
        )
        return int(found)
