"""Redis and PostgreSQL that come and go, through HTTP as users see it."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.faults.plant import DEMO_MAILS, Plant, until

pytestmark = pytest.mark.xdist_group("faults")

_SIRENS = (
    "732829320",
    "552100554",
    "443061841",
    "542065479",
    "552081317",
    "572015246",
    "780129987",
    "775670417",
    "542051180",
    "383474814",
    "552032534",
    "356000000",
)


async def invite(client: httpx.AsyncClient, plant: Plant, count: int) -> None:
    """Invite `count` partners through the API."""
    (organisation,) = await plant.rows("SELECT id FROM organisations ORDER BY name LIMIT 1")
    for number in range(count):
        wanted: dict[str, Any] = {
            "issuing_organisation_id": str(organisation["id"]),
            "email": f"direction{number}@invite.example",
            "partner": {"name": f"Atelier {number}", "local_id": {"scheme": "siren", "value": _SIRENS[-1 - number]}},
        }
        created = await client.post("/v1/invitations", json=wanted)
        assert created.status_code == 201, created.text


async def test_a_worker_killed_in_the_middle_of_ten_invitations(plant: Plant) -> None:
    """Ten partners invited through the API: none is forgotten, none is asked twice."""
    plant.relay.patience = 0.03
    async with plant.api() as client:
        worker = plant.worker(smtp_connections=4)
        await invite(client, plant, 10 - DEMO_MAILS)
        await until(lambda: len(plant.relay.accepted) >= 4, 60, "the middle")
        await plant.kill(worker)
        plant.worker(smtp_connections=4)
        await plant.settled(60)
    verdict = await plant.accounts()
    assert verdict.mails == 10
    assert verdict.holds(plant.may_be_uncertain), verdict.table("ten invitations")
    # A quiet queue: one mail a hand-off, so that the kill leaves one a connection in doubt at most.
    assert verdict.uncertain <= 4, verdict.table("ten invitations")


async def test_without_redis_invitations_leave_and_reminders_fire(plant: Plant) -> None:
    await plant.stop_redis()
    async with plant.api() as client:
        plant.worker()
        assert (await client.get("/readyz")).json()["status"] == "degraded"
        await invite(client, plant, 2)
        await plant.settled(60)
        assert len(plant.relay.accepted) == DEMO_MAILS + 2
        moved = await client.post("/v1/test-clock/advance", json={"by": "P7DT1H"})
        assert moved.status_code == 200, moved.text
        await until(lambda: len(plant.relay.accepted) >= 2 * (DEMO_MAILS + 2), 60, "the reminders")
        await plant.settled(60)
    verdict = await plant.accounts()
    assert verdict.holds(0), verdict.table("without Redis")
    assert verdict.states == {"sent": 2 * (DEMO_MAILS + 2)}


async def test_postgresql_restarts_while_the_relay_has_the_mail(plant: Plant) -> None:
    """The outcome of a hand-off exists in one process only: it waits for the database."""
    plant.relay.patience = 0.4
    plant.worker(smtp_timeout_seconds=10)
    await until(lambda: len(plant.relay.accepted) >= 1, 60, "the first mail")
    await plant.restart_postgres(crash=True)
    await plant.settled(30, advancing="1 minute")
    verdict = await plant.accounts()
    assert verdict.holds(0), verdict.table("PostgreSQL restarted")
    assert verdict.states == {"sent": DEMO_MAILS}


async def test_postgresql_restarts_under_the_dashboard(plant: Plant) -> None:
    """Connections that died with the server are given to nobody: the first request after it is answered."""
    async with plant.api() as client:
        (row,) = (await client.get("/v1/invitations", params={"mine": "false", "limit": 1})).json()["items"]
        for crash in (False, True):
            # As many connections as a process has, all of them dead a moment later.
            await asyncio.gather(*(client.get("/v1/invitations") for _ in range(12)))
            await plant.restart_postgres(crash=crash)
            reads = ("/v1/invitations", f"/v1/invitations/{row['id']}", "/v1/companies")
            answers = await asyncio.gather(*(client.get(reads[number % 3]) for number in range(12)))
            assert [answer.status_code for answer in answers] == [200] * 12, [answer.text for answer in answers]
        await invite(client, plant, 1)
        await asyncio.to_thread(plant.servers.postgres.stop)
        away = await client.get("/v1/invitations")
        assert (away.status_code, away.json()["code"]) == (503, "service_unavailable")
        assert away.headers["retry-after"]


async def test_two_workers_sweep_the_same_reminders(plant: Plant) -> None:
    await plant.queue(40)
    workers = [plant.worker(), plant.worker()]
    await plant.settled(60)
    await plant.advance("7 days 1 hour")
    await until(lambda: len(plant.relay.accepted) >= 80, 60, "the reminders")
    await plant.settled(60)
    await asyncio.sleep(0.5)
    assert [worker.poll() for worker in workers] == [None, None]
    verdict = await plant.accounts()
    assert verdict.holds(0), verdict.table("two sweepers")
    assert verdict.states == {"sent": 80}
    (counted,) = await plant.rows("SELECT count(*) AS done FROM follow_ups WHERE kind = 'reminder' AND state = 'done'")
    assert counted["done"] == 40
