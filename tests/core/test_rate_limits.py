"""Rate limits over a real Redis and without one, and as requests meet them."""

import asyncio
import os
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import Depends, FastAPI, Request

from relance.core.db import Database
from relance.core.errors import TooManyRequests
from relance.core.ids import new_id
from relance.core.keys import KeyRing
from relance.core.middleware import RequestContext
from relance.core.problems import install_error_handlers
from relance.core.rate_limits import RateLimit, RateLimits, count_caller, limited
from relance.core.runtime import Runtime
from relance.core.settings import Settings

GONE = "redis://127.0.0.1:1/0"


def settings(**values: object) -> Settings:
    given = {"redis_url": os.environ["RELANCE_TEST_REDIS_URL"], "environment": "development", **values}
    return Settings.model_validate(given)


@pytest.fixture(params=["redis", "memory"])
async def limits(request: pytest.FixtureRequest) -> AsyncIterator[RateLimits]:
    made = RateLimits(settings(**({"redis_url": GONE} if request.param == "memory" else {})))
    yield made
    await made.close()


async def hits(limits: RateLimits, rate: RateLimit, key: str, times: int) -> int:
    """How many of `times` requests pass."""
    passed = 0
    for _ in range(times):
        try:
            await limits.hit(rate, key)
            passed += 1
        except TooManyRequests:
            pass
    return passed


async def away_from_the_edge(window: int) -> None:
    """Wait for the next window where this one is about to end: a test is about one window."""
    left = window - time.time() % window
    if left < 3:
        await asyncio.sleep(left + 0.05)


@pytest.mark.parametrize(("limit", "strict"), [(5, True), (5, False), (100, False)])
async def test_as_many_as_allowed_pass(limits: RateLimits, limit: int, strict: bool) -> None:
    await away_from_the_edge(60)
    rate, key = RateLimit(f"t{limit}", limit, 60, strict), new_id().hex
    assert await hits(limits, rate, key, limit + 20) == limit
    with pytest.raises(TooManyRequests) as refused:
        await limits.hit(rate, key)
    assert 0 < int(refused.value.headers["Retry-After"]) <= 60
    assert refused.value.headers["RateLimit-Policy"] == f'"t{limit}";q={limit};w=60'
    assert refused.value.headers["RateLimit"].startswith(f'"t{limit}";r=0;t=')
    assert await hits(limits, rate, new_id().hex, 3) == 3


async def test_the_next_window_begins_anew(limits: RateLimits) -> None:
    rate, key = RateLimit("second", 3, 1, strict=True), new_id().hex
    await asyncio.sleep(1 - time.time() % 1)
    assert await hits(limits, rate, key, 10) == 3
    await asyncio.sleep(1 - time.time() % 1)
    assert await hits(limits, rate, key, 10) == 3


async def test_processes_share_a_limit() -> None:
    await away_from_the_edge(60)
    rate, key = RateLimit("shared", 200, 60), new_id().hex
    one, other = RateLimits(settings()), RateLimits(settings())
    passed = 0
    for _ in range(20):
        passed += await hits(one, rate, key, 10) + await hits(other, rate, key, 10)
    # What they do not know of each other is at most a portion each.
    assert 200 <= passed <= 200 + 2 * rate.portion
    await one.close()
    await other.close()


async def test_at_once_as_one_by_one(limits: RateLimits) -> None:
    await away_from_the_edge(60)
    rate, key = RateLimit("burst", 10, 60, strict=True), new_id().hex
    answers = await asyncio.gather(*(limits.hit(rate, key) for _ in range(40)), return_exceptions=True)
    assert sum(not isinstance(answer, TooManyRequests) for answer in answers) == 10


async def test_a_hit_of_a_hot_list_costs_microseconds() -> None:
    limits = RateLimits(settings(rate_limit_per_caller=1_000_000))
    started = time.perf_counter()
    for _ in range(5_000):
        await limits.hit(limits.caller, "hot")
    each = (time.perf_counter() - started) / 5_000
    assert each < 200e-6, f"{each * 1e6:.0f} µs"
    await limits.close()


async def test_as_requests_meet_it(database_url: str) -> None:
    await away_from_the_edge(60)
    own = settings(rate_limit_per_caller=3, rate_limit_recipient=2, database_url=database_url)
    app = FastAPI()
    app.state.runtime = Runtime(own, Database(own), KeyRing(own.secret_keys))
    app.state.rate_limits = RateLimits(own)
    app.add_middleware(RequestContext)
    install_error_handlers(app)
    caller = new_id().hex

    @app.get("/list")
    async def read(request: Request) -> None:
        await count_caller(request, caller)

    @app.get("/page", dependencies=[Depends(limited("recipient"))])
    async def page() -> None:
        return None

    transport = httpx.ASGITransport(app, client=("2001:db8::1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://relance.example") as client:
        first = await client.get("/list")
        assert first.headers["ratelimit-policy"] == '"caller";q=3;w=60'
        assert first.headers["ratelimit"].startswith('"caller";r=2;t=')
        assert [(await client.get("/list")).status_code for _ in range(3)] == [200, 200, 429]
        refused = await client.get("/list", headers={"Accept-Language": "en"})
        assert refused.headers["content-type"] == "application/problem+json"
        assert (refused.json()["code"], refused.json()["title"]) == ("too_many_requests", "Too many requests")
        assert int(refused.headers["retry-after"]) == refused.json()["retry_after"]
        assert [(await client.get("/page")).status_code for _ in range(3)] == [200, 200, 429]
    neighbour = httpx.ASGITransport(app, client=("2001:db8:0:1::1", 1))
    async with httpx.AsyncClient(transport=neighbour, base_url="http://relance.example") as client:
        assert (await client.get("/page")).status_code == 200
    await app.state.rate_limits.close()
    await app.state.runtime.db.dispose()
