"""Every query about comments. Which of them a caller may read is decided here, for every representation."""

from uuid import UUID

from sqlalchemy import and_, select

from relance.capabilities.identity.models import User
from relance.core.pagination import AnySelect, PageRequest, Slice, SortKey
from relance.core.repository import AnyRow, Repository, fetch_page
from relance.core.security import Caller
from relance.domains.avant_vente.facts import is_staff
from relance.domains.avant_vente.models import AvantVenteComment
from relance.domains.avant_vente.states import Visibility


class CommentRepository(Repository):
    """Comments of the session's workspace."""

    async def page(self, request_id: UUID, caller: Caller, request: PageRequest) -> Slice[AnyRow]:
        """One page of the comments of a request that the caller may read, with their authors."""
        comment = AvantVenteComment
        statement = _readable(caller).where(comment.request_id == request_id)
        return await fetch_page(self.session, statement, request, SortKey("created_at", comment.created_at), comment.id)

    async def name_of(self, user_id: UUID) -> str:
        """The name of an author."""
        return (await self.session.scalars(select(User.name).where(User.id == user_id))).one()

    async def same_late(self, request_id: UUID, author_id: UUID, body: str) -> AvantVenteComment | None:
        """The same late answer of the same person, where it is kept already."""
        comment = AvantVenteComment
        statement = select(comment).where(
            comment.request_id == request_id,
            comment.author_id == author_id,
            comment.late_answer.is_(True),
            comment.body == body,
        )
        return await self.session.scalar(statement)


def _readable(caller: Caller) -> AnySelect:
    comment = AvantVenteComment
    joined = select(comment, User.name).join(
        User, and_(User.workspace_id == comment.workspace_id, User.id == comment.author_id)
    )
    return joined if is_staff(caller) else joined.where(comment.visibility == Visibility.PUBLIC.value)
