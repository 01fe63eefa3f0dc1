"""The public pages behind the links in the mails: `/r/{token}`."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from relance.capabilities.files.errors import (
    FileEmpty,
    FileTooLarge,
    FileTypeMismatch,
    FileTypeNotAccepted,
    TooManyFiles,
)
from relance.capabilities.files.schemas import FileFacts
from relance.capabilities.files.store import FileStore
from relance.capabilities.links.errors import LinkExpired, LinkNotOpen, StaleVersion
from relance.capabilities.links.forms import build_form, read_answers
from relance.capabilities.links.models import ActionLink
from relance.capabilities.links.negotiation import (
    FORM_TYPE,
    MULTIPART_TYPE,
    ChoiceQuery,
    LangQuery,
    choose_locale,
    media_type,
    wants_html,
)
from relance.capabilities.links.payload import Posted, clean_payload, read_posted, typed_version
from relance.capabilities.links.recipient import RecipientHandler, RecipientPage, RecipientView, handler_for
from relance.capabilities.links.rendering import STYLESHEET, STYLESHEET_NAME, page_path, request_page
from relance.capabilities.links.routing import RecipientRoute, frame_of
from relance.capabilities.links.service import confirm_link, find_link
from relance.capabilities.links.tokens import LinkTokens
from relance.capabilities.links.uploads import Receiving, digest_of, page_of, with_uploads
from relance.core.db import DbSession
from relance.core.errors import (
    BodyTooLarge,
    FieldError,
    NotFound,
    RelanceError,
    ServiceUnavailable,
    TooManyRequests,
    UnsupportedMediaType,
    ValidationFailed,
)
from relance.core.http import RuntimeDep
from relance.core.i18n import Locale, Text, use_locale
from relance.core.idempotency.fingerprint import Fingerprint, fingerprint
from relance.core.idempotency.http import IdempotencyKey, keep_answer, take_key
from relance.core.idempotency.service import Owner
from relance.core.middleware import accept_body_of
from relance.core.problems import problem_responses
from relance.core.rate_limits import limited
from relance.core.runtime import Runtime

_log = structlog.get_logger(__name__)
_ONE_FILE = Text("Un fichier, un seul, est attendu.", "One file, and only one, is expected.")
#: What surrounds a file in a multipart body.
_ENVELOPE = 64 * 1024
_ANSWER_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}\Z")

router = APIRouter(
    route_class=RecipientRoute, prefix="/r", tags=["recipients"], dependencies=[Depends(limited("recipient"))]
)

TokenPath = Annotated[str, Path(description="The token at the end of the link that the mail carries.")]
AnswerPath = Annotated[str, Path(description="The name of one of the view's `answers`, `submit` for one.")]


@dataclass(frozen=True, slots=True)
class Visit:
    """A recipient at a link: the session is narrowed to its workspace, the language is chosen."""

    session: DbSession
    link: ActionLink
    handler: RecipientHandler
    locale: Locale


async def _visit(request: Request, runtime: Runtime, session: DbSession, token: str) -> Visit:
    link = await find_link(session, LinkTokens(runtime.keys), token)
    handler = handler_for(request, link.subject_kind)
    if handler is None:
        _log.error("no_recipient_handler", subject_kind=link.subject_kind)
        raise NotFound()
    locale = choose_locale(request, await handler.locale(session, link))
    use_locale(locale)
    request.state.recipient_locale = locale
    return Visit(session, link, handler, locale)


async def _posted(request: Request, runtime: RuntimeDep, token: TokenPath) -> AsyncIterator[Posted]:
    settings = runtime.settings
    one_file = getattr(request.state, "json_only", False)
    most = settings.max_upload_bytes + _ENVELOPE if one_file else settings.max_form_bytes
    if media_type(request) == MULTIPART_TYPE:
        # Before anything is read: whoever has no link sends no files.
        if LinkTokens(runtime.keys).verify(token) is None:
            raise NotFound()
        accept_body_of(request, most)
    posted = await read_posted(request, settings.max_body_bytes, most)
    request.state.posted = posted
    try:
        yield posted
    finally:
        for sent in posted.uploads:
            await sent.upload.close()


PostedDep = Annotated[Posted, Depends(_posted)]

_HTML = {"text/html": {"schema": {"type": "string"}}}


def _refusals(*errors: type[RelanceError]) -> dict[int | str, dict[str, Any]]:
    """The problem documents of `errors`; a browser gets each of them as a page."""
    found = problem_responses(*errors)
    for response in found.values():
        response["content"].update(_HTML)
    return found


@router.get(
    "/{token}",
    operation_id="recipients_get",
    summary="Look at a link",
    response_model=RecipientPage,
    responses={
        200: {"description": "What is asked; it changes nothing.", "content": _HTML},
        **_refusals(NotFound, TooManyRequests, ServiceUnavailable),
    },
)
async def get_request(
    request: Request, runtime: RuntimeDep, token: TokenPath, lang: LangQuery = None, choice: ChoiceQuery = None
) -> Response:
    """What is asked, by whom, until when, and what can be answered: a page for browsers, JSON for programs."""
    # A read session: looking at a link cannot change anything, whatever a handler does.
    async with runtime.db.reading(None) as session:
        visit = await _visit(request, runtime, session, token)
        view = await visit.handler.view(session, visit.link, visit.locale)
        page = await page_of(session, visit.link, view)
    return _shown(request, visit, page, token)


router.head("/{token}", include_in_schema=False)(get_request)

_ANSWERED: dict[int | str, dict[str, Any]] = {
    200: {"description": "Recorded; the same answer given again is answered the same."},
    303: {"description": "Recorded from an HTML form: back to the page."},
    **_refusals(
        NotFound,
        StaleVersion,
        LinkExpired,
        BodyTooLarge,
        UnsupportedMediaType,
        ValidationFailed,
        TooManyRequests,
        ServiceUnavailable,
    ),
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {"version": {"type": "integer"}, "answers": {"type": "object"}},
                },
                "example": {"version": 1, "answers": {"identity": {"legal_name": "Fonderie Martin"}}},
            },
            FORM_TYPE: {"schema": {"type": "object"}},
            MULTIPART_TYPE: {"schema": {"type": "object"}},
        }
    }
}


# Before the answers, whose address takes any name.
async def _json_only(request: Request) -> None:
    request.state.json_only = True


@router.post(
    "/{token}/files",
    operation_id="recipients_upload",
    summary="Send a file",
    status_code=201,
    dependencies=[Depends(_json_only)],
    responses=problem_responses(
        NotFound,
        LinkExpired,
        LinkNotOpen,
        TooManyFiles,
        BodyTooLarge,
        FileTooLarge,
        UnsupportedMediaType,
        ValidationFailed,
        FileEmpty,
        FileTypeNotAccepted,
        FileTypeMismatch,
        TooManyRequests,
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                MULTIPART_TYPE: {
                    "schema": {
                        "type": "object",
                        "required": ["file"],
                        "properties": {"file": {"type": "string", "format": "binary", "description": "One file."}},
                    }
                }
            },
        }
    },
)
async def upload_file(
    request: Request, runtime: RuntimeDep, posted: PostedDep, token: TokenPath, key: IdempotencyKey
) -> FileFacts:
    """Send a file before the answers that name it by its id. One that no answer names is deleted after some days.

    The content must be what the name says. A file that was sent before through the same link keeps its id.
    """
    if media_type(request) != MULTIPART_TYPE:
        raise UnsupportedMediaType(accepted=MULTIPART_TYPE)
    files = [sent.upload for sent in posted.uploads if sent.name == "file"]
    if len(files) != 1:
        raise ValidationFailed.at("/file", "missing", _ONE_FILE)
    async with runtime.db.transaction(None) as session:
        visit = await _visit(request, runtime, session, token)
        if key is not None:
            asked = fingerprint(f"POST {request.url.path}", (), {"file": await digest_of(files[0])})
            await take_key(request, session, runtime.keys, Owner("link", visit.link.id), key, asked)
        view = await visit.handler.view(session, visit.link, visit.locale)
        if view.state == "expired":
            raise LinkExpired()
        form = build_form(view.form.json_schema, visit.locale) if view.form and view.answers else None
        if form is None or not any(field.is_file for field in form.fields()):
            raise LinkNotOpen()
        most = runtime.settings.max_upload_bytes
        file = FileFacts.of(await Receiving(session, _store(request), visit.link, most).one(files[0]))
        await confirm_link(session, visit.link)
        if key is not None:
            await keep_answer(request, JSONResponse(file.model_dump(mode="json"), 201))
    return file


@router.post(
    "/{token}/{answer}",
    operation_id="recipients_answer",
    summary="Answer a link",
    response_model=RecipientPage,
    responses=_ANSWERED,
    openapi_extra=_BODY,
)
async def answer_request(
    request: Request,
    runtime: RuntimeDep,
    posted: PostedDep,  # read whole before a database connection is held for it
    token: TokenPath,
    answer: AnswerPath,
    key: IdempotencyKey,
    lang: LangQuery = None,
) -> Response:
    """Give one of the answers that the link offers. Nothing else changes what a link is about."""
    if not _ANSWER_NAME.match(answer):
        raise NotFound()
    faults: list[FieldError] = []
    if posted.uploads:
        posted, faults = await _received(request, runtime, token, posted)
    # Not a dependency's transaction: that one ends outside of the route class, which answers errors with pages, and
    # would be committed by an error that was answered.
    async with runtime.db.transaction(None) as session:
        visit = await _visit(request, runtime, session, token)
        if key is not None:
            owner, asked = Owner("link", visit.link.id), _asked(request, posted)
            await take_key(request, session, runtime.keys, owner, key, asked)
        payload = clean_payload(await _payload(visit, posted))
        view = await _answered(visit, answer, payload, faults)
        # The handler holds the subject's lock now: nobody can revoke the link any more before the commit.
        await confirm_link(session, visit.link)
        # A mail client that unsubscribes by itself (RFC 8058) follows no redirect.
        if wants_html(request) and answer != "unsubscribe":
            response: Response = RedirectResponse(page_path(frame_of(request, visit.locale, token)), 303)
        else:
            response = _shown(request, visit, await page_of(session, visit.link, view), token)
        await keep_answer(request, response)
    return response


async def _received(request: Request, runtime: Runtime, token: str, posted: Posted) -> tuple[Posted, list[FieldError]]:
    """Keep the files of a form in a transaction of their own: whatever is wrong with the answers, they are there."""
    async with runtime.db.transaction(None) as session:
        visit = await _visit(request, runtime, session, token)
        view = await visit.handler.view(session, visit.link, visit.locale)
        if view.form is None:
            return posted, []
        form = build_form(view.form.json_schema, visit.locale)
        most = runtime.settings.max_upload_bytes
        receiving = Receiving(session, _store(request), visit.link, most)
        received, faults = await receiving.posted(form, posted, is_open=bool(view.answers))
    request.state.posted = received
    return received, faults


async def _answered(visit: Visit, answer: str, payload: dict[str, object], faults: list[FieldError]) -> RecipientView:
    """Answer, unless a file was refused: then say so together with what else is wrong."""
    try:
        view = await visit.handler.answer(visit.session, visit.link, answer, payload, visit.locale)
    except ValidationFailed as refused:
        raise with_uploads(refused, faults) from None
    if faults:
        raise ValidationFailed(faults)
    return view


def _store(request: Request) -> FileStore:
    store: FileStore = request.app.state.file_store
    return store


@router.put(
    "/{token}/answers",
    operation_id="recipients_save",
    summary="Save a draft",
    response_model=RecipientPage,
    responses=_ANSWERED,
    openapi_extra=_BODY,
)
async def save_draft(
    request: Request,
    runtime: RuntimeDep,
    posted: PostedDep,
    token: TokenPath,
    key: IdempotencyKey,
    lang: LangQuery = None,
) -> Response:
    """Keep what is filled in so far; the same as the answer `save`."""
    return await answer_request(request, runtime, posted, token, "save", key, lang)


@router.get("/static/{name}", include_in_schema=False)
async def get_stylesheet(name: str) -> Response:
    """The style sheet of the pages, cached for ever under the name that holds its digest."""
    if name != STYLESHEET_NAME:
        raise NotFound()
    forever = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    return Response(STYLESHEET, media_type="text/css", headers=forever)


@router.get(
    "/{token}/{answer}",
    operation_id="recipients_return",
    summary="Go back to a link",
    status_code=303,
    response_class=Response,
    responses={
        303: {"description": "To the page of the link, whether there is one or not."},
        **_refusals(TooManyRequests),
    },
)
async def return_to_request(request: Request, token: TokenPath, answer: AnswerPath) -> RedirectResponse:
    """A reader who reloads the page that an answer came back to is taken to the page of the link."""
    return RedirectResponse(page_path(frame_of(request, choose_locale(request, None), token)), 303)


router.head("/{token}/{answer}", include_in_schema=False)(return_to_request)


def _asked(request: Request, posted: Posted) -> Fingerprint:
    body = posted.json if posted.fields is None else posted.fields
    return fingerprint(f"{request.method} {request.url.path}", request.query_params.multi_items(), body)


async def _payload(visit: Visit, posted: Posted) -> dict[str, object]:
    """The payload of an answer; a posted form is read by the schema that the page was made of."""
    if posted.fields is None:
        return dict(posted.json)
    payload: dict[str, object] = {
        name: typed_version(values[0]) if name == "version" else values[0]
        for name, values in posted.fields.items()
        if "." not in name
    }
    view = await visit.handler.view(visit.session, visit.link, visit.locale)
    if view.form is not None:
        payload["answers"] = read_answers(build_form(view.form.json_schema, visit.locale), posted.fields)
    return payload


def _shown(request: Request, visit: Visit, view: RecipientPage, token: str) -> Response:
    headers = {"Content-Language": visit.locale}
    if wants_html(request):
        return HTMLResponse(request_page(frame_of(request, visit.locale, token), view), headers=headers)
    return Response(view.model_dump_json(), media_type="application/json", headers=headers)
