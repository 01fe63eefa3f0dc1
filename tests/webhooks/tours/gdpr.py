"""Consents, through their whole life."""

from tests.gdpr.consenting import answer, asked, change, contact, switched_on
from tests.gdpr.person import made
from tests.plugins.product import Office, Product


async def tour(product: Product, office: Office) -> None:
    """Every transition of a consent."""
    await switched_on(office)
    one = await contact(office, "camille@essai.example")
    link = await asked(product, office, one)
    for name, version in (("refuse", 1), ("accept", 2), ("withdraw", 3)):
        assert (await answer(product, link, name, version)).status_code == 200
    made(await change(office.member, "accepted", one), 200)
    path = f"/v1/contacts/{one['id']}"
    made(await office.admin.post(f"{path}/consent/keep", {"justification": "Contrat en cours"}), 200)
    made(await change(office.member, "refused", one), 200)
    made(await office.admin.post(f"{path}/empty"), 200)
