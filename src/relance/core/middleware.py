"""The middleware: request id, language, access line, and the size of bodies. Pure ASGI, so that streaming streams."""

import re
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relance.core.i18n import negotiate, use_locale
from relance.core.ids import new_id
from relance.core.telemetry import observe_request

_log = structlog.get_logger("relance.access")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")


class RequestContext:
    """Gives every request an id (kept from `X-Request-Id` where that is sane) and a language, and logs its outcome."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.match(given) else str(new_id())
        use_locale(negotiate(headers.get("accept-language")))
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                answer = MutableHeaders(scope=message)
                answer["X-Request-Id"] = request_id
                for name, value in scope.get("state", {}).get("rate_headers", {}).items():
                    answer.setdefault(name, value)
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            _log.exception("request_failed", method=scope["method"], route=_route(scope))
            raise
        finally:
            seconds = time.perf_counter() - started
            observe_request(scope["method"], _route(scope), status, seconds)
            _log.info(
                "request",
                method=scope["method"],
                route=_route(scope),
                status=status,
                milliseconds=round(seconds * 1000, 1),
            )


def _route(scope: Scope) -> str:
    """The template of the route, `/r/{token}`: the path itself may carry a token and is never logged."""
    return str(getattr(scope.get("route"), "path_format", None) or getattr(scope.get("route"), "path", "unmatched"))


_LIMIT = "relance.body_limit"


class BodyLimit:
    """Refuses bodies larger than the deployment accepts, announced or not, with a problem document.

    FastAPI's own `max_body_size` answers in plain text before any error handler is asked.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope[_LIMIT] = self.max_bytes
        announced = Headers(scope=scope).get("content-length", "")
        size = int(announced) if announced.isdecimal() and len(announced) < 19 else 0
        read = 0

        async def bounded() -> Message:
            nonlocal read
            if size > scope[_LIMIT]:
                raise HTTPException(413)
            message = await receive()
            read += len(message.get("body", b""))
            if read > scope[_LIMIT]:
                raise HTTPException(413)
            return message

        await self.app(scope, bounded, send)


def accept_body_of(request: Request, max_bytes: int) -> None:
    """Let this one request have a larger body: for the routes that take files, before anything is read."""
    request.scope[_LIMIT] = max_bytes
