"""The desk of every test of this room."""

import pytest
from tests.avant_vente.desk import Desk, open_desk
from tests.plugins.product import Office, Product


@pytest.fixture
async def desk(product: Product, office: Office) -> Desk:
    """A pre-sales team and two partners."""
    return await open_desk(product, office)
