"""Users of the workspace."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from relance.capabilities.identity.errors import LastAdministrator, NameTaken
from relance.capabilities.identity.models import User
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.identity.schemas import UserCreate, UserQuery, UserRead, UserUpdate
from relance.capabilities.identity.service.users import Users
from relance.core.db import DbSession
from relance.core.errors import NotFound, PermissionDenied, PreconditionFailed, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.problems import problem_responses
from relance.core.schemas import Page, Reference
from relance.core.security import Caller, requires

router = APIRouter(
    route_class=StrictRoute,
    prefix="/v1/users",
    tags=["users"],
    responses=problem_responses(Unauthenticated, PermissionDenied, ValidationFailed),
)
Reader = Annotated[Caller, Depends(requires("users:read"))]
Writer = Annotated[Caller, Depends(requires("users:write"))]


async def read_users(session: DbSession, users: Sequence[User]) -> list[UserRead]:
    """Users as the API shows them, with the names of what they point to, in three queries for any number."""
    rows = IdentityRepository(session)
    roles = await rows.roles({user.role_id for user in users})
    managers = await rows.users({user.manager_id for user in users if user.manager_id is not None})
    organisations = await rows.memberships([user.id for user in users])
    return [
        UserRead(
            id=user.id,
            email=user.email,
            name=user.name,
            locale="en" if user.locale == "en" else "fr",
            role=Reference(id=user.role_id, name=roles[user.role_id].name),
            manager=Reference(id=user.manager_id, name=managers[user.manager_id].name) if user.manager_id else None,
            organisations=[Reference(id=one.id, name=one.name) for one in organisations[user.id]],
            active=user.active,
            last_sign_in_at=user.last_sign_in_at,
            created_at=user.created_at,
        )
        for user in users
    ]


@router.get("", operation_id="users_list", summary="List users")
async def list_users(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    caller: Reader,
    query: Annotated[UserQuery, Query()],
) -> Page[UserRead]:
    """The users that the caller may read: themselves, the people reporting to them, or all, by level."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    filters = query.model_dump(include={"active", "role_id", "organisation_id"})
    page = await IdentityRepository(session).user_page(caller, query.q, filters, asked)
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=await read_users(session, page.rows), next_cursor=next_cursor)


@router.post(
    "", operation_id="users_create", summary="Add a user", status_code=201, responses=problem_responses(NameTaken)
)
async def create_user(
    body: UserCreate, response: Response, runtime: RuntimeDep, session: WriteDep, caller: Writer
) -> UserRead:
    """Adds a user. At level `group` they report to somebody of the caller's group, by default to the caller."""
    user = await Users(session, runtime.clock, caller).create(body)
    set_etag(response, user.version)
    response.headers["Location"] = f"/v1/users/{user.id}"
    return (await read_users(session, [user]))[0]


@router.get("/{user_id}", operation_id="users_get", summary="Read a user", responses=problem_responses(NotFound))
async def get_user(
    user_id: UUID, response: Response, runtime: RuntimeDep, session: ReadDep, caller: Reader
) -> UserRead:
    """One user; the `ETag` goes into the `If-Match` of a change."""
    user = await Users(session, runtime.clock, caller).get(user_id)
    set_etag(response, user.version)
    return (await read_users(session, [user]))[0]


@router.patch(
    "/{user_id}",
    operation_id="users_update",
    summary="Change a user",
    responses=problem_responses(NotFound, NameTaken, LastAdministrator, PreconditionFailed),
)
async def update_user(
    user_id: UUID,
    body: UserUpdate,
    response: Response,
    runtime: RuntimeDep,
    session: WriteDep,
    caller: Writer,
    if_match: IfMatch,
) -> UserRead:
    """Changes the fields that are sent (JSON merge patch). Deactivating somebody signs them out at once."""
    user = await Users(session, runtime.clock, caller).update(user_id, body, if_match)
    set_etag(response, user.version)
    return (await read_users(session, [user]))[0]
