"""Adding comments and reading them."""

from uuid import UUID

from relance.capabilities.journal.service import Journal
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.errors import PermissionDenied
from relance.core.ids import new_id
from relance.core.pagination import PageRequest
from relance.core.runtime import Runtime
from relance.core.schemas import Reference
from relance.core.security import Caller
from relance.core.subjects import ActorRef, SubjectRef
from relance.domains.avant_vente.comments.repository import CommentRepository
from relance.domains.avant_vente.comments.schemas import CommentCreate, CommentRead
from relance.domains.avant_vente.facts import is_staff
from relance.domains.avant_vente.models import AvantVenteComment
from relance.domains.avant_vente.permissions import HANDLE
from relance.domains.avant_vente.repository import RequestRow
from relance.domains.avant_vente.states import VISIBILITY_LABELS, Visibility

#: An internal comment is kept in the journal under a name that is no event: integrations do not hear of it.
COMMENTED, COMMENTED_INTERNALLY = "avant_vente_request.commented", "avant_vente_request.commented_internally"


class Comments:
    """The comments of requests, for a caller in one session."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._rows = CommentRepository(session)

    async def page(self, row: RequestRow, request: PageRequest) -> tuple[list[CommentRead], str | None]:
        """One page of what the caller may read, and the cursor of the next."""
        found = await self._rows.page(row.request.id, self._caller, request)
        items = [_read(one[0], one[1]) for one in found.rows]
        return items, self._runtime.cursors.encode(found.next) if found.next else None

    async def add(self, row: RequestRow, wanted: CommentCreate) -> CommentRead:
        """Say something about a locked request. An internal comment leaves no trace on it.

        Raises:
            PermissionDenied: internal comments are the team's.
        """
        internal = wanted.visibility is Visibility.INTERNAL
        if internal and not is_staff(self._caller):
            raise PermissionDenied(HANDLE)
        now, request = self._runtime.clock.now(), row.request
        comment = AvantVenteComment(
            id=new_id(),
            request_id=request.id,
            visibility=wanted.visibility,
            body=wanted.body,
            author_id=self._caller.user_id,
            late_answer=False,
            created_at=now,
        )
        self._session.add(comment)
        status = {"status": request.status}
        if not internal:
            request.last_action, request.last_action_at = COMMENTED.partition(".")[2], now
        Journal(self._session, self._runtime.clock).record(
            COMMENTED_INTERNALLY if internal else COMMENTED,
            SubjectRef("avant_vente_request", request.id),
            ActorRef.of(self._caller),
            # Nor in the timeline of the customer, which others read as well.
            company_id=None if internal else row.opportunity.company_id,
            before=status,
            after=status,
        )
        await self._session.flush()
        return _read(comment, await self._rows.name_of(self._caller.user_id))


async def late_answer(
    session: DbSession, clock: Clock, request_id: UUID, author_id: UUID, body: str
) -> AvantVenteComment:
    """Keep an answer that came too late; the same one sent again is kept once."""
    known = await CommentRepository(session).same_late(request_id, author_id, body)
    if known is not None:
        return known
    comment = AvantVenteComment(
        id=new_id(),
        request_id=request_id,
        visibility=Visibility.PUBLIC,
        body=body,
        author_id=author_id,
        late_answer=True,
        created_at=clock.now(),
    )
    session.add(comment)
    await session.flush()
    return comment


def _read(comment: AvantVenteComment, author: str) -> CommentRead:
    visibility = Visibility(comment.visibility)
    return CommentRead(
        id=comment.id,
        visibility=visibility,
        visibility_label=VISIBILITY_LABELS[visibility].in_locale(),
        body=comment.body,
        author=Reference(id=comment.author_id, name=author),
        late_answer=comment.late_answer,
        created_at=comment.created_at,
    )
