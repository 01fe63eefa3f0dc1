"""The first path: an invitation travels from the API to an inbox, to an answer."""

from typing import Any

import httpx
from tests.plugins.product import Office, Product

EMAIL = "achats@partenaire.example"
ANSWERS: dict[str, Any] = {
    "identity": {
        "legal_name": "Fonderie Martin",
        "legal_form": "sas",
        "address": "12 rue de la Forge",
        "postal_code": "42000",
        "city": "Saint-Étienne",
        "country": "France",
    },
    "contacts": {"name": "Camille Martin", "email": "camille@fonderie.example"},
    "insurance": {"liability_insured": True},
    "declarations": {"taxes_paid": True, "accurate": True},
}
JSON = {"Accept": "application/json"}


def wanted(office: Office, email: str = EMAIL, siren: str = "732829320") -> dict[str, Any]:
    return {
        "issuing_organisation_id": str(office.organisation_id),
        "email": email,
        "partner": {"name": "Fonderie Martin", "local_id": {"scheme": "siren", "value": siren}},
    }


async def invite(product: Product, office: Office, email: str = EMAIL, siren: str = "732829320") -> dict[str, Any]:
    """Invite, deliver; the invitation as it is then, with its link."""
    created = await office.member.post("/v1/invitations", wanted(office, email, siren))
    assert created.status_code == 201, created.text
    await product.work()
    invitation: dict[str, Any] = (await office.member.get(f"/v1/invitations/{created.json()['id']}")).json()
    (mail,) = await product.mails(office.admin, email)
    invitation["link"] = mail["links"][0].removeprefix("http://relance.example")
    return invitation


async def submit(client: httpx.AsyncClient, link: str, answers: Any = ANSWERS, version: int = 1) -> httpx.Response:
    return await client.post(f"{link}/submit", json={"version": version, "answers": answers}, headers=JSON)


async def test_from_request_to_answer(product: Product, office: Office) -> None:
    created = await office.member.post("/v1/invitations", wanted(office))
    assert created.status_code == 201, created.text
    body = created.json()
    assert (body["status"], body["status_label"]) == ("queued", "En attente d'envoi")
    assert [message["kind"] for message in body["next_messages"]] == ["invitation"]
    await product.work()

    (mail,) = await product.mails(office.member, EMAIL)
    assert "Vasseur Achats" in mail["subject"]
    link = mail["links"][0]
    assert link in mail["text"]
    assert link in mail["html"]
    path = f"/v1/invitations/{body['id']}"
    sent = (await office.member.get(path)).json()
    assert sent["status"] == "sent"
    assert sent["last_sent_at"] is not None
    assert sent["next_messages"][0]["kind"] == "reminder"
    assert sent["next_messages"][0]["at"][:10] > sent["last_sent_at"][:10]

    before = await product.rows("SELECT * FROM invitations")
    for _ in range(3):
        assert (await product.client.get(link)).status_code == 200
        assert (await product.client.head(link)).status_code == 200
    assert await product.rows("SELECT * FROM invitations") == before

    await product.advance(office.admin, "P7DT1H")
    reminder, _first = await product.mails(office.member, EMAIL)
    assert reminder["links"][0] == link
    assert (await office.member.get(path)).json()["reminders_count"] == 1

    shown = (await product.client.get(link, headers=JSON)).json()
    answered = await submit(product.client, link, version=shown["version"])
    assert answered.status_code == 200, answered.text
    await product.work()
    again = await submit(product.client, link, version=shown["version"])
    assert again.status_code == 200
    assert again.json() == answered.json()
    await product.work()
    assert len(await product.mails(office.member, office.member.email)) == 1

    closed = (await office.member.get(path)).json()
    assert (closed["status"], closed["form_status"], closed["form_status_label"]) == (
        "closed",
        "completed",
        "Complétée",
    )
    assert closed["next_messages"] == []
    assert closed["no_message_reason"]["code"] == "closed"
    assert {row["state"] for row in await product.rows("SELECT state FROM follow_ups WHERE kind = 'expiry'")} == {
        "cancelled",
        "pending",  # the validity of the form itself
    }


async def test_after_thirty_one_days(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    await product.advance(office.admin, "P31D")

    expiry, first = await product.mails(office.member, EMAIL)
    assert expiry["subject"] != first["subject"]
    body = (await office.member.get(f"/v1/invitations/{invitation['id']}")).json()
    assert (body["status"], body["reminders_count"]) == ("expired", 0)
    page = await product.client.get(invitation["link"])
    assert page.status_code == 200
    assert "expiré" in page.text
    refused = await submit(product.client, invitation["link"])
    assert refused.status_code == 410
    assert refused.json()["code"] == "link_expired"
    states = await product.rows("SELECT kind, state FROM follow_ups ORDER BY kind")
    assert [(row["kind"], row["state"]) for row in states] == [("expiry", "done"), ("reminder", "collapsed")]


async def test_renewing_revives_the_old_link(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    await product.advance(office.admin, "P31D")
    path = f"/v1/invitations/{invitation['id']}"
    renewed = await office.member.post(f"{path}/renew")
    assert renewed.status_code == 200, renewed.text
    assert (renewed.json()["status"], renewed.json()["cycle"]) == ("sent", 2)
    await product.work()
    newest, *_ = await product.mails(office.member, EMAIL)
    assert newest["links"][0].endswith(invitation["link"])
    body = (await office.member.get(path)).json()
    assert body["reminders_count"] == 1
    assert [message["kind"] for message in body["next_messages"]] == ["reminder", "expiry_notice"]
    assert (await submit(product.client, invitation["link"])).status_code == 200


async def test_a_manual_reminder_waits_a_day_unless_forced(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    path = f"/v1/invitations/{invitation['id']}/remind"
    early = await office.member.post(path)
    assert (early.status_code, early.json()["code"]) == (409, "too_recent")
    assert (await office.member.post(path, {"force": True})).status_code == 200
    await product.work()
    assert len(await product.mails(office.member, EMAIL)) == 2
    await product.advance(office.admin, "P1DT1H")
    assert (await office.member.post(path)).status_code == 200
    await product.work()
    assert len(await product.mails(office.member, EMAIL)) == 3


async def test_an_automatic_reminder_waits_for_the_gap(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    await product.advance(office.admin, "P6DT12H")
    assert (await office.member.post(f"/v1/invitations/{invitation['id']}/remind")).status_code == 200
    await product.work()
    await product.advance(office.admin, "PT13H")
    assert len(await product.mails(office.member, EMAIL)) == 2, "the one at +7 d is too close to the manual one"
    await product.advance(office.admin, "PT12H")
    assert len(await product.mails(office.member, EMAIL)) == 3


async def test_cancelling_ends_link_and_follow_ups(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    cancelled = await office.member.post(f"/v1/invitations/{invitation['id']}/cancel")
    assert (cancelled.status_code, cancelled.json()["status_label"]) == (200, "Annulée")
    assert (await product.client.get(invitation["link"])).status_code == 404
    assert (await submit(product.client, invitation["link"])).status_code == 404
    await product.advance(office.admin, "P40D")
    assert len(await product.mails(office.member, EMAIL)) == 1
    again = await office.member.post(f"/v1/invitations/{invitation['id']}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "transition_not_allowed")
    assert again.json()["allowed_actions"] == ["archive", "unarchive", "reassign"]


async def test_archived_rows_are_not_chased_and_come_back_expired(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    path = f"/v1/invitations/{invitation['id']}"
    assert (await office.member.post(f"{path}/archive")).json()["archived_at"] is not None
    listed = await office.member.get("/v1/invitations")
    assert listed.json()["items"] == []
    assert len((await office.member.get("/v1/invitations?archived=true")).json()["items"]) == 1
    await product.advance(office.admin, "P31D")
    assert len(await product.mails(office.member, EMAIL)) == 1
    assert (await office.member.post(f"{path}/unarchive")).json()["status"] == "expired"


async def test_archiving_for_a_while_keeps_the_plan(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    path = f"/v1/invitations/{invitation['id']}"
    await office.member.post(f"{path}/archive")
    await product.advance(office.admin, "P2D")
    assert (await office.member.post(f"{path}/unarchive")).json()["status"] == "sent"
    await product.advance(office.admin, "P5DT1H")
    assert len(await product.mails(office.member, EMAIL)) == 2


async def test_answering_closes_every_row_of_the_partner(product: Product, office: Office) -> None:
    first = await invite(product, office)
    second = await invite(product, office, email="direction@partenaire.example")
    assert (await submit(product.client, first["link"])).status_code == 200
    other = (await office.member.get(f"/v1/invitations/{second['id']}")).json()
    assert (other["status"], other["form_status"]) == ("closed", "completed")
    page = (await product.client.get(second["link"], headers=JSON)).json()
    assert page["state"] == "answered"
    refused = await office.member.post("/v1/invitations", wanted(office, email="encore@partenaire.example"))
    assert (refused.status_code, refused.json()["code"]) == (409, "prequalification_valid")


async def test_the_form_expires_and_a_new_invitation_says_so(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    assert (await submit(product.client, invitation["link"])).status_code == 200
    await product.advance(office.admin, "P731D")
    body = (await office.member.get(f"/v1/invitations/{invitation['id']}")).json()
    assert (body["status"], body["form_status"]) == ("closed", "expired")
    created = await office.member.post("/v1/invitations", wanted(office))
    assert (created.status_code, created.json()["reason"]) == (201, "update_requested")


async def test_two_open_rows_for_one_address_are_refused(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    again = await office.member.post("/v1/invitations", wanted(office, email=EMAIL.upper()))
    assert (again.status_code, again.json()["code"]) == (409, "already_open")
    assert again.json()["invitation_id"] == invitation["id"]
    assert len(await product.rows("SELECT 1 FROM invitations")) == 1
    elsewhere = wanted(office) | {"issuing_organisation_id": str(office.other_organisation_id)}
    assert (await office.admin.post("/v1/invitations", elsewhere)).status_code == 201


async def test_other_answers_after_the_form_was_sent(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    assert (await submit(product.client, invitation["link"])).status_code == 200
    changed = ANSWERS | {"insurance": {"liability_insured": False}}
    refused = await submit(product.client, invitation["link"], changed)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_answered")


async def test_answers_that_do_not_fit(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    wrong = ANSWERS | {"contacts": {"name": "Camille", "email": "nobody"}}
    refused = await submit(product.client, invitation["link"], wrong)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/answers/contacts/email"]
    stale = await submit(product.client, invitation["link"], version=7)
    assert (stale.status_code, stale.json()["current_version"]) == (409, 1)
    assert (await product.rows("SELECT form_status FROM prequalifications"))[0]["form_status"] == "to_complete"


async def test_the_pages_that_the_command_prints(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    mailbox = await product.client.get("/test-mailbox")
    assert mailbox.status_code == 200
    assert EMAIL in mailbox.text
    for path in ("/docs", "/redoc", "/docs/errors", "/healthz", "/readyz"):
        assert (await product.client.get(path)).status_code == 200, path
    assert (await product.client.get("/readyz")).json()["status"] == "ready"
    lifecycle = (await product.client.get("/v1/meta/lifecycles")).json()[0]
    assert invitation["status"] in {state["code"] for state in lifecycle["states"]}
