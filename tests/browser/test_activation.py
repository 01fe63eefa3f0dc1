"""The activation page of a mandate in a real browser: by keyboard alone, on a screen 360 pixels wide, without script.

With `RELANCE_PICTURES=<folder>` it leaves pictures of what it passed.
"""

import os
from pathlib import Path

from tests.browser.chromium import Page, browser
from tests.browser.test_keyboard import CONTROLS, FOCUS, IS_SEEN, WIDTH, no_sideways_scrolling, pytestmark, tab_to
from tests.journeys.test_mandates import CHOSEN, EMAIL, invited, open_mandate
from tests.plugins.product import Office, Product

__all__ = ["pytestmark"]

ACCEPT, SIGN_IN, DECLINE = "Accepter et ouvrir mon compte", "Accepter ce mandat", "Refuser ce mandat"
STATE = "document.querySelector('.state').textContent"
PASSWORD = "answers.password"
TOLD = (
    "document.activeElement.getAttribute('aria-describedby').split(' ')"
    ".map(id => document.getElementById(id).textContent).join(' ')"
)


async def picture(page: Page, name: str, width: int = WIDTH) -> None:
    """Keep what is seen, where somebody asked for it."""
    if folder := os.environ.get("RELANCE_PICTURES"):
        await page.resize(width)
        await page.picture(Path(folder) / f"{name}.png")
        await page.resize(WIDTH)


async def test_a_contact_opens_an_account_by_keyboard(product: Product, office: Office, served: str) -> None:
    _, link = await invited(product, office)
    path = link.removeprefix("http://relance.example")
    async with browser() as page:
        await page.without_script()
        await page.resize(WIDTH)
        await page.open(served + path)
        await no_sideways_scrolling(page)
        await picture(page, "activation-360")
        await picture(page, "activation", 1100)

        # What the firm knows stands there already; Tab takes the controls in the order of the page.
        assert await page.ask("document.getElementById('answers.last_name').value") == "Martin"
        ids = await page.ask(CONTROLS)
        passed = [name for name in await tab_to(page, ACCEPT) if name.startswith("answers.")]
        assert passed == [name for name in ids if name.startswith("answers.") and not name.endswith(".1")]

        # A password manager keeps the password under the address, not under the telephone number above it.
        assert await page.ask("document.querySelector('[autocomplete=username]').value") == EMAIL

        # A guess that everybody makes: the focus is on what went wrong, which leads to the field.
        await page.open(served + path)
        await tab_to(page, PASSWORD)
        assert "12 caractères" in await page.ask(TOLD)
        await page.type("motdepasse12")
        await page.press("Enter", load=True)
        await no_sideways_scrolling(page)
        assert await page.ask("document.activeElement.className") == "notice"
        await picture(page, "activation-refused")
        await page.press("Tab")
        await page.press("Enter")
        assert await page.ask(FOCUS) == PASSWORD
        assert await page.ask(IS_SEEN)
        assert "Erreur" in await page.ask(TOLD)
        assert await page.ask("document.activeElement.value") == "", "a password is never sent back"
        assert await page.ask("document.getElementById('answers.first_name').value") == "Camille"

        await page.type(CHOSEN)
        await tab_to(page, ACCEPT)
        await page.press(" ", load=True)
        await no_sideways_scrolling(page)
        assert await page.ask(STATE) == "État : Mandat accepté"
        assert await page.ask("document.querySelector('main form')") is None
        await picture(page, "activation-accepted")

        # The same person's second mandate asks for the password of the account; a third one is declined.
        await _sign_in_and_decline(product, office, page, served)
    (account,) = await product.rows("SELECT status FROM users WHERE email = :email", email=EMAIL)
    assert account["status"] == "active"
    states = await product.rows("SELECT status, decline_reason FROM mandates ORDER BY id")
    assert [row["status"] for row in states] == ["active", "active", "declined"]
    assert states[2]["decline_reason"] == "Déjà un cabinet, merci"


async def _sign_in_and_decline(product: Product, office: Office, page: Page, served: str) -> None:
    links = []
    for name in ("Martin Lyon", "Martin Nice"):
        await open_mandate(office, company={"name": name})
        await product.work()
        mail = (await product.mails(office.admin, EMAIL))[0]
        links.append(served + mail["links"][0].removeprefix("http://relance.example"))
    await page.open(links[0])
    assert await page.ask(CONTROLS) == ["username", PASSWORD, "reason"]
    await tab_to(page, PASSWORD)
    await page.type("un autre mot de passe")
    await page.press("Enter", load=True)
    assert await page.ask("document.activeElement.className") == "notice"
    await tab_to(page, PASSWORD)
    await page.type(CHOSEN)
    await picture(page, "activation-sign-in")
    await tab_to(page, SIGN_IN)
    await page.press(" ", load=True)
    assert await page.ask(STATE) == "État : Mandat accepté"

    await page.open(links[1])
    await tab_to(page, DECLINE)
    await page.press("Enter")
    await page.press("Tab")
    assert await page.ask(FOCUS) == "reason"
    await page.type("Déjà un cabinet, merci")
    await no_sideways_scrolling(page)
    await picture(page, "activation-decline")
    await page.press("Tab")
    await page.press("Enter", load=True)
    assert await page.ask(STATE) == "État : Mandat refusé"
    await picture(page, "activation-declined")
