"""The caller."""

from fastapi import APIRouter, Request

from relance.capabilities.identity.errors import TooManySignIns, UserSessionRequired, WrongPassword
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.identity.router.auth import SessionClaims, ThrottleDep
from relance.capabilities.identity.router.roles import KnownPermissions
from relance.capabilities.identity.schemas import EffectivePermission, MeRead, PasswordChange
from relance.capabilities.identity.service.users import Users
from relance.core.errors import Unauthenticated, ValidationFailed
from relance.core.http import CallerDep, ReadDep, RuntimeDep, StrictRoute, WriteDep
from relance.core.problems import problem_responses
from relance.core.rate_limits import client_address
from relance.core.schemas import Reference
from relance.core.security import Level

router = APIRouter(
    route_class=StrictRoute,
    prefix="/v1/me",
    tags=["me"],
    responses=problem_responses(Unauthenticated, ValidationFailed),
)


@router.get("", operation_id="me_get", summary="Who am I, and what may I do")
async def get_me(session: ReadDep, caller: CallerDep, known: KnownPermissions) -> MeRead:
    """The caller, with the permissions that hold: for an API key, the lower of its own and its owner's."""
    rows = IdentityRepository(session)
    workspace = await rows.workspace()
    user = (await rows.users([caller.user_id]))[caller.user_id]
    role = (await rows.roles([user.role_id]))[user.role_id]
    granted = [
        EffectivePermission.model_validate(
            {"code": one.code, "level": caller.level(one.code).name.lower(), "label": one.label.in_locale()}
        )
        for one in known
        if caller.level(one.code) is not Level.NONE
    ]
    return MeRead(
        kind=caller.kind,
        id=user.id,
        email=user.email,
        name=caller.name,
        locale="en" if user.locale == "en" else "fr",
        workspace=Reference(id=workspace.id, name=workspace.name),
        role=Reference(id=role.id, name=role.name),
        organisations=[Reference(id=one.id, name=one.name) for one in await rows.organisations_of(caller)],
        permissions=granted,
    )


@router.post(
    "/password",
    operation_id="me_change_password",
    summary="Change my password",
    status_code=204,
    responses=problem_responses(WrongPassword, UserSessionRequired, TooManySignIns),
)
async def change_password(
    body: PasswordChange,
    request: Request,
    runtime: RuntimeDep,
    session: WriteDep,
    caller: CallerDep,
    claims: SessionClaims,
    throttle: ThrottleDep,
) -> None:
    """Asks the current password, and ends every other session of the caller."""
    address = client_address(request)
    async with throttle.attempt(address, caller.email):
        try:
            users = Users(session, runtime.clock, caller)
            await users.change_password(body.current_password, body.new_password, claims.session_id)
        except WrongPassword:
            await throttle.failed(address, caller.email)
            raise
