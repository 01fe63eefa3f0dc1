"""HTTP plumbing shared by every router: strict bodies and queries, sessions as dependencies, page requests."""

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import solve_dependencies
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.routing import Route

from relance.core.db import DbSession, ReadSession
from relance.core.errors import MalformedRequest, PreconditionFailed, UnsupportedMediaType
from relance.core.hot_lists import HotPage
from relance.core.idempotency.http import IdempotencyKey, describe_key, keep_answer, take_key
from relance.core.idempotency.service import Owner
from relance.core.pagination import PageRequest
from relance.core.routes import methods_of, overlapped, routes_of
from relance.core.runtime import Runtime
from relance.core.security import Caller, current_caller


class StrictRequest(Request):
    """A request whose JSON is read strictly: no NaN, no Infinity, no lone surrogates."""

    async def json(self) -> Any:
        """The parsed body; a `json.JSONDecodeError` where it is not JSON."""
        return orjson.loads(await self.body())


class StrictRoute(APIRoute):
    """A route that refuses query parameters it does not know and bodies of a type it does not read.

    The answer of a request with an `Idempotency-Key` is kept here: it is rendered, and the transaction still open.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        describe_key(self)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, wrapped with the checks that FastAPI does not make."""
        handle = super().get_route_handler()
        known = _query_names(self.dependant)
        reads_json = self.body_field is not None and "Body" in type(self.body_field.field_info).__name__

        async def strict(request: Request) -> Response:
            unknown = [name for name in request.query_params if name not in known]
            if unknown:
                raise RequestValidationError(
                    [{"type": "unknown_parameter", "loc": ("query", name), "msg": ""} for name in unknown]
                )
            if reads_json:
                await _refuse_other_media(request)
            asked = StrictRequest(request.scope, request.receive)
            try:
                response = await handle(asked)
            except UnicodeDecodeError:
                raise MalformedRequest() from None
            except PreconditionFailed:
                # A form that was uploaded is read already, and its fields are files.
                if reads_json or self.body_field is None:
                    await self._refuse_invalid(asked)
                raise
            await keep_answer(request, response)
            return response

        return strict

    async def _refuse_invalid(self, request: StrictRequest) -> None:
        # A precondition counts only where the request is good without it (RFC 9110, 13.2.1), but FastAPI resolves the
        # dependencies, and with them the row and its tag, before it reads what the operation itself takes.
        own = replace(self.dependant, dependencies=[])
        body = await request.json() if self.body_field is not None and await request.body() else None
        async with AsyncExitStack() as stack:
            solved = await solve_dependencies(
                request=request,
                dependant=own,
                body=body,
                async_exit_stack=stack,
                embed_body_fields=self._embed_body_fields,
            )
        if solved.errors:
            raise RequestValidationError(solved.errors, body=body)


async def _refuse_other_media(request: Request) -> None:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media in {"application/json", "application/merge-patch+json"}:
        return
    if media or int(request.headers.get("content-length") or 0) > 0:
        raise UnsupportedMediaType(accepted="application/json")


def _query_names(dependant: Dependant) -> frozenset[str]:
    names: set[str] = set()
    for field in dependant.query_params:
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            names.update(info.alias or name for name, info in annotation.model_fields.items())
        else:
            names.add(field.alias)
    for below in dependant.dependencies:
        names |= _query_names(below)
    return frozenset(names)


async def get_runtime(request: Request) -> Runtime:
    """The runtime of this process. Dependencies are coroutines, since FastAPI runs plain functions in a thread."""
    runtime: Runtime = request.app.state.runtime
    return runtime


RuntimeDep = Annotated[Runtime, Depends(get_runtime)]
CallerDep = Annotated[Caller, Depends(current_caller)]


async def write_session(
    request: Request, runtime: RuntimeDep, caller: CallerDep, key: IdempotencyKey
) -> AsyncIterator[DbSession]:
    """The transaction of this request, in the caller's workspace; committed before the response leaves.

    A request that repeats an `Idempotency-Key` ends here, with the answer of the first.
    """
    async with runtime.db.transaction(caller.workspace_id) as session:
        if key is not None:
            await take_key(request, session, runtime.keys, Owner.of(caller), key)
        yield session


async def read_session(runtime: RuntimeDep, caller: CallerDep) -> AsyncIterator[ReadSession]:
    """A read-only session in the caller's workspace."""
    async with runtime.db.reading(caller.workspace_id) as session:
        yield session


async def open_session(runtime: RuntimeDep) -> AsyncIterator[DbSession]:
    """A transaction without a caller: signing in, answering a link; narrowed to a workspace once known."""
    async with runtime.db.transaction(None) as session:
        yield session


# scope="function": the commit happens before the response is sent, so that a failing commit is a proper error.
WriteDep = Annotated[DbSession, Depends(write_session, scope="function")]
ReadDep = Annotated[ReadSession, Depends(read_session, scope="function")]
OpenDep = Annotated[DbSession, Depends(open_session, scope="function")]

DryRun = Annotated[bool, Query(description="Make the same checks, change nothing, and report in the same shape.")]


def page_request(runtime: Runtime, limit: int, sort: str, cursor: str | None) -> PageRequest:
    """What the caller asks of a list.

    Raises:
        ValidationFailed: the cursor is unreadable or of another sort.
    """
    return PageRequest(limit, sort, runtime.cursors.decode(cursor, sort) if cursor else None)


def link_next(request: Request, runtime: Runtime, response: Response, next_cursor: str | None) -> None:
    """Set the `Link` header that points to the next page, built on the configured public address."""
    if next_cursor is not None:
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        query = urlencode([*kept, ("cursor", next_cursor)])
        response.headers["Link"] = f'<{runtime.settings.public_url}{request.url.path}?{query}>; rel="next"'


def hot_answer(request: Request, runtime: Runtime, page: HotPage) -> Response:
    """The answer of a list whose items PostgreSQL has written: nothing reads them again on their way out."""
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    answer = Response(page.body(next_cursor), media_type="application/json")
    link_next(request, runtime, answer, next_cursor)
    return answer


__all__ = [
    "DryRun",
    "OpenDep",
    "ReadDep",
    "RuntimeDep",
    "StrictRoute",
    "WriteDep",
    "hot_answer",
    "link_next",
    "page_request",
]


def refuse_other_methods(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Answer 405 at an address whose other methods would fall to a route that says less of it.

    `/v1/messages/delivery-reports` beside `/v1/messages/{message_id}`, `/r/{token}/answers` beside
    `/r/{token}/{answer}`: what the one does not offer, the other must not take for an id.
    """
    routes = routes_of(routers)
    known: dict[str, list[Route]] = {}
    for route in routes:
        known.setdefault(route.path, []).append(route)
    for path, same in known.items():
        if others := sorted(methods_of(overlapped(same[0], routes)) - methods_of(same)):
            app.router.routes.insert(0, Route(path, _method_not_allowed, methods=others, include_in_schema=False))


async def _method_not_allowed(_request: Request) -> Response:
    raise HTTPException(405)
