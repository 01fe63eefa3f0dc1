"""The partner's form in a real browser: by keyboard alone, on a screen 360 pixels wide, without script.

Run by `make browser`; skipped, and said so, where no Chromium is installed.
"""

import os
from pathlib import Path

import pytest
from tests.browser.chromium import PROGRAM, Page, browser
from tests.files.samples import PDF
from tests.journeys.test_first_path import ANSWERS, invite
from tests.plugins.product import Office, Product

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="NO CHROMIUM: the partner's page was not tried in a browser"),
    pytest.mark.skipif("RELANCE_BROWSER" not in os.environ, reason="`make browser` runs these"),
]
#: Every control that the hand can reach, in the order of the page.
CONTROLS = "[...document.querySelectorAll('main input:not([type=hidden]),select,textarea')].map(e => e.id)"
IS_SEEN = "(r => r.top >= 0 && r.bottom <= innerHeight)(document.activeElement.getBoundingClientRect())"
LABEL_IS_SEEN = "document.querySelector(`label[for='${document.activeElement.id}']`).getBoundingClientRect().top >= 0"
DECLINE = "Ne plus être sollicité pour cette demande"
LED_TO = "[...document.querySelectorAll('.notice a')].map(a => !!document.getElementById(a.hash.slice(1)))"
FOCUS = "(e => e.id || e.textContent.trim())(document.activeElement)"
WIDTH = 360
SUBMIT, SAVE = "Envoyer le formulaire", "Enregistrer le brouillon"
TYPED = {
    "answers.identity.legal_name": "Fonderie Martin",
    "answers.identity.address": "12 rue de la Forge",
    "answers.identity.postal_code": "42000",
    "answers.identity.city": "Saint-Étienne",
    "answers.identity.country": "France",
    "answers.contacts.name": "Camille Martin",
    "answers.contacts.email": "camille@fonderie.example",
}
PICKED = {
    "answers.insurance.liability_insured.0",
    "answers.declarations.taxes_paid.0",
    "answers.declarations.accurate",
}
CERTIFICATE = "answers.insurance.certificate"


async def no_sideways_scrolling(page: Page) -> None:
    assert await page.ask("document.documentElement.scrollWidth") <= WIDTH


async def tab_to(page: Page, wanted: str) -> list[str]:
    """Press Tab until something has the focus; what had it on the way, once each."""
    passed: list[str] = []
    for _ in range(80):
        await page.press("Tab")
        focus = await page.ask(FOCUS)
        if not passed or passed[-1] != focus:
            passed.append(focus)
        if focus == wanted:
            return passed
    raise AssertionError(f"Tab never reaches {wanted}: {passed}")


async def fill(page: Page, attachment: Path) -> None:
    """Go through the form as a hand without a mouse does, from its top."""
    for _ in range(80):
        await page.press("Tab")
        focus = await page.ask(FOCUS)
        if focus == SUBMIT:
            return
        if focus in TYPED and not await page.ask("document.activeElement.value"):
            await page.type(TYPED[focus])
        elif focus == "answers.identity.legal_form":
            await page.press("ArrowDown")
        elif focus in PICKED:
            await page.press(" ")
        elif focus == CERTIFICATE:
            await page.choose_file(f"[id='{CERTIFICATE}']", attachment)
    raise AssertionError("the button is never reached")


async def decline(page: Page) -> None:
    """Open what hides behind the last line of the page, and say why."""
    await tab_to(page, DECLINE)
    await page.press("Enter")
    await page.press("Tab")
    assert await page.ask(FOCUS) == "reason"
    assert await page.ask(LABEL_IS_SEEN)
    await page.type("Plus tard")
    await page.press("Tab")
    assert (await page.ask(FOCUS)).startswith("Confirmer")
    await page.press("Enter", load=True)
    assert "Vous avez demandé à ne plus être relancé" in await page.ask("document.body.textContent")


async def test_by_keyboard_alone(product: Product, office: Office, served: str, tmp_path: Path) -> None:
    invitation = await invite(product, office)
    attachment = tmp_path / "Attestation 2026.pdf"
    attachment.write_bytes(PDF)
    async with browser() as page:
        await page.without_script()
        await page.resize(WIDTH)
        await page.open(served + invitation["link"])
        await no_sideways_scrolling(page)

        # The order of the focus is the order of the page, and nothing is passed over.
        ids = [name for name in await page.ask(CONTROLS) if name.startswith("answers.")]
        passed = [name for name in await tab_to(page, SUBMIT) if name.startswith("answers.")]
        # Of a group of buttons, Tab stops at the first; of a list of boxes, at each.
        groups = [name for name in ids if not name[-1].isdigit() or name.endswith(".0") or ".held." in name]
        assert passed == groups

        # Sent empty: the focus is on what went wrong, each line of which leads to its field.
        await page.press("Enter", load=True)
        await no_sideways_scrolling(page)
        assert await page.ask("document.activeElement.className") == "notice"
        assert (await page.ask("document.title")).startswith("Erreur : ")
        await page.press("Tab")
        assert (await page.ask(FOCUS)).startswith("Dénomination sociale – ")
        await page.press("Enter")
        assert await page.ask(FOCUS) == "answers.identity.legal_name"
        told = await page.ask(
            "document.activeElement.getAttribute('aria-describedby').split(' ')"
            ".map(id => document.getElementById(id).textContent).join(' ')"
        )
        assert told == "Erreur : Ce champ est obligatoire."
        assert await page.ask("document.activeElement.getAttribute('aria-invalid')") == "true"
        assert await page.ask(IS_SEEN), "what has the focus is on the screen"
        assert await page.ask(LABEL_IS_SEEN), "and so is what it is"
        lines = await page.ask(LED_TO)
        assert len(lines) == 11
        assert all(lines)

        await decline(page)
        await no_sideways_scrolling(page)
        (row,) = await product.rows("SELECT decline_reason FROM invitations")
        assert row["decline_reason"] == "Plus tard"

        # Who has declined to be reminded may still answer.
        await page.open(served + invitation["link"])
        await fill(page, attachment)
        await page.press("Enter", load=True)
        await no_sideways_scrolling(page)
        assert await page.ask("document.querySelector('.state').textContent") == "État : Formulaire envoyé"
        assert "Attestation 2026.pdf (" in await page.ask("document.body.textContent")
    (row,) = await product.rows("SELECT answers FROM prequalifications")
    assert row["answers"]["insurance"].pop("certificate")
    assert row["answers"] == ANSWERS
