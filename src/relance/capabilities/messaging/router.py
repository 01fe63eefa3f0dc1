"""HTTP of messages."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request, Response

from relance.capabilities.messaging import views
from relance.capabilities.messaging.errors import (
    AddressSuppressed,
    MessageExpired,
    MessageNotRenderable,
    MessageNotWanted,
)
from relance.capabilities.messaging.permissions import HANDLE, READ
from relance.capabilities.messaging.repository import Kept
from relance.capabilities.messaging.schemas import (
    MessageListed,
    MessagePreview,
    MessageQuery,
    MessageRead,
    ResendRequest,
)
from relance.capabilities.messaging.service import MessageService
from relance.core.errors import (
    Conflict,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    Unauthenticated,
    ValidationFailed,
)
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.lifecycle import TransitionNotAllowed
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires
from relance.core.subjects import ActorRef

router = APIRouter(prefix="/v1/messages", tags=["messages"], route_class=StrictRoute)

_LIST = (Unauthenticated, PermissionDenied, ValidationFailed)
_ONE = (*_LIST, NotFound)
_ACTION = (*_ONE, PreconditionFailed, TransitionNotAllowed, Conflict)

Reader = Annotated[Caller, Depends(requires(READ))]
Handler = Annotated[Caller, Depends(requires(HANDLE))]


async def reading(request: Request, session: ReadDep, runtime: RuntimeDep, caller: Reader) -> MessageService:
    """The service on a read session."""
    return MessageService(session, runtime, request.app.state.mail_subjects, ActorRef.of(caller))


async def writing(request: Request, session: WriteDep, runtime: RuntimeDep, caller: Handler) -> MessageService:
    """The service in the transaction of this request."""
    return MessageService(session, runtime, request.app.state.mail_subjects, ActorRef.of(caller))


Reading = Annotated[MessageService, Depends(reading)]
Writing = Annotated[MessageService, Depends(writing)]


async def readable(message_id: UUID, service: Reading) -> Kept:
    """The message of the address."""
    return await service.get(message_id)


async def actionable(message_id: UUID, service: Writing, precondition: IfMatch) -> Kept:
    """The message of the address, at a version that the caller has seen."""
    kept = await service.get(message_id)
    precondition.check(kept.version)
    return kept


Readable = Annotated[Kept, Depends(readable)]
Actionable = Annotated[Kept, Depends(actionable)]


@router.get(
    "", operation_id="messages_list", summary="What was sent, and what will be", responses=problem_responses(*_LIST)
)
async def list_messages(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    service: Reading,
    caller: Reader,
    query: Annotated[MessageQuery, Query()],
) -> Page[MessageListed]:
    """The mails of the workspace, a page at a time. `state=uncertain` is the list that needs a person."""
    page = await service.page(query, page_request(runtime, query.limit, query.sort, query.cursor))
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    facts = await service.facts_of(page.rows) if query.include else {}
    actions = {id_: views.actions_of(one, facts[id_], caller) for one in page.rows if (id_ := one.id) in facts}
    return Page(items=[views.listed(one, actions.get(one.id)) for one in page.rows], next_cursor=next_cursor)


@router.get(
    "/{message_id}", operation_id="messages_get", summary="One mail in full", responses=problem_responses(*_ONE)
)
async def get_message(kept: Readable, service: Reading, caller: Reader, response: Response) -> MessageRead:
    """Its state in words, every attempt, and what the caller may do now."""
    return await _shown(service, kept, caller, response)


@router.get(
    "/{message_id}/preview",
    operation_id="messages_preview",
    summary="What a mail says",
    responses=problem_responses(*_ONE, MessageNotRenderable),
)
async def preview_message(kept: Readable, request: Request, runtime: RuntimeDep, service: Reading) -> MessagePreview:
    """Subject, text and HTML as they were sent, or as they would be now. The link's token is left out."""
    rendering = await service.preview(kept, request.app.state.templates)
    return views.preview(kept, rendering, runtime.settings.public_url)


@router.post(
    "/{message_id}/resend",
    operation_id="messages_resend",
    summary="Send a mail again",
    responses=problem_responses(*_ACTION, MessageExpired, MessageNotWanted, AddressSuppressed),
)
async def resend_message(
    kept: Actionable,
    service: Writing,
    caller: Handler,
    response: Response,
    payload: Annotated[ResendRequest | None, Body()] = None,
) -> MessageRead:
    """Queues it again, with the same Message-ID and the same bytes, so that a mailbox that has it may see that.

    For uncertain, refused, bounced and dead mails, and for those to a suppressed address with `lift_suppression`.
    """
    lift = payload.lift_suppression if payload else False
    return await _shown(service, await service.resend(kept, lift_suppression=lift), caller, response)


@router.post(
    "/{message_id}/mark-sent",
    operation_id="messages_mark_sent",
    summary="Take an uncertain mail as sent",
    responses=problem_responses(*_ACTION),
)
async def mark_message_sent(kept: Actionable, service: Writing, caller: Handler, response: Response) -> MessageRead:
    """Settles an uncertain mail without sending anything: its subject goes on as after any mail that left."""
    return await _shown(service, await service.mark_sent(kept), caller, response)


@router.post(
    "/{message_id}/cancel",
    operation_id="messages_cancel",
    summary="Take back a queued mail",
    responses=problem_responses(*_ACTION),
)
async def cancel_message(kept: Actionable, service: Writing, caller: Handler, response: Response) -> MessageRead:
    """The mail does not leave. Its subject is not told: to stop asking, cancel the subject itself."""
    return await _shown(service, await service.cancel(kept), caller, response)


async def _shown(service: MessageService, kept: Kept, caller: Caller, response: Response) -> MessageRead:
    set_etag(response, kept.version)
    return views.detail(kept, await service.attempts(kept), await service.facts(kept), caller)
