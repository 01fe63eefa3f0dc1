"""Commenting on entries: mailed to those who take part, but for whoever says it."""

from uuid import UUID

from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.messaging.outbox import Outbox
from relance.core.db import DbSession
from relance.core.errors import NotFound, PermissionDenied
from relance.core.etag import Precondition
from relance.core.ids import new_id
from relance.core.pagination import PageRequest
from relance.core.runtime import Runtime
from relance.core.schemas import Reference
from relance.core.security import Caller
from relance.domains.crm_toolbox.infobox.comments.repository import CommentRepository
from relance.domains.crm_toolbox.infobox.comments.schemas import CommentWrite, InfoboxCommentRead
from relance.domains.crm_toolbox.infobox.mails import EntryMails, comment_subject
from relance.domains.crm_toolbox.infobox.recording import Infobox
from relance.domains.crm_toolbox.infobox.repository import InfoboxRepository
from relance.domains.crm_toolbox.models import InfoboxComment, InfoboxEntry
from relance.domains.crm_toolbox.permissions import INFOBOX_WRITE
from relance.domains.crm_toolbox.rich_text import RichText


class Comments:
    """The comments of entries, for a caller in one session."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._rows = CommentRepository(session)
        self._infobox = Infobox.of(session, runtime.clock, caller)

    async def page(self, entry: InfoboxEntry, request: PageRequest) -> tuple[list[InfoboxCommentRead], str | None]:
        """One page of what was said, and the cursor of the next."""
        found = await self._rows.page(entry.id, request)
        items = [_read(row[0], row[1]) for row in found.rows]
        return items, self._runtime.cursors.encode(found.next) if found.next else None

    async def add(self, entry: InfoboxEntry, wanted: CommentWrite) -> InfoboxCommentRead:
        """Say something about a locked entry.

        Raises:
            ValidationFailed: the words hold something that runs, or there are none.
            TargetsDeleted: all that it is about is deleted.
        """
        body = RichText.read(wanted.body, "/body")
        await self._infobox.require_open(entry)
        comment = InfoboxComment(
            id=new_id(),
            workspace_id=self._session.workspace_id,
            entry_id=entry.id,
            author_id=self._caller.user_id,
            body_html=body.html,
            body_text=body.text,
            created_at=self._runtime.clock.now(),
        )
        self._session.add(comment)
        await self._session.flush()
        await self._infobox.told("commented", entry)
        listeners = await InfoboxRepository(self._session).listeners(entry.id)
        await EntryMails(self._session, self._runtime.clock).tell_comment(entry, comment, listeners)
        return await self._shown(comment)

    async def change(
        self, entry: InfoboxEntry, comment_id: UUID, wanted: CommentWrite, precondition: Precondition
    ) -> InfoboxCommentRead:
        """Say it otherwise; nobody is mailed again.

        Raises:
            NotFound: the entry has no such comment.
            PermissionDenied: it is somebody else's.
            PreconditionFailed: it has changed since the caller read it.
            ValidationFailed: the words hold something that runs, or there are none.
            TargetsDeleted: all that the entry is about is deleted.
        """
        body = RichText.read(wanted.body, "/body")
        comment = await self._own(entry, comment_id, precondition)
        await self._infobox.require_open(entry)
        comment.body_html, comment.body_text = body.html, body.text
        comment.edited_at = self._runtime.clock.now()
        await self._session.flush()
        await self._infobox.told("comment_changed", entry)
        return await self._shown(comment)

    async def remove(self, entry: InfoboxEntry, comment_id: UUID, precondition: Precondition) -> None:
        """Delete a comment, and the mails about it that have not left.

        Raises:
            NotFound: the entry has no such comment.
            PermissionDenied: it is somebody else's.
            PreconditionFailed: it has changed since the caller read it.
        """
        comment = await self._own(entry, comment_id, precondition)
        await Outbox(self._session, self._runtime.clock).cancel(comment_subject(comment.id), "deleted")
        await self._rows.remove(comment)
        await self._infobox.told("comment_deleted", entry)

    async def _own(self, entry: InfoboxEntry, comment_id: UUID, precondition: Precondition) -> InfoboxComment:
        comment = await self._rows.lock(entry.id, comment_id)
        if comment is None:
            raise NotFound()
        if not self._caller.reaches(INFOBOX_WRITE, comment.author_id):
            raise PermissionDenied(INFOBOX_WRITE)
        precondition.check(comment.version)
        return comment

    async def _shown(self, comment: InfoboxComment) -> InfoboxCommentRead:
        names = await DirectoryRepository(self._session).people([comment.author_id])
        return _read(comment, names.get(comment.author_id, ""))


def _read(comment: InfoboxComment, author: str) -> InfoboxCommentRead:
    return InfoboxCommentRead(
        id=comment.id,
        author=Reference(id=comment.author_id, name=author),
        body_html=comment.body_html,
        body_text=comment.body_text,
        created_at=comment.created_at,
        edited_at=comment.edited_at,
        version=comment.version,
    )
