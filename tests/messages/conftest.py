"""The whole product, its worker talking to a relay that tests command."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from tests.messaging.relay import Relay
from tests.plugins.product import Office, Product

from relance.capabilities.messaging.deliverer import Deliverer
from relance.core.settings import Settings
from relance.wiring import MAILS, mail_subjects

SECRET = "the secret of the reports"
TOKEN = "the token of the metrics"
ADDRESS = "achats@partenaire.example"


@dataclass
class Mailroom:
    """Sends through the commanded relay, and asks the API about it."""

    product: Product
    office: Office
    relay: Relay
    deliverer: Deliverer

    async def invite(self, email: str = ADDRESS, siren: str = "732829320") -> str:
        """Ask for an invitation, without delivering it; its id."""
        created = await self.office.member.post(
            "/v1/invitations",
            {
                "issuing_organisation_id": str(self.office.organisation_id),
                "email": email,
                "partner": {"name": "Fonderie Martin", "local_id": {"scheme": "siren", "value": siren}},
            },
        )
        assert created.status_code == 201, created.text
        return str(created.json()["id"])

    async def deliver(self) -> None:
        """What a worker does: follow-ups, then mails."""
        await self.product.sweeper.sweep()
        await self.unpause()
        await self.deliverer.sweep()

    async def unpause(self) -> None:
        """End the pauses of the lanes, as time would."""
        async with self.product.runtime.db.engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE delivery_lanes SET paused_until = NULL, slow_until = NULL")

    async def message(self, **filters: str) -> dict[str, Any]:
        """The one mail that fits, in full."""
        listed = await self.office.admin.get("/v1/messages", params=filters)
        assert listed.status_code == 200, listed.text
        (found,) = listed.json()["items"]
        shown = await self.office.admin.get(f"/v1/messages/{found['id']}")
        assert shown.status_code == 200, shown.text
        assert shown.headers["etag"] == f'"{shown.json()["version"]}"'
        body: dict[str, Any] = shown.json()
        return body

    async def invitation(self, id_: str) -> dict[str, Any]:
        """An invitation as its dashboard shows it."""
        body: dict[str, Any] = (await self.office.member.get(f"/v1/invitations/{id_}")).json()
        return body

    async def act(self, message: dict[str, Any], action: str, json: object = None, **headers: str) -> httpx.Response:
        """Act on a mail as an administrator."""
        return await self.office.admin.post(f"/v1/messages/{message['id']}/{action}", json, headers=headers)

    async def report(self, raw: bytes, secret: str | None = SECRET, media: str = "message/rfc822") -> httpx.Response:
        """Post a delivery report."""
        headers = {"Content-Type": media} | ({"X-Relance-Reports-Secret": secret} if secret is not None else {})
        return await self.product.client.post("/v1/messages/delivery-reports", content=raw, headers=headers)


@asynccontextmanager
async def open_mailroom(product: Product, office: Office) -> AsyncIterator[Mailroom]:
    """A workspace whose mails go to a relay under command; reports and metrics are switched on."""
    relay = Relay()
    await relay.start()
    runtime, usual = product.runtime, product.runtime.settings
    runtime.settings = with_settings(usual, reports_secret=SECRET, metrics_token=TOKEN)
    own = replace(runtime, settings=with_settings(usual, smtp_url=relay.url, smtp_timeout_seconds=1.0))
    deliverer = Deliverer(own, mail_subjects(own), MAILS)
    try:
        yield Mailroom(product, office, relay, deliverer)
    finally:
        relay.released.set()
        runtime.settings = usual
        await deliverer.close(2)
        await relay.stop()


@pytest.fixture
async def mailroom(product: Product, office: Office) -> AsyncIterator[Mailroom]:
    """See `open_mailroom`."""
    async with open_mailroom(product, office) as opened:
        yield opened


def with_settings(settings: Settings, **values: object) -> Settings:
    """`settings` with some of them changed."""
    return settings.model_copy(update=values)


def dsn(
    message_id: str,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    recipient: str = ADDRESS,
    diagnostic: str = "smtp; 550 5.1.1 <achats@partenaire.example>: Recipient address rejected",
) -> bytes:
    """A delivery status notification as Postfix writes it."""
    return f"""Return-Path: <>
From: MAILER-DAEMON@relay.example (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: no-reply@relance.example
Auto-Submitted: auto-replied
MIME-Version: 1.0
Message-Id: <20261123090003.5F1A2@relay.example>
Content-Type: multipart/report; report-type=delivery-status; boundary="b/relay"

--b/relay
Content-Type: text/plain; charset=us-ascii

This is the mail system at host relay.example.

--b/relay
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example
Arrival-Date: Mon, 23 Nov 2026 10:00:02 +0100 (CET)

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{recipient}
Action: {action}
Status: {status}
Diagnostic-Code: {diagnostic}

--b/relay
Content-Type: message/rfc822

From: Relance <no-reply@relance.example>
Message-ID: <{message_id}>
Subject: =?utf-8?b?w6k=?=
Content-Type: multipart/alternative; boundary="inner"

--inner
Content-Type: text/plain

Bonjour
--inner--

--b/relay--
""".replace("\n", "\r\n").encode()
