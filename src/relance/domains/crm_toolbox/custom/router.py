"""HTTP of actions of the workspace's own."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response, status

from relance.core.errors import (
    DuplicateResource,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    Unauthenticated,
    ValidationFailed,
)
from relance.core.etag import IfMatch, set_etag
from relance.core.http import DryRun, ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires
from relance.domains.crm_toolbox.actions.http import ACTION_ERRORS, run
from relance.domains.crm_toolbox.actions.schemas import ActionReport
from relance.domains.crm_toolbox.custom.schemas import (
    CustomActionCreate,
    CustomTypeCreate,
    CustomTypeQuery,
    CustomTypeRead,
    CustomTypeUpdate,
)
from relance.domains.crm_toolbox.custom.service import CustomActions, read
from relance.domains.crm_toolbox.permissions import CONFIGURE, CUSTOM

TYPES = "/v1/crm-toolbox/custom-action-types"

types = APIRouter(
    prefix=TYPES,
    tags=["crm-toolbox"],
    route_class=StrictRoute,
    responses=problem_responses(Unauthenticated, PermissionDenied, ValidationFailed),
)
actions = APIRouter(prefix="/v1/crm-toolbox/custom-actions", tags=["crm-toolbox"], route_class=StrictRoute)

Runner = Annotated[Caller, Depends(requires(CUSTOM))]
Configurer = Annotated[Caller, Depends(requires(CONFIGURE))]


@types.get("", operation_id="custom_action_types_list", summary="Actions of the workspace's own")
async def list_types(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    caller: Runner,
    query: Annotated[CustomTypeQuery, Query()],
) -> Page[CustomTypeRead]:
    """All of them; the toolbox shows those that the caller may run."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    page = await CustomActions(session, runtime, caller).page(asked)
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=[read(one) for one in page.rows], next_cursor=next_cursor)


@types.post(
    "",
    operation_id="custom_action_types_create",
    summary="Add an action of the workspace's own",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(DuplicateResource),
)
async def create(
    payload: CustomTypeCreate, session: WriteDep, runtime: RuntimeDep, caller: Configurer, response: Response
) -> CustomTypeRead:
    """It is in the toolbox of those who may use it from now on."""
    made = await CustomActions(session, runtime, caller).create(payload)
    set_etag(response, made.version)
    response.headers["Location"] = f"{TYPES}/{made.id}"
    return read(made)


@types.get(
    "/{custom_action_type_id}",
    operation_id="custom_action_types_get",
    summary="Read an action of the workspace's own",
    responses=problem_responses(NotFound),
)
async def get(
    custom_action_type_id: UUID, session: ReadDep, runtime: RuntimeDep, caller: Runner, response: Response
) -> CustomTypeRead:
    """With the schema of its fields."""
    found = await CustomActions(session, runtime, caller).get(custom_action_type_id)
    set_etag(response, found.version)
    return read(found)


@types.patch(
    "/{custom_action_type_id}",
    operation_id="custom_action_types_update",
    summary="Change an action of the workspace's own",
    responses=problem_responses(NotFound, PreconditionFailed),
)
async def update(
    custom_action_type_id: UUID,
    payload: CustomTypeUpdate,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Configurer,
    response: Response,
    if_match: IfMatch,
) -> CustomTypeRead:
    """JSON merge patch. What is recorded stays as it is."""
    found = await CustomActions(session, runtime, caller).update(custom_action_type_id, payload, if_match)
    set_etag(response, found.version)
    return read(found)


@types.delete(
    "/{custom_action_type_id}",
    operation_id="custom_action_types_delete",
    summary="Delete an action of the workspace's own",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(NotFound, PreconditionFailed),
)
async def delete(
    custom_action_type_id: UUID, session: WriteDep, runtime: RuntimeDep, caller: Configurer, if_match: IfMatch
) -> None:
    """Its entries keep what it was called."""
    await CustomActions(session, runtime, caller).delete(custom_action_type_id, if_match)


@actions.post(
    "/{custom_action_key}",
    operation_id="crm_toolbox_custom",
    summary="Run an action of the workspace's own",
    responses=ACTION_ERRORS | problem_responses(NotFound),
)
async def run_custom(
    custom_action_key: Annotated[str, Path(max_length=50, description="The `key` of the action.")],
    payload: CustomActionCreate,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Runner,
    response: Response,
    dry_run: DryRun = False,
) -> ActionReport:
    """Actions spécifiques: an entry with the values of its fields. Values that do not fit are named, one by one."""
    act = CustomActions(session, runtime, caller)
    return await run(session, response, lambda: act.run(custom_action_key, payload), dry_run=dry_run)
