"""A worker that dies between the hand-off and the answer: the sandbox's catcher is asked what it took."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from tests.journeys.test_first_path import EMAIL, invite
from tests.plugins.product import Office, Product

from relance.capabilities.sandbox.settling import CaughtMails
from relance.wiring import mail_subjects

LOST = "UPDATE messages SET state = 'uncertain', sent_at = NULL, handoff_at = :at, reason = 'lease_lost_after_handoff'"


async def make_uncertain(product: Product, seconds: int) -> None:
    async with product.runtime.db.transaction(None) as session:
        at = datetime.now(UTC) - timedelta(seconds=seconds)
        await session.execute(text(LOST), {"at": at})
        await session.execute(text("UPDATE invitations SET status = 'queued', last_sent_at = NULL, expires_at = NULL"))
        await session.execute(text("DELETE FROM follow_ups"))


async def test_what_the_catcher_has_is_sent(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    await make_uncertain(product, 60)
    assert await CaughtMails(product.runtime, mail_subjects(product.runtime)).sweep() == 1
    await product.work()
    assert len(await product.mails(office.member, EMAIL)) == 1
    found = (await office.member.get(f"/v1/invitations/{invitation['id']}")).json()
    assert (found["status"], found["next_messages"][0]["kind"]) == ("sent", "reminder")


async def test_what_the_catcher_never_got_is_sent_again(product: Product, office: Office) -> None:
    await invite(product, office)
    await make_uncertain(product, 60)
    async with product.runtime.db.transaction(None) as session:
        await session.execute(text("DELETE FROM captured_mails"))
    assert await CaughtMails(product.runtime, mail_subjects(product.runtime)).sweep() == 1
    await product.work()
    assert len(await product.mails(office.member, EMAIL)) == 1
    assert [row["state"] for row in await product.rows("SELECT state FROM messages")] == ["sent"]


async def test_a_conversation_that_may_still_be_under_way_is_left(product: Product, office: Office) -> None:
    await invite(product, office)
    await make_uncertain(product, 1)
    assert await CaughtMails(product.runtime, mail_subjects(product.runtime)).sweep() == 0
    assert [row["state"] for row in await product.rows("SELECT state FROM messages")] == ["uncertain"]
