"""The route class of the recipient pages: their headers, and their errors as pages that a recipient can read."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute

from relance.capabilities.links.negotiation import asked_locale, choose_locale, wants_html
from relance.capabilities.links.payload import Fields, Posted
from relance.capabilities.links.recipient import RecipientPage, handler_for
from relance.capabilities.links.rendering import Frame, Refusal, error_page, request_page
from relance.capabilities.links.service import find_link
from relance.capabilities.links.tokens import LinkTokens
from relance.capabilities.links.uploads import page_of
from relance.core.errors import FieldError, RelanceError, ValidationFailed
from relance.core.http import StrictRequest
from relance.core.i18n import Locale, use_locale
from relance.core.idempotency.http import Replayed, describe_key
from relance.core.problems import as_relance_error, problem_response
from relance.core.runtime import Runtime

_log = structlog.get_logger(__name__)

HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    # The address is the credential: it must not leak to whatever the page links to.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Vary": "Accept, Accept-Language",
}

#: Refusals after which the recipient gets the page of the link back, with what was typed.
_TOLD_ON_THE_PAGE = frozenset({409, 410, 422})


class RecipientRoute(APIRoute):
    """A route of the recipient pages.

    Unlike the API's routes it takes query parameters it does not know: mail scanners and trackers add theirs to every
    link they meet, and the recipient is not to suffer for it.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        describe_key(self)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler; whatever it raises is answered here, after the end of the transaction that it opened."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            strict = StrictRequest(request.scope, request.receive)
            try:
                response = await handle(strict)
            except Replayed as known:
                response = known.response
            except Exception as error:
                response = await _error_response(strict, error)
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        return guarded


def frame_of(request: Request, locale: Locale, token: str | None) -> Frame:
    """What the page of this request needs to know."""
    runtime: Runtime = request.app.state.runtime
    return Frame(runtime.settings, locale, token, asked_locale(request) is not None, request.query_params.get("choice"))


async def _error_response(request: Request, error: Exception) -> Response:
    known = as_relance_error(error)
    if known.status >= 500:
        # The route's template, never the path: it holds the token.
        _log.error("recipient_page_failed", route="/r/{token}", error=type(error).__name__, exc_info=error)
    locale = _known_locale(request) or choose_locale(request, None)
    use_locale(locale)
    if not wants_html(request):
        return problem_response(request, known)
    page = await _refusal_page(request, known) if known.status in _TOLD_ON_THE_PAGE else None
    request_id = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    html = page or error_page(frame_of(request, locale, None), known, request_id)
    return HTMLResponse(html, known.status, {"Content-Language": locale, **known.headers})


def _known_locale(request: Request) -> Locale | None:
    locale: Locale | None = getattr(request.state, "recipient_locale", None)
    return locale


async def _refusal_page(request: Request, error: RelanceError) -> str | None:
    """The page of the link as it is now, with the refusal on it; None where it cannot be had."""
    locale, token = _known_locale(request), str(request.path_params.get("token", ""))
    if locale is None or request.method != "POST":
        return None
    try:
        posted: Posted | None = getattr(request.state, "posted", None)
        fields = posted.fields if posted and posted.fields else {}
        view = await _current_page(request, token, locale, fields)
        refusal = Refusal(error, fields, _field_errors(error))
        return request_page(frame_of(request, locale, token), view, refusal)
    except Exception as second:
        # The refusal itself is what matters; it is then told on a page of its own.
        _log.warning("refusal_page_failed", error=type(second).__name__)
        return None


async def _current_page(request: Request, token: str, locale: Locale, posted: Fields) -> RecipientPage:
    runtime: Runtime = request.app.state.runtime
    async with runtime.db.reading(None) as session:
        link = await find_link(session, LinkTokens(runtime.keys), token)
        handler = handler_for(request, link.subject_kind)
        assert handler is not None, "the answer came through this handler"
        return await page_of(session, link, await handler.view(session, link, locale), posted)


def _field_errors(error: RelanceError) -> tuple[FieldError, ...]:
    if not isinstance(error, ValidationFailed):
        return ()
    raw = error.data["errors"]
    assert isinstance(raw, list)
    return tuple(FieldError(**item) for item in raw)
