"""Every transition of every lifecycle tells its event: each is driven through the product, and the feed is read."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from tests.plugins.product import Office, Product
from tests.webhooks.tours import accounts, avant_vente, gdpr, invitations, jobs, mandates, messages, profiles, sessions

Tour = Callable[[Product, Office], Awaitable[object]]

#: Which lifecycles each tour goes through whole. A new lifecycle needs a tour.
TOURS: Mapping[str, tuple[Tour, frozenset[str]]] = {
    "invitations": (invitations.tour, frozenset({"invitation"})),
    "mandates": (mandates.tour, frozenset({"mandate", "mandate_contact", "mandate_delivery"})),
    "sessions": (sessions.tour, frozenset({"session", "session_client"})),
    "avant_vente": (avant_vente.tour, frozenset({"avant_vente_request"})),
    "profiles": (profiles.tour, frozenset({"profile_recipient"})),
    "gdpr": (gdpr.tour, frozenset({"consent"})),
    "messages": (messages.tour, frozenset({"message"})),
    "jobs": (jobs.tour, frozenset({"job"})),
    "accounts": (accounts.tour, frozenset({"user", "user_invitation"})),
}


async def lifecycles(product: Product) -> dict[str, Any]:
    """As the API prints them, by kind."""
    return {one["kind"]: one for one in (await product.client.get("/v1/meta/lifecycles")).json()}


async def test_every_lifecycle_has_a_tour(product: Product) -> None:
    toured = [kind for _, kinds in TOURS.values() for kind in kinds]
    assert sorted(toured) == sorted(await lifecycles(product))


@pytest.mark.parametrize("name", TOURS)
async def test_every_transition_tells_its_event(product: Product, office: Office, name: str) -> None:
    tour, kinds = TOURS[name]
    await tour(product, office)
    await product.sequencer.sweep()
    told: set[str] = set()
    params: dict[str, Any] = {"limit": 200}
    while items := (await office.admin.get("/v1/events", params=params)).json()["items"]:
        told |= {one["type"] for one in items}
        params["after"] = items[-1]["id"]
    tables = await lifecycles(product)
    expected = {row["journal"] for kind in kinds for row in tables[kind]["transitions"]}
    assert expected - told == set()
