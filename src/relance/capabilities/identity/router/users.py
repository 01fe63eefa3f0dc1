"""Users of the workspace."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from relance.capabilities.identity.accounts.lifecycle import INVITATION, USER, InvitationStatus, UserStatus
from relance.capabilities.identity.accounts.repository import AccountRepository
from relance.capabilities.identity.errors import LastAdministrator, NameTaken
from relance.capabilities.identity.models import User, UserInvitation
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.identity.service.users import Users
from relance.capabilities.identity.user_schemas import (
    UserCreate,
    UserInvitationRead,
    UserListed,
    UserQuery,
    UserRead,
    UserUpdate,
)
from relance.capabilities.messaging.gap import TooRecent
from relance.core.actions import AvailableAction, available_actions
from relance.core.db import DbSession
from relance.core.errors import NotFound, PermissionDenied, PreconditionFailed, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, Precondition, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.i18n import as_locale
from relance.core.lifecycle import TransitionNotAllowed
from relance.core.problems import problem_responses
from relance.core.runtime import Runtime
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


async def _summaries(session: DbSession, users: Sequence[User]) -> list[dict[str, Any]]:
    """Users with the names of what they point to, in a few queries for any number."""
    rows = IdentityRepository(session)
    invitations = await AccountRepository(session).of_users([user.id for user in users])
    roles = await rows.roles({user.role_id for user in users})
    managers = await rows.users({user.manager_id for user in users if user.manager_id is not None})
    organisations = await rows.memberships([user.id for user in users])
    return [
        {
            "id": user.id,
            "email": user.email,
            "name": user.name,
            "locale": as_locale(user.locale),
            "role": Reference(id=user.role_id, name=roles[user.role_id].name),
            "manager": Reference(id=user.manager_id, name=managers[user.manager_id].name) if user.manager_id else None,
            "organisations": [Reference(id=one.id, name=one.name) for one in organisations[user.id]],
            "status": UserStatus(user.status).value,
            "status_label": USER.label(user.status).in_locale(),
            "invitation": _invitation(invitations.get(user.id)),
            "last_sign_in_at": user.last_sign_in_at,
            "created_at": user.created_at,
        }
        for user in users
    ]


async def read_user(session: DbSession, runtime: Runtime, caller: Caller, user: User) -> UserRead:
    """A user as the API shows them."""
    (summary,) = await _summaries(session, [user])
    actions = await _actions(session, runtime, caller, [user])
    return UserRead.model_validate({**summary, "available_actions": actions[user.id]})


async def _actions(
    session: DbSession, runtime: Runtime, caller: Caller, users: Sequence[User]
) -> dict[UUID, list[AvailableAction]]:
    facts = await Users(session, runtime.clock, caller).facts(users)
    return {user.id: available_actions(USER, user.status, facts[user.id], caller, user.id) for user in users}


def _invitation(row: UserInvitation | None) -> UserInvitationRead | None:
    if row is None:
        return None
    return UserInvitationRead(
        status=InvitationStatus(row.status).value,
        status_label=INVITATION.label(row.status).in_locale(),
        last_sent_at=row.last_sent_at,
        expires_at=row.expires_at,
        undeliverable=row.undeliverable,
    )


@router.get("", operation_id="users_list", summary="List users")
async def list_users(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    caller: Reader,
    query: Annotated[UserQuery, Query()],
) -> Page[UserListed]:
    """The users that the caller may read: themselves, the people reporting to them, or all, by level."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    filters = query.model_dump(include={"status", "role_id", "organisation_id"})
    page = await IdentityRepository(session).user_page(caller, query.q, filters, asked)
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    actions = await _actions(session, runtime, caller, page.rows) if query.include else {}
    summaries = await _summaries(session, page.rows)
    items = [UserListed.model_validate({**one, "available_actions": actions.get(one["id"])}) for one in summaries]
    return Page(items=items, next_cursor=next_cursor)


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
    return await read_user(session, runtime, caller, user)


@router.get("/{user_id}", operation_id="users_get", summary="Read a user", responses=problem_responses(NotFound))
async def get_user(
    user_id: UUID, response: Response, runtime: RuntimeDep, session: ReadDep, caller: Reader
) -> UserRead:
    """One user; the `ETag` goes into the `If-Match` of a change."""
    user = await Users(session, runtime.clock, caller).get(user_id)
    set_etag(response, user.version)
    return await read_user(session, runtime, caller, user)


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
    """Changes the fields that are sent (JSON merge patch). Another address of an invited user is invited anew."""
    user = await Users(session, runtime.clock, caller).update(user_id, body, if_match)
    set_etag(response, user.version)
    return await read_user(session, runtime, caller, user)


async def _act(
    action: str,
    user_id: UUID,
    response: Response,
    runtime: Runtime,
    session: DbSession,
    caller: Caller,
    if_match: Precondition,
) -> UserRead:
    user = await Users(session, runtime.clock, caller).act(user_id, action, if_match)
    set_etag(response, user.version)
    return await read_user(session, runtime, caller, user)


@router.post(
    "/{user_id}/resend",
    operation_id="users_resend",
    summary="Send the invitation again",
    responses=problem_responses(NotFound, TransitionNotAllowed, TooRecent, PreconditionFailed),
)
async def resend_invitation(
    user_id: UUID, response: Response, runtime: RuntimeDep, session: WriteDep, caller: Writer, if_match: IfMatch
) -> UserRead:
    """Reminds an invited user, or invites them anew after the end of the first invitation. Once in 24 h."""
    return await _act("resend", user_id, response, runtime, session, caller, if_match)


@router.post(
    "/{user_id}/deactivate",
    operation_id="users_deactivate",
    summary="Deactivate a user",
    responses=problem_responses(NotFound, TransitionNotAllowed, LastAdministrator, PreconditionFailed),
)
async def deactivate_user(
    user_id: UUID, response: Response, runtime: RuntimeDep, session: WriteDep, caller: Writer, if_match: IfMatch
) -> UserRead:
    """Ends every session and stops every API key of the user at once; an invitation of theirs is withdrawn."""
    return await _act("deactivate", user_id, response, runtime, session, caller, if_match)


@router.post(
    "/{user_id}/reactivate",
    operation_id="users_reactivate",
    summary="Reactivate a user",
    responses=problem_responses(NotFound, TransitionNotAllowed, PreconditionFailed),
)
async def reactivate_user(
    user_id: UUID, response: Response, runtime: RuntimeDep, session: WriteDep, caller: Writer, if_match: IfMatch
) -> UserRead:
    """Lets a deactivated user sign in again; whoever never chose a password does so by the password reset."""
    return await _act("reactivate", user_id, response, runtime, session, caller, if_match)
