"""The test clock: one for the deployment, forward only, seen by every process."""

import asyncio
from datetime import datetime, timedelta

import httpx
import pytest
from tests.sandbox.conftest import Bells

from relance.capabilities.sandbox.clock import duration_text, sandbox_clock
from relance.core.clock import system_now
from relance.core.durations import parse_duration
from relance.core.runtime import Runtime
from relance.core.settings import Settings


async def advance(client: httpx.AsyncClient, by: object) -> httpx.Response:
    return await client.post("/v1/test-clock/advance", json={"by": by})


async def test_it_starts_at_the_machines_time(client: httpx.AsyncClient) -> None:
    body = (await client.get("/v1/test-clock")).json()
    assert body["offset"] == "PT0S"
    assert abs(datetime.fromisoformat(body["now"]) - system_now()) < timedelta(seconds=5)


async def test_every_process_sees_it_move(client: httpx.AsyncClient, runtime: Runtime, bells: Bells) -> None:
    # Another process has a clock of its own, refreshed from the same database.
    clock, refresh = sandbox_clock(runtime.db)
    body = (await advance(client, "P7DT1H")).json()
    assert body["offset"] == "P7DT1H"
    assert abs(datetime.fromisoformat(body["now"]) - system_now() - timedelta(days=7, hours=1)) < timedelta(seconds=5)
    assert bells.rung == ["deliver_messages", "sweep_follow_ups"]
    assert clock.offset == timedelta()
    await refresh()
    await runtime.tick()
    assert clock.offset == timedelta(days=7, hours=1)
    assert abs(runtime.clock.now() - clock.now()) < timedelta(seconds=1)
    assert (await advance(client, "PT30M")).json()["offset"] == "P7DT1H30M"
    assert (await client.get("/v1/test-clock")).json()["offset"] == "P7DT1H30M"


async def test_months_and_years_follow_the_calendar(client: httpx.AsyncClient, runtime: Runtime) -> None:
    before = system_now()
    now = datetime.fromisoformat((await advance(client, "P2Y")).json()["now"])
    assert (now.year, now.month) == ((before + parse_duration("P2Y")).year, before.month)


async def test_moves_at_the_same_time_add_up(client: httpx.AsyncClient) -> None:
    await asyncio.gather(*(advance(client, "P1D") for _ in range(6)))
    assert (await client.get("/v1/test-clock")).json()["offset"] == "P6D"


@pytest.mark.parametrize(
    ("by", "code"),
    [
        ("P0D", "validation_failed"),
        ("-P7D", "validation_failed"),
        ("7 days", "validation_failed"),
        ("", "validation_failed"),
        (7, "validation_failed"),
        (None, "validation_failed"),
        ("P3661D", "clock_too_far"),
        ("P999Y", "clock_too_far"),
        ("P99999D", "clock_too_far"),
    ],
)
async def test_other_moves_are_refused(client: httpx.AsyncClient, bells: Bells, by: object, code: str) -> None:
    response = await advance(client, by)
    assert (response.status_code, response.json()["code"]) == (422, code)
    assert bells.rung == []
    assert (await client.get("/v1/test-clock")).json()["offset"] == "PT0S"


async def test_it_never_leaves_the_years_that_dates_can_bear(client: httpx.AsyncClient) -> None:
    for _ in range(10):
        assert (await advance(client, "P3660D")).status_code == 200
    assert (await advance(client, "P1D")).json()["code"] == "clock_too_far"
    assert (await client.get("/v1/test-clock")).json()["offset"] == "P36600D"


@pytest.mark.parametrize(("credential", "status"), [("powerless", 403), ("unknown", 401)])
async def test_it_takes_a_permission(client: httpx.AsyncClient, bells: Bells, credential: str, status: int) -> None:
    client.headers["Authorization"] = f"Bearer {credential}"
    assert (await client.get("/v1/test-clock")).status_code == status
    assert (await advance(client, "P1D")).status_code == status
    assert (await client.get("/v1/test-mailbox")).status_code == status
    assert bells.rung == []


def test_production_refuses_it(settings: Settings) -> None:
    values = settings.model_dump() | {"environment": "production", "secret_keys": ("x" * 40,)}
    with pytest.raises(ValueError, match="RELANCE_SANDBOX=1 is refused in production"):
        Settings(**values)


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(), "PT0S"),
        (timedelta(days=31), "P31D"),
        (timedelta(hours=25, seconds=2), "P1DT1H2S"),
        (timedelta(minutes=5), "PT5M"),
    ],
)
def test_durations_in_words(span: timedelta, text: str) -> None:
    assert duration_text(span) == text
    assert parse_duration(text).normalized() is not None
