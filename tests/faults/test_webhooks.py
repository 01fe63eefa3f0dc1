"""The short form of `make faults-webhooks`."""

import pytest
from tests.faults.plant import Servers, plant_on
from tests.faults.webhooks import SETTINGS, Plan, run

# One process of the run takes all of them: they share servers that they stop.
pytestmark = pytest.mark.xdist_group("faults")


async def test_killed_workers_and_receivers_lose_nothing_and_keep_the_order(servers_of_faults: Servers) -> None:
    async with plant_on(servers_of_faults, **SETTINGS) as plant:
        verdict = await run(plant, Plan(seed=11, events=80, workers=2, kills=3))
        assert verdict.judge() == [], verdict.table("seed 11")
        assert len(verdict.sent) >= 80
        assert verdict.deaths == 3
