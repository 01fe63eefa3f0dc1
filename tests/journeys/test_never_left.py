"""Mails that wait in the queue until it is too late: what each subject becomes, who is told, how it goes on."""

from typing import Any

import pytest
from sqlalchemy import text
from tests.journeys.test_mandates import EMAIL as CONTACT
from tests.journeys.test_mandates import open_mandate, read
from tests.plugins.product import Office, Product

PARTNER, USER = "achats@martin.example", "lea.petit@vasseur.example"


async def invite(office: Office) -> str:
    """An invitation, not delivered; its address."""
    made = await office.member.post(
        "/v1/invitations",
        {
            "issuing_organisation_id": str(office.organisation_id),
            "email": PARTNER,
            "partner": {"name": "Fonderie Martin", "local_id": {"scheme": "siren", "value": "732829320"}},
        },
    )
    assert made.status_code == 201, made.text
    return f"/v1/invitations/{made.json()['id']}"


async def messages(product: Product, key: str) -> list[tuple[str, str | None, int]]:
    """State, reason and attempts of each mail of a kind."""
    rows = await product.rows("SELECT state, reason, attempts FROM messages WHERE mail_key = :key ORDER BY id", key=key)
    return [(row["state"], row["reason"], row["attempts"]) for row in rows]


async def actions(product: Product, kind: str) -> list[tuple[str, Any, Any]]:
    """What the journal says of a kind of subject, oldest first."""
    rows = await product.rows(
        "SELECT action, before->>'status' AS before, after->>'status' AS after FROM journal_entries "
        "WHERE subject_kind = :kind ORDER BY id",
        kind=kind,
    )
    return [(row["action"], row["before"], row["after"]) for row in rows]


async def test_an_invitation_that_never_left_is_over_and_its_requester_told(product: Product, office: Office) -> None:
    path, member = await invite(office), office.member
    await product.advance(office.admin, "P30DT1M")
    shown = (await member.get(path)).json()
    assert (shown["status"], shown["status_label"]) == ("expired", "Expirée")
    assert (shown["delivery"], shown["delivery_label"]) == ("not_sent", "Message non parti")
    assert (shown["last_sent_at"], shown["reminders_count"], shown["no_message_reason"]["code"]) == (None, 0, "expired")
    assert await messages(product, "invitations.invitation") == [("cancelled", "expired", 0)]
    assert await actions(product, "invitation") == [
        ("invitation.created", None, "queued"),
        ("invitation.expired", "queued", "expired"),
    ]
    assert await product.mails(office.admin, PARTNER) == [], "nobody is told of the end of what they never heard of"
    (told,) = await product.mails(office.admin, member.email)
    assert told["subject"] == "Fonderie Martin : l’invitation n’est pas partie"
    assert "Il n’a pas pu partir avant sa date limite." in told["text"]
    assert "Renvoyez-la depuis le tableau de bord." in told["text"]
    assert "injoignable" not in told["html"]
    await product.advance(office.admin, "P40D")
    assert len(await product.mails(office.admin, member.email)) == 1

    # Nothing is known against the address: it is asked again, and a cycle like any other begins.
    renewed = await member.post(f"{path}/renew")
    assert (renewed.status_code, renewed.json()["delivery"]) == (200, None), renewed.text
    await product.work()
    shown = (await member.get(path)).json()
    assert (shown["status"], shown["delivery"], shown["next_messages"][0]["kind"]) == ("sent", None, "reminder")
    assert len(await product.mails(office.admin, PARTNER)) == 1


async def test_a_renewal_that_never_left_and_a_reminder_that_never_left(product: Product, office: Office) -> None:
    path, member = await invite(office), office.member
    await product.work()
    # A reminder waits from the seventh day to the thirtieth: the expiry says all there is to say.
    await office.admin.post("/v1/test-clock/advance", {"by": "P7DT1H"})
    await product.runtime.tick()
    await product.sweeper.sweep()
    await product.advance(office.admin, "P24D")
    assert await messages(product, "invitations.reminder") == [("cancelled", "expired", 0)]
    shown = (await member.get(path)).json()
    assert (shown["status"], shown["delivery"]) == ("expired", None)
    assert (await product.mails(office.admin, PARTNER))[0]["subject"].startswith("L’invitation")
    assert await product.mails(office.admin, member.email) == []

    assert (await member.post(f"{path}/renew")).status_code == 200
    await product.advance(office.admin, "P30DT1M")
    shown = (await member.get(path)).json()
    assert (shown["status"], shown["delivery"]) == ("expired", "not_sent")
    assert len(await product.mails(office.admin, member.email)) == 1
    assert len(await product.mails(office.admin, PARTNER)) == 2


async def test_what_was_answered_or_cancelled_meanwhile_is_left_as_it_is(product: Product, office: Office) -> None:
    path = await invite(office)
    assert (await office.member.post(f"{path}/cancel")).status_code == 200
    # As if a worker had held the mail at that moment, and given it back.
    async with product.runtime.db.transaction(None) as session:
        await session.execute(text("UPDATE messages SET state = 'queued', reason = NULL"))
    await product.advance(office.admin, "P31D")
    shown = (await office.member.get(path)).json()
    assert (shown["status"], shown["delivery"]) == ("cancelled", None)
    assert await product.mails(office.admin, office.member.email) == []


@pytest.mark.parametrize("further", [False, True])
async def test_a_mandate_that_never_left(product: Product, office: Office, further: bool) -> None:
    mandate = await open_mandate(office)
    if further:
        await product.work()
        added = await office.admin.post(
            f"/v1/mandates/{mandate['id']}/contacts",
            {"first_name": "Paul", "last_name": "Martin", "email": "paul@martin.example"},
        )
        assert added.status_code == 201, added.text
    await product.advance(office.admin, "P30DT1M")
    kind, address = ("mandate_contact", "paul@martin.example") if further else ("mandate", CONTACT)
    assert (await messages(product, "mandates.invite"))[-1] == ("cancelled", "expired", 0)
    assert (f"{kind}.expired", "invited", "invitation_expired") in await actions(product, kind)
    assert await product.mails(office.admin, address) == []
    told = [mail["subject"] for mail in await product.mails(office.admin, office.member.email)]
    assert "L’invitation de Boulangerie Martin n’est pas partie" in told
    if not further:
        shown = await read(office.admin, mandate)
        assert (shown["status"], shown["delivery"]) == ("invitation_expired", "not_sent")
        assert (await office.admin.post(f"/v1/mandates/{mandate['id']}/renew")).status_code == 200
        await product.work()
        assert (await read(office.admin, mandate))["delivery"] is None
        assert len(await product.mails(office.admin, address)) == 1


async def test_an_account_that_never_left(product: Product, office: Office) -> None:
    made = await office.admin.post("/v1/users", {"email": USER, "name": "Léa Petit"})
    assert made.status_code == 201, made.text
    await product.advance(office.admin, "P30DT1M")
    shown = (await office.admin.get(f"/v1/users/{made.json()['id']}")).json()["invitation"]
    assert (shown["status"], shown["undeliverable"]) == ("expired", False)
    assert await messages(product, "identity.invitation") == [("cancelled", "expired", 0)]
    assert await product.mails(office.admin, USER) == []
    assert (await office.admin.post(f"/v1/users/{made.json()['id']}/resend")).status_code == 200
    await product.work()
    shown = (await office.admin.get(f"/v1/users/{made.json()['id']}")).json()["invitation"]
    assert shown["status"] == "sent"
    assert len(await product.mails(office.admin, USER)) == 1
