"""`/docs` and `/redoc` work where there is no internet: whatever they load comes from the service itself."""

import re

import pytest
from tests.plugins.product import Product

# What a page loads by itself; a link that a reader may follow is none.
_LOADS = re.compile(r"""(?:src|href)=["']([^"']+)["']|url\(["']?([^"')]+)""")


@pytest.mark.parametrize("page", ["/docs", "/redoc", "/docs/errors"])
async def test_pages_load_nothing_from_elsewhere(product: Product, page: str) -> None:
    shown = await product.client.get(page)
    assert shown.status_code == 200
    assert not re.search(r"(?:https?:)?//(?!relance\.example)[a-z0-9.-]+\.[a-z]{2,}", shown.text), (
        "names a foreign host"
    )
    for loaded in (first or second for first, second in _LOADS.findall(shown.text)):
        assert loaded.startswith(("/", "data:", "#")), loaded
        if loaded.startswith("/") and not loaded.startswith("//"):
            asset = await product.client.get(loaded)
            assert asset.status_code == 200, loaded
            assert len(asset.content) > 100


async def test_the_error_page_has_a_place_for_every_type(product: Product) -> None:
    """The `type` of a problem document is an address: it leads to the words for its code."""
    page = (await product.client.get("/docs/errors")).text
    codes = [error["code"] for error in (await product.client.get("/v1/meta/errors")).json()]
    assert [code for code in codes if f'id="{code}"' not in page] == []
    refused = (await product.client.get("/v1/companies")).json()
    assert refused["type"] == f"http://relance.example/docs/errors#{refused['code']}"
