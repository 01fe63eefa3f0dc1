"""The caller's workspace."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.identity.schemas import WorkspaceRead, WorkspaceUpdate
from relance.capabilities.identity.service.organisations import update_workspace
from relance.core.errors import PermissionDenied, PreconditionFailed, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep
from relance.core.problems import problem_responses
from relance.core.security import Caller, requires

router = APIRouter(
    route_class=StrictRoute,
    prefix="/v1/workspace",
    tags=["workspace"],
    responses=problem_responses(Unauthenticated, PermissionDenied, ValidationFailed),
)
Reader = Annotated[Caller, Depends(requires("workspace:read"))]
Writer = Annotated[Caller, Depends(requires("workspace:write"))]


@router.get("", operation_id="workspace_get", summary="Read the workspace")
async def get_workspace(response: Response, session: ReadDep, _caller: Reader) -> WorkspaceRead:
    """The workspace of the caller: the one that every address of the API is about."""
    workspace = await IdentityRepository(session).workspace()
    set_etag(response, workspace.version)
    return WorkspaceRead.model_validate(workspace)


@router.patch(
    "",
    operation_id="workspace_update",
    summary="Change the workspace",
    responses=problem_responses(PreconditionFailed),
)
async def change_workspace(
    body: WorkspaceUpdate, response: Response, runtime: RuntimeDep, session: WriteDep, caller: Writer, if_match: IfMatch
) -> WorkspaceRead:
    """Changes the fields that are sent (JSON merge patch). The zone decides when deadlines that are dates end."""
    workspace = await update_workspace(session, runtime.clock, caller, body, if_match)
    set_etag(response, workspace.version)
    return WorkspaceRead.model_validate(workspace)
