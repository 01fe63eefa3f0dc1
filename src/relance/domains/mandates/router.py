"""HTTP of this domain, as to one mandate."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request, Response, status

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
from relance.domains.mandates.completeness import completeness
from relance.domains.mandates.creation import MandateCreation
from relance.domains.mandates.errors import (
    AddressUndeliverable,
    ContactFixed,
    FeatureNotSubscribed,
    LastTeamMember,
    MandateIncomplete,
    TooRecent,
)
from relance.domains.mandates.lifecycle import REMIND, WRITE
from relance.domains.mandates.list_schemas import MandateQuery
from relance.domains.mandates.permissions import CREATE, READ
from relance.domains.mandates.repository import MandateRow
from relance.domains.mandates.schemas import (
    CancelRequest,
    Completeness,
    MandateCreate,
    MandateListed,
    MandateRead,
    MandateUpdate,
    PassthroughWrite,
    RemindMandateRequest,
    ScheduleWrite,
    TeamWrite,
)
from relance.domains.mandates.service import MandateService

router = APIRouter(prefix="/v1/mandates", tags=["mandates"], route_class=StrictRoute)

_DENIED = (Unauthenticated, PermissionDenied)
_ONE = (*_DENIED, NotFound, ValidationFailed)
_CHANGE = (*_ONE, PreconditionFailed)
_ACTION = (*_CHANGE, TransitionNotAllowed)

Reader = Annotated[Caller, Depends(requires(READ))]
"""A caller who may see mandates."""


async def reading(session: ReadDep, runtime: RuntimeDep, caller: Reader) -> MandateService:
    """The service on a read session."""
    return MandateService(session, runtime, caller)


async def writing(session: WriteDep, runtime: RuntimeDep, caller: Reader) -> MandateService:
    """The service in the transaction of this request."""
    return MandateService(session, runtime, caller)


Reading = Annotated[MandateService, Depends(reading)]
Writing = Annotated[MandateService, Depends(writing)]


async def readable(mandate_id: UUID, service: Reading) -> MandateRow:
    """The mandate of the address, where the caller may read it."""
    return await service.readable(mandate_id)


def actionable(permission: str) -> Callable[..., Awaitable[MandateRow]]:
    """A dependency: the mandate of the address, locked, where `permission` reaches it."""

    async def locked(
        mandate_id: UUID,
        service: Writing,
        precondition: IfMatch,
        _caller: Annotated[Caller, Depends(requires(permission))],
    ) -> MandateRow:
        row = await service.actionable(mandate_id, permission)
        precondition.check(row.mandate.version)
        return row

    return locked


Readable = Annotated[MandateRow, Depends(readable)]
ToWrite = Annotated[MandateRow, Depends(actionable(WRITE))]
ToRemind = Annotated[MandateRow, Depends(actionable(REMIND))]
ToCancel = Annotated[MandateRow, Depends(actionable("mandates:cancel"))]
ToDelete = Annotated[MandateRow, Depends(actionable("mandates:delete"))]


@router.post(
    "",
    operation_id="mandates_create",
    summary="Open a mandate",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(
        *_DENIED, ValidationFailed, DuplicateResource, FeatureNotSubscribed, MandateIncomplete, LastTeamMember
    ),
)
async def create(
    payload: MandateCreate,
    session: WriteDep,
    runtime: RuntimeDep,
    service: Writing,
    response: Response,
    caller: Annotated[Caller, Depends(requires(CREATE))],
) -> MandateRead:
    """A draft to be completed step by step, or everything in one call with `submit`: then all of it or nothing."""
    row = await MandateCreation(session, runtime, caller).create(payload)
    response.headers["Location"] = f"/v1/mandates/{row.mandate.id}"
    return await _shown(service, row, response)


@router.get(
    "", operation_id="mandates_list", summary="Mandates", responses=problem_responses(*_DENIED, ValidationFailed)
)
async def list_mandates(
    request: Request,
    response: Response,
    service: Reading,
    runtime: RuntimeDep,
    query: Annotated[MandateQuery, Query()],
) -> Page[MandateListed]:
    """What the caller may see; `mine=true` for those in whose team the caller is."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    items, next_cursor = await service.page(query, asked, with_actions=bool(query.include))
    link_next(request, runtime, response, next_cursor)
    return Page(items=items, next_cursor=next_cursor)


@router.get(
    "/{mandate_id}", operation_id="mandates_get", summary="One mandate in full", responses=problem_responses(*_ONE)
)
async def get(row: Readable, service: Reading, response: Response) -> MandateRead:
    """State, labels, team, schedule, what the caller may do now, and what will be sent next."""
    return await _shown(service, row, response)


@router.get(
    "/{mandate_id}/completeness",
    operation_id="mandates_completeness",
    summary="What a mandate lacks to be submitted",
    responses=problem_responses(*_ONE),
)
async def get_completeness(row: Readable, response: Response) -> Completeness:
    """Step by step, in the order of the wizard."""
    set_etag(response, row.mandate.version)
    return completeness(row)


@router.patch(
    "/{mandate_id}",
    operation_id="mandates_update",
    summary="Change a mandate",
    responses=problem_responses(*_CHANGE, DuplicateResource, ContactFixed, MandateIncomplete),
)
async def update(row: ToWrite, payload: MandateUpdate, service: Writing, response: Response) -> MandateRead:
    """JSON merge patch. Another address of a contact that was asked ends the links sent before and asks anew."""
    return await _shown(service, await service.update(row, payload), response)


@router.put(
    "/{mandate_id}/schedule",
    operation_id="mandates_set_schedule",
    summary="Plan uploads",
    responses=problem_responses(*_CHANGE, FeatureNotSubscribed),
)
async def set_schedule(row: ToWrite, payload: ScheduleWrite, service: Writing, response: Response) -> MandateRead:
    """Planification de téléchargement: when data or documents are due; null for no schedule."""
    return await _shown(service, await service.set_schedule(row, payload.schedule), response)


@router.put(
    "/{mandate_id}/team",
    operation_id="mandates_set_team",
    summary="Set the team",
    responses=problem_responses(*_CHANGE, LastTeamMember),
)
async def set_team(row: ToWrite, payload: TeamWrite, service: Writing, response: Response) -> MandateRead:
    """The whole team. A submitted mandate keeps at least one active owner and one active agent."""
    return await _shown(service, await service.set_team(row, payload.team), response)


@router.put(
    "/{mandate_id}/passthrough",
    operation_id="mandates_set_passthrough",
    summary="Use the passthrough option, or not",
    responses=problem_responses(*_CHANGE, FeatureNotSubscribed),
)
async def set_passthrough(row: ToWrite, payload: PassthroughWrite, service: Writing, response: Response) -> MandateRead:
    """Only where the subscription has it."""
    return await _shown(service, await service.set_passthrough(row, payload.passthrough), response)


@router.post(
    "/{mandate_id}/submit",
    operation_id="mandates_submit",
    summary="Submit (soumettre)",
    responses=problem_responses(*_ACTION, MandateIncomplete),
)
async def submit(
    row: ToWrite, session: WriteDep, service: Writing, response: Response, dry_run: DryRun = False
) -> MandateRead:
    """Invite the company's contact by mail, at once; an internal mandate is active at once."""
    if not dry_run:
        return await _shown(service, await service.submit(row), response)
    async with session.rehearsal():
        return await service.detail(await service.submit(row))


@router.post(
    "/{mandate_id}/remind",
    operation_id="mandates_remind",
    summary="Remind (relancer)",
    responses=problem_responses(*_ACTION, TooRecent, AddressUndeliverable),
)
async def remind(
    row: ToRemind, service: Writing, response: Response, payload: Annotated[RemindMandateRequest | None, Body()] = None
) -> MandateRead:
    """Ask again. At most once in 24 h for one address, unless `force` is given; the expiry does not move."""
    return await _shown(service, await service.remind(row, force=payload.force if payload else False), response)


@router.post(
    "/{mandate_id}/renew",
    operation_id="mandates_renew",
    summary="Renew (renvoyer) an expired invitation",
    responses=problem_responses(*_ACTION, TooRecent, AddressUndeliverable),
)
async def renew(row: ToRemind, service: Writing, response: Response) -> MandateRead:
    """Begin a new cycle: the inviting mail again, with automatic reminders and expiry armed again."""
    return await _shown(service, await service.renew(row), response)


@router.post(
    "/{mandate_id}/disable",
    operation_id="mandates_disable",
    summary="Disable",
    responses=problem_responses(*_ACTION),
)
async def disable(row: ToWrite, service: Writing, response: Response) -> MandateRead:
    """Put an active mandate to rest."""
    return await _shown(service, await service.switch(row, "disable"), response)


@router.post(
    "/{mandate_id}/enable", operation_id="mandates_enable", summary="Enable", responses=problem_responses(*_ACTION)
)
async def enable(row: ToWrite, service: Writing, response: Response) -> MandateRead:
    """Wake a disabled mandate."""
    return await _shown(service, await service.switch(row, "enable"), response)


@router.post(
    "/{mandate_id}/cancel", operation_id="mandates_cancel", summary="Cancel", responses=problem_responses(*_ACTION)
)
async def cancel(row: ToCancel, payload: CancelRequest, service: Writing, response: Response) -> MandateRead:
    """Withdraw a mandate that is not active, with a reason. The link no longer answers, queued mails do not leave."""
    return await _shown(service, await service.cancel(row, payload), response)


@router.delete(
    "/{mandate_id}",
    operation_id="mandates_delete",
    summary="Delete",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(*_ACTION),
)
async def delete(row: ToDelete, service: Writing) -> None:
    """Take away a draft, or a cancelled, declined or disabled mandate; the journal keeps what happened to it."""
    await service.delete(row)


async def _shown(service: MandateService, row: MandateRow, response: Response) -> MandateRead:
    found = await service.detail(row)
    set_etag(response, found.version)
    return found
