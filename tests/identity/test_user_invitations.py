"""A user is invited by mail, reminded, and takes up the account: rows, mails and HTTP."""

from typing import Any

import httpx
from tests.plugins.product import Office, Product

EMAIL = "lea.petit@vasseur.example"
JSON = {"Accept": "application/json"}
NEW = "trois cailloux sous le pont"


async def invite(product: Product, office: Office, **more: object) -> tuple[dict[str, Any], str]:
    """A new user, and the path of the link they were sent."""
    body = {"email": EMAIL, "name": "Léa Petit", **more}
    made = await office.admin.post("/v1/users", body)
    assert made.status_code == 201, made.text
    await product.work()
    (mail,) = await product.mails(office.admin, EMAIL)
    return made.json(), mail["links"][0].removeprefix("http://relance.example")


async def accept(product: Product, link: str, password: str = NEW, name: str = "Léa Petit-Roux") -> httpx.Response:
    body = {"version": 1, "answers": {"name": name, "password": password}}
    return await product.client.post(f"{link}/accept", json=body, headers=JSON)


async def read(office: Office, user: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await office.admin.get(f"/v1/users/{user['id']}")).json()
    return found


async def states(product: Product) -> list[tuple[str, str]]:
    rows = await product.rows("SELECT kind, state FROM follow_ups ORDER BY kind, state")
    return [(row["kind"], row["state"]) for row in rows]


async def test_from_invited_to_signed_in(product: Product, office: Office) -> None:
    user, link = await invite(product, office)
    assert (user["status"], user["status_label"], user["invitation"]["status"]) == ("invited", "Invité", "queued")
    shown = await read(office, user)
    assert (shown["invitation"]["status"], shown["invitation"]["status_label"]) == ("sent", "Envoyée")
    assert shown["invitation"]["expires_at"] > shown["invitation"]["last_sent_at"]
    assert await states(product) == [("expiry", "pending"), ("reminder", "pending")]
    form = {"username": EMAIL, "password": NEW}
    assert (await product.client.post("/v1/auth/token", data=form)).status_code == 401

    seen = (await product.client.get(link, headers=JSON)).json()
    assert (seen["state"], seen["form"]["answers"]) == ("open", {"name": "Léa Petit"})
    accepted = await accept(product, link)
    assert (accepted.status_code, accepted.json()["state"]) == (200, "answered"), accepted.text
    shown = await read(office, user)
    assert (shown["status"], shown["name"], shown["invitation"]["status"]) == ("active", "Léa Petit-Roux", "accepted")
    assert await states(product) == [("expiry", "cancelled"), ("reminder", "cancelled")]
    token = await product.client.post("/v1/auth/token", data=form)
    assert token.status_code == 200
    again = await accept(product, link, "une phrase encore plus longue")
    assert (again.status_code, again.json()["code"]) == (409, "link_used")
    assert (await product.client.post("/v1/auth/token", data=form)).status_code == 200
    actions = await product.rows("SELECT action FROM journal_entries WHERE subject_id = :id ORDER BY id", id=user["id"])
    assert [row["action"] for row in actions] == [
        "user.created",
        "user.sign_in_failed",
        "user.joined",
        "user.signed_in",
        "user.signed_in",
    ]


async def test_reminded_then_over_then_asked_again(product: Product, office: Office) -> None:
    user, link = await invite(product, office, locale="en")
    too_soon = await office.admin.post(f"/v1/users/{user['id']}/resend")
    assert (too_soon.status_code, too_soon.json()["code"]) == (409, "too_recent")
    await product.advance(office.admin, "P7DT1H")
    reminder, first = await product.mails(office.admin, EMAIL)
    assert reminder["subject"] == "Reminder: your account in Groupe Vasseur is still to be activated"
    assert reminder["links"] == first["links"]
    await product.advance(office.admin, "P24D")
    expired = (await product.mails(office.admin, EMAIL))[0]
    assert expired["subject"] == "Your invitation to Groupe Vasseur has expired"
    assert expired["links"] == []
    assert (await read(office, user))["invitation"]["status"] == "expired"
    refused = await accept(product, link)
    assert (refused.status_code, refused.json()["code"]) == (410, "link_expired")

    again = await office.admin.post(f"/v1/users/{user['id']}/resend")
    assert (again.status_code, again.json()["invitation"]["status"]) == (200, "queued"), again.text
    await product.work()
    assert (await read(office, user))["invitation"]["status"] == "sent"
    assert len(await product.mails(office.admin, EMAIL)) == 4
    assert (await accept(product, link)).status_code == 200


async def test_a_reminder_by_hand(product: Product, office: Office) -> None:
    user, _ = await invite(product, office)
    await product.advance(office.admin, "P2D")
    before = (await read(office, user))["invitation"]["expires_at"]
    assert (await office.admin.post(f"/v1/users/{user['id']}/resend")).status_code == 200
    await product.work()
    assert [mail["subject"][:6] for mail in await product.mails(office.admin, EMAIL)] == ["Rappel", "Admin "]
    assert (await read(office, user))["invitation"]["expires_at"] == before


async def test_a_deactivated_user_cannot_take_up_the_account(product: Product, office: Office) -> None:
    user, link = await invite(product, office)
    gone = await office.admin.post(f"/v1/users/{user['id']}/deactivate")
    assert (gone.json()["status"], gone.json()["invitation"]["status"]) == ("deactivated", "cancelled")
    assert (await accept(product, link)).status_code == 404
    await product.advance(office.admin, "P31D")
    assert len(await product.mails(office.admin, EMAIL)) == 1
    refused = await office.admin.post(f"/v1/users/{user['id']}/resend")
    assert (refused.status_code, refused.json()["code"]) == (409, "transition_not_allowed")


async def test_another_address_is_invited_anew(product: Product, office: Office) -> None:
    user, link = await invite(product, office)
    changed = await office.admin.ask("PATCH", f"/v1/users/{user['id']}", json={"email": "lea@vasseur.example"})
    assert changed.status_code == 200, changed.text
    await product.work()
    assert (await accept(product, link)).status_code == 404
    (mail,) = await product.mails(office.admin, "lea@vasseur.example")
    other = mail["links"][0].removeprefix("http://relance.example")
    assert (await accept(product, other)).status_code == 200


async def test_who_may_do_what_is_told_and_enforced(product: Product, office: Office) -> None:
    user, _ = await invite(product, office, manager_id=str(office.manager.id))
    actions = {one["action"]: one for one in (await read(office, user))["available_actions"]}
    assert {name: one["allowed"] for name, one in actions.items()} == {
        "resend": False,
        "deactivate": True,
        "reactivate": False,
    }
    assert actions["resend"]["reason"]["code"] == "too_recent"
    mine = (await office.member.get(f"/v1/users/{office.member.id}")).json()
    assert [one["allowed"] for one in mine["available_actions"]] == [False, False, False]
    assert (await office.member.post(f"/v1/users/{office.member.id}/deactivate")).status_code == 403
    assert (await office.manager.post(f"/v1/users/{user['id']}/deactivate")).status_code == 200
    stale = await office.admin.post(f"/v1/users/{user['id']}/reactivate", headers={"If-Match": '"1"'})
    assert stale.status_code == 412


async def test_an_invited_user_gets_no_password_from_others(product: Product, office: Office) -> None:
    user, _ = await invite(product, office)
    refused = await office.admin.ask("PATCH", f"/v1/users/{user['id']}", json={"password": NEW})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "not_joined")
    await product.client.post("/v1/auth/password-reset", json={"email": EMAIL})
    await product.work()
    assert len(await product.mails(office.admin, EMAIL)) == 1


async def test_lifecycles_are_printed(product: Product) -> None:
    printed = (await product.client.get("/v1/meta/lifecycles")).json()
    kinds = {one["kind"]: {state["code"] for state in one["states"]} for one in printed}
    assert kinds["user"] == {"invited", "active", "deactivated"}
    assert kinds["user_invitation"] == {"queued", "sent", "expired", "accepted", "cancelled"}
