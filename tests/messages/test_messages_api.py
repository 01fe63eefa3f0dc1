"""`/v1/messages`: what was sent, and settling by hand what delivery cannot."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.messages.conftest import ADDRESS, Mailroom, dsn
from tests.messaging.relay import ACCEPT_AND_DROP, always, once


def allowed(message: dict[str, object]) -> list[str]:
    """The actions that the caller may take."""
    actions = message["available_actions"]
    assert isinstance(actions, list)
    return [action["action"] for action in actions if action["allowed"]]


async def test_the_list_filters_and_pages(mailroom: Mailroom) -> None:
    first = await mailroom.invite()
    await mailroom.deliver()
    second = await mailroom.invite("direction@partenaire.example")
    admin = mailroom.office.admin

    async def ids(**filters: str) -> list[str]:
        answer = await admin.get("/v1/messages", params=filters)
        assert answer.status_code == 200, answer.text
        return [item["subject"]["id"] for item in answer.json()["items"]]

    assert await ids() == [second, first]
    assert await ids(sort="created_at") == [first, second]
    assert await ids(state="sent") == [first]
    assert await ids(subject_kind="invitation", subject_id=second) == [second]
    assert await ids(recipient="Direction@Partenaire.example") == [second]
    assert await ids(template="invitations.reminder") == []
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert await ids(created_from=later) == []
    assert await ids(created_to=later, template="invitations.invitation") == [second, first]
    page = await admin.get("/v1/messages", params={"limit": "1"})
    assert 'rel="next"' in page.headers["link"]
    rest = await admin.get("/v1/messages", params={"limit": "1", "cursor": page.json()["next_cursor"]})
    assert [rest.json()["items"][0]["subject"]["id"], rest.json()["next_cursor"]] == [first, None]
    for wrong in ({"state": "lost"}, {"subject_id": first}, {"created_from": "2026-11-23T00:00:00"}, {"x": "1"}):
        assert (await admin.get("/v1/messages", params=wrong)).status_code == 422


async def test_who_may_look_and_handle(mailroom: Mailroom) -> None:
    await mailroom.invite()
    message = await mailroom.message()
    path = f"/v1/messages/{message['id']}"
    other = (await mailroom.product.office("durand")).admin
    assert (await mailroom.office.member.get("/v1/messages")).status_code == 403
    assert (await mailroom.office.member.post(f"{path}/cancel")).status_code == 403
    assert (await mailroom.product.client.get(path)).status_code == 401
    assert (await other.get(path)).status_code == 404
    assert (await other.post(f"{path}/cancel")).status_code == 404
    assert (await other.get("/v1/messages")).json()["items"] == []
    assert (await mailroom.message()) == message


async def test_the_preview_bears_no_link(mailroom: Mailroom) -> None:
    await mailroom.invite()
    message = await mailroom.message()
    path = f"/v1/messages/{message['id']}/preview"
    before = (await mailroom.office.admin.get(path)).json()
    await mailroom.deliver()
    after = (await mailroom.office.admin.get(path)).json()
    assert (before["rendered_at"], after["rendered_at"] is not None) == (None, True)
    assert {name: before[name] for name in ("subject", "text", "html")} == {
        name: after[name] for name in ("subject", "text", "html")
    }
    sent = mailroom.relay.accepted[0].mail.get_body(("plain",))
    assert sent is not None
    (link,) = [line for line in sent.get_content().splitlines() if "/r/" in line]
    token = link.rpartition("/r/")[2].strip()
    for part in (after["text"], after["html"]):
        assert "http://relance.example/r/…" in part
        assert token.partition(".")[0] not in part
        assert "relance-link" not in part


async def test_an_uncertain_mail_sent_again_is_the_same_mail(mailroom: Mailroom) -> None:
    mailroom.relay.rule = once("dot", ACCEPT_AND_DROP)
    invitation = await mailroom.invite()
    await mailroom.deliver()
    message = await mailroom.message(state="uncertain")
    assert allowed(message) == ["resend", "mark-sent"]
    assert message["handoff_at"] is not None
    assert "nul ne peut savoir" in message["explanation"]
    assert (await mailroom.invitation(invitation))["status"] == "queued"

    resent = await mailroom.act(message, "resend")
    assert (resent.status_code, resent.json()["state"]) == (200, "queued")
    assert allowed(resent.json()) == ["cancel"]
    await mailroom.deliver()
    first, second = mailroom.relay.accepted
    assert first.content == second.content
    assert first.mail["Message-ID"] == f"<{message['message_id']}>"
    assert (await mailroom.message())["state"] == "sent"
    assert (await mailroom.invitation(invitation))["status"] == "sent"
    entry = (await mailroom.product.rows("SELECT * FROM journal_entries WHERE action = 'message.resent'"))[0]
    assert (entry["actor_id"], entry["before"]["state"]) == (mailroom.office.admin.id, "uncertain")


async def test_an_uncertain_mail_taken_as_sent_starts_the_cycle_at_its_hand_off(mailroom: Mailroom) -> None:
    mailroom.relay.rule = always("dot", ACCEPT_AND_DROP)
    invitation = await mailroom.invite()
    await mailroom.deliver()
    message = await mailroom.message(state="uncertain")
    handed_over = message["attempts"][-1]["at"]
    await mailroom.product.advance(mailroom.office.admin, "P2D")
    marked = await mailroom.act(message, "mark-sent")
    assert (marked.status_code, marked.json()["state"], marked.json()["sent_at"]) == (200, "sent", handed_over)
    shown = await mailroom.invitation(invitation)
    assert (shown["status"], shown["last_sent_at"]) == ("sent", handed_over)
    assert len(mailroom.relay.accepted) == 1
    again = await mailroom.act(marked.json(), "mark-sent")
    assert (again.status_code, again.json()["code"]) == (409, "transition_not_allowed")
    assert (await mailroom.invitation(invitation))["reminders_count"] == 0


async def test_a_queued_mail_is_taken_back_once(mailroom: Mailroom) -> None:
    await mailroom.invite()
    message = await mailroom.message()
    stale = await mailroom.act(message, "cancel", **{"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["current_version"]) == (412, message["version"])
    done = await mailroom.act(message, "cancel", **{"If-Match": f'"{message["version"]}"'})
    assert (done.status_code, done.json()["reason"]) == (200, "cancelled_by_hand")
    assert done.json()["version"] != message["version"]
    await mailroom.deliver()
    assert mailroom.relay.accepted == []
    refused = await mailroom.act(message, "cancel")
    assert (refused.status_code, refused.json()["allowed_actions"]) == (409, [])


async def test_a_bounced_address_is_tried_again_only_on_purpose(mailroom: Mailroom) -> None:
    invitation = await mailroom.invite()
    await mailroom.deliver()
    await mailroom.report(dsn((await mailroom.message())["message_id"]))
    message = await mailroom.message(recipient=ADDRESS)
    expires_at = (await mailroom.invitation(invitation))["expires_at"]
    refused = await mailroom.act(message, "resend")
    assert (refused.status_code, refused.json()["code"], refused.json()["liftable"]) == (
        409,
        "address_suppressed",
        True,
    )

    lifted = await mailroom.act(message, "resend", {"lift_suppression": True})
    assert (lifted.status_code, lifted.json()["state"]) == (200, "queued")
    assert await mailroom.product.rows("SELECT 1 FROM suppressions") == []
    await mailroom.deliver()
    shown = await mailroom.invitation(invitation)
    assert (shown["delivery"], shown["expires_at"]) == (None, expires_at), "the cycle does not begin anew"
    assert mailroom.relay.recipients().count(ADDRESS) == 2


async def test_a_wish_of_the_recipient_is_not_lifted(mailroom: Mailroom) -> None:
    await mailroom.invite()
    await mailroom.deliver()
    await mailroom.report(dsn((await mailroom.message())["message_id"]))
    async with mailroom.product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE suppressions SET reason = 'unsubscribed'")
    message = await mailroom.message(recipient=ADDRESS)
    refused = await mailroom.act(message, "resend", {"lift_suppression": True})
    assert (refused.status_code, refused.json()["code"], refused.json()["liftable"]) == (
        409,
        "address_suppressed",
        False,
    )


@pytest.mark.parametrize(("change", "code"), [("cancel", "message_not_wanted"), (None, "message_expired")])
async def test_what_no_longer_holds_is_not_sent_again(mailroom: Mailroom, change: str | None, code: str) -> None:
    mailroom.relay.rule = always("dot", ACCEPT_AND_DROP)
    invitation = await mailroom.invite()
    await mailroom.deliver()
    if change is not None:
        assert (await mailroom.office.member.post(f"/v1/invitations/{invitation}/{change}")).status_code == 200
    else:
        await mailroom.product.advance(mailroom.office.admin, "P31D")
    message = await mailroom.message(state="uncertain")
    refused = await mailroom.act(message, "resend")
    assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert next(one for one in message["available_actions"] if one["action"] == "resend")["reason"]["code"] == code


async def test_the_table_is_public(mailroom: Mailroom) -> None:
    tables = (await mailroom.product.client.get("/v1/meta/lifecycles")).json()
    (table,) = [one for one in tables if one["kind"] == "message"]
    resend = next(row for row in table["transitions"] if row["action"] == "resend")
    assert (resend["target"], resend["permission"]) == ("queued", "messages:handle")
    assert "uncertain" in resend["sources"]
