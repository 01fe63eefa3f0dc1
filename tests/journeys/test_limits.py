"""Limits as they are met over the whole product: pages, tokens, password resets, callers."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from tests.plugins.product import Office, Product

from relance.core.ids import new_id
from relance.core.rate_limits import RateLimits

HTML = {"Accept": "text/html"}


@pytest.fixture
async def strict(product: Product, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Product]:
    """The product with small limits, counted from nought."""
    left = 60 - time.time() % 60
    if left < 3:  # a test is about one window
        await asyncio.sleep(left + 0.05)
    names = ("rate_limit_token", "rate_limit_recipient", "rate_limit_password_reset", "rate_limit_per_caller")
    limits = RateLimits(product.runtime.settings.model_copy(update=dict.fromkeys(names, 2)))
    # A prefix of this test's own: the servers are shared by the whole run.
    monkeypatch.setattr(limits._store, "_prefix", new_id().hex)
    usual, product.app.state.rate_limits = product.app.state.rate_limits, limits
    yield product
    product.app.state.rate_limits = usual
    await limits.close()


async def test_pages_of_links(strict: Product) -> None:
    path = "/r/no-such-link"
    assert [(await strict.client.get(path, headers=HTML)).status_code for _ in range(2)] == [404, 404]
    page = await strict.client.get(path, headers=HTML)
    assert (page.status_code, page.headers["content-type"]) == (429, "text/html; charset=utf-8")
    assert "Trop de requêtes" in page.text
    assert 0 < int(page.headers["retry-after"]) <= 60
    posted = await strict.client.post(f"{path}/submit", json={})
    assert (posted.status_code, posted.json()["code"]) == (429, "too_many_requests")
    assert posted.headers["cache-control"] == "no-store"


async def test_tokens_and_resets(strict: Product) -> None:
    form = {"username": "nobody@x.example", "password": "x"}
    answers = [await strict.client.post("/v1/auth/token", data=form) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert answers[2].headers["ratelimit-policy"] == '"token";q=2;w=60'
    body = {"email": "nobody@x.example"}
    answers = [await strict.client.post("/v1/auth/password-reset", json=body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert answers[2].headers["ratelimit-policy"] == '"password-reset";q=2;w=3600'


async def test_callers(office: Office, strict: Product) -> None:
    answers = [await office.member.get("/v1/me") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["ratelimit"].startswith('"caller";r=1;t=')
    assert (await office.manager.get("/v1/me")).status_code == 200
