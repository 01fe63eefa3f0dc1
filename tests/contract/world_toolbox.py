"""What the infobox holds in the workspaces of the tests over all operations."""

from typing import Any

from tests.plugins.product import Office, Product

BASE = "/v1/crm-toolbox"


async def populate(product: Product, office: Office, ids: dict[str, str]) -> None:
    """Two notes, so that pages can be turned."""
    admin = office.admin

    async def run(path: str, body: object) -> dict[str, Any]:
        answer = await admin.post(f"{BASE}/{path}", body)
        assert answer.status_code in {200, 201}, answer.text
        found: dict[str, Any] = answer.json()
        return found

    note = {"targets": [{"contact_id": ids["contacts"]}], "participants": {"user_ids": [ids["users"]]}}
    for words in ("<p>Premier contact</p>", "<p>Second contact</p>"):
        report = await run("notes", {**note, "description": words})
    ids["infobox_entries"] = report["entry_id"]
