"""Mails that people and reports settle: nobody knows, taken as sent, sent again, confirmed, bounced, withdrawn."""

from tests.messages.conftest import Mailroom, dsn, open_mailroom
from tests.messaging.relay import ACCEPT_AND_DROP, always
from tests.plugins.product import Office, Product

SIRENS = ("552100554", "443061841", "542065479", "552081317")


async def tour(product: Product, office: Office) -> None:
    """Every transition of a mail that is not the worker's everyday."""
    async with open_mailroom(product, office) as mailroom:
        mailroom.relay.rule = always("dot", ACCEPT_AND_DROP)
        again, taken, confirmed = [await _uncertain(mailroom, number) for number in range(3)]
        assert (await mailroom.act(await mailroom.message(recipient=again), "resend")).status_code == 200
        assert (await mailroom.act(await mailroom.message(recipient=again), "cancel")).status_code == 200
        assert (await mailroom.act(await mailroom.message(recipient=taken), "mark-sent")).status_code == 200
        for recipient, action in ((confirmed, "relayed"), (taken, "failed")):
            message = await mailroom.message(recipient=recipient)
            report = dsn(message["message_id"], action=action, recipient=recipient)
            assert (await mailroom.report(report)).status_code == 202


async def _uncertain(mailroom: Mailroom, number: int) -> str:
    recipient = f"p{number}@partenaire.example"
    await mailroom.invite(recipient, SIRENS[number])
    await mailroom.deliver()
    assert (await mailroom.message(recipient=recipient))["state"] == "uncertain"
    return recipient
