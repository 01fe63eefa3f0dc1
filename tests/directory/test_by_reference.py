"""PUT and GET by the partner's own key: one row whatever is sent, however often, by however many at once."""

import asyncio
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from tests.accounts import World

KEY = "ERP/00 412·é"


@dataclass(frozen=True)
class Kind:
    """One resource: two bodies, and another row that has what the second body asks for."""

    name: str
    first: dict[str, Any]
    second: dict[str, Any]
    #: Where the refusal points when another row has what `second` asks for.
    pointer: str
    #: What is emptied, or goes back to its default, where a body leaves it out.
    left_out: dict[str, Any]


def siren(value: str) -> dict[str, str]:
    return {"scheme": "siren", "value": value}


KINDS = (
    Kind(
        "companies",
        {"name": "Fonderie Martin", "local_id": siren("732 829 320")},
        {"name": "Fonderie Martin SA", "local_id": siren("404833048")},
        "/local_id/value",
        {"local_id": None},
    ),
    Kind(
        "contacts",
        {"first_name": "Camille", "last_name": "Martin", "email": "c@f.example", "active": False, "locale": "en"},
        {"first_name": "Camille", "last_name": "Durand", "email": "d@f.example"},
        "/email",
        {"active": True, "locale": "fr"},
    ),
    Kind("organisations", {"name": "Nord", "active": False}, {"name": "Sud"}, "/name", {"active": True}),
)
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def address(kind: Kind, key: str = KEY) -> str:
    return f"/v1/{kind.name}/by-reference/{quote(key, safe='')}"


async def bodies(world: World, kind: Kind) -> tuple[dict[str, Any], dict[str, Any]]:
    if kind.name != "contacts":
        return kind.first, kind.second
    company = await world.call("admin", "POST", "/v1/companies", {"name": "Fonderie"})
    return tuple({**body, "company_id": company.json()["id"]} for body in (kind.first, kind.second))  # type: ignore[return-value] # two of two


async def put(world: World, kind: Kind, body: object, key: str = KEY, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await world.call("admin", "PUT", address(kind, key), body, named)


@kinds
async def test_create_repeat_replace(world: World, kind: Kind) -> None:
    first, second = await bodies(world, kind)
    missing = await world.call("admin", "GET", address(kind))
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")

    made = await put(world, kind, first, If_None_Match="*")
    assert made.status_code == 201, made.text
    found = made.json()
    path = f"/v1/{kind.name}/{found['id']}"
    assert (made.headers["location"], made.headers["etag"], found["external_id"]) == (path, '"1"', KEY)
    noun = {"companies": "company"}.get(kind.name, kind.name[:-1])
    assert await world.actions(found["id"]) == [f"{noun}.created"]

    again = await put(world, kind, first)
    assert (again.status_code, again.json(), again.headers["etag"]) == (200, found, '"1"')
    assert "location" not in again.headers
    assert await world.actions(found["id"]) == [f"{noun}.created"]

    replaced = await put(world, kind, second, If_Match='"1"')
    assert (replaced.status_code, replaced.headers["etag"]) == (200, '"2"')
    assert {name: replaced.json()[name] for name in kind.left_out if name not in second} == {
        name: value for name, value in kind.left_out.items() if name not in second
    }
    assert await world.actions(found["id"]) == [f"{noun}.created", f"{noun}.changed"]
    for one in (address(kind), path):
        read = await world.call("admin", "GET", one)
        assert (read.json(), read.headers["etag"]) == (replaced.json(), '"2"')
    listed = await world.call("admin", "GET", f"/v1/{kind.name}", params={"external_id": KEY})
    assert listed.json()["items"] == [replaced.json()]


@kinds
async def test_what_does_not_hold_changes_nothing(world: World, kind: Kind) -> None:
    first, second = await bodies(world, kind)
    absent = await put(world, kind, first, If_Match='"1"')
    assert (absent.status_code, absent.json()["code"]) == (412, "precondition_failed")
    assert absent.json()["current_version"] is None
    assert (await world.call("admin", "GET", address(kind))).status_code == 404

    found = (await put(world, kind, first)).json()
    other = await world.call("admin", "POST", f"/v1/{kind.name}", {**second, "external_id": "OTHER"})
    assert other.status_code == 201, other.text
    for headers in ({"If_None_Match": "*"}, {"If_None_Match": '"1"'}, {"If_Match": '"7"'}):
        refused = await put(world, kind, second, **headers)
        assert (refused.status_code, refused.json()["current_version"]) == (412, 1)
    for key in (KEY, "NEW"):  # a change, and a creation
        taken = await put(world, kind, second, key)
        assert (taken.status_code, taken.json()["code"], taken.json()["pointer"]) == (409, "duplicate", kind.pointer)
        assert taken.json()["existing_id"] == other.json()["id"]
    required = "/first_name" if kind.name == "contacts" else "/name"
    for body, key, pointer in (
        ({}, KEY, required),
        ({**first, "external_id": KEY}, KEY, "/external_id"),
        (first, "x" * 201, "/path/external_id"),
        (first, "a\u0007b", "/path/external_id"),
    ):
        refused = await put(world, kind, body, key)
        assert refused.status_code == 422
        assert pointer in {error["pointer"] for error in refused.json()["errors"]}
    read = await world.call("admin", "GET", address(kind))
    assert (read.json(), read.headers["etag"]) == (found, '"1"')


@kinds
async def test_at_once(world: World, kind: Kind) -> None:
    first, _second = await bodies(world, kind)
    await world.token("admin")
    answers = await asyncio.gather(*(put(world, kind, first) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert {answer.json()["id"] for answer in answers} == {answers[0].json()["id"]}
    assert {answer.headers["etag"] for answer in answers} == {'"1"'}
    assert len(await world.actions(answers[0].json()["id"])) == 1


async def test_only_who_may_change_all_organisations_makes_one(world: World) -> None:
    kind = KINDS[2]
    assert (await world.call("member", "PUT", address(kind), kind.first)).status_code == 403
    made = await put(world, kind, kind.first)
    # The member works for another organisation: this one is not there for them, and is no oracle either.
    assert (await world.call("member", "GET", address(kind))).status_code == 404
    refused = await world.call("member", "PUT", address(kind), kind.second)
    assert (refused.status_code, refused.json()["permission"]) == (403, "organisations:write")
    assert (await world.call("admin", "GET", address(kind))).json() == made.json()


async def test_a_company_that_has_the_identifier_without_the_key_is_a_duplicate_until_it_gets_it(world: World) -> None:
    kind = KINDS[0]
    known = await world.call("admin", "POST", "/v1/companies", kind.first)
    refused = await put(world, kind, kind.first)
    assert (refused.status_code, refused.json()["existing_id"]) == (409, known.json()["id"])
    given = await world.call("admin", "PATCH", known.headers["location"], {"external_id": KEY})
    assert given.status_code == 200
    assert (await put(world, kind, kind.first)).json() == given.json()
