"""HTTP of requests: reading, making and changing them."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response, status

from relance.core.errors import NotFound, PermissionDenied, PreconditionFailed, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.lifecycle import TransitionNotAllowed
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires
from relance.domains.avant_vente.creation import RequestCreation
from relance.domains.avant_vente.errors import OpportunityNotEligible
from relance.domains.avant_vente.list_schemas import RequestQuery
from relance.domains.avant_vente.permissions import READ, REQUEST
from relance.domains.avant_vente.repository import RequestRow
from relance.domains.avant_vente.schemas import (
    RequestCreate,
    RequestDraft,
    RequestListed,
    RequestRead,
    RequestUpdate,
)
from relance.domains.avant_vente.service import RequestService

REQUESTS = "/v1/avant-vente/requests"

router = APIRouter(prefix=REQUESTS, tags=["avant-vente"], route_class=StrictRoute)
#: What stands below an opportunity.
on_opportunities = APIRouter(prefix="/v1/avant-vente/opportunities", tags=["avant-vente"], route_class=StrictRoute)

_DENIED = (Unauthenticated, PermissionDenied)
ONE = (*_DENIED, NotFound, ValidationFailed)
CHANGE = (*ONE, PreconditionFailed)
ACTION = (*CHANGE, TransitionNotAllowed)

Reader = Annotated[Caller, Depends(requires(READ))]
Requester = Annotated[Caller, Depends(requires(REQUEST))]


async def reading(session: ReadDep, runtime: RuntimeDep, caller: Reader) -> RequestService:
    """The service on a read session."""
    return RequestService(session, runtime, caller)


async def writing(session: WriteDep, runtime: RuntimeDep, caller: Reader) -> RequestService:
    """The service in the transaction of this request."""
    return RequestService(session, runtime, caller)


Reading = Annotated[RequestService, Depends(reading)]
Writing = Annotated[RequestService, Depends(writing)]


async def readable(avant_vente_request_id: UUID, service: Reading) -> RequestRow:
    """The request of the address, where the caller may read it."""
    return await service.readable(avant_vente_request_id)


async def locked(avant_vente_request_id: UUID, service: Writing, precondition: IfMatch) -> RequestRow:
    """The request of the address, locked, for what more than one right allows."""
    row = await service.locked(avant_vente_request_id)
    precondition.check(row.request.version)
    return row


def actionable(permission: str) -> Callable[..., Awaitable[RequestRow]]:
    """A dependency: the request of the address, locked, where `permission` reaches it."""

    async def held(
        avant_vente_request_id: UUID,
        service: Writing,
        precondition: IfMatch,
        _caller: Annotated[Caller, Depends(requires(permission))],
    ) -> RequestRow:
        row = await service.actionable(avant_vente_request_id, permission)
        precondition.check(row.request.version)
        return row

    return held


Readable = Annotated[RequestRow, Depends(readable)]
Locked = Annotated[RequestRow, Depends(locked)]
ToRequest = Annotated[RequestRow, Depends(actionable(REQUEST))]

_CREATED = problem_responses(*_DENIED, ValidationFailed, OpportunityNotEligible)


@router.post(
    "",
    operation_id="avant_vente_requests_create",
    summary="Ask for an intervention",
    status_code=status.HTTP_201_CREATED,
    responses=_CREATED,
)
async def create(
    payload: RequestCreate,
    session: WriteDep,
    runtime: RuntimeDep,
    service: Writing,
    response: Response,
    caller: Requester,
) -> RequestRead:
    """A draft (Brouillon) on an open opportunity of the kind Primo. It has a number once it is submitted."""
    row = await RequestCreation(session, runtime, caller).create(payload, payload.opportunity_id, "/opportunity_id")
    response.headers["Location"] = f"{REQUESTS}/{row.request.id}"
    return await shown(service, row, response)


@on_opportunities.post(
    "/{opportunity_id}/requests",
    operation_id="opportunities_create_request",
    summary="Ask for an intervention on an opportunity",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(*CHANGE, OpportunityNotEligible),
)
async def create_on_opportunity(
    opportunity_id: UUID,
    payload: RequestDraft,
    session: WriteDep,
    runtime: RuntimeDep,
    service: Writing,
    response: Response,
    caller: Requester,
    precondition: IfMatch,
) -> RequestRead:
    """The same from the opportunity itself (Actions, Demande avant-vente)."""
    row = await RequestCreation(session, runtime, caller).create(payload, opportunity_id, precondition=precondition)
    response.headers["Location"] = f"{REQUESTS}/{row.request.id}"
    return await shown(service, row, response)


@router.get(
    "",
    operation_id="avant_vente_requests_list",
    summary="Requests (demandes avant-vente en cours)",
    responses=problem_responses(*_DENIED, ValidationFailed),
)
async def list_requests(
    request: Request,
    response: Response,
    service: Reading,
    runtime: RuntimeDep,
    query: Annotated[RequestQuery, Query()],
) -> Page[RequestListed]:
    """What the caller may see, the open ones by default. Drafts are shown to their partner alone."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    items, next_cursor = await service.page(query, asked, with_actions=bool(query.include))
    link_next(request, runtime, response, next_cursor)
    return Page(items=items, next_cursor=next_cursor)


@router.get(
    "/{avant_vente_request_id}",
    operation_id="avant_vente_requests_get",
    summary="One request in full",
    responses=problem_responses(*ONE),
)
async def get(row: Readable, service: Reading, response: Response) -> RequestRead:
    """State, slots, questions and answers, warnings, what the caller may do now, and what will be sent next."""
    return await shown(service, row, response)


@router.patch(
    "/{avant_vente_request_id}",
    operation_id="avant_vente_requests_update",
    summary="Change a draft",
    responses=problem_responses(*ACTION),
)
async def update(
    row: ToRequest,
    payload: RequestUpdate,
    session: WriteDep,
    runtime: RuntimeDep,
    service: Writing,
    caller: Requester,
    response: Response,
) -> RequestRead:
    """JSON merge patch, until it is submitted."""
    return await shown(service, await RequestCreation(session, runtime, caller).update(row, payload), response)


@router.delete(
    "/{avant_vente_request_id}",
    operation_id="avant_vente_requests_delete",
    summary="Delete a draft",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(*ACTION),
)
async def delete(row: ToRequest, service: Writing) -> None:
    """What was submitted has a number, and stays."""
    await service.delete(row)


async def shown(service: RequestService, row: RequestRow, response: Response) -> RequestRead:
    """The answer of every operation on one request, with its tag."""
    found = await service.detail(row)
    set_etag(response, found.version)
    return found
