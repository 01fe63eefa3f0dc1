"""What the world has of pre-sales: two of each list, and a request whose slots can be answered."""

from datetime import timedelta
from typing import Any

from tests.plugins.product import Office, Product

from relance.capabilities.identity.service import create_user

BASE = "/v1/avant-vente"


async def populate(product: Product, office: Office, ids: dict[str, str]) -> None:
    """Made through the API by the administrator, who may do both sides."""
    admin = office.admin
    slug = admin.email.partition("@")[2]
    async with product.runtime.db.transaction(office.workspace_id) as session:
        await create_user(session, f"avant-vente@{slug}", f"Avant {slug}", role="pre_sales")

    async def make(path: str, body: object) -> dict[str, Any]:
        answer = await admin.post(path, body)
        assert answer.status_code in {200, 201, 202}, answer.text
        found: dict[str, Any] = answer.json()
        return found

    # The one organisation that every operation is asked with is a partner as well.
    organisation = f"/v1/organisations/{ids['organisations']}"
    assert (await admin.ask("PATCH", organisation, json={"kind": "partner"})).status_code == 200
    (kind, *_) = (await admin.get(f"{BASE}/intervention-types")).json()["items"]
    opportunity = {
        "partner_organisation_id": ids["organisations"],
        "company": {"id": ids["companies"]},
        "title": f"Opportunité {slug}",
    }
    # The key is the one by which the operations of every resource are asked.
    opportunity_id = (await make(f"{BASE}/opportunities", {**opportunity, "external_id": "F/00412 é"}))["id"]
    await make(f"{BASE}/opportunities", opportunity)
    now = product.runtime.clock.now()
    asked = {
        "description": "Démonstration",
        "intervention_type_id": kind["id"],
        "wanted_date": (now + timedelta(days=30)).date().isoformat(),
        "confirmed": True,
    }
    days = [(now + timedelta(days=day), now + timedelta(days=day, hours=1)) for day in (10, 11, 12)]
    slots = [{"starts_at": start.isoformat(), "ends_at": end.isoformat()} for start, end in days]
    for _ in range(2):
        request = await make(f"{BASE}/opportunities/{opportunity_id}/requests", asked)
        path = f"{BASE}/requests/{request['id']}"
        await make(f"{path}/submit", {"confirm": True})
        await make(f"{path}/accept", None)
        await make(f"{path}/ask-info", {"question": "Combien ?"})
        await make(f"{path}/answer-info", {"answer": "Trente"})
        proposed = await make(f"{path}/propose", {"slots": slots})
        for visibility in ("public", "internal"):
            await make(f"{path}/comments", {"body": "Entendu", "visibility": visibility})
    ids["opportunities"], ids["intervention_types"] = opportunity_id, kind["id"]
    ids["avant_vente_requests"], ids["avant_vente_slots"] = request["id"], proposed["slots"][0]["id"]
