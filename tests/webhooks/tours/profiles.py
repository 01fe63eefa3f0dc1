"""A profile on its way to contacts, through its whole life."""

from datetime import timedelta

from tests.crm.toolbox import BASE, ok, open_customers
from tests.messages.conftest import dsn, open_mailroom
from tests.plugins.product import Office, Product


async def tour(product: Product, office: Office) -> None:
    """Every transition of the recipients of sendings."""
    crm, member = await open_customers(product, office), office.member
    profile = ok(await member.post(f"{BASE}/profiles", {"kind": "offer", "title": "Audit"}), 201)["id"]

    async def send(*contacts: str, days: int = 0) -> str:
        at = (product.runtime.clock.now() + timedelta(days=days)).isoformat()
        body = {"targets": crm.contacts(*contacts), "profile_ids": [profile], **({"at": at} if days else {})}
        return str((await crm.run(member, "profile-sendings", body))["sending_id"])

    cancelled = f"{BASE}/profile-sendings/{await send(crm.camille, days=2)}"
    at = (product.runtime.clock.now() + timedelta(days=3)).isoformat()
    ok(await member.post(f"{cancelled}/reschedule", {"at": at}))
    ok(await member.post(f"{cancelled}/cancel"))
    await send(crm.paul, crm.ines, days=1)
    ok(await office.admin.ask("PATCH", f"/v1/contacts/{crm.paul}", json={"active": False}))
    await product.advance(office.admin, "P2D")
    async with open_mailroom(product, office) as mailroom:
        message = await mailroom.message(recipient="ines.petit@client.example")
        bounced = dsn(message["message_id"], action="failed", recipient="ines.petit@client.example")
        assert (await mailroom.report(bounced)).status_code == 202
