"""`next_messages` in every state: what the worker will do, and nothing else; or why nothing will leave."""

from datetime import datetime, timedelta
from typing import Any

from tests.journeys.test_first_path import EMAIL, JSON, invite, submit, wanted
from tests.journeys.test_partner_answers import FORM
from tests.plugins.product import Office, Product

POLICIES = "/v1/workspace/follow-up-policies"


def told(body: dict[str, Any]) -> tuple[list[str], str | None]:
    silence = body["no_message_reason"]
    return [one["kind"] for one in body["next_messages"]], silence["code"] if silence else None


async def test_from_the_queue_to_the_end(product: Product, office: Office) -> None:
    created = (await office.member.post("/v1/invitations", wanted(office))).json()
    path = f"/v1/invitations/{created['id']}"

    async def now(action: str | None = None) -> dict[str, Any]:
        answer = await (office.member.post(f"{path}/{action}") if action else office.member.get(path))
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        assert (body["next_messages"] == []) == (body["no_message_reason"] is not None)
        assert {one["to"] for one in body["next_messages"]} <= {EMAIL}
        return body

    assert told(created) == (["invitation"], None)
    await product.work()
    body = await now()
    assert told(body) == (["reminder", "expiry_notice"], None)
    assert body["next_messages"][1]["at"] == body["expires_at"]

    # A reminder by hand on the sixth day holds the one of the seventh: said before it happens.
    await product.advance(office.admin, "P6DT12H")
    body = await now("remind")
    assert told(body) == (["reminder", "reminder", "expiry_notice"], None)
    due = datetime.fromisoformat(body["next_messages"][1]["at"])
    assert due - datetime.fromisoformat(body["next_messages"][0]["at"]) > timedelta(hours=23, minutes=59)
    await product.work()
    before = datetime.fromisoformat((await now())["next_messages"][0]["at"])
    await product.advance(office.admin, "P1DT1M")
    (reminder, *_) = await product.mails(office.admin, EMAIL)
    assert abs(datetime.fromisoformat(reminder["received_at"]) - before) < timedelta(minutes=10), "as it was told"
    assert told(await now()) == (["expiry_notice"], None)

    assert told(await now("archive")) == ([], "archived")
    assert told(await now("unarchive")) == (["expiry_notice"], None)
    await product.advance(office.admin, "P23D")
    assert told(await now()) == ([], "expired")
    assert told(await now("renew")) == (["invitation"], None)
    await product.work()
    assert told(await now()) == (["reminder", "expiry_notice"], None)
    assert told(await now("cancel")) == ([], "cancelled")


async def test_quiet_hours_move_what_is_told(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    path = f"/v1/invitations/{invitation['id']}"
    plain = datetime.fromisoformat(invitation["next_messages"][0]["at"])
    start = (plain - timedelta(hours=2)).strftime("%H:00")
    end = (plain + timedelta(hours=6)).strftime("%H:00")
    zone = await office.admin.ask("PATCH", "/v1/workspace", json={"zone": "UTC"})
    assert zone.status_code == 200, zone.text
    policy = {"reminders": ["P7D"], "expires_after": "P30D", "quiet_hours": {"from": start, "to": end}}
    kept = await office.admin.ask("PUT", f"{POLICIES}/invitations", json=policy)
    assert kept.status_code == 200, kept.text
    held = (await office.member.get(path)).json()["next_messages"][0]["at"]
    assert datetime.fromisoformat(held).strftime("%H:%M") == end
    await product.advance(office.admin, "P7DT1H")
    assert len(await product.mails(office.admin, EMAIL)) == 1
    await product.advance(office.admin, "PT6H")
    assert len(await product.mails(office.admin, EMAIL)) == 2


async def test_a_partner_who_declines_hears_no_more(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    path, link = f"/v1/invitations/{invitation['id']}", invitation["link"]
    page = (await product.client.get(link)).text
    assert "<summary>Ne plus être sollicité pour cette demande</summary>" in page
    assert 'name="reason"' in page
    draft = {"version": 1, "answers": {"identity": {"legal_name": "Fonderie Martin"}}}
    assert (await product.client.put(f"{link}/answers", json=draft, headers=JSON)).status_code == 200
    wordy = await product.client.post(f"{link}/decline", data={"version": "1", "reason": "x" * 2001}, headers=FORM)
    assert wordy.status_code == 422
    assert '<a href="#reason">' in wordy.text
    assert "<details open>" in wordy.text
    assert 'value="Fonderie Martin"' in wordy.text, "the draft beside it is not lost"
    data = {"version": "1", "reason": "Nous avons cessé\r\ncette activité."}
    assert (await product.client.post(f"{link}/decline", data=data, headers=FORM)).status_code == 303
    await product.work()
    (notice,) = await product.mails(office.admin, office.member.email)
    assert "Nous avons cessé\ncette activité." in notice["text"].replace("\r\n", "\n")
    (event,) = await product.rows("SELECT after FROM journal_entries WHERE action = 'invitation.declined'")
    assert event["after"] == {"status": "sent"}, "the reason is no code"
    again = (await product.client.get(link)).text
    assert "Vous avez demandé à ne plus être relancé" in again
    assert "<summary>" not in again
    assert told((await office.member.get(path)).json()) == ([], "declined")
    await product.advance(office.admin, "P31D")
    assert len(await product.mails(office.admin, EMAIL)) == 1, "neither a reminder nor a word about the end"
    body = (await office.member.get(path)).json()
    assert (body["status"], told(body)) == ("expired", ([], "expired"))
    refused = await office.member.post(f"{path}/renew")
    assert (refused.status_code, refused.json()["code"]) == (409, "recipient_declined")
    assert (await submit(product.client, link)).status_code == 410
