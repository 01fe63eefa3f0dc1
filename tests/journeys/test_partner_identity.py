"""A company that is not the one that answered: its form expires, in the transaction of the change."""

import asyncio
from typing import Any
from urllib.parse import quote

import httpx
from tests.journeys.test_first_path import EMAIL, JSON, invite, submit, wanted
from tests.plugins.product import SIRENS, Office, Product

KEY = "ERP/412"


async def change(office: Office, company_id: str, body: dict[str, Any], status: int = 200) -> httpx.Response:
    answer = await office.admin.ask("PATCH", f"/v1/companies/{company_id}", json=body)
    assert answer.status_code == status, answer.text
    return answer


async def form_of(office: Office) -> dict[str, Any]:
    """The one prequalification there is."""
    (found,) = (await office.member.get("/v1/prequalifications")).json()["items"]
    assert isinstance(found, dict)
    one = {"company_id": found["company"]["id"], "form_status": found["form_status"]}
    assert (await office.member.get("/v1/prequalifications", params=one)).json()["items"] == [found]
    other = {"company_id": found["id"]}
    assert (await office.member.get("/v1/prequalifications", params=other)).json()["items"] == []
    return found


def siren(value: str, scheme: str = "siren") -> dict[str, Any]:
    return {"local_id": {"scheme": scheme, "value": value}}


async def test_another_name_expires_the_form_and_the_next_invitation_says_so(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    company = invitation["partner"]["id"]
    await change(office, company, {"name": "Fonderie Martin SA"})
    assert (await form_of(office))["expiry_reason"] is None, "what is not completed does not expire"
    assert (await submit(product.client, invitation["link"])).status_code == 200
    await product.work()

    # How it is written is not who it is; nor is the SIRET of the same SIREN, nor a key of the partner's own.
    await change(office, company, {"name": "FONDERIE  Martin, S.A.", "external_id": KEY})
    await change(office, company, siren(f"{SIRENS[0]}00074", "siret"))
    assert (await form_of(office))["form_status"] == "completed"
    taken = await office.admin.post("/v1/companies", {"name": "Autre", **siren(SIRENS[1])})
    assert taken.status_code == 201
    await change(office, company, siren(SIRENS[1]), 409)
    await change(office, company, {"name": ""}, 422)
    assert (await form_of(office))["form_status"] == "completed", "a change that is refused changes nobody"

    await change(office, company, {"name": "Fonderie Durand"})
    form = await form_of(office)
    assert (form["form_status_label"], form["expiry_reason"], form["expiry_reason_label"]) == (
        "Expirée",
        "identity_changed",
        "Identité du partenaire modifiée",
    )
    assert form["completed_at"] < form["valid_until"]
    assert form["answers"] is not None, "what was recorded stays recorded"
    closed = (await office.member.get(f"/v1/invitations/{invitation['id']}")).json()
    assert (closed["status"], closed["form_status"]) == ("closed", "expired")
    page = await product.client.get(invitation["link"])
    assert "est arrivé au terme de sa validité" in page.text
    assert "12 rue de la Forge" in page.text, "readable ever after"
    assert {row["state"] for row in await product.rows("SELECT state FROM follow_ups")} == {"cancelled"}

    await product.work()
    (event,) = (await office.admin.get("/v1/events", params={"type": "prequalification.expired"})).json()["items"]
    assert (event["data"]["before"], event["data"]["after"]) == (
        {"form_status": "completed", "reason": None},
        {"form_status": "expired", "reason": "identity_changed"},
    )
    assert (event["data"]["company_id"], event["actor"]["id"]) == (company, str(office.admin.id))
    renewed = await office.member.post("/v1/invitations", wanted(office))
    assert (renewed.status_code, renewed.json()["reason"]) == (201, "update_requested")
    await product.work()
    mail, *_ = await product.mails(office.admin, EMAIL)
    assert "n’est plus valide : une mise à jour vous est demandée" in mail["text"]
    link = mail["links"][0].removeprefix("http://relance.example")
    shown = (await product.client.get(link, headers=JSON)).json()
    assert (shown["state"], shown["form"]["answers"]) == ("open", {}), "the answers were those of somebody else"
    await product.advance(office.admin, "P1D")
    assert (await submit(product.client, link)).status_code == 200
    form = await form_of(office)
    assert (form["form_status"], form["expiry_reason"]) == ("completed", None)
    await product.advance(office.admin, "P731D")
    assert (await form_of(office))["expiry_reason"] == "validity_over"


async def test_another_identifier_by_the_partners_own_key(product: Product, office: Office) -> None:
    path = f"/v1/companies/by-reference/{quote(KEY, safe='')}"
    body = {"name": "Fonderie Martin", **siren(SIRENS[0])}
    assert (await office.admin.ask("PUT", path, json=body)).status_code == 201
    invitation = await invite(product, office)
    assert (await submit(product.client, invitation["link"])).status_code == 200
    assert (await office.admin.ask("PUT", path, json=body)).status_code == 200
    assert (await form_of(office))["form_status"] == "completed", "nothing has changed"
    moved = await office.admin.ask("PUT", path, json={"name": "Fonderie Martin", **siren(SIRENS[2])})
    assert moved.status_code == 200, moved.text
    assert (await form_of(office))["expiry_reason"] == "identity_changed"
    # Known by its new number from here on; the old one is nobody's, and a partner of its own when invited.
    again = await office.member.post("/v1/invitations", wanted(office, siren=SIRENS[2]))
    assert again.json()["partner"]["id"] == invitation["partner"]["id"]
    other = await office.member.post("/v1/invitations", wanted(office, "autre@partenaire.example"))
    assert (other.json()["reason"], len(await product.rows("SELECT 1 FROM companies"))) == ("not_registered", 2)


async def test_an_answer_and_a_change_at_once(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    company = invitation["partner"]["id"]
    names = [f"Fonderie {letter}" for letter in "ABCD"]
    answers = await asyncio.gather(
        *(submit(product.client, invitation["link"]) for _ in range(4)),
        *(office.admin.ask("PATCH", f"/v1/companies/{company}", json={"name": name}) for name in names),
        *(office.member.post("/v1/invitations", wanted(office, f"x{at}@p.example")) for at in range(4)),
    )
    assert not [answer.text for answer in answers if answer.status_code >= 500], "nobody waits in a circle"
    assert {answer.status_code for answer in answers[4:8]} == {200}
    assert answers[0].status_code in (200, 409, 410)
    form = await form_of(office)
    assert form["answers"] is not None
    ends = await product.rows("SELECT after FROM journal_entries WHERE action = 'prequalification.expired'")
    assert len(ends) == (form["form_status"] == "expired"), "once, or not at all where the answer came last"
