"""The product behind a real socket, for a real browser."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn
from tests.plugins.product import Product

from relance.embedded.programs import free_ports


@pytest.fixture
async def served(product: Product) -> AsyncIterator[str]:
    """The product behind a real socket."""
    (port,) = free_ports(1)
    config = uvicorn.Config(product.app, host="127.0.0.1", port=port, lifespan="off", log_level="error", ws="none")
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await running
