"""A receiver, and an endpoint that leads to it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.plugins.product import Office, Product
from tests.webhooks.receiver import Receiver


@dataclass
class Line:
    """An endpoint of the office, and who listens at it."""

    product: Product
    office: Office
    receiver: Receiver
    endpoint: dict[str, Any]

    @property
    def path(self) -> str:
        """The endpoint's address in the API."""
        return f"/v1/webhook-endpoints/{self.endpoint['id']}"

    async def invite(self, number: int = 0) -> str:
        """A new invitation: its id."""
        asked = {
            "issuing_organisation_id": str(self.office.organisation_id),
            "email": f"achats{number}@partenaire.example",
            "partner": {"name": "Fonderie Martin", "local_id": {"scheme": "siren", "value": "732829320"}},
        }
        answer = await self.office.admin.post("/v1/invitations", asked)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def deliver(self) -> None:
        """What a worker does when its bells ring."""
        await self.product.sequencer.sweep()
        await self.product.webhooks.sweep()

    async def deliveries(self, **params: Any) -> list[dict[str, Any]]:
        """The log, oldest first."""
        answer = await self.office.admin.get("/v1/webhook-deliveries", params={"sort": "created_at", **params})
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def events(self, **params: Any) -> list[dict[str, Any]]:
        """The feed."""
        answer = await self.office.admin.get("/v1/events", params={"limit": 200, **params})
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A partner's server."""
    made = Receiver()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def line(product: Product, office: Office, receiver: Receiver) -> Line:
    """An endpoint that gets every event."""
    answer = await office.admin.post("/v1/webhook-endpoints", {"url": receiver.url, "description": "ERP"})
    assert answer.status_code == 201, answer.text
    endpoint = answer.json()
    receiver.secrets = [endpoint.pop("secret")]
    return Line(product, office, receiver, endpoint)
