"""What consents hold in the workspaces of the tests over all operations."""

from tests.gdpr.consenting import change, switched_on
from tests.gdpr.person import made
from tests.plugins.product import Office, Product


async def populate(product: Product, office: Office, ids: dict[str, str]) -> None:
    """Consents switched on; a contact that has accepted, so that an emptying is planned."""
    await switched_on(office)
    one = {"id": ids["contacts"]}
    made(await change(office.admin, "accepted", one, justification="Formulaire papier"), 200)
