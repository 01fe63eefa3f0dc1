"""Signing in, staying signed in, signing out: through HTTP, asserting on answers and rows."""

import asyncio
from datetime import timedelta

import httpx
import jwt
import pytest
from tests.accounts import PASSWORD, SECRET, World, make_world

from relance.capabilities.identity import passwords
from relance.capabilities.identity.access_tokens import AccessClaims, AccessTokens
from relance.capabilities.identity.models import User
from relance.core.clock import system_now
from relance.core.ids import new_id
from relance.core.keys import KeyRing
from relance.core.runtime import Runtime

ME = "/v1/me"


async def test_a_password_gives_tokens_that_hold(world: World) -> None:
    answer = await world.sign_in("member")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 3600
    me = await world.call(body["access_token"], "GET", ME)
    assert me.status_code == 200
    assert me.json()["email"] == world.email("member")
    assert await world.actions(world.users["member"]) == ["user.signed_in"]
    [stored] = await world.rows("SELECT * FROM refresh_tokens WHERE user_id = :id", id=world.users["member"])
    assert body["refresh_token"].encode() not in stored["token_hash"]
    [user] = await world.rows("SELECT last_sign_in_at, version FROM users WHERE id = :id", id=world.users["member"])
    assert user["last_sign_in_at"] is not None
    before = user["version"]
    await world.sign_in("member")
    [user] = await world.rows("SELECT version FROM users WHERE id = :id", id=world.users["member"])
    assert user["version"] == before


@pytest.mark.parametrize("case", [str.upper, lambda address: f" {address} "])
async def test_the_address_is_compared_without_case(world: World, case: "type[str]") -> None:
    form = {"grant_type": "password", "username": case(world.email("member")), "password": PASSWORD}
    assert (await world.client.post("/v1/auth/token", data=form)).status_code == 200


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("member@{slug}.example", "wrong"),
        ("member@{slug}.example", PASSWORD + " "),
        ("nobody@{slug}.example", PASSWORD),
        ("not an address", PASSWORD),
        ("member@{slug}.example", "é\u0000\U0001f600"),
    ],
)
async def test_what_does_not_hold_is_one_and_the_same_refusal(world: World, username: str, password: str) -> None:
    form = {"username": username.format(slug=world.slug), "password": password}
    answer = await world.client.post("/v1/auth/token", data=form)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")
    body = answer.json()
    del body["request_id"]
    assert body == {
        "type": "http://relance.example/docs/errors#invalid_grant",
        "title": "Identification refusée",
        "status": 401,
        "detail": "L’adresse, le mot de passe ou le jeton ne convient pas.",
        "code": "invalid_grant",
        "error": "invalid_grant",
    }


async def test_a_failure_is_in_the_journal(world: World) -> None:
    await world.sign_in("member", "wrong")
    assert await world.actions(world.users["member"]) == ["user.sign_in_failed"]


async def test_an_unknown_user_costs_as_much_as_a_known_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # The accounts of the tests have a cheap hash; this one is as the product makes them.
    async with world.runtime.db.transaction(world.workspace_id) as session:
        row = await session.get_one(User, (world.workspace_id, world.users["member"]))
        row.password_hash = await passwords.hash_password("a password of its own")
    hashed: list[str] = []
    real = passwords._hasher.verify

    def noted(password: str | bytes, stored: str | bytes) -> bool:
        hashed.append(str(stored))
        return real(password, stored)

    monkeypatch.setattr(passwords._hasher, "verify", noted)
    await world.sign_in("member", "wrong")
    await world.client.post("/v1/auth/token", data={"username": "x@unknown.example", "password": "wrong"})
    await world.client.post("/v1/auth/token", data={"username": "not an address", "password": "wrong"})
    # The kind, the version and the cost of the hash are what decides how long it takes.
    costs = [one.split("$")[1:4] for one in hashed]
    assert costs == [costs[0]] * 3
    assert costs[0][0] == "argon2id"


async def test_a_deactivated_user_is_out_at_once(world: World) -> None:
    token = await world.token("member")
    path = f"/v1/users/{world.users['member']}"
    assert (await world.call("admin", "POST", f"{path}/deactivate")).json()["status"] == "deactivated"
    assert (await world.call(token, "GET", ME)).status_code == 401
    assert (await world.sign_in("member")).status_code == 401
    again = await world.call("admin", "POST", f"{path}/deactivate")
    assert (again.status_code, again.json()["code"]) == (409, "transition_not_allowed")
    assert (await world.call("admin", "POST", f"{path}/reactivate")).json()["status"] == "active"
    assert (await world.sign_in("member")).status_code == 200


async def test_the_form_is_checked_in_oauth_terms(world: World) -> None:
    async def ask(**form: str) -> httpx.Response:
        return await world.client.post("/v1/auth/token", data=form)

    missing = await ask(username="a@b.example")
    assert missing.status_code == 400
    assert missing.json()["error"] == "invalid_request"
    assert missing.json()["errors"][0]["pointer"] == "/password"
    other = await ask(grant_type="client_credentials")
    assert (other.status_code, other.json()["error"]) == (400, "unsupported_grant_type")
    control = await ask(username="a\u0000b@c.example", password="x")
    assert (control.status_code, control.json()["errors"][0]["code"]) == (400, "unclean_text")
    as_json = await world.client.post("/v1/auth/token", json={"username": "x", "password": "y"})
    assert as_json.status_code == 400
    extra = {"username": world.email("member"), "password": PASSWORD, "scope": "", "client_id": "x"}
    assert (await ask(**extra)).status_code == 200


async def test_one_address_in_two_workspaces(
    accounts_runtime: Runtime, accounts_client: httpx.AsyncClient, world: World, elsewhere: World
) -> None:
    shared = f"both@{world.slug}.example"
    for one in (world, elsewhere):
        await one.rows("SELECT 1")
        async with accounts_runtime.db.engine.begin() as connection:
            await connection.exec_driver_sql(f"UPDATE users SET email = '{shared}' WHERE id = '{one.users['member']}'")
    form = {"username": shared, "password": PASSWORD}
    answer = await accounts_client.post("/v1/auth/token", data=form)
    assert answer.status_code == 400
    assert answer.json()["code"] == "workspace_required"
    assert answer.json()["workspaces"] == sorted([world.slug, elsewhere.slug])
    chosen = await accounts_client.post("/v1/auth/token", data={**form, "workspace": elsewhere.slug})
    assert (await world.call(chosen.json()["access_token"], "GET", ME)).json()["id"] == str(elsewhere.users["member"])
    # With another password in one of them, the password itself tells which is meant.
    path = f"/v1/users/{world.users['member']}"
    await world.call("admin", "PATCH", path, {"password": "a different long phrase"})
    alone = await accounts_client.post("/v1/auth/token", data=form)
    assert alone.status_code == 200
    assert (await world.call(alone.json()["access_token"], "GET", ME)).json()["id"] == str(elsewhere.users["member"])


async def refresh(world: World, token: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return await world.client.post("/v1/auth/token", data=form)


async def test_refresh_tokens_rotate(world: World) -> None:
    first = (await world.sign_in("member")).json()
    second = (await refresh(world, first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert (await world.call(second["access_token"], "GET", ME)).status_code == 200
    third = await refresh(world, second["refresh_token"])
    assert third.status_code == 200


async def test_a_refresh_token_used_twice_ends_the_session(world: World) -> None:
    first = (await world.sign_in("member")).json()
    second = (await refresh(world, first["refresh_token"])).json()
    again = await refresh(world, first["refresh_token"])
    assert (again.status_code, again.json()["error"]) == (401, "invalid_grant")
    assert (await refresh(world, second["refresh_token"])).status_code == 401
    assert (await world.call(second["access_token"], "GET", ME)).status_code == 401
    alive = await world.rows(
        "SELECT 1 FROM refresh_tokens WHERE user_id = :id AND revoked_at IS NULL", id=world.users["member"]
    )
    assert alive == []
    assert (await world.actions(world.users["member"]))[-1] == "user.refresh_reused"


async def test_two_uses_at_once_give_one_successor(world: World) -> None:
    first = (await world.sign_in("member")).json()
    answers = await asyncio.gather(*(refresh(world, first["refresh_token"]) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


@pytest.mark.parametrize("token", ["", "rl_refresh_nonsense", "rl_refresh_" + "0" * 38, "x" * 150])
async def test_an_invented_refresh_token(world: World, token: str) -> None:
    answer = await refresh(world, token)
    assert answer.status_code == (401 if token else 400)


async def test_an_expired_refresh_token(world: World) -> None:
    first = (await world.sign_in("member")).json()
    async with world.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql(
            f"UPDATE refresh_tokens SET expires_at = now() WHERE user_id = '{world.users['member']}'"
        )
    assert (await refresh(world, first["refresh_token"])).status_code == 401


async def test_signing_out_ends_this_session_only(world: World) -> None:
    one, other = (await world.sign_in("member")).json(), (await world.sign_in("member")).json()
    assert (await world.call(one["access_token"], "POST", "/v1/auth/logout")).status_code == 204
    assert (await world.call(one["access_token"], "GET", ME)).status_code == 401
    assert (await refresh(world, one["refresh_token"])).status_code == 401
    assert (await world.call(other["access_token"], "GET", ME)).status_code == 200
    assert (await world.actions(world.users["member"]))[-1] == "user.signed_out"


async def test_a_new_password_ends_the_other_sessions(world: World) -> None:
    one, other = (await world.sign_in("member")).json(), (await world.sign_in("member")).json()
    body = {"current_password": "wrong", "new_password": "encore une longue phrase"}
    refused = await world.call(one["access_token"], "POST", "/v1/me/password", body)
    assert (refused.status_code, refused.json()["code"]) == (403, "wrong_password")
    body["current_password"] = PASSWORD
    assert (await world.call(one["access_token"], "POST", "/v1/me/password", body)).status_code == 204
    assert (await world.call(one["access_token"], "GET", ME)).status_code == 200
    assert (await world.call(other["access_token"], "GET", ME)).status_code == 401
    assert (await world.sign_in("member")).status_code == 401
    assert (await world.sign_in("member", "encore une longue phrase")).status_code == 200


async def test_tokens_that_do_not_hold(world: World) -> None:
    token = await world.token("member")
    header, payload, signature = token.split(".")
    claims = jwt.decode(token, options={"verify_signature": False})
    unsigned = jwt.encode(claims, "", "none")
    forged = jwt.encode(
        claims, "another-secret-of-thirty-two-bytes!", "HS256", headers=jwt.get_unverified_header(token)
    )
    for bad in (
        f"{header}.{payload}.{signature[:-4]}AAAA",
        f"{header}.{payload[:-3]}AAA.{signature}",
        unsigned,
        forged,
        "x",
        "a.b.c",
        "é" * 3,
    ):
        answer = await world.client.get(ME, headers=[(b"Authorization", f"Bearer {bad}".encode())])
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), bad
    assert (await world.client.get(ME)).status_code == 401
    assert (await world.client.get(ME, headers={"Authorization": "Basic eDp5"})).status_code == 401


async def test_an_access_token_expires_on_the_machines_clock(world: World) -> None:
    tokens = AccessTokens(world.runtime.settings, world.runtime.keys)
    claims = jwt.decode(await world.token("member"), options={"verify_signature": False})
    tokens.lifetime = timedelta(seconds=-1)
    expired = tokens.mint(AccessClaims(world.users["member"], world.workspace_id, claims["sid"]))
    assert (await world.call(expired, "GET", ME)).status_code == 401
    assert claims["exp"] - claims["iat"] == 3600
    assert abs(claims["iat"] - system_now().timestamp()) < 60


async def test_an_older_secret_still_verifies(world: World) -> None:
    claims = AccessClaims(new_id(), new_id(), new_id())
    old = AccessTokens(world.runtime.settings, KeyRing([SECRET]))
    both = AccessTokens(world.runtime.settings, KeyRing(["a-newer-secret-that-is-long-enough-too", SECRET]))
    assert both.read(old.mint(claims)) == claims
    with pytest.raises(Exception, match="unauthenticated"):
        old.read(both.mint(claims))


async def test_a_slug_that_is_not_the_accounts(world: World, elsewhere: World) -> None:
    form = {"username": world.email("member"), "password": PASSWORD, "workspace": elsewhere.slug}
    assert (await world.client.post("/v1/auth/token", data=form)).status_code == 401


async def test_worlds_are_apart(accounts_runtime: Runtime, accounts_client: httpx.AsyncClient) -> None:
    one = await make_world(accounts_runtime, accounts_client)
    assert one.roles.keys() == {"admin", "manager", "member", "client", "partner", "pre_sales"}
