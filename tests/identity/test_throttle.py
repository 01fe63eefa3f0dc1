"""Sign-in throttling over a real Redis, and without one."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.accounts import World, build_app, build_client

from relance.capabilities.identity.throttle import SignInThrottle
from relance.core.ids import new_id
from relance.core.rate_limits import network_of

GONE = "redis://127.0.0.1:1/0"


@pytest.fixture(params=["redis", "memory"])
async def strict(request: pytest.FixtureRequest, world: World) -> AsyncIterator[World]:
    """The workspace, behind a throttle of three failures."""
    settings = world.runtime.settings
    change: dict[str, object] = {"sign_in_attempts": 3}
    if request.param == "memory":
        change["redis_url"] = GONE
    throttle = SignInThrottle(settings.model_copy(update=change))
    async with build_client(build_app(world.runtime, throttle)) as client:
        world.client = client
        yield world
    await throttle.close()


async def test_failures_are_limited_and_said_how_long(strict: World) -> None:
    for _ in range(3):
        assert (await strict.sign_in("member", "wrong")).status_code == 401
    blocked = await strict.sign_in("member")
    assert (blocked.status_code, blocked.json()["code"]) == (429, "too_many_sign_ins")
    assert 800 < int(blocked.headers["retry-after"]) <= 900
    assert blocked.headers["ratelimit-policy"] == '"sign-in";q=3;w=900'
    # Another account from the same address is not held up, nor are those who are signed in.
    assert (await strict.sign_in("admin")).status_code == 200


async def test_guesses_sent_at_once_do_not_pass_together(strict: World) -> None:
    answers = await asyncio.gather(*(strict.sign_in("member", f"guess {n}") for n in range(10)))
    refused = [answer.status_code for answer in answers].count(401)
    assert 3 <= refused <= 4  # two turns at a time: the last two may start together


async def test_success_forgives(strict: World) -> None:
    for _ in range(2):
        for _ in range(2):
            await strict.sign_in("member", "wrong")
        assert (await strict.sign_in("member")).status_code == 200


async def test_many_good_sign_ins_are_never_limited(strict: World) -> None:
    answers = await asyncio.gather(*(strict.sign_in("member") for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}


async def test_one_address_on_many_accounts(world: World) -> None:
    settings = world.runtime.settings.model_copy(update={"sign_in_attempts_per_address": 3, "redis_url": GONE})
    throttle = SignInThrottle(settings)

    async def guess(client: httpx.AsyncClient) -> int:
        form = {"username": f"{new_id().hex}@x.example", "password": "x"}
        return (await client.post("/v1/auth/token", data=form)).status_code

    async with build_client(build_app(world.runtime, throttle)) as client:
        assert [await guess(client) for _ in range(4)] == [401, 401, 401, 429]
        form = {"grant_type": "refresh_token", "refresh_token": "x"}
        assert (await client.post("/v1/auth/token", data=form)).status_code == 429
    await throttle.close()


async def test_no_limit_where_none_is_set(world: World) -> None:
    settings = world.runtime.settings.model_copy(update={"sign_in_attempts": 0, "sign_in_attempts_per_address": 0})
    throttle = SignInThrottle(settings)
    for _ in range(50):
        await throttle.failed("192.0.2.1", "a@b.example")
    async with throttle.attempt("192.0.2.1", "a@b.example"):
        pass
    await throttle.close()


def test_one_subscriber_is_one_address() -> None:
    assert network_of("2001:db8:1:2:aaaa::1") == network_of("2001:db8:1:2:bbbb::2")
    assert network_of("2001:db8:1:3::1") != network_of("2001:db8:1:2::1")
    assert network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("testclient") == "testclient"
