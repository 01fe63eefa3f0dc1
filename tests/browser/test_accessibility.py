"""Every state of the partner's page against the rules of axe-core: WCAG 2.2 AA and its best practices.

Run by `make browser`, which installs axe-core where npm is there; skipped, and said so, without it.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.browser.chromium import PROGRAM, Page, browser
from tests.journeys.test_first_path import JSON, invite, submit
from tests.plugins.product import SIRENS, Office, Product

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="NO CHROMIUM: the partner's page was not tried in a browser"),
    pytest.mark.skipif("RELANCE_BROWSER" not in os.environ, reason="`make browser` runs these"),
    pytest.mark.skipif(not AXE.is_file(), reason="NO AXE: npm is not installed, the rules were not tried"),
]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = f"axe.run(document, {{runOnly: {json.dumps(RULES)}}}).then(JSON.stringify)"
WIDTHS = (320, 360, 1100)


async def check(page: Page, state: str) -> None:
    """No rule is broken, and none is left for a person to judge, on any width; nothing scrolls sideways."""
    await page.ask(f"{AXE.read_text()}; 0")
    for width in WIDTHS:
        await page.resize(width)
        assert await page.ask("document.documentElement.scrollWidth") <= width, (state, width)
        told = await page.call("Runtime.evaluate", expression=RUN, awaitPromise=True, returnByValue=True)
        found: dict[str, list[dict[str, Any]]] = json.loads(told["result"]["value"])
        faults = [
            (rule["id"], node["html"][:200])
            for rule in found["violations"] + found["incomplete"]
            for node in rule["nodes"]
        ]
        assert faults == [], (state, width)
        assert len(found["passes"]) > 20, "the rules did run"


async def test_every_state_of_the_page(product: Product, office: Office, served: str) -> None:
    invitation = await invite(product, office)
    other = await invite(product, office, "autre@p1.example", SIRENS[1])
    address, link = served + invitation["link"], invitation["link"]
    async with browser() as page:
        await page.open(address)
        await check(page, "open")
        assert await page.ask("document.documentElement.lang") == "fr"
        await page.open(f"{address}?lang=en")
        await check(page, "in English")
        assert await page.ask("document.documentElement.lang") == "en"
        await page.ask("document.querySelector('details').open = true")
        await check(page, "the reason for declining")
        await page.open(address)
        await page.leave("document.querySelector('button.primary').click()")
        await check(page, "errors")

        draft = {"version": 1, "answers": {"identity": {"legal_name": "Fonderie Martin"}}}
        await product.client.put(f"{link}/answers", json=draft, headers=JSON)
        await product.client.post(f"{link}/decline", json={}, headers=JSON)
        await page.open(address)
        await check(page, "a draft, declined")
        assert (await submit(product.client, link)).status_code == 200
        await page.open(address)
        await check(page, "answered")
        await page.open(f"{address[:-1]}{'a' if address[-1] != 'a' else 'b'}")
        await check(page, "unknown")
        await product.advance(office.admin, "P731D")
        await page.open(address)
        await check(page, "answered, its validity over")
        await page.open(served + other["link"])
        await check(page, "expired")
