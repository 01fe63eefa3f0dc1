"""One workspace for all tests of a module: they look at operations, and what one of them leaves disturbs no other."""

import pytest
from tests.contract.world import World, populate
from tests.plugins.database import Clear
from tests.plugins.product import Product


@pytest.fixture(scope="module")
async def world(assembled: Product, clear: Clear) -> World:
    """A workspace with one of everything, on an empty database."""
    await clear()
    await assembled.restart()
    return await populate(assembled, "vasseur", "732829320")


@pytest.fixture(scope="module")
async def neighbour(world: World) -> World:
    """Another workspace beside it, with one of everything too."""
    return await populate(world.product, "delmas", "552100554")
