"""API keys: made once, scoped, rotated, revoked, expired; asserted on answers and rows."""

from datetime import timedelta
from typing import Any

import pytest
from tests.accounts import World

from relance.capabilities.identity.credentials import api_keys
from relance.core.clock import system_now
from relance.core.keys import KeyRing

KEYS = "/v1/api-keys"


async def make(world: World, who: str = "manager", **body: object) -> dict[str, Any]:
    answer = await world.call(who, "POST", KEYS, {"name": "ERP", **body})
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json()
    return found


async def test_a_key_is_shown_once_and_stored_as_a_hash(world: World) -> None:
    made = await make(world, permissions={"companies:read": "all"})
    clear = made["api_key"]
    assert clear.startswith("rl_live_")
    assert clear.endswith(made["hint"])
    [row] = await world.rows("SELECT * FROM api_keys WHERE id = :id", id=made["id"])
    assert clear.encode() not in row["key_hash"]
    assert row["key_hash"] == api_keys(world.runtime.keys).hash(clear)
    listed = await world.call("manager", "GET", KEYS)
    assert listed.json()["items"][0]["id"] == made["id"]
    assert clear not in listed.text
    assert "api_key" not in (await world.call("manager", "GET", f"{KEYS}/{made['id']}")).json()
    assert await world.actions(made["id"]) == ["api_key.created"]


async def test_a_key_does_what_it_is_scoped_to_and_no_more(world: World) -> None:
    key = (await make(world, permissions={"companies:read": "all"}))["api_key"]
    assert (await world.call(key, "GET", "/v1/companies")).status_code == 200
    refused = await world.call(key, "POST", "/v1/companies", {"name": "X"})
    assert (refused.status_code, refused.json()["permission"]) == (403, "companies:write")
    me = (await world.call(key, "GET", "/v1/me")).json()
    assert (me["kind"], me["name"]) == ("api_key", "ERP")
    assert [one["code"] for one in me["permissions"]] == ["companies:read"]


async def test_a_key_never_exceeds_its_owner(world: World) -> None:
    refused = await world.call("member", "POST", KEYS, {"name": "X", "permissions": {"roles:write": "all"}})
    assert (refused.status_code, refused.json()["permission"]) == (403, "roles:write")
    key = (await make(world, "manager"))["api_key"]
    assert (await world.call(key, "GET", "/v1/roles")).status_code == 200
    path = f"/v1/users/{world.users['manager']}"
    assert (await world.call("admin", "PATCH", path, {"role_id": str(world.roles["member"])})).status_code == 200
    assert (await world.call(key, "GET", "/v1/roles")).status_code == 403


async def test_a_key_cannot_widen_itself(world: World) -> None:
    scope = {"api-keys:write": "own", "api-keys:read": "own"}
    wide = await make(world, "manager")
    narrow = (await make(world, "manager", permissions=scope))["api_key"]
    more = {"name": "X", "permissions": {"companies:write": "all"}}
    assert (await world.call(narrow, "POST", KEYS, more)).status_code == 403
    rotated = await world.call(narrow, "POST", f"{KEYS}/{wide['id']}/rotate", {})
    assert rotated.status_code == 403
    same = await world.call(narrow, "POST", KEYS, {"name": "X"})
    assert same.json()["permissions"] == {**scope}


async def test_revoking_holds_at_once_and_may_be_repeated(world: World) -> None:
    made = await make(world)
    for _ in range(2):
        answer = await world.call("manager", "POST", f"{KEYS}/{made['id']}/revoke")
        assert (answer.status_code, answer.json()["live"]) == (200, False)
        assert (await world.call(made["api_key"], "GET", "/v1/me")).status_code == 401
    assert await world.actions(made["id"]) == ["api_key.created", "api_key.revoked"]


async def test_a_key_expires(world: World) -> None:
    soon = (system_now() + timedelta(hours=1)).isoformat()
    made = await make(world, expires_at=soon)
    assert (await world.call(made["api_key"], "GET", "/v1/me")).status_code == 200
    async with world.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql(f"UPDATE api_keys SET expires_at = now() WHERE id = '{made['id']}'")
    assert (await world.call(made["api_key"], "GET", "/v1/me")).status_code == 401
    live = await world.call("manager", "GET", KEYS, params={"live": "true"})
    assert live.json()["items"] == []
    dead = await world.call("manager", "GET", KEYS, params={"live": "false"})
    assert [one["id"] for one in dead.json()["items"]] == [made["id"]]


@pytest.mark.parametrize("expiry", ["2001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "2030-01-01T00:00:00", "x"])
async def test_an_expiry_that_does_not_fit(world: World, expiry: str) -> None:
    answer = await world.call("manager", "POST", KEYS, {"name": "X", "expires_at": expiry})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/expires_at")


async def test_rotation_leaves_two_live_keys_and_never_three(world: World) -> None:
    first = await make(world, permissions={"companies:read": "all"})
    second = await world.call("manager", "POST", f"{KEYS}/{first['id']}/rotate", {"overlap": "P2D"})
    assert second.status_code == 201
    assert second.json()["replaces_id"] == first["id"]
    assert second.json()["permissions"] == first["permissions"]
    for key in (first["api_key"], second.json()["api_key"]):
        assert (await world.call(key, "GET", "/v1/companies")).status_code == 200
    [row] = await world.rows("SELECT expires_at FROM api_keys WHERE id = :id", id=first["id"])
    assert timedelta(days=1) < row["expires_at"] - system_now() < timedelta(days=2, minutes=1)
    for one in (first["id"], second.json()["id"]):
        third = await world.call("manager", "POST", f"{KEYS}/{one}/rotate", {})
        assert (third.status_code, third.json()["code"]) == (409, "rotation_pending")
    await world.call("manager", "POST", f"{KEYS}/{first['id']}/revoke")
    assert (await world.call("manager", "POST", f"{KEYS}/{first['id']}/rotate", {})).json()["code"] == "key_not_live"
    assert (await world.call("manager", "POST", f"{KEYS}/{second.json()['id']}/rotate", {})).status_code == 201


async def test_an_overlap_has_bounds(world: World) -> None:
    made = await make(world)
    answer = await world.call("manager", "POST", f"{KEYS}/{made['id']}/rotate", {"overlap": "P400Y"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "overlap_too_long")


async def test_last_use_is_written_at_most_once_a_minute(world: World) -> None:
    made = await make(world)

    async def last_use() -> Any:
        [row] = await world.rows("SELECT last_used_at, xmin::text FROM api_keys WHERE id = :id", id=made["id"])
        return row

    assert (await last_use())["last_used_at"] is None
    await world.call(made["api_key"], "GET", "/v1/me")
    first = await last_use()
    assert first["last_used_at"] is not None
    await world.call(made["api_key"], "GET", "/v1/me")
    assert await last_use() == first
    async with world.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql(
            f"UPDATE api_keys SET last_used_at = now() - interval '2 minutes' WHERE id = '{made['id']}'"
        )
    await world.call(made["api_key"], "GET", "/v1/me")
    assert (await last_use())["last_used_at"] >= first["last_used_at"]


async def test_whose_keys_one_sees(world: World) -> None:
    own = await make(world, "member", permissions={})
    boss = await make(world, "admin", permissions={})

    async def ids(who: str) -> set[str]:
        return {one["id"] for one in (await world.call(who, "GET", KEYS)).json()["items"]}

    assert await ids("manager") == {own["id"]}
    assert await ids("admin") == {own["id"], boss["id"]}
    assert (await world.call("member", "GET", f"{KEYS}/{boss['id']}")).status_code == 404
    assert (await world.call("member", "POST", f"{KEYS}/{boss['id']}/revoke")).status_code == 404
    assert (await world.call("manager", "POST", f"{KEYS}/{own['id']}/rotate", {})).status_code == 403
    assert (await world.call("manager", "POST", f"{KEYS}/{own['id']}/revoke")).status_code == 200


async def test_a_key_has_no_session_to_end(world: World) -> None:
    key = (await make(world))["api_key"]
    for path, body in (
        ("/v1/auth/logout", None),
        ("/v1/me/password", {"current_password": "x", "new_password": "a long enough one"}),
    ):
        answer = await world.call(key, "POST", path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "user_session_required")


async def test_what_a_key_looks_like() -> None:
    newest, older = KeyRing(["b" * 32, "a" * 32]), KeyRing(["a" * 32])
    clear = api_keys(older).mint()
    assert api_keys(older).hash(clear) in api_keys(newest).candidates(clear)
    typo = clear[:-1] + ("0" if clear[-1] != "0" else "1")
    for bad in (typo, clear[:-1], clear + "0", clear.removeprefix("rl_live_"), "rl_live_", "rl_live_" + "é" * 38):
        assert api_keys(newest).candidates(bad) == []


async def test_a_deactivated_owner_stops_their_keys(world: World) -> None:
    made = await make(world, "member")
    await world.call("admin", "POST", f"/v1/users/{world.users['member']}/deactivate")
    assert (await world.call(made["api_key"], "GET", "/v1/me")).status_code == 401
