"""HTTP of this domain."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request, Response, status

from relance.core.errors import NotFound, PermissionDenied, PreconditionFailed, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, set_etag
from relance.core.http import (
    ReadDep,
    RuntimeDep,
    StrictRoute,
    WriteDep,
    hot_answer,
    link_next,
    page_request,
)
from relance.core.lifecycle import TransitionNotAllowed
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires
from relance.domains.invitations import views
from relance.domains.invitations.dashboard.repository import dashboard_page
from relance.domains.invitations.errors import (
    AddressUndeliverable,
    AlreadyArchived,
    AlreadyOpen,
    InvitationArchived,
    NotArchived,
    PrequalificationValid,
    RecipientDeclined,
    TooRecent,
)
from relance.domains.invitations.permissions import CREATE, READ
from relance.domains.invitations.repository import InvitationRow
from relance.domains.invitations.schemas import (
    InvitationCreate,
    InvitationCreated,
    InvitationListed,
    InvitationQuery,
    InvitationRead,
    InvitationUpdate,
    ReassignRequest,
    RemindRequest,
)
from relance.domains.invitations.service import InvitationService

router = APIRouter(prefix="/v1/invitations", tags=["invitations"], route_class=StrictRoute)

_DENIED = (Unauthenticated, PermissionDenied)
_ONE = (*_DENIED, NotFound, ValidationFailed)
_ACTION = (*_ONE, PreconditionFailed, TransitionNotAllowed)

Reader = Annotated[Caller, Depends(requires(READ))]
"""A caller who may see invitations."""


async def reading(session: ReadDep, runtime: RuntimeDep, caller: Reader) -> InvitationService:
    """The service on a read session."""
    return InvitationService(session, runtime, caller)


async def writing(session: WriteDep, runtime: RuntimeDep, caller: Reader) -> InvitationService:
    """The service in the transaction of this request."""
    return InvitationService(session, runtime, caller)


Reading = Annotated[InvitationService, Depends(reading)]
Writing = Annotated[InvitationService, Depends(writing)]


async def readable(invitation_id: UUID, service: Reading) -> InvitationRow:
    """The invitation of the address, where the caller may read it."""
    return await service.readable(invitation_id)


def actionable(permission: str) -> Callable[..., Awaitable[InvitationRow]]:
    """A dependency: the invitation of the address, locked, where `permission` reaches it."""

    async def locked(
        invitation_id: UUID,
        service: Writing,
        precondition: IfMatch,
        _caller: Annotated[Caller, Depends(requires(permission))],
    ) -> InvitationRow:
        row = await service.actionable(invitation_id, permission)
        precondition.check(row.invitation.version)
        return row

    return locked


ToRemind = Annotated[InvitationRow, Depends(actionable("invitations:remind"))]
ToCorrect = Annotated[InvitationRow, Depends(actionable(CREATE))]
ToCancel = Annotated[InvitationRow, Depends(actionable("invitations:cancel"))]
ToReassign = Annotated[InvitationRow, Depends(actionable("invitations:reassign"))]
ToArchive = Annotated[InvitationRow, Depends(actionable("invitations:archive"))]


@router.post(
    "",
    operation_id="invitations_create",
    summary="Invite a partner",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(*_DENIED, ValidationFailed, PrequalificationValid, AlreadyOpen),
)
async def create(
    payload: InvitationCreate,
    service: Writing,
    response: Response,
    _caller: Annotated[Caller, Depends(requires(CREATE))],
) -> InvitationCreated:
    """Create an invitation and queue its mail. The partner is found by its identifier, or added to the directory."""
    row = await service.create(payload)
    response.headers["Location"] = f"/v1/invitations/{row.invitation.id}"
    shown = await _shown(service, row, response)
    return InvitationCreated(**dict(shown), notices=views.notices(payload, row))


@router.get(
    "",
    operation_id="invitations_list",
    summary="The dashboard of invitations",
    response_model=Page[InvitationListed],
    responses=problem_responses(*_DENIED, ValidationFailed),
)
async def list_invitations(
    request: Request,
    response: Response,
    caller: Reader,
    runtime: RuntimeDep,
    query: Annotated[InvitationQuery, Query()],
) -> Page[InvitationListed] | Response:
    """The caller's own requests by default (« Seulement mes demandes »); `mine=false` for all of its organisations."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    if not query.include:
        return hot_answer(request, runtime, await dashboard_page(runtime.db, query, caller, asked))
    async with runtime.db.reading(caller.workspace_id) as session:
        items, next_cursor = await InvitationService(session, runtime, caller).page_with_actions(query, asked)
    link_next(request, runtime, response, next_cursor)
    return Page(items=items, next_cursor=next_cursor)


@router.get(
    "/{invitation_id}",
    operation_id="invitations_get",
    summary="One invitation in full",
    responses=problem_responses(*_ONE),
)
async def get(row: Annotated[InvitationRow, Depends(readable)], service: Reading, response: Response) -> InvitationRead:
    """State, labels, what the caller may do now, and what will be sent next."""
    return await _shown(service, row, response)


@router.patch(
    "/{invitation_id}",
    operation_id="invitations_update",
    summary="Correct the address",
    responses=problem_responses(*_ACTION, PrequalificationValid, InvitationArchived, RecipientDeclined, AlreadyOpen),
)
async def update(row: ToCorrect, service: Writing, response: Response, payload: InvitationUpdate) -> InvitationRead:
    """Ask at another address instead: the action `correct`. The links of the old address end, and so does what was
    queued or planned; a new cycle begins once the inviting mail has left for the new one.
    """
    await service.update(row, payload)
    return await _shown(service, row, response)


@router.post(
    "/{invitation_id}/remind",
    operation_id="invitations_remind",
    summary="Remind (relancer)",
    responses=problem_responses(
        *_ACTION,
        TooRecent,
        PrequalificationValid,
        InvitationArchived,
        RecipientDeclined,
        AddressUndeliverable,
    ),
)
async def remind(
    row: ToRemind, service: Writing, response: Response, payload: Annotated[RemindRequest | None, Body()] = None
) -> InvitationRead:
    """Ask again. At most once in 24 h for one address, unless `force` is given; the expiry does not move."""
    await service.remind(row, force=payload.force if payload else False)
    return await _shown(service, row, response)


@router.post(
    "/{invitation_id}/renew",
    operation_id="invitations_renew",
    summary="Renew (renvoyer) an expired invitation",
    responses=problem_responses(*_ACTION, TooRecent, PrequalificationValid, AlreadyOpen),
)
async def renew(row: ToRemind, service: Writing, response: Response) -> InvitationRead:
    """Begin a new cycle: the inviting mail again, with automatic reminders and expiry armed again."""
    await service.renew(row)
    return await _shown(service, row, response)


@router.post(
    "/{invitation_id}/cancel",
    operation_id="invitations_cancel",
    summary="Cancel",
    responses=problem_responses(*_ACTION),
)
async def cancel(row: ToCancel, service: Writing, response: Response) -> InvitationRead:
    """Stop asking. The link no longer answers, queued mails do not leave, and nobody is told."""
    await service.cancel(row)
    return await _shown(service, row, response)


@router.post(
    "/{invitation_id}/archive",
    operation_id="invitations_archive",
    summary="Archive",
    responses=problem_responses(*_ACTION, AlreadyArchived),
)
async def archive(row: ToArchive, service: Writing, response: Response) -> InvitationRead:
    """Put the row out of the dashboard; it is not chased while archived."""
    await service.archive(row)
    return await _shown(service, row, response)


@router.post(
    "/{invitation_id}/unarchive",
    operation_id="invitations_unarchive",
    summary="Unarchive",
    responses=problem_responses(*_ACTION, NotArchived),
)
async def unarchive(row: ToArchive, service: Writing, response: Response) -> InvitationRead:
    """Bring the row back. Past its expiry it comes back expired."""
    await service.unarchive(row)
    return await _shown(service, row, response)


@router.post(
    "/{invitation_id}/reassign",
    operation_id="invitations_reassign",
    summary="Reassign to another requester",
    responses=problem_responses(*_ACTION),
)
async def reassign(row: ToReassign, service: Writing, response: Response, payload: ReassignRequest) -> InvitationRead:
    """Pass the request to somebody else: `mine`, answers to the mails and notices follow the new requester."""
    return await _shown(service, await service.reassign(row, payload.user_id), response)


async def _shown(service: InvitationService, row: InvitationRow, response: Response) -> InvitationRead:
    found = await service.detail(row)
    set_etag(response, found.version)
    return found
