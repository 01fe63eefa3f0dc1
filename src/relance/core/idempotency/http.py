"""The header, its place in the contract, and how a kept answer leaves."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from relance.core.db import DbSession
from relance.core.idempotency.errors import IdempotencyInFlight, IdempotencyKeyReused
from relance.core.idempotency.fingerprint import Fingerprint, fingerprint_of
from relance.core.idempotency.service import REPLAYED, Claim, Owner
from relance.core.keys import KeyRing
from relance.core.problems import merge_responses, problem_responses

#: In the `openapi_extra` of a POST operation that takes no key: the reason, for whoever reads the contract.
EXEMPT = "x-no-idempotency-key"


async def idempotency_key(
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            max_length=255,
            pattern="^[!-~]+$",
            description="A new random value for each operation, kept 24 h for this caller. The same request with the "
            f"same key is answered with the first answer, marked `{REPLAYED}: true`, and has no second effect.",
            examples=["5e6b0f4c-7d0b-4d5c-9a1f-2f5b3f0f6f0e"],
        ),
    ] = None,
) -> str | None:
    """The key of this request. An operation that depends on it honours it: see `keep_answer` and `take_key`."""
    return idempotency_key


IdempotencyKey = Annotated[str | None, Depends(idempotency_key)]


class Replayed(Exception):
    """The answer is known already: leaves the unit of work, which is rolled back, and becomes the response."""

    def __init__(self, response: Response) -> None:
        super().__init__("answered before")
        self.response = response


async def take_key(
    request: Request, session: DbSession, keys: KeyRing, owner: Owner, key: str, asked: Fingerprint | None = None
) -> None:
    """Take the key of this request in `session`'s transaction; `keep_answer` then keeps what is answered.

    Raises:
        Replayed: it was answered before.
        RelanceError: it is in flight, or was another request: see `Claim.begin`.
    """
    claim = Claim(session, keys, owner, key)
    known = await claim.begin(asked if asked is not None else await fingerprint_of(request))
    if known is not None:
        raise Replayed(known)
    request.state.idempotency_claim = claim


async def keep_answer(request: Request, response: Response) -> None:
    """Keep the rendered answer where the request took a key; called before its transaction ends."""
    claim: Claim | None = getattr(request.state, "idempotency_claim", None)
    if claim is not None:
        await claim.keep(response)


def install_replay(app: FastAPI) -> None:
    """Answer `Replayed` with the kept answer. A handler, because an error caught in a route class would commit."""

    async def answer_again(_request: Request, error: Exception) -> Response:
        assert isinstance(error, Replayed)
        return error.response

    app.add_exception_handler(Replayed, answer_again)


def describe_key(route: APIRoute) -> None:
    """Announce, on a route that honours the key, what a repeat may be answered."""
    if not depends_on_key(route.dependant):
        return
    header: dict[str, Any] = {
        "description": "`true` on an answer that was given before.",
        "schema": {"type": "boolean"},
    }
    route.responses = merge_responses(
        route.responses,
        problem_responses(IdempotencyInFlight, IdempotencyKeyReused),
        {route.status_code or 200: {"headers": {REPLAYED: header}}},
    )


def depends_on_key(dependant: Dependant) -> bool:
    """Whether `idempotency_key` is somewhere in the dependencies of an operation."""
    return any(below.call is idempotency_key or depends_on_key(below) for below in dependant.dependencies)
