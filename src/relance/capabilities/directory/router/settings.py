"""HTTP of the directory's settings."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from relance.capabilities.directory.errors import AlreadyInDirectory, StatusInUse
from relance.capabilities.directory.models import ContactStatus
from relance.capabilities.directory.permissions import CONFIGURE, CONTACTS_READ
from relance.capabilities.directory.settings.repository import SettingsRepository
from relance.capabilities.directory.settings.schemas import (
    CustomFieldsRead,
    CustomFieldsWrite,
    Record,
    StatusCreate,
    StatusFilter,
    StatusRead,
    StatusUpdate,
    ViewCreate,
    ViewFilter,
    ViewRead,
    ViewUpdate,
)
from relance.capabilities.directory.settings.service import DirectorySettings
from relance.core.errors import NotFound, PermissionDenied, PreconditionFailed, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.i18n import Text
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires
from relance.core.subjects import ActorRef

_ALWAYS = problem_responses(Unauthenticated, PermissionDenied, ValidationFailed)
_CHANGED = problem_responses(NotFound, PreconditionFailed)

statuses = APIRouter(
    route_class=StrictRoute, prefix="/v1/contact-statuses", tags=["contact-statuses"], responses=_ALWAYS
)
custom_fields = APIRouter(
    route_class=StrictRoute, prefix="/v1/custom-fields", tags=["custom-fields"], responses=_ALWAYS
)
saved_views = APIRouter(route_class=StrictRoute, prefix="/v1/saved-views", tags=["saved-views"], responses=_ALWAYS)

Reader = Annotated[Caller, Depends(requires(CONTACTS_READ))]
RecordPath = Annotated[Record, Path(description="Of which entries.")]
Configurer = Annotated[Caller, Depends(requires(CONFIGURE))]


async def _settings(session: WriteDep, runtime: RuntimeDep, caller: Reader) -> DirectorySettings:
    return DirectorySettings(session, runtime.clock, ActorRef.of(caller))


Settings = Annotated[DirectorySettings, Depends(_settings)]


def _status(status: ContactStatus) -> StatusRead:
    label = Text(status.label_fr, status.label_en).in_locale()
    shown = {name: getattr(status, name) for name in ("id", "code", "label_fr", "label_en", "position")}
    return StatusRead(label=label, **shown)


@statuses.get("", operation_id="contact_statuses_list", summary="List the statuses of contacts")
async def list_statuses(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    _caller: Reader,
    query: Annotated[StatusFilter, Query()],
) -> Page[StatusRead]:
    """The workspace's own list, in its order."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    page = await SettingsRepository(session).status_page(asked)
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=[_status(status) for status in page.rows], next_cursor=next_cursor)


@statuses.post(
    "",
    operation_id="contact_statuses_create",
    summary="Add a status",
    status_code=201,
    responses=problem_responses(AlreadyInDirectory),
)
async def create_status(body: StatusCreate, response: Response, settings: Settings, _caller: Configurer) -> StatusRead:
    """Contacts may have it from now on. Its code never changes."""
    status = await settings.add_status(body)
    set_etag(response, status.version)
    response.headers["Location"] = f"/v1/contact-statuses/{status.id}"
    return _status(status)


@statuses.get(
    "/{contact_status_id}",
    operation_id="contact_statuses_get",
    summary="Read a status",
    responses=problem_responses(NotFound),
)
async def get_status(contact_status_id: UUID, response: Response, session: ReadDep, _caller: Reader) -> StatusRead:
    """One status of the list."""
    status = await SettingsRepository(session).status(contact_status_id)
    if status is None:
        raise NotFound()
    set_etag(response, status.version)
    return _status(status)


@statuses.patch(
    "/{contact_status_id}", operation_id="contact_statuses_update", summary="Change a status", responses=_CHANGED
)
async def update_status(
    contact_status_id: UUID,
    body: StatusUpdate,
    response: Response,
    settings: Settings,
    _caller: Configurer,
    if_match: IfMatch,
) -> StatusRead:
    """Changes the words or the place that are sent (JSON merge patch)."""
    status = await settings.change_status(contact_status_id, body, if_match)
    set_etag(response, status.version)
    return _status(status)


@statuses.delete(
    "/{contact_status_id}",
    operation_id="contact_statuses_delete",
    summary="Take a status off the list",
    status_code=204,
    responses=problem_responses(NotFound, PreconditionFailed, StatusInUse),
)
async def delete_status(contact_status_id: UUID, settings: Settings, _caller: Configurer, if_match: IfMatch) -> None:
    """Refused while a contact has it."""
    await settings.remove_status(contact_status_id, if_match)


@custom_fields.get("/{record}", operation_id="custom_fields_get", summary="Read the workspace's own fields")
async def get_custom_fields(
    record: RecordPath, response: Response, session: ReadDep, _caller: Reader
) -> CustomFieldsRead:
    """The JSON Schema of `custom_fields` of contacts or of companies."""
    row = await SettingsRepository(session).custom_fields(record)
    set_etag(response, row.version if row else 0)
    if row is None:
        empty = {"type": "object", "properties": {}, "additionalProperties": False}
        return CustomFieldsRead(record=record, json_schema=empty, changed_at=None)
    return CustomFieldsRead(record=record, json_schema=row.json_schema, changed_at=row.changed_at)


@custom_fields.put(
    "/{record}",
    operation_id="custom_fields_put",
    summary="Replace the workspace's own fields",
    responses=problem_responses(PreconditionFailed),
)
async def put_custom_fields(
    record: RecordPath,
    body: CustomFieldsWrite,
    response: Response,
    settings: Settings,
    _caller: Configurer,
    if_match: IfMatch,
) -> CustomFieldsRead:
    """All fields at once. Values that rows have already are checked when they are next changed."""
    row = await settings.set_custom_fields(record, body, if_match)
    set_etag(response, row.version)
    return CustomFieldsRead(record=record, json_schema=row.json_schema, changed_at=row.changed_at)


@saved_views.get("", operation_id="saved_views_list", summary="List one's own views")
async def list_views(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    caller: Reader,
    query: Annotated[ViewFilter, Query()],
) -> Page[ViewRead]:
    """The views that the caller has kept; nobody sees those of others."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    page = await SettingsRepository(session).view_page(caller.user_id, query.record, asked)
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=[ViewRead.model_validate(view) for view in page.rows], next_cursor=next_cursor)


@saved_views.post(
    "",
    operation_id="saved_views_create",
    summary="Keep a view",
    status_code=201,
    responses=problem_responses(AlreadyInDirectory),
)
async def create_view(body: ViewCreate, response: Response, settings: Settings, caller: Reader) -> ViewRead:
    """Filters and order of a list, under a name. They are checked as the list itself would."""
    view = await settings.add_view(body, caller.user_id)
    set_etag(response, view.version)
    response.headers["Location"] = f"/v1/saved-views/{view.id}"
    return ViewRead.model_validate(view)


@saved_views.get(
    "/{saved_view_id}", operation_id="saved_views_get", summary="Read a view", responses=problem_responses(NotFound)
)
async def get_view(saved_view_id: UUID, response: Response, session: ReadDep, caller: Reader) -> ViewRead:
    """One of one's own views."""
    view = await SettingsRepository(session).view(saved_view_id, caller.user_id)
    if view is None:
        raise NotFound()
    set_etag(response, view.version)
    return ViewRead.model_validate(view)


@saved_views.patch(
    "/{saved_view_id}",
    operation_id="saved_views_update",
    summary="Change a view",
    responses=problem_responses(NotFound, AlreadyInDirectory, PreconditionFailed),
)
async def update_view(
    saved_view_id: UUID, body: ViewUpdate, response: Response, settings: Settings, caller: Reader, if_match: IfMatch
) -> ViewRead:
    """Changes its name, or replaces its filters."""
    view = await settings.change_view(saved_view_id, caller.user_id, body, if_match)
    set_etag(response, view.version)
    return ViewRead.model_validate(view)


@saved_views.delete(
    "/{saved_view_id}", operation_id="saved_views_delete", summary="Forget a view", status_code=204, responses=_CHANGED
)
async def delete_view(saved_view_id: UUID, settings: Settings, caller: Reader, if_match: IfMatch) -> None:
    """The rows that it showed stay as they are."""
    await settings.remove_view(saved_view_id, caller.user_id, if_match)
