"""Correcting the address of an invitation: nothing is left of the old one, the new one is asked from the beginning."""

import asyncio
from typing import Any

import httpx
from tests.journeys.test_first_path import EMAIL, JSON, invite, submit, wanted
from tests.plugins.product import Office, Product

NEW = "direction@partenaire.example"


async def correct(office: Office, path: str, email: object = NEW, **headers: str) -> httpx.Response:
    return await office.member.ask("PATCH", path, json={"email": email}, headers=headers)


def actions(body: dict[str, Any]) -> dict[str, str | None]:
    return {one["action"]: one["reason"]["code"] if one["reason"] else None for one in body["available_actions"]}


async def test_the_old_address_is_forgotten_and_the_new_one_asked(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    path = f"/v1/invitations/{invitation['id']}"
    await product.advance(office.admin, "P7DT1H")
    before = (await office.member.get(path)).json()
    assert (await correct(office, path, **{"If-Match": '"1"'})).status_code == 412
    assert (await correct(office, path, EMAIL.upper())).json() == before, "the same address in another case"

    corrected = await correct(office, path, NEW.upper(), **{"If-Match": f'"{before["version"]}"'})
    body = corrected.json()
    assert (corrected.status_code, body["email"], body["status"], body["cycle"]) == (200, NEW, "queued", 2), body
    assert (body["expires_at"], body["delivery"]) == (None, None)
    assert [(one["kind"], one["to"]) for one in body["next_messages"]] == [("invitation", NEW)]
    assert (await product.client.get(invitation["link"])).status_code == 404
    assert (await submit(product.client, invitation["link"])).status_code == 404
    plans = await product.rows("SELECT DISTINCT state, reason FROM follow_ups WHERE cycle = 1 AND state <> 'done'")
    assert [(row["state"], row["reason"]) for row in plans] == [("cancelled", "address_corrected")]
    (entry,) = await product.rows("SELECT * FROM journal_entries WHERE action = 'invitation.address_corrected'")
    assert "@" not in repr({name: entry[name] for name in entry if name not in {"id", "workspace_id"}})

    await product.work()
    sent = (await office.member.get(path)).json()
    assert (sent["status"], [one["kind"] for one in sent["next_messages"]]) == ("sent", ["reminder", "expiry_notice"])
    (mail,) = await product.mails(office.member, NEW)
    link = mail["links"][0].removeprefix("http://relance.example")
    assert link != invitation["link"]
    await product.advance(office.admin, "P25D")
    assert len(await product.mails(office.member, EMAIL)) == 2, "the first mail and the first reminder"
    assert len(await product.mails(office.member, NEW)) == 2
    assert (await office.member.get(path)).json()["status"] == "sent", "the thirty days began anew"
    assert (await submit(product.client, link)).status_code == 200
    refused = await correct(office, path, "trop@tard.example")
    assert (refused.status_code, refused.json()["code"]) == (409, "transition_not_allowed")


async def test_from_an_address_that_cannot_be_reached_and_from_an_expired_row(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    path = f"/v1/invitations/{invitation['id']}"
    async with product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE invitations SET delivery = 'undeliverable'")
    shown = actions((await office.member.get(path)).json())
    assert (shown["remind"], shown["correct"]) == ("undeliverable", None)
    body = (await correct(office, path)).json()
    assert (body["delivery"], body["status"]) == (None, "queued")
    await product.work()
    await product.advance(office.admin, "P31D")
    assert (await office.member.get(path)).json()["status"] == "expired"
    assert (await correct(office, path, EMAIL)).json()["cycle"] == 3
    await product.work()
    last, *_ = await product.mails(office.member, EMAIL)
    assert not last["links"][0].endswith(invitation["link"]), "a link that was revoked stays revoked"
    assert (await product.client.get(invitation["link"])).status_code == 404


async def test_what_is_refused(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    path = f"/v1/invitations/{invitation['id']}"
    other = (await office.member.post("/v1/invitations", wanted(office, NEW))).json()
    taken = await correct(office, path)
    assert (taken.status_code, taken.json()["code"], taken.json()["invitation_id"]) == (
        409,
        "already_open",
        other["id"],
    )
    for wrong in ("nobody", None, 4, ""):
        assert (await correct(office, path, wrong)).status_code == 422
    assert (await office.manager.ask("PATCH", path, json={"email": EMAIL, "status": "sent"})).status_code == 422
    await office.member.post(f"{path}/archive")
    archived = await correct(office, path, "x@y.example")
    assert (archived.status_code, archived.json()["code"]) == (409, "archived")
    await office.member.post(f"{path}/unarchive")
    await product.client.post(f"{invitation['link']}/decline", json={}, headers=JSON)
    declined = await correct(office, path, "x@y.example")
    assert (declined.status_code, declined.json()["code"]) == (409, "recipient_declined")
    await office.member.post(f"{path}/cancel")
    assert (await correct(office, path, "x@y.example")).json()["code"] == "transition_not_allowed"
    (row,) = await product.rows("SELECT email, cycle FROM invitations WHERE status = 'cancelled'")
    assert (row["email"], row["cycle"]) == (EMAIL, 1)


async def waiting(product: Product, count: int) -> None:
    """Until so many statements wait for a lock."""
    for _ in range(500):
        (row,) = await product.rows(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        if row["count"] >= count:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


async def test_a_mail_in_the_relays_hands_begins_no_cycle(product: Product, office: Office) -> None:
    created = await office.member.post("/v1/invitations", wanted(office))
    path = f"/v1/invitations/{created.json()['id']}"
    async with product.runtime.db.engine.connect() as connection:
        await connection.exec_driver_sql("SELECT 1 FROM invitations FOR UPDATE")
        correction = asyncio.create_task(correct(office, path))
        await waiting(product, 1)
        delivery = asyncio.create_task(product.deliverer.sweep())  # hands the mail over, then waits to say so
        await waiting(product, 2)
        await connection.rollback()
    assert (await correction).json()["status"] == "queued"
    await delivery
    late = (await office.member.get(path)).json()
    if late["status"] == "queued":
        assert (late["cycle"], late["expires_at"]) == (2, None), "the old mail has begun nothing"
    await product.work()
    assert len(await product.mails(office.member, EMAIL)) == 1, "it had left already"
    assert len(await product.mails(office.member, NEW)) == 1
    body = (await office.member.get(path)).json()
    assert (body["status"], body["cycle"], body["reminders_count"]) == ("sent", 2, 1)
    assert {row["cycle"] for row in await product.rows("SELECT cycle FROM follow_ups")} == {2}
