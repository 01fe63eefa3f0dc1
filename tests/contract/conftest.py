"""The same workspaces for each module: made once a process, brought back for the next module."""

from dataclasses import dataclass

import pytest
from tests.contract.world import World, populate
from tests.plugins.database import Clear, Keeper, Rows
from tests.plugins.product import Product


@dataclass(frozen=True)
class Worlds:
    """Two workspaces with one of everything, and the rows of the first alone and of both."""

    first: World
    second: World
    one: Rows
    both: Rows


@pytest.fixture(scope="session")
async def worlds(assembled: Product, clear: Clear, keeper: Keeper) -> Worlds:
    """Made through the API."""
    await clear()
    await assembled.restart()
    first = await populate(assembled, "vasseur", "732829320")
    one = await keeper.kept()
    second = await populate(assembled, "delmas", "552100554")
    return Worlds(first, second, one, await keeper.kept())


@pytest.fixture(scope="module")
async def world(worlds: Worlds, keeper: Keeper) -> World:
    """A workspace with one of everything, alone in the database."""
    await keeper.bring_back(worlds.one)
    await _return_to(worlds.first)
    return worlds.first


@pytest.fixture(scope="module")
async def neighbour(world: World, worlds: Worlds, keeper: Keeper) -> World:
    """Another workspace beside it, with one of everything too."""
    await keeper.bring_back(worlds.both)
    await _return_to(worlds.first, worlds.second)
    return worlds.second


async def _return_to(*worlds: World) -> None:
    """Sign in again: the tokens of before may have run out meanwhile. What that tells gets its place in the feed."""
    product = worlds[0].product
    await product.restart()
    for world in worlds:
        await product.sign_in_again(world.office)
    await product.sequencer.sweep()
