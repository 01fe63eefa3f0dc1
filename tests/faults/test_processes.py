"""Worker processes that are killed, stood still and asked to end, at the worst moment."""

import asyncio
import signal

import pytest
from tests.faults.chaos import Plan, run_chaos
from tests.faults.plant import Plant, until
from tests.messaging.relay import STALL, always

# One process of the run takes all of them: they share servers that they stop.
pytestmark = pytest.mark.xdist_group("faults")


def obedient(_stage: str, _recipient: str) -> None:
    """A relay that takes everything."""


async def test_everything_at_once(plant: Plant) -> None:
    """The short form of `make faults`."""
    verdict = await run_chaos(plant, Plan(seed=5, mails=160, workers=2, kills=3))
    assert verdict.holds(plant.may_be_uncertain), verdict.table("seed 5")
    assert verdict.states["sent"] > 80


async def test_a_worker_that_stands_still_past_its_lease_before_the_hand_off(plant: Plant) -> None:
    plant.relay.rule = always("rcpt", STALL)
    frozen = plant.worker(smtp_timeout_seconds=20, smtp_connections=1)
    await asyncio.wait_for(plant.relay.stalled.wait(), 60)
    frozen.send_signal(signal.SIGSTOP)
    plant.relay.rule = obedient
    await plant.rows("UPDATE messages SET lease_until = now() - interval '1 second' WHERE state = 'sending'")
    plant.worker()
    await plant.settled(60)
    plant.relay.released.set()
    frozen.send_signal(signal.SIGCONT)
    await asyncio.sleep(0.5)
    verdict = await plant.accounts()
    assert verdict.holds(0), verdict.table("stopped before the hand-off")
    assert verdict.states == {"sent": 3}


async def test_a_worker_that_stands_still_past_its_lease_after_the_hand_off(plant: Plant) -> None:
    plant.relay.rule = always("dot", STALL)
    frozen = plant.worker(smtp_timeout_seconds=20, smtp_connections=1)
    await asyncio.wait_for(plant.relay.stalled.wait(), 60)
    frozen.send_signal(signal.SIGSTOP)
    plant.relay.rule = obedient
    await plant.rows("UPDATE messages SET lease_until = now() - interval '1 second' WHERE state = 'sending'")
    plant.worker()
    await plant.settled(60)
    assert (await plant.states())["uncertain"] >= 1
    plant.relay.released.set()
    frozen.send_signal(signal.SIGCONT)

    async def landed() -> bool:
        return await plant.states() == {"sent": 3}

    await until(landed, 60, "the late answer")
    verdict = await plant.accounts()
    assert verdict.holds(0), verdict.table("stopped after the hand-off")


async def test_sigterm_in_the_middle_of_data(plant: Plant) -> None:
    plant.relay.rule = always("dot", STALL)
    # The command itself, as a service manager starts and ends it.
    worker = plant.start("worker", smtp_timeout_seconds=20, smtp_connections=1)
    await asyncio.wait_for(plant.relay.stalled.wait(), 60)
    worker.send_signal(signal.SIGTERM)
    await asyncio.sleep(0.3)
    assert worker.poll() is None, "it must wait for the relay's answer"
    plant.relay.released.set()
    assert await plant.ended(worker) == 0
    assert await plant.states() == {"sent": 1, "queued": 2}
    plant.relay.rule = obedient
    plant.worker()
    await plant.settled(60)
    verdict = await plant.accounts()
    assert verdict.holds(0), verdict.table("SIGTERM during DATA")
    assert verdict.states == {"sent": 3}


async def test_sigterm_while_redis_and_postgresql_are_away(plant: Plant) -> None:
    worker = plant.worker()
    await plant.settled(60)
    await plant.stop_redis()
    await asyncio.to_thread(plant.servers.postgres.stop)
    worker.send_signal(signal.SIGTERM)
    assert await plant.ended(worker) == 0
