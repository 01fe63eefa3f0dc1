"""An answer, a reminder and an expiry at the same moment; an outage of seven days, and one past thirty."""

import asyncio
import random
from typing import Any

import pytest
from tests.plugins.product import Office, Product

from relance.capabilities.followups.models import FollowUpPolicy
from relance.capabilities.followups.sweeper import Sweeper
from relance.wiring import follow_up_handlers

JSON = {"Accept": "application/json"}
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
SIRENS = ("732829320", "552100554", "443061841", "542065479", "552081317", "572015246")


async def invite_all(product: Product, office: Office) -> dict[str, str]:
    """One invitation for each of SIRENS, delivered: links by address."""
    links: dict[str, str] = {}
    for number, siren in enumerate(SIRENS):
        email = f"achats{number}@partenaire.example"
        created = await office.member.post(
            "/v1/invitations",
            {
                "issuing_organisation_id": str(office.organisation_id),
                "email": email,
                "partner": {"name": f"Atelier {number}", "local_id": {"scheme": "siren", "value": siren}},
            },
        )
        assert created.status_code == 201, created.text
        links[email] = ""
    await product.work()
    for email in links:
        (mail,) = await product.mails(office.admin, email)
        links[email] = mail["links"][0].removeprefix("http://relance.example")
    return links


async def three_reminders(product: Product, office: Office) -> None:
    """A policy of several reminders."""
    async with product.runtime.db.transaction(office.workspace_id) as session:
        policy = FollowUpPolicy(
            workspace_id=office.workspace_id,
            domain="invitations",
            reminders=["P2D", "P4D", "P6D"],
            expires_after="P30D",
        )
        session.add(policy)


async def jump(product: Product, office: Office, by: str) -> None:
    """Move the clock, and let nobody work yet."""
    moved = await office.admin.post("/v1/test-clock/advance", {"by": by})
    assert moved.status_code == 200, moved.text
    await product.runtime.tick()


async def race(product: Product, links: dict[str, str], seed: int) -> dict[str, int]:
    """Answer every link while two sweepers and the deliverer work: status codes by address."""
    dice = random.Random(seed)
    other = Sweeper(product.runtime, follow_up_handlers(product.runtime))

    async def answer(email: str, link: str) -> tuple[str, int]:
        await asyncio.sleep(dice.random() * 0.05)
        given = await product.client.post(f"{link}/submit", json={"version": 1, "answers": ANSWERS}, headers=JSON)
        return email, given.status_code

    async def deliver() -> None:
        for _ in range(4):
            await asyncio.sleep(0.01)
            await product.deliverer.sweep()

    answers = asyncio.gather(*(answer(*one) for one in links.items()))
    await asyncio.gather(answers, product.sweeper.sweep(), other.sweep(), deliver())
    await product.work()
    return dict(answers.result())


@pytest.mark.parametrize("seed", [1, 2])
async def test_an_answer_against_a_reminder(product: Product, office: Office, seed: int) -> None:
    links = await invite_all(product, office)
    await jump(product, office, "P7DT1H")
    assert set((await race(product, links, seed)).values()) == {200}
    rows = await product.rows("SELECT status, email FROM invitations")
    assert {row["status"] for row in rows} == {"closed"}
    reminders = await product.rows(
        "SELECT recipient, state FROM messages WHERE mail_key = 'invitations.reminder' ORDER BY recipient"
    )
    assert {row["state"] for row in reminders} <= {"sent", "cancelled"}
    arrived = {email: len(await product.mails(office.admin, email)) - 1 for email in links}
    sent = [row["recipient"] for row in reminders if row["state"] == "sent"]
    assert arrived == {email: sent.count(email) for email in links}
    await product.advance(office.admin, "P20D")
    assert {email: len(await product.mails(office.admin, email)) - 1 for email in links} == arrived


@pytest.mark.parametrize("seed", [3, 4])
async def test_an_answer_against_the_expiry(product: Product, office: Office, seed: int) -> None:
    links = await invite_all(product, office)
    await product.advance(office.admin, "P29DT23H59M50S")
    before = {email: len(await product.mails(office.admin, email)) for email in links}
    await jump(product, office, "PT11S")
    answered = await race(product, links, seed)
    for row in await product.rows("SELECT status, email FROM invitations"):
        told = len(await product.mails(office.admin, row["email"])) - before[row["email"]]
        # Either the answer won and nobody is told of an end, or the expiry won and the answer was refused.
        assert (row["status"], answered[row["email"]], told) in {("closed", 200, 0), ("expired", 410, 1)}


async def test_an_outage_of_seven_days_yields_one_reminder(product: Product, office: Office) -> None:
    await three_reminders(product, office)
    links = await invite_all(product, office)
    await product.advance(office.admin, "P7D")
    for email in links:
        assert len(await product.mails(office.admin, email)) == 2, "one reminder, not three"
    states = await product.rows(
        "SELECT ordinal, state, count(*) AS number FROM follow_ups WHERE kind = 'reminder' GROUP BY 1, 2 ORDER BY 1"
    )
    assert [(row["ordinal"], row["state"], row["number"]) for row in states] == [
        (1, "collapsed", len(links)),
        (2, "collapsed", len(links)),
        (3, "done", len(links)),
    ]


async def test_an_outage_past_thirty_days_yields_only_the_expiry(product: Product, office: Office) -> None:
    await three_reminders(product, office)
    links = await invite_all(product, office)
    await product.advance(office.admin, "P31D")
    for email in links:
        last, _first = await product.mails(office.admin, email)
        assert "expir" in last["text"]
    states = await product.rows("SELECT DISTINCT kind, state FROM follow_ups ORDER BY 1")
    assert [(row["kind"], row["state"]) for row in states] == [("expiry", "done"), ("reminder", "collapsed")]
