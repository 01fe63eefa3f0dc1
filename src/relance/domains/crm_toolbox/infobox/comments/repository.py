"""Every query about comments."""

from uuid import UUID

from sqlalchemy import and_, delete, select

from relance.capabilities.identity.models import User
from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import AnyRow, Repository, affected, fetch_page
from relance.domains.crm_toolbox.models import InfoboxComment


class CommentRepository(Repository):
    """Comments of the session's workspace."""

    async def page(self, entry_id: UUID, request: PageRequest) -> Slice[AnyRow]:
        """One page of the comments of an entry, with their authors."""
        comment = InfoboxComment
        author = and_(User.workspace_id == comment.workspace_id, User.id == comment.author_id)
        statement = select(comment, User.name).join(User, author).where(comment.entry_id == entry_id)
        return await fetch_page(self.session, statement, request, SortKey("created_at", comment.created_at), comment.id)

    async def lock(self, entry_id: UUID, comment_id: UUID) -> InfoboxComment | None:
        """One comment of that entry, locked."""
        found = select(InfoboxComment).where(InfoboxComment.entry_id == entry_id, InfoboxComment.id == comment_id)
        return (await self.session.scalars(found.with_for_update())).one_or_none()

    async def remove(self, comment: InfoboxComment) -> None:
        """Delete a comment."""
        await affected(self.session, delete(InfoboxComment).where(InfoboxComment.id == comment.id))
        self.session.expunge(comment)
