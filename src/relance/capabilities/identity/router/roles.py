"""Roles of the workspace."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from relance.capabilities.identity.errors import LastAdministrator, NameTaken
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.identity.schemas import RoleCreate, RoleQuery, RoleRead, RoleUpdate
from relance.capabilities.identity.service.roles import Roles
from relance.core.errors import NotFound, PermissionDenied, PreconditionFailed, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, Permission, requires

router = APIRouter(
    route_class=StrictRoute,
    prefix="/v1/roles",
    tags=["roles"],
    responses=problem_responses(Unauthenticated, PermissionDenied, ValidationFailed),
)
Reader = Annotated[Caller, Depends(requires("roles:read"))]
Writer = Annotated[Caller, Depends(requires("roles:write"))]


async def known_permissions(request: Request) -> Sequence[Permission]:
    """Every permission of the running program, as the composition root put them together."""
    permissions: Sequence[Permission] = request.app.state.permissions
    return permissions


KnownPermissions = Annotated[Sequence[Permission], Depends(known_permissions)]


@router.get("", operation_id="roles_list", summary="List roles")
async def list_roles(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    _caller: Reader,
    query: Annotated[RoleQuery, Query()],
) -> Page[RoleRead]:
    """The roles of the workspace: the built-in ones, which may be edited, and its own."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    page = await IdentityRepository(session).role_page(asked)
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=[RoleRead.model_validate(role) for role in page.rows], next_cursor=next_cursor)


@router.post(
    "", operation_id="roles_create", summary="Add a role", status_code=201, responses=problem_responses(NameTaken)
)
async def create_role(
    body: RoleCreate,
    response: Response,
    runtime: RuntimeDep,
    session: WriteDep,
    caller: Writer,
    known: KnownPermissions,
) -> RoleRead:
    """Adds a role. Nobody grants more than they have themselves."""
    role = await Roles(session, runtime.clock, caller, known).create(body)
    set_etag(response, role.version)
    response.headers["Location"] = f"/v1/roles/{role.id}"
    return RoleRead.model_validate(role)


@router.get("/{role_id}", operation_id="roles_get", summary="Read a role", responses=problem_responses(NotFound))
async def get_role(
    role_id: UUID,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    caller: Reader,
    known: KnownPermissions,
) -> RoleRead:
    """One role; its `ETag` goes into the `If-Match` of a change."""
    role = await Roles(session, runtime.clock, caller, known).get(role_id)
    set_etag(response, role.version)
    return RoleRead.model_validate(role)


@router.patch(
    "/{role_id}",
    operation_id="roles_update",
    summary="Change a role",
    responses=problem_responses(NotFound, NameTaken, LastAdministrator, PreconditionFailed),
)
async def update_role(
    role_id: UUID,
    body: RoleUpdate,
    response: Response,
    runtime: RuntimeDep,
    session: WriteDep,
    caller: Writer,
    known: KnownPermissions,
    if_match: IfMatch,
) -> RoleRead:
    """Changes the fields and the permissions that are sent (JSON merge patch), for everybody who has the role."""
    role = await Roles(session, runtime.clock, caller, known).update(role_id, body, if_match)
    set_etag(response, role.version)
    return RoleRead.model_validate(role)
