"""Users: invited, reminded, over, asked again, joined, and sent away."""

from tests.identity.test_user_invitations import EMAIL, accept, invite
from tests.plugins.product import Office, Product


async def tour(product: Product, office: Office) -> None:
    """Every transition of users and of their invitations."""
    admin = office.admin
    user, link = await invite(product, office)
    path = f"/v1/users/{user['id']}"
    await product.advance(admin, "P2D")
    assert (await admin.post(f"{path}/resend")).status_code == 200
    await product.advance(admin, "P30D")
    assert (await admin.post(f"{path}/resend")).status_code == 200
    await product.work()
    assert (await accept(product, link)).status_code == 200
    for action in ("deactivate", "reactivate"):
        assert (await admin.post(f"{path}/{action}")).status_code == 200
    other = await admin.post("/v1/users", {"email": f"autre-{EMAIL}", "name": "Inès Roy"})
    assert other.status_code == 201, other.text
    assert (await admin.post(f"/v1/users/{other.json()['id']}/deactivate")).status_code == 200
