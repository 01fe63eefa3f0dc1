"""The conventions, live: each test finds its operations in the contract, so that a new one cannot forget them."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from tests.contract.contract import MACHINES, Operation, all_operations, document
from tests.contract.world import World, body_of, dump, path_of
from tests.files.samples import PDF

from relance.core.ids import new_id
from relance.core.rate_limits import RateLimits, network_of
from relance.openapi import METHODS

#: What the default of a list leaves out of what the workspace has.
WIDER: dict[str, dict[str, str]] = {"invitations_list": {"mine": "false"}}
#: Requests that come from one machine, whoever calls, as the transport of the tests says.
HERE = "127.0.0.1"


async def ask(world: World, operation: Operation, **options: Any) -> httpx.Response:
    """A valid request, but for what `options` say."""
    body = body_of(operation, world)
    given: dict[str, Any] = {} if body is None else {"json": body}
    if "multipart/form-data" in operation.raw.get("requestBody", {}).get("content", {}):
        given = {"files": {"files": ("note.pdf", PDF)}}
    return await world.admin.ask(operation.method, path_of(operation, world), **{**given, **options})


def guarded() -> list[Operation]:
    """What changes one resource: PATCH, PUT, DELETE and actions."""
    return [one for one in all_operations() if "If-Match" in one.parameters("header")]


def tagged() -> list[Operation]:
    """What reads one resource: an address that ends on its id, or one that a guarded operation changes."""
    # What stands directly below `/v1` is a domain or a collection, unless it is changed itself.
    above = {one.path.rpartition("/")[0] for one in guarded()}
    changed = {one.path for one in guarded()} | {path for path in above if path.count("/") > 2}
    return [
        one
        for one in all_operations()
        if one.method == "get"
        and one.path.startswith("/v1/")
        and "application/json" in one.success[1].get("content", {})
        and (one.path.endswith("}") or (one.path in changed and not one.is_list))
    ]


async def test_one_resource_answers_its_tag(world: World) -> None:
    wrong: list[str] = []
    for operation in tagged():
        answer = await ask(world, operation)
        tag = answer.headers.get("etag", "")
        if answer.status_code != 200 or not (tag.startswith('"') and tag.endswith('"')):
            wrong.append(f"{operation.id}: {answer.status_code}, ETag {tag!r}")
        if "ETag" not in operation.success[1].get("headers", {}):
            wrong.append(f"{operation.id}: the contract does not say so")
    assert wrong == []


async def test_a_tag_that_does_not_hold_changes_nothing(world: World) -> None:
    before = await dump(world.product)
    wrong: list[str] = []
    for operation in guarded():
        answer = await ask(world, operation, headers={"If-Match": '"999999"'})
        if answer.status_code != 412 or answer.json()["code"] != "precondition_failed":
            wrong.append(f"{operation.id}: {answer.status_code} {answer.text[:200]}")
    assert wrong == []
    assert await dump(world.product) == before


async def test_a_request_is_good_before_its_tag_counts(world: World) -> None:
    """A 412 is the answer only where the request without its `If-Match` would have succeeded (RFC 9110, 13.2.1)."""
    before = await dump(world.product)
    wrong: list[str] = []
    for operation in (one for one in guarded() if one.json_body is not None):
        answer = await ask(world, operation, headers={"If-Match": '"999999"'}, json={"no such field": 1})
        if answer.status_code != 422:
            wrong.append(f"{operation.id}: {answer.status_code} {answer.text[:200]}")
    assert wrong == []
    assert await dump(world.product) == before


INSTANTS = (
    ("/v1/security-events", "since"),
    ("/v1/messages", "created_from"),
    ("/v1/webhook-deliveries", "created_to"),
)


async def test_an_instant_is_text(world: World) -> None:
    """Digits are no date, though the parser takes them for seconds since 1970."""
    for path, name in INSTANTS:
        answer = await world.admin.get(path, params={name: "0"})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "datetime_parsing"), path


async def test_lists_go_on(world: World) -> None:
    wrong: list[str] = []
    for operation in (one for one in all_operations() if one.is_list):
        path, wider = path_of(operation, world), WIDER.get(operation.id, {})
        both = (await world.admin.get(path, params={**wider, "limit": 2})).json()["items"]
        if len(both) < 2:
            wrong.append(f"{operation.id}: make a second row in tests/contract/world.py")
            continue
        first = await world.admin.get(path, params={**wider, "limit": 1})
        cursor, link = first.json()["next_cursor"], first.headers.get("link", "")
        if first.json()["items"] != both[:1] or not cursor:
            wrong.append(f"{operation.id}: the first page of one has {len(first.json()['items'])}, cursor {cursor}")
            continue
        target, _, relation = link.partition(">; ")
        if relation != 'rel="next"':
            wrong.append(f"{operation.id}: Link is {link!r}")
            continue
        linked = urlsplit(target.removeprefix("<"))
        followed = await world.admin.get(f"{linked.path}?{linked.query}")
        given = await world.admin.get(path, params={**wider, "limit": 1, "cursor": cursor})
        if followed.json() != given.json() or given.json()["items"] != both[1:]:
            wrong.append(f"{operation.id}: the second page is {given.text[:200]}, by Link {followed.text[:200]}")
    assert wrong == []


async def test_each_address_names_its_methods(world: World) -> None:
    paths: dict[str, set[str]] = {}
    for operation in all_operations():
        paths.setdefault(path_of(operation, world), set()).update(
            method.upper() for method in METHODS if method in document()["paths"][operation.path]
        )
    wrong: list[str] = []
    for path, methods in paths.items():
        for method in sorted({"OPTIONS", "DELETE", "PUT", "PATCH", "POST", "GET"} - methods):
            answer = await world.admin.ask(method, path)
            allowed = {one.strip() for one in answer.headers.get("allow", "").split(",")} - {"HEAD"}
            if answer.status_code != 405 or allowed != methods:
                wrong.append(f"{method} {path}: {answer.status_code}, allows {allowed}, not {methods}")
    assert wrong == []


@pytest.fixture
async def used_up(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Every limit is one request, and the administrator and this machine have made it."""
    names = ("rate_limit_token", "rate_limit_recipient", "rate_limit_password_reset", "rate_limit_per_caller")
    state = world.product.app.state
    limits = RateLimits(world.product.runtime.settings.model_copy(update=dict.fromkeys(names, 1)))
    # A prefix of this test's own: the servers are shared by the whole run.
    monkeypatch.setattr(limits._store, "_prefix", new_id().hex)
    usual, state.rate_limits = state.rate_limits, limits
    for rate in limits.by_name.values():
        await limits.hit(rate, network_of(HERE))
    await limits.hit(limits.caller, str(world.admin.id))
    yield
    state.rate_limits = usual
    await limits.close()


@pytest.mark.usefixtures("used_up")
async def test_a_limit_applies_where_the_contract_says_so(world: World) -> None:
    before = await dump(world.product)
    wrong: list[str] = []
    for operation in all_operations():
        said = operation.raw["responses"].get("429")
        if said is None and (operation.method != "get" or operation.id in MACHINES):
            assert operation.id in MACHINES, f"{operation.id} changes something without a limit"
            continue
        answer = await ask(world, operation, **upload(operation))
        if (answer.status_code == 429) != (said is not None):
            wrong.append(f"{operation.id}: {answer.status_code}, the contract says {said and 429}")
        elif said is not None:
            missing = set(said["headers"]) - {name.title() for name in answer.headers}
            missing -= {"RateLimit", "RateLimit-Policy"} if "ratelimit" in answer.headers else set()
            if missing or not {"Retry-After", "RateLimit", "RateLimit-Policy"} <= set(said["headers"]):
                wrong.append(f"{operation.id}: lacks {missing}, announces {set(said['headers'])}")
    assert wrong == []
    assert await dump(world.product) == before


def upload(operation: Operation) -> dict[str, Any]:
    """A body for what reads a form."""
    media = operation.raw.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in media:
        return {"files": {"file": ("a.csv", b"a;b")}, "data": {"issuing_organisation_id": "0" * 32}}
    return {"data": {"grant_type": "password"}} if operation.id == "auth_token" else {}
