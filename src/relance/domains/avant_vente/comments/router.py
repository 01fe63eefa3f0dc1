"""HTTP of comments."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status

from relance.core.errors import PermissionDenied
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.domains.avant_vente import views
from relance.domains.avant_vente.comments.schemas import CommentCreate, CommentQuery, CommentRead
from relance.domains.avant_vente.comments.service import Comments
from relance.domains.avant_vente.facts import is_staff
from relance.domains.avant_vente.permissions import REQUEST
from relance.domains.avant_vente.router import CHANGE, ONE, REQUESTS, Locked, Readable, Reader

router = APIRouter(
    prefix=f"{REQUESTS}/{{avant_vente_request_id}}/comments", tags=["avant-vente"], route_class=StrictRoute
)


@router.get(
    "",
    operation_id="avant_vente_comments_list",
    summary="Comments of a request",
    responses=problem_responses(*ONE),
)
async def list_comments(
    row: Readable,
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    caller: Reader,
    query: Annotated[CommentQuery, Query()],
) -> Page[CommentRead]:
    """The oldest first. Internal ones only where the caller holds `avant-vente:handle`."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    items, next_cursor = await Comments(session, runtime, caller).page(row, asked)
    link_next(request, runtime, response, next_cursor)
    return Page(items=items, next_cursor=next_cursor)


@router.post(
    "",
    operation_id="avant_vente_comments_create",
    summary="Comment on a request",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(*CHANGE),
)
async def create(
    row: Locked, payload: CommentCreate, runtime: RuntimeDep, session: WriteDep, caller: Reader, response: Response
) -> CommentRead:
    """Public by default. An internal comment needs `avant-vente:handle`, and changes nothing that a partner sees."""
    if not is_staff(caller) and not views.reaches(row, caller, REQUEST):
        raise PermissionDenied(REQUEST)
    made = await Comments(session, runtime, caller).add(row, payload)
    response.headers["Location"] = f"{REQUESTS}/{row.request.id}/comments"
    return made
