"""The partner's side: drafts, declining, the HTML form, answers that race."""

import asyncio
import re
from html import unescape

from tests.journeys.test_first_path import ANSWERS, EMAIL, JSON, invite, submit
from tests.plugins.product import Office, Product

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
FILLED = {
    "version": "1",
    "answers.identity.legal_name": "Fonderie Martin",
    "answers.identity.legal_form": "sas",
    "answers.identity.address": "12 rue de la Forge",
    "answers.identity.postal_code": "42000",
    "answers.identity.city": "Saint-Étienne",
    "answers.identity.country": "France",
    "answers.contacts.name": "Camille Martin",
    "answers.contacts.email": "camille@fonderie.example",
    "answers.insurance.liability_insured": "true",
    "answers.declarations.taxes_paid": "true",
    "answers.declarations.accurate": "true",
}


async def test_a_draft_is_kept_and_shown_again(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    draft = {"version": 1, "answers": {"identity": {"legal_name": "Fonderie Martin"}}}
    saved = await product.client.put(f"{invitation['link']}/answers", json=draft, headers=JSON)
    assert saved.status_code == 200, saved.text
    assert saved.json()["state"] == "open"
    page = await product.client.get(invitation["link"])
    assert 'value="Fonderie Martin"' in page.text
    assert "Un brouillon est enregistré" in page.text
    assert (await office.member.get(f"/v1/invitations/{invitation['id']}")).json()["form_status"] == "to_complete"
    wrong = draft | {"answers": {"contacts": {"email": "nobody"}}}
    refused = await product.client.put(f"{invitation['link']}/answers", json=wrong, headers=JSON)
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/answers/contacts/email"]
    assert (await submit(product.client, invitation["link"])).status_code == 200
    assert (await product.rows("SELECT draft FROM prequalifications"))[0]["draft"] is None


async def test_the_form_works_without_script(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    link = invitation["link"]
    page = (await product.client.get(link)).text
    assert "<script" not in page
    names = {unescape(name) for name in re.findall(r'name="([^"]+)"', page)}
    assert set(FILLED) <= names
    missing = {name: value for name, value in FILLED.items() if name != "answers.contacts.email"}
    refused = await product.client.post(f"{link}/submit", data=missing, headers=FORM)
    assert refused.status_code == 422
    assert 'aria-invalid="true"' in refused.text
    assert 'value="Saint-Étienne"' in refused.text
    sent = await product.client.post(f"{link}/submit", data=FILLED, headers=FORM)
    assert sent.status_code == 303
    answered = await product.client.get(sent.headers["location"])
    assert "Formulaire envoyé" in answered.text
    assert (await product.rows("SELECT answers FROM prequalifications"))[0]["answers"] == ANSWERS


async def test_declining_stops_the_reminders_and_tells_the_requester(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    path = f"/v1/invitations/{invitation['id']}"
    for _ in range(2):
        declined = await product.client.post(
            f"{invitation['link']}/decline", json={"reason": "Mauvais service"}, headers=JSON
        )
        assert declined.status_code == 200, declined.text
    assert [option["name"] for option in declined.json()["answers"]] == ["submit", "save"]
    await product.work()
    (notice,) = await product.mails(office.member, office.member.email)
    assert "Mauvais service" in notice["text"]
    refused = await office.member.post(f"{path}/remind", {"force": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "recipient_declined")
    await product.advance(office.admin, "P8D")
    assert len(await product.mails(office.member, EMAIL)) == 1
    assert (await submit(product.client, invitation["link"])).status_code == 200


async def test_one_click_unsubscribe_of_a_reminder(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    await product.advance(office.admin, "P7DT1H")
    raw = (await product.rows("SELECT raw FROM captured_mails ORDER BY id DESC LIMIT 1"))[0]["raw"].decode()
    found = re.search(r"List-Unsubscribe: <(?P<url>[^>]+)>", raw.replace("\r\n ", ""))
    assert found is not None
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in raw
    answer = await product.client.post(found["url"], data={"List-Unsubscribe": "One-Click"}, headers=FORM)
    assert answer.status_code == 200
    assert (await product.rows("SELECT declined_at FROM invitations"))[0]["declined_at"] is not None
    assert invitation["link"] in found["url"]


async def test_submitting_in_two_tabs_at_once(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    answers = await asyncio.gather(*(submit(product.client, invitation["link"]) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {200}
    await product.work()
    assert len(await product.mails(office.member, office.member.email)) == 1
    assert (await product.rows("SELECT completions FROM prequalifications"))[0]["completions"] == 1


async def test_the_page_speaks_english(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    page = await product.client.get(f"{invitation['link']}?lang=en")
    assert 'lang="en"' in page.text
    assert "Prequalification requested by" in page.text
    for name in ("cache-control", "referrer-policy", "x-robots-tag", "content-security-policy"):
        assert name in page.headers
    assert page.headers["cache-control"] == "no-store"
