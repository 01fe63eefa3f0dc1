"""HTTP of this domain, as to one session and its slots."""

from collections.abc import Awaitable, Callable
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
from relance.core.http import DryRun, ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.lifecycle import TransitionNotAllowed
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires
from relance.domains.sessions.lifecycle import CANCEL, DELETE, WRITE
from relance.domains.sessions.list_schemas import SessionQuery
from relance.domains.sessions.permissions import CREATE, READ
from relance.domains.sessions.repository import SessionRow
from relance.domains.sessions.schemas import (
    SessionCancelRequest,
    SessionCreate,
    SessionListed,
    SessionRead,
    SessionUpdate,
)
from relance.domains.sessions.service import SessionService
from relance.domains.sessions.slot_schemas import PlanRequest, SessionPlan, SlotInput, SlotRead, SlotsWrite, SlotUpdate
from relance.domains.sessions.views import slot_read

router = APIRouter(prefix="/v1/sessions", tags=["sessions"], route_class=StrictRoute)

DENIED = (Unauthenticated, PermissionDenied)
ONE = (*DENIED, NotFound, ValidationFailed)
CHANGE = (*ONE, PreconditionFailed)
ACTION = (*CHANGE, TransitionNotAllowed)

Reader = Annotated[Caller, Depends(requires(READ))]
"""A caller who may see sessions."""


async def reading(session: ReadDep, runtime: RuntimeDep, caller: Reader) -> SessionService:
    """The service on a read session."""
    return SessionService(session, runtime, caller)


async def writing(session: WriteDep, runtime: RuntimeDep, caller: Reader) -> SessionService:
    """The service in the transaction of this request."""
    return SessionService(session, runtime, caller)


Reading = Annotated[SessionService, Depends(reading)]
Writing = Annotated[SessionService, Depends(writing)]


async def readable(session_id: UUID, service: Reading) -> SessionRow:
    """The session of the address, where the caller may read it."""
    return await service.readable(session_id)


def locked(permission: str) -> Callable[..., Awaitable[SessionRow]]:
    """A dependency: the session of the address, locked, where `permission` reaches it; no version is asked."""

    async def found(
        session_id: UUID, service: Writing, _caller: Annotated[Caller, Depends(requires(permission))]
    ) -> SessionRow:
        return await service.actionable(session_id, permission)

    return found


def actionable(permission: str) -> Callable[..., Awaitable[SessionRow]]:
    """The same, where the caller has seen its version."""

    async def checked(row: Annotated[SessionRow, Depends(locked(permission))], precondition: IfMatch) -> SessionRow:
        precondition.check(row.session.version)
        return row

    return checked


Readable = Annotated[SessionRow, Depends(readable)]
ToWrite = Annotated[SessionRow, Depends(actionable(WRITE))]
ToCancel = Annotated[SessionRow, Depends(actionable(CANCEL))]
ToDelete = Annotated[SessionRow, Depends(actionable(DELETE))]


@router.post(
    "",
    operation_id="sessions_create",
    summary="Create a session",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(*DENIED, ValidationFailed, DuplicateResource),
)
async def create(
    payload: SessionCreate,
    service: Writing,
    response: Response,
    _caller: Annotated[Caller, Depends(requires(CREATE))],
) -> SessionRead:
    """With its slots and clients where they are known: all of it or nothing. Nobody is asked yet."""
    row = await service.create(payload)
    response.headers["Location"] = f"/v1/sessions/{row.session.id}"
    return _shown(service, row, response)


@router.get(
    "", operation_id="sessions_list", summary="Sessions", responses=problem_responses(*DENIED, ValidationFailed)
)
async def list_sessions(
    request: Request,
    response: Response,
    service: Reading,
    runtime: RuntimeDep,
    query: Annotated[SessionQuery, Query()],
) -> Page[SessionListed]:
    """What the caller may see, with the worst of each session's clients and how many stand where."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    items, next_cursor = await service.page(query, asked, with_actions=bool(query.include))
    link_next(request, runtime, response, next_cursor)
    return Page(items=items, next_cursor=next_cursor)


@router.get(
    "/{session_id}", operation_id="sessions_get", summary="One session in full", responses=problem_responses(*ONE)
)
async def get(row: Readable, service: Reading, response: Response) -> SessionRead:
    """Slots, clients and how each stands, and what the caller may do now."""
    return _shown(service, row, response)


@router.patch(
    "/{session_id}",
    operation_id="sessions_update",
    summary="Change a session",
    responses=problem_responses(*ACTION, DuplicateResource),
)
async def update(row: ToWrite, payload: SessionUpdate, service: Writing, response: Response) -> SessionRead:
    """JSON merge patch. Slots have addresses of their own; another zone moves them: clients are to be asked anew."""
    return _shown(service, await service.update(row, payload), response)


@router.post(
    "/{session_id}/plan",
    operation_id="sessions_plan",
    summary="Planification simple",
    responses=problem_responses(*ACTION),
)
async def plan(
    row: ToWrite,
    payload: PlanRequest,
    session: WriteDep,
    service: Writing,
    response: Response,
    dry_run: DryRun = False,
) -> SessionPlan:
    """The same hours on some days of the week, without French public holidays; with `dry_run` a preview."""
    if dry_run:
        async with session.rehearsal():
            return (await service.plan(row, payload, dry_run=True))[1]
    row, report = await service.plan(row, payload, dry_run=False)
    set_etag(response, row.session.version)
    return report


@router.put(
    "/{session_id}/slots",
    operation_id="session_slots_replace",
    summary="Set the timetable",
    responses=problem_responses(*ACTION),
)
async def replace_slots(row: ToWrite, payload: SlotsWrite, service: Writing, response: Response) -> SessionRead:
    """Every slot. Where slots or places change, clients who were asked have to be asked anew."""
    return _shown(service, await service.set_slots(row, payload.slots), response)


@router.post(
    "/{session_id}/slots",
    operation_id="session_slots_create",
    summary="Add a slot",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(*ACTION, DuplicateResource),
)
async def add_slot(row: ToWrite, payload: SlotInput, service: Writing, response: Response) -> SlotRead:
    """One slot more; it overlaps none."""
    row, slot = await service.add_slot(row, payload)
    response.headers["Location"] = f"/v1/sessions/{row.session.id}/slots/{slot.id}"
    set_etag(response, row.session.version)
    return slot_read(slot)


@router.get(
    "/{session_id}/slots/{session_slot_id}",
    operation_id="session_slots_get",
    summary="One slot",
    responses=problem_responses(*ONE),
)
async def get_slot(row: Readable, session_slot_id: UUID, service: Reading, response: Response) -> SlotRead:
    """In local time and as instants. Its tag is the session's: slots change together."""
    found = service.slot(row, session_slot_id)
    set_etag(response, row.session.version)
    return slot_read(found)


@router.patch(
    "/{session_id}/slots/{session_slot_id}",
    operation_id="session_slots_update",
    summary="Change a slot",
    responses=problem_responses(*ACTION),
)
async def update_slot(
    row: ToWrite, session_slot_id: UUID, payload: SlotUpdate, service: Writing, response: Response
) -> SlotRead:
    """JSON merge patch. Its calendar event stays the same one, with the next SEQUENCE."""
    row = await service.update_slot(row, service.slot(row, session_slot_id), payload)
    set_etag(response, row.session.version)
    return slot_read(service.slot(row, session_slot_id))


@router.delete(
    "/{session_id}/slots/{session_slot_id}",
    operation_id="session_slots_delete",
    summary="Take a slot away",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(*ACTION),
)
async def delete_slot(row: ToWrite, session_slot_id: UUID, service: Writing) -> None:
    """Clients who were asked have to be asked anew."""
    await service.remove_slot(row, service.slot(row, session_slot_id))


@router.post(
    "/{session_id}/cancel", operation_id="sessions_cancel", summary="Cancel", responses=problem_responses(*ACTION)
)
async def cancel(row: ToCancel, payload: SessionCancelRequest, service: Writing, response: Response) -> SessionRead:
    """The session will not take place: clients who were asked are told, with an update for their calendars."""
    return _shown(service, await service.cancel(row, payload), response)


@router.delete(
    "/{session_id}",
    operation_id="sessions_delete",
    summary="Delete",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(*ACTION),
)
async def delete(row: ToDelete, service: Writing) -> None:
    """Take away a session without slots, or a cancelled one; the journal keeps what happened to it."""
    await service.delete(row)


def _shown(service: SessionService, row: SessionRow, response: Response) -> SessionRead:
    found = service.detail(row)
    set_etag(response, found.version)
    return found
