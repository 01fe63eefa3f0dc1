"""Fixtures of the fault suite: servers of its own for the whole run, and a run on them for each test."""

from collections.abc import AsyncIterator, Iterator

import pytest
from tests.faults.plant import Plant, Servers, fault_servers, plant_on


@pytest.fixture(scope="session")
def servers_of_faults() -> Iterator[Servers]:
    """PostgreSQL and Valkey that these tests stop and restart."""
    with fault_servers() as servers:
        yield servers


@pytest.fixture
async def plant(servers_of_faults: Servers) -> AsyncIterator[Plant]:
    """A queue with the three mails of the demonstration data, a relay that takes everything, no process yet."""
    async with plant_on(servers_of_faults) as made:
        yield made
