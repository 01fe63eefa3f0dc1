"""HTTP of comments."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response, status

from relance.core.errors import NotFound, PermissionDenied, PreconditionFailed, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.domains.crm_toolbox.errors import TargetsDeleted
from relance.domains.crm_toolbox.infobox.comments.schemas import (
    CommentWrite,
    InfoboxCommentQuery,
    InfoboxCommentRead,
)
from relance.domains.crm_toolbox.infobox.comments.service import Comments
from relance.domains.crm_toolbox.infobox.router import INFOBOX, Around, Locked, PartReader, Readable, Writer

router = APIRouter(
    prefix=f"{INFOBOX}/{{infobox_entry_id}}/comments",
    tags=["crm-toolbox"],
    route_class=StrictRoute,
    responses=problem_responses(Unauthenticated, PermissionDenied, NotFound, ValidationFailed),
)


@router.get("", operation_id="infobox_comments_list", summary="Comments on an entry")
async def list_comments(
    entry: Readable,
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    caller: PartReader,
    query: Annotated[InfoboxCommentQuery, Query()],
) -> Page[InfoboxCommentRead]:
    """The oldest first."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    items, next_cursor = await Comments(session, runtime, caller).page(entry, asked)
    link_next(request, runtime, response, next_cursor)
    return Page(items=items, next_cursor=next_cursor)


@router.post(
    "",
    operation_id="infobox_comments_create",
    summary="Comment on an entry",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(PreconditionFailed, TargetsDeleted),
)
async def create(
    entry: Locked, payload: CommentWrite, runtime: RuntimeDep, session: WriteDep, caller: Writer, response: Response
) -> InfoboxCommentRead:
    """Those who take part are mailed, but for the caller and for those who want no more mails about it."""
    made = await Comments(session, runtime, caller).add(entry, payload)
    set_etag(response, made.version)
    response.headers["Location"] = f"{INFOBOX}/{entry.id}/comments"
    return made


@router.patch(
    "/{infobox_comment_id}",
    operation_id="infobox_comments_update",
    summary="Change a comment",
    responses=problem_responses(PreconditionFailed, TargetsDeleted),
)
async def update(
    entry: Around,
    infobox_comment_id: UUID,
    payload: CommentWrite,
    runtime: RuntimeDep,
    session: WriteDep,
    caller: Writer,
    response: Response,
    if_match: IfMatch,
) -> InfoboxCommentRead:
    """One's own, or anybody's that the level of the right reaches. Nobody is mailed again."""
    changed = await Comments(session, runtime, caller).change(entry, infobox_comment_id, payload, if_match)
    set_etag(response, changed.version)
    return changed


@router.delete(
    "/{infobox_comment_id}",
    operation_id="infobox_comments_delete",
    summary="Delete a comment",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(PreconditionFailed),
)
async def delete(
    entry: Around,
    infobox_comment_id: UUID,
    runtime: RuntimeDep,
    session: WriteDep,
    caller: Writer,
    if_match: IfMatch,
) -> None:
    """One's own, or anybody's that the level of the right reaches."""
    await Comments(session, runtime, caller).remove(entry, infobox_comment_id, if_match)
