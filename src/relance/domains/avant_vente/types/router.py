"""HTTP of the types of intervention."""

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
from relance.core.i18n import current_locale
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires
from relance.domains.avant_vente.permissions import CONFIGURE, READ
from relance.domains.avant_vente.types.repository import TypeRepository
from relance.domains.avant_vente.types.schemas import (
    InterventionTypeCreate,
    InterventionTypeQuery,
    InterventionTypeRead,
    InterventionTypeUpdate,
)
from relance.domains.avant_vente.types.service import InterventionTypes, read

router = APIRouter(
    prefix="/v1/avant-vente/intervention-types",
    tags=["avant-vente"],
    route_class=StrictRoute,
    responses=problem_responses(Unauthenticated, PermissionDenied, ValidationFailed),
)

Reader = Annotated[Caller, Depends(requires(READ))]
Configurer = Annotated[Caller, Depends(requires(CONFIGURE))]


@router.get("", operation_id="intervention_types_list", summary="Types of intervention")
async def list_types(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    _caller: Reader,
    query: Annotated[InterventionTypeQuery, Query()],
) -> Page[InterventionTypeRead]:
    """The workspace's list, by name in the caller's language."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    found = await TypeRepository(session).page(query.active, current_locale(), asked)
    next_cursor = runtime.cursors.encode(found.next) if found.next else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=[read(one) for one in found.rows], next_cursor=next_cursor)


@router.post(
    "",
    operation_id="intervention_types_create",
    summary="Add a type of intervention",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(DuplicateResource),
)
async def create(
    payload: InterventionTypeCreate, session: WriteDep, runtime: RuntimeDep, caller: Configurer, response: Response
) -> InterventionTypeRead:
    """One more that partners can ask for."""
    made = await InterventionTypes(session, runtime.clock, caller).create(payload)
    set_etag(response, made.version)
    response.headers["Location"] = f"/v1/avant-vente/intervention-types/{made.id}"
    return read(made)


@router.get(
    "/{intervention_type_id}",
    operation_id="intervention_types_get",
    summary="Read a type of intervention",
    responses=problem_responses(NotFound),
)
async def get(
    intervention_type_id: UUID, session: ReadDep, runtime: RuntimeDep, caller: Reader, response: Response
) -> InterventionTypeRead:
    """One entry of the list."""
    found = await InterventionTypes(session, runtime.clock, caller).get(intervention_type_id)
    set_etag(response, found.version)
    return read(found)


@router.patch(
    "/{intervention_type_id}",
    operation_id="intervention_types_update",
    summary="Change a type of intervention",
    responses=problem_responses(NotFound, PreconditionFailed, DuplicateResource),
)
async def update(
    intervention_type_id: UUID,
    payload: InterventionTypeUpdate,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Configurer,
    response: Response,
    precondition: IfMatch,
) -> InterventionTypeRead:
    """JSON merge patch. One that is not `active` is offered no more; requests that have it keep it."""
    found = await InterventionTypes(session, runtime.clock, caller).update(intervention_type_id, payload, precondition)
    set_etag(response, found.version)
    return read(found)
