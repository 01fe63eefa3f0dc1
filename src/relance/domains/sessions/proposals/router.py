"""HTTP of this domain, as to what was proposed to a client and what it answered."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response, status
from fastapi.responses import StreamingResponse

from relance.capabilities.files.errors import FileTooLarge
from relance.capabilities.files.responses import CONTENT, file_response
from relance.capabilities.files.router import FileStoreDep
from relance.capabilities.messaging.errors import AttachmentsTooLarge
from relance.core.errors import NotFound
from relance.core.etag import set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, link_next, page_request
from relance.core.lifecycle import TransitionNotAllowed
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.domains.sessions.clients.router import OfSession, Proposes, ToPropose
from relance.domains.sessions.errors import SessionBegun, SessionCancelled, SessionNotPlanned
from relance.domains.sessions.proposals.files import ProposalFiles
from relance.domains.sessions.proposals.schemas import (
    DateAnswerQuery,
    DateAnswerRead,
    DateProposalCreate,
    DateProposalQuery,
    DateProposalRead,
    DraftQuery,
    ProposalDraft,
)
from relance.domains.sessions.proposals.service import Proposals
from relance.domains.sessions.router import ACTION, ONE, Readable, Reader

router = APIRouter(prefix="/v1/sessions/{session_id}", tags=["sessions"], route_class=StrictRoute)

_CLIENT = "/clients/{session_client_id}"


async def reading(request: Request, session: ReadDep, runtime: RuntimeDep, caller: Reader) -> Proposals:
    """The proposals on a read session."""
    return Proposals(session, runtime, caller, request.app.state.templates)


Reads = Annotated[Proposals, Depends(reading)]


@router.get(
    _CLIENT + "/proposal-draft",
    operation_id="session_clients_proposal_draft",
    summary="Draft of a proposal",
    responses=problem_responses(*ONE, TransitionNotAllowed, SessionNotPlanned, SessionCancelled, SessionBegun),
)
async def draft(found: OfSession, service: Reads, query: Annotated[DraftQuery, Query()]) -> ProposalDraft:
    """The mail filled in from its template, to be edited and sent by `POST …/proposals`. Nothing is written."""
    return await service.draft(*found, query.due_on)


@router.post(
    _CLIENT + "/proposals",
    operation_id="date_proposals_create",
    summary="Propose the dates",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(
        *ACTION, SessionNotPlanned, SessionCancelled, SessionBegun, FileTooLarge, AttachmentsTooLarge
    ),
)
async def propose(
    found: ToPropose, payload: DateProposalCreate, service: Proposes, response: Response
) -> DateProposalRead:
    """Ask the client by mail to accept or decline the dates until the end of the due day.

    The dates go along as an `.ics`. Copies are mails of their own, without the links that answer. A proposal takes the
    place of the one before: an answer to that is a 409 with the current dates.
    """
    row, client, made = await service.propose(*found, payload)
    response.headers["Location"] = f"/v1/sessions/{row.session.id}/clients/{client.client.id}/proposals/{made.version}"
    return await service.read(row, client, made)


@router.get(
    _CLIENT + "/proposals",
    operation_id="date_proposals_list",
    summary="Proposals to a client",
    responses=problem_responses(*ONE),
)
async def list_proposals(
    found: OfSession,
    request: Request,
    response: Response,
    service: Reads,
    runtime: RuntimeDep,
    query: Annotated[DateProposalQuery, Query()],
) -> Page[DateProposalRead]:
    """What was proposed, to whom and when, the one in force among them."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    items, next_cursor = await service.page(*found, asked)
    link_next(request, runtime, response, next_cursor)
    return Page(items=items, next_cursor=next_cursor)


@router.get(
    _CLIENT + "/proposals/{version}",
    operation_id="date_proposals_get",
    summary="One proposal",
    responses=problem_responses(*ONE),
)
async def get_proposal(
    found: OfSession,
    version: Annotated[int, Path(ge=1, le=2**31 - 1, description="Its number, 1 for the first.")],
    service: Reads,
    response: Response,
) -> DateProposalRead:
    """As it was sent."""
    shown = await service.get(*found, version)
    # What was proposed stays as it is; it leaves, and one day it is not in force any more.
    set_etag(response, shown.version * 4 + (shown.sent_at is not None) * 2 + shown.current)
    return shown


@router.get(
    _CLIENT + "/answers",
    operation_id="date_answers_list",
    summary="Answers of a client",
    responses=problem_responses(*ONE),
)
async def list_answers(
    found: OfSession,
    request: Request,
    response: Response,
    service: Reads,
    runtime: RuntimeDep,
    query: Annotated[DateAnswerQuery, Query()],
) -> Page[DateAnswerRead]:
    """Every answer with its comment, those that were changed or are to other dates too."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    items, next_cursor = await service.answers(found[1], asked)
    link_next(request, runtime, response, next_cursor)
    return Page(items=items, next_cursor=next_cursor)


@router.get(
    "/files/{file_id}",
    operation_id="sessions_download_file",
    summary="Download a file that went with a proposal",
    response_class=StreamingResponse,
    responses=problem_responses(*ONE) | CONTENT,
)
async def download(row: Readable, file_id: UUID, session: ReadDep, caller: Reader, store: FileStoreDep) -> Response:
    """The bytes, as an attachment."""
    for file in await ProposalFiles(session, caller).held(row):
        if file.id == file_id:
            return await file_response(store, file)
    raise NotFound()
