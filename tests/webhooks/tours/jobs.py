"""Long work: done, cancelled, and given up when its file is lost."""

from tests.jobs.test_runner import free_now
from tests.plugins.product import Office, Product

from relance.capabilities.jobs.runner import MOST_ATTEMPTS

ROWS = "Raison sociale;Identifiant local;E-mail sollicité\r\nMenuiserie Roux;443061841;roux@partenaire.example"


async def tour(product: Product, office: Office) -> None:
    """Every transition of jobs."""
    admin = office.admin
    withdrawn = await admin.post("/v1/invitations/exports", {"format": "csv"})
    assert (await admin.post(f"{withdrawn.headers['Location']}/cancel")).status_code == 200
    assert (await admin.post("/v1/invitations/exports", {"format": "csv"})).status_code == 202
    await product.work()
    lost = await admin.ask(
        "POST",
        "/v1/invitations/imports",
        files={"file": ("partenaires.csv", ROWS.encode())},
        data={"issuing_organisation_id": str(office.organisation_id)},
    )
    assert lost.status_code == 202, lost.text
    for row in await product.rows("SELECT workspace_id, id FROM files WHERE name = 'partenaires.csv'"):
        await product.app.state.file_store.delete(row["workspace_id"], row["id"])
    for _ in range(MOST_ATTEMPTS):
        await product.runner.sweep()
        await free_now(product)
    assert (await admin.get(lost.headers["Location"])).json()["state"] == "failed"
