"""HTTP of this domain, as to the clients of a session."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request, Response, status

from relance.core.errors import DuplicateResource
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.domains.sessions.clients.schemas import (
    ExtendRequest,
    RemindSessionClient,
    SessionClientCreate,
    SessionClientListed,
    SessionClientQuery,
    SessionClientRead,
    SessionClientUpdate,
)
from relance.domains.sessions.clients.service import SessionClients
from relance.domains.sessions.errors import (
    AddressUndeliverable,
    ProposalOverdue,
    SessionBegun,
    SessionCancelled,
    SessionNotPlanned,
    TooRecent,
)
from relance.domains.sessions.lifecycle import PROPOSE, WRITE
from relance.domains.sessions.proposals.service import Proposals
from relance.domains.sessions.repository import ClientRow, SessionRow
from relance.domains.sessions.router import ACTION, CHANGE, ONE, Readable, Reader, locked
from relance.domains.sessions.router import ToWrite as ToChange

router = APIRouter(prefix="/v1/sessions/{session_id}/clients", tags=["sessions"], route_class=StrictRoute)

#: A client and its session.
Found = tuple[SessionRow, ClientRow]


async def reading(session: ReadDep, runtime: RuntimeDep, caller: Reader) -> SessionClients:
    """The service on a read session."""
    return SessionClients(session, runtime, caller)


async def writing(session: WriteDep, runtime: RuntimeDep, caller: Reader) -> SessionClients:
    """The service in the transaction of this request."""
    return SessionClients(session, runtime, caller)


async def proposing(request: Request, session: WriteDep, runtime: RuntimeDep, caller: Reader) -> Proposals:
    """The proposals in the transaction of this request."""
    return Proposals(session, runtime, caller, request.app.state.templates)


Reads = Annotated[SessionClients, Depends(reading)]
Writes = Annotated[SessionClients, Depends(writing)]
Proposes = Annotated[Proposals, Depends(proposing)]
InWriting = Annotated[SessionRow, Depends(locked(WRITE))]
InProposing = Annotated[SessionRow, Depends(locked(PROPOSE))]


async def of_session(row: Readable, session_client_id: UUID, service: Reads) -> Found:
    """The client of the address."""
    return row, service.get(row, session_client_id)


async def to_write(row: InWriting, session_client_id: UUID, service: Writes, precondition: IfMatch) -> Found:
    """The client of the address, its session locked, where the caller may change it."""
    found = service.get(row, session_client_id)
    precondition.check(found.client.version)
    return row, found


async def to_propose(row: InProposing, session_client_id: UUID, service: Writes, precondition: IfMatch) -> Found:
    """The same, where the caller may propose dates."""
    found = service.get(row, session_client_id)
    precondition.check(found.client.version)
    return row, found


OfSession = Annotated[Found, Depends(of_session)]
ToWrite = Annotated[Found, Depends(to_write)]
ToPropose = Annotated[Found, Depends(to_propose)]


@router.post(
    "",
    operation_id="session_clients_create",
    summary="Add a client",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(*CHANGE, DuplicateResource, SessionCancelled),
)
async def create(row: ToChange, payload: SessionClientCreate, service: Writes, response: Response) -> SessionClientRead:
    """A client company of the directory. It is not asked yet."""
    row, found = await service.add(row, payload)
    response.headers["Location"] = f"/v1/sessions/{row.session.id}/clients/{found.client.id}"
    return await _shown(service, (row, found), response)


@router.get("", operation_id="session_clients_list", summary="Clients of a session", responses=problem_responses(*ONE))
async def list_clients(
    row: Readable,
    request: Request,
    response: Response,
    service: Reads,
    runtime: RuntimeDep,
    query: Annotated[SessionClientQuery, Query()],
) -> Page[SessionClientListed]:
    """How each client stands to the dates (onglet Client)."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    items, next_cursor = await service.page(row, query, asked)
    link_next(request, runtime, response, next_cursor)
    return Page(items=items, next_cursor=next_cursor)


@router.get(
    "/{session_client_id}",
    operation_id="session_clients_get",
    summary="One client of a session",
    responses=problem_responses(*ONE),
)
async def get(found: OfSession, service: Reads, response: Response) -> SessionClientRead:
    """State, what the caller may do now, and what will be sent next."""
    return await _shown(service, found, response)


@router.patch(
    "/{session_client_id}",
    operation_id="session_clients_update",
    summary="Change a client of a session",
    responses=problem_responses(*CHANGE),
)
async def update(
    found: ToWrite, payload: SessionClientUpdate, service: Writes, response: Response
) -> SessionClientRead:
    """JSON merge patch: another main contact."""
    return await _shown(service, await service.update(*found, payload), response)


@router.delete(
    "/{session_client_id}",
    operation_id="session_clients_delete",
    summary="Remove a client",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(*CHANGE),
)
async def delete(found: ToWrite, service: Writes) -> None:
    """Out of the session: its link answers 404, queued mails do not leave; the journal keeps what happened."""
    await service.remove(*found)


@router.post(
    "/{session_client_id}/validate",
    operation_id="session_clients_validate",
    summary="Validation manuelle on",
    responses=problem_responses(*ACTION, SessionNotPlanned, SessionCancelled),
)
async def validate(found: ToWrite, service: Writes, response: Response) -> SessionClientRead:
    """The client’s availability is known: nothing is asked any more, and the page of a proposal says so."""
    return await _shown(service, await service.validate(*found), response)


@router.post(
    "/{session_client_id}/unvalidate",
    operation_id="session_clients_unvalidate",
    summary="Validation manuelle off",
    responses=problem_responses(*ACTION, SessionCancelled),
)
async def unvalidate(found: ToWrite, service: Writes, response: Response) -> SessionClientRead:
    """Back to where the client stood before."""
    return await _shown(service, await service.unvalidate(*found), response)


@router.post(
    "/{session_client_id}/remind",
    operation_id="session_clients_remind",
    summary="Remind (relancer)",
    responses=problem_responses(*ACTION, TooRecent, AddressUndeliverable, ProposalOverdue, SessionCancelled),
)
async def remind(
    found: ToPropose,
    proposals: Proposes,
    service: Writes,
    response: Response,
    payload: Annotated[RemindSessionClient | None, Body()] = None,
) -> SessionClientRead:
    """Ask again for an answer. At most once in 24 h, unless `force` is given; the due date does not move."""
    force = payload.force if payload else False
    return await _shown(service, await proposals.remind(*found, force=force), response)


@router.post(
    "/{session_client_id}/extend",
    operation_id="session_clients_extend",
    summary="Extend the due date (échéance)",
    responses=problem_responses(*ACTION, SessionBegun, SessionCancelled),
)
async def extend(
    found: ToPropose, payload: ExtendRequest, proposals: Proposes, service: Writes, response: Response
) -> SessionClientRead:
    """A later day until which the client may answer; the link that it has answers again."""
    return await _shown(service, await proposals.extend(*found, payload.due_on), response)


async def _shown(service: SessionClients, found: Found, response: Response) -> SessionClientRead:
    shown = await service.detail(*found)
    set_etag(response, shown.version)
    return shown
