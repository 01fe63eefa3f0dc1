"""HTTP of distribution lists."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response, status

from relance.core.errors import (
    DuplicateResource,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    Unauthenticated,
    ValidationFailed,
)
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires
from relance.domains.crm_toolbox.lists.schemas import DistributionListQuery, ListCreate, ListRead, ListUpdate
from relance.domains.crm_toolbox.lists.service import DistributionLists
from relance.domains.crm_toolbox.permissions import INFOBOX_READ, LISTS

router = APIRouter(
    prefix="/v1/crm-toolbox/distribution-lists",
    tags=["crm-toolbox"],
    route_class=StrictRoute,
    responses=problem_responses(Unauthenticated, PermissionDenied, ValidationFailed),
)

Reader = Annotated[Caller, Depends(requires(INFOBOX_READ))]
Writer = Annotated[Caller, Depends(requires(LISTS))]


@router.get("", operation_id="distribution_lists_list", summary="Distribution lists")
async def list_lists(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    caller: Reader,
    query: Annotated[DistributionListQuery, Query()],
) -> Page[ListRead]:
    """All of the workspace, by name, with who is on them."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    items, next_cursor = await DistributionLists(session, runtime, caller).page(asked)
    link_next(request, runtime, response, next_cursor)
    return Page(items=items, next_cursor=next_cursor)


@router.post(
    "",
    operation_id="distribution_lists_create",
    summary="Make a distribution list",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(DuplicateResource),
)
async def create(
    payload: ListCreate, session: WriteDep, runtime: RuntimeDep, caller: Writer, response: Response
) -> ListRead:
    """It belongs to whoever makes it, and everybody may let it take part."""
    made = await DistributionLists(session, runtime, caller).create(payload)
    set_etag(response, made.version)
    response.headers["Location"] = f"/v1/crm-toolbox/distribution-lists/{made.id}"
    return made


@router.get(
    "/{distribution_list_id}",
    operation_id="distribution_lists_get",
    summary="Read a distribution list",
    responses=problem_responses(NotFound),
)
async def get(
    distribution_list_id: UUID, session: ReadDep, runtime: RuntimeDep, caller: Reader, response: Response
) -> ListRead:
    """With who is on it."""
    found = await DistributionLists(session, runtime, caller).get(distribution_list_id)
    set_etag(response, found.version)
    return found


@router.patch(
    "/{distribution_list_id}",
    operation_id="distribution_lists_update",
    summary="Change a distribution list",
    responses=problem_responses(NotFound, PreconditionFailed, DuplicateResource),
)
async def update(
    distribution_list_id: UUID,
    payload: ListUpdate,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Writer,
    response: Response,
    if_match: IfMatch,
) -> ListRead:
    """JSON merge patch; `user_ids` replaces who is on it. Entries keep whom they took from it."""
    found = await DistributionLists(session, runtime, caller).update(distribution_list_id, payload, if_match)
    set_etag(response, found.version)
    return found


@router.delete(
    "/{distribution_list_id}",
    operation_id="distribution_lists_delete",
    summary="Delete a distribution list",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(NotFound, PreconditionFailed),
)
async def delete(
    distribution_list_id: UUID, session: WriteDep, runtime: RuntimeDep, caller: Writer, if_match: IfMatch
) -> None:
    """Entries keep whom they took from it."""
    await DistributionLists(session, runtime, caller).delete(distribution_list_id, if_match)
