"""Delivery reports, posted and left in a folder: what becomes of the mail, of its subject, of who asked."""

from pathlib import Path

import pytest
from tests.journeys.test_mandates import EMAIL as CONTACT
from tests.journeys.test_mandates import open_mandate
from tests.messages.conftest import ADDRESS, SECRET, Mailroom, dsn, with_settings
from tests.messaging.relay import ACCEPT_AND_DROP, always

from relance.capabilities.messaging.reports.mailbox import ReportMailbox
from relance.core.ids import new_id
from relance.wiring import mail_subjects


async def test_a_bounce_stops_the_chase_and_tells_the_requester(mailroom: Mailroom) -> None:
    invitation = await mailroom.invite()
    await mailroom.deliver()
    message = await mailroom.message(recipient=ADDRESS)
    answer = await mailroom.report(dsn(message["message_id"]))
    assert (answer.status_code, answer.content) == (202, b"")

    message = await mailroom.message(recipient=ADDRESS)
    assert (message["state"], message["state_label"], message["reason"]) == ("bounced", "Non remis", "bounced")
    last = message["attempts"][-1]
    assert (last["phase"], last["code"], last["enhanced"]) == ("report", 550, "5.1.1")
    shown = await mailroom.invitation(invitation)
    assert (shown["status"], shown["delivery"]) == ("sent", "undeliverable")
    reminders = await mailroom.product.rows("SELECT state FROM follow_ups WHERE kind = 'reminder'")
    assert {row["state"] for row in reminders} == {"cancelled"}
    assert len(await mailroom.product.rows("SELECT 1 FROM suppressions WHERE reason = '5.1.1'")) == 1
    journal = await mailroom.product.rows("SELECT action, actor_kind FROM journal_entries ORDER BY id")
    assert {"message.bounced", "invitation.undeliverable"} <= {row["action"] for row in journal}

    await mailroom.deliver()
    requester = mailroom.office.member.email
    (told,) = [one.mail for one in mailroom.relay.accepted if one.recipient == requester]
    assert told["Subject"] == f"Fonderie Martin : l’adresse {ADDRESS} est injoignable"
    body = told.get_body(("plain",))
    assert body is not None
    assert "L’adresse n’existe pas ou n’existe plus." in body.get_content()
    assert "5.1.1" in body.get_content()

    assert (await mailroom.report(dsn(message["message_id"]))).status_code == 202
    await mailroom.deliver()
    again = await mailroom.message(recipient=ADDRESS)
    assert again["attempts"] == message["attempts"], "a report delivered twice says nothing new"
    assert len([one for one in mailroom.relay.accepted if one.recipient == requester]) == 1


async def test_a_bounce_of_a_mandates_mail_tells_its_owners(mailroom: Mailroom) -> None:
    mandate = await open_mandate(mailroom.office)
    await mailroom.deliver()
    message = await mailroom.message(recipient=CONTACT)
    answer = await mailroom.report(dsn(message["message_id"], recipient=CONTACT))
    assert answer.status_code == 202
    shown = (await mailroom.office.member.get(f"/v1/mandates/{mandate['id']}")).json()
    assert (shown["status"], shown["delivery"], shown["no_message_reason"]) == ("invited", "undeliverable", None)
    assert [one["kind"] for one in shown["next_messages"]] == ["expiry_notice"]
    refused = await mailroom.office.member.post(f"/v1/mandates/{mandate['id']}/remind", {"force": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "undeliverable")
    await mailroom.deliver()
    (told,) = [one.mail for one in mailroom.relay.accepted if one.recipient == mailroom.office.member.email]
    body = told.get_body(("plain",))
    assert body is not None
    assert "5.1.1" in body.get_content()
    corrected = {"contact": {"email": "c.martin@martin.example"}}
    path = f"/v1/mandates/{mandate['id']}"
    again = (await mailroom.office.member.ask("PATCH", path, json=corrected)).json()
    assert (again["delivery"], again["cycle"]) == (None, 2)


async def test_a_refusal_while_sending_tells_the_requester_too(mailroom: Mailroom) -> None:
    mailroom.relay.rule = always("rcpt", "550 5.1.1 unknown", ADDRESS)
    invitation = await mailroom.invite()
    await mailroom.deliver()
    await mailroom.deliver()
    assert (await mailroom.invitation(invitation))["delivery"] == "undeliverable"
    assert mailroom.relay.recipients() == [mailroom.office.member.email]


async def test_a_relay_that_says_not_now_until_it_is_too_late(mailroom: Mailroom) -> None:
    mailroom.relay.rule = always("rcpt", "450 4.2.0 not now", ADDRESS)
    invitation = await mailroom.invite()
    async with mailroom.product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE messages SET expires_at = created_at + interval '25 seconds'")
    await mailroom.deliver()
    await mailroom.deliver()
    message = await mailroom.message(recipient=ADDRESS)
    assert (message["state"], message["reason"]) == ("failed", "refused_until_expiry")
    shown = await mailroom.invitation(invitation)
    assert (shown["status"], shown["delivery"]) == ("expired", "undeliverable"), "it waits for nothing any more"
    assert mailroom.relay.recipients() == [mailroom.office.member.email]
    journal = await mailroom.product.rows("SELECT action FROM journal_entries WHERE subject_kind = 'invitation'")
    assert {"invitation.undeliverable", "invitation.expired"} <= {row["action"] for row in journal}


async def test_nothing_more_goes_to_an_address_that_cannot_be_reached(mailroom: Mailroom) -> None:
    invitation = await mailroom.invite()
    await mailroom.deliver()
    await mailroom.report(dsn((await mailroom.message(recipient=ADDRESS))["message_id"]))
    shown = await mailroom.invitation(invitation)
    assert (shown["delivery_label"], shown["next_messages"], shown["no_message_reason"]["code"]) == (
        "Adresse injoignable",
        [],
        "undeliverable",
    )
    (listed,) = (await mailroom.office.member.get("/v1/invitations")).json()["items"]
    assert listed["delivery_label"] == "Adresse injoignable"
    refused = await mailroom.office.member.post(f"/v1/invitations/{invitation}/remind", {"force": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "undeliverable")
    await mailroom.product.advance(mailroom.office.admin, "P31D")
    await mailroom.deliver()
    assert (await mailroom.invitation(invitation))["status"] == "expired"
    assert mailroom.relay.recipients().count(ADDRESS) == 1
    export = await mailroom.office.member.get("/v1/invitations/export.csv")
    assert ";Adresse injoignable;" in export.text


async def test_a_delay_is_written_down_and_no_more(mailroom: Mailroom) -> None:
    invitation = await mailroom.invite()
    await mailroom.deliver()
    before = await mailroom.message(recipient=ADDRESS)
    await mailroom.report(dsn(before["message_id"], action="delayed", status="4.4.1", diagnostic="smtp; 451 later"))
    after = await mailroom.message(recipient=ADDRESS)
    assert (after["state"], after["version"]) == ("sent", before["version"])
    assert [attempt["phase"] for attempt in after["attempts"]] == ["payload", "report"]
    assert (await mailroom.invitation(invitation))["delivery"] is None


@pytest.mark.parametrize(("action", "state", "status"), [("failed", "bounced", "queued"), ("relayed", "sent", "sent")])
async def test_a_report_settles_an_uncertain_mail(mailroom: Mailroom, action: str, state: str, status: str) -> None:
    mailroom.relay.rule = always("dot", ACCEPT_AND_DROP)
    invitation = await mailroom.invite()
    await mailroom.deliver()
    message = await mailroom.message(state="uncertain")
    await mailroom.report(dsn(message["message_id"], action=action))
    assert (await mailroom.message(recipient=ADDRESS))["state"] == state
    shown = await mailroom.invitation(invitation)
    assert shown["status"] == status
    assert (shown["delivery"] == "undeliverable") == (state == "bounced")


async def test_a_refusal_by_policy_suppresses_nobody(mailroom: Mailroom) -> None:
    await mailroom.invite()
    await mailroom.deliver()
    message = await mailroom.message(recipient=ADDRESS)
    await mailroom.report(dsn(message["message_id"], status="5.7.1", diagnostic="smtp; 554 5.7.1 blocked"))
    assert (await mailroom.message(recipient=ADDRESS))["state"] == "bounced"
    assert await mailroom.product.rows("SELECT 1 FROM suppressions") == []


async def test_the_address_behind_a_forward_is_not_ours_to_suppress(mailroom: Mailroom) -> None:
    await mailroom.invite()
    await mailroom.deliver()
    message = await mailroom.message(recipient=ADDRESS)
    await mailroom.report(dsn(message["message_id"], recipient="camille@ailleurs.example"))
    assert (await mailroom.message(recipient=ADDRESS))["state"] == "bounced"
    assert await mailroom.product.rows("SELECT 1 FROM suppressions") == []


async def test_reports_about_nothing_are_accepted_and_change_nothing(mailroom: Mailroom) -> None:
    await mailroom.invite()
    await mailroom.deliver()
    message = await mailroom.message(recipient=ADDRESS)
    unknown = f"{new_id().hex}@relance.example"
    other_domain = message["message_id"].replace("relance.example", "evil.example")
    for raw in (dsn(unknown), dsn(other_domain), b"", b"\x00" * 5000, b"hello"):
        assert (await mailroom.report(raw)).status_code == 202
    assert (await mailroom.message(recipient=ADDRESS)) == message


async def test_who_may_post(mailroom: Mailroom) -> None:
    for secret in (None, "", "wrong", SECRET + " "):
        refused = await mailroom.report(dsn("x"), secret)
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
    refused = await mailroom.report(b"{}", media="application/json")
    assert (refused.status_code, refused.json()["code"]) == (415, "unsupported_media_type")
    refused = await mailroom.report(b"x" * 10_000_000)
    assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")
    runtime = mailroom.product.runtime
    runtime.settings = with_settings(runtime.settings, reports_secret=None)
    for secret in (None, "", "None", SECRET):
        assert (await mailroom.report(dsn("x"), secret)).status_code == 401


async def test_a_folder_of_reports(mailroom: Mailroom, tmp_path: Path) -> None:
    for name in ("new", "cur", "tmp"):
        (tmp_path / name).mkdir()
    await mailroom.invite()
    await mailroom.deliver()
    message = await mailroom.message(recipient=ADDRESS)
    (tmp_path / "new" / "1.report").write_bytes(dsn(message["message_id"]))
    (tmp_path / "new" / "2.noise").write_bytes(b"\xff" * 2_000_000)
    runtime = mailroom.product.runtime
    mailbox = ReportMailbox(runtime, mail_subjects(runtime), tmp_path)
    assert await mailbox.sweep() == 2
    assert (await mailroom.message(recipient=ADDRESS))["state"] == "bounced"
    assert list((tmp_path / "new").iterdir()) == []
    assert sorted(path.name for path in (tmp_path / "cur").iterdir()) == ["1.report:2,S", "2.noise:2,S"]
    assert await mailbox.sweep() == 0


async def test_a_folder_that_is_not_there(mailroom: Mailroom, tmp_path: Path) -> None:
    runtime = mailroom.product.runtime
    assert await ReportMailbox(runtime, mail_subjects(runtime), tmp_path / "gone").sweep() == 0
