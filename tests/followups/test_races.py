"""An answer against an expiry, in real transactions that overlap: the row lock decides, and nobody waits for long."""

import asyncio
from datetime import timedelta

from tests.journeys.test_first_path import ANSWERS, EMAIL, invite, submit
from tests.plugins.product import Office, Product

from relance.capabilities.followups.handlers import Done
from relance.capabilities.followups.models import FollowUpKind
from relance.capabilities.followups.sweeping.repository import SweepRepository
from relance.capabilities.links.service import find_link
from relance.capabilities.links.tokens import LinkTokens
from relance.core.i18n import DEFAULT_LOCALE
from relance.domains.invitations.asked import KIND
from relance.domains.invitations.followups import InvitationFollowUps
from relance.domains.invitations.recipient import InvitationRecipient


async def _expiry(product: Product) -> dict[str, object]:
    (row,) = await product.rows(
        "SELECT state, reason FROM follow_ups WHERE kind = 'expiry' AND subject_kind = :k", k=KIND
    )
    return row


async def test_an_answer_under_way_wins_over_the_expiry_that_falls_due(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    token = invitation["link"].removeprefix("/r/")
    recipient = InvitationRecipient(product.runtime)
    async with product.runtime.db.transaction(None) as session:
        link = await find_link(session, LinkTokens(product.runtime.keys), token)
        answer = {"version": 1, "answers": ANSWERS}
        await recipient.answer(session, link, "submit", answer, DEFAULT_LOCALE)
        # Not committed yet, and the deadline passes; the sweep must not wait for the answer, nor overrule it.
        async with asyncio.timeout(10):
            await product.advance(office.admin, "P31D")
        assert (await _expiry(product))["state"] == "pending"
    await product.work()
    assert await _expiry(product) == {"state": "cancelled", "reason": "answered"}
    shown = (await office.member.get(f"/v1/invitations/{invitation['id']}")).json()
    assert (shown["status"], shown["form_status"]) == ("closed", "completed")
    assert len(await product.mails(office.admin, EMAIL)) == 1, "no word of an expiry"


async def test_an_answer_after_an_expiry_under_way_is_told_so(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    # The worker is away while the deadline passes.
    moved = await office.admin.post("/v1/test-clock/advance", {"by": "P31D"})
    assert moved.status_code == 200
    await product.runtime.tick()
    handler = InvitationFollowUps(product.runtime)
    async with product.runtime.db.transaction(None) as session:
        rows, now = SweepRepository(session), product.runtime.clock.now()
        claimed = await rows.claim_due(now, now - timedelta(days=60), 10, [KIND])
        keys = {(row.workspace_id, row.subject_kind, row.subject_id) for row in claimed}
        siblings = await rows.due_siblings(keys, now)
        due = [row for row in siblings if row.kind == FollowUpKind.EXPIRY]
        session.enter_workspace(office.workspace_id)
        outcomes = await handler.follow_up(session, due)
        assert list(outcomes.values()) == [Done()]
        late = asyncio.create_task(submit(product.client, invitation["link"]))
        done, _ = await asyncio.wait({late}, timeout=0.3)
        assert not done, "the answer waits for the lock of its subject"
        await rows.settle(due, outcomes, now)
    refused = await late
    assert (refused.status_code, refused.json()["code"]) == (410, "link_expired")
    shown = (await office.member.get(f"/v1/invitations/{invitation['id']}")).json()
    assert (shown["status"], shown["form_status"]) == ("expired", "to_complete")


async def test_an_answer_in_time_wins_however_late_the_sweep_comes(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    moved = await office.admin.post("/v1/test-clock/advance", {"by": "P29DT23H59M"})
    assert moved.status_code == 200
    assert (await submit(product.client, invitation["link"])).status_code == 200
    await product.advance(office.admin, "P3D")
    assert await _expiry(product) == {"state": "cancelled", "reason": "answered"}
    assert len(await product.mails(office.admin, EMAIL)) == 1


async def test_many_answers_and_sweeps_at_once(product: Product, office: Office) -> None:
    sirens = ("732829320", "552100554", "443061841", "542065479")
    links = [
        (await invite(product, office, f"p{number}@partenaire.example", siren))["link"]
        for number, siren in enumerate(sirens)
    ]
    moved = await office.admin.post("/v1/test-clock/advance", {"by": "P7DT1H"})
    assert moved.status_code == 200
    answering = asyncio.gather(*(submit(product.client, link) for link in links))
    await asyncio.gather(*(product.work() for _ in range(3)))
    answers = await answering
    assert [answer.status_code for answer in answers] == [200] * 4
    await product.work()
    states = await product.rows("SELECT status, count(*) AS count FROM invitations GROUP BY 1")
    assert states == [{"status": "closed", "count": 4}]
    left = await product.rows(
        "SELECT 1 FROM follow_ups WHERE subject_kind = :k AND state IN ('pending', 'suspended')", k=KIND
    )
    assert left == []
    assert len(await product.mails(office.admin, office.member.email)) == 4
