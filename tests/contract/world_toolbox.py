"""What the toolbox and the infobox hold in the workspaces of the tests over all operations."""

from typing import Any

from tests.plugins.product import Office, Product

BASE = "/v1/crm-toolbox"


async def populate(product: Product, office: Office, ids: dict[str, str]) -> None:
    """Two of each list, and an entry to come that has comments; a shortcut."""
    admin = office.admin

    async def make(path: str, body: object) -> dict[str, Any]:
        answer = await admin.post(f"{BASE}/{path}", body)
        assert answer.status_code in {200, 201}, answer.text
        found: dict[str, Any] = answer.json()
        return found

    at = {"action_at": "2037-01-12T09:00:00Z"}
    note = {"targets": [{"contact_id": ids["contacts"]}], "participants": {"user_ids": [ids["users"], str(admin.id)]}}
    for words in ("<p>Premier contact</p>", "<p>Second contact</p>"):
        report = await make("notes", {**note, **at, "description": words})
        for comment in ("<p>Vu</p>", "<p>Fait</p>"):
            made = await make(f"infobox/{report['entry_id']}/comments", {"body": comment})
    ids["infobox_entries"], ids["infobox_comments"] = report["entry_id"], made["id"]
    schema = {"type": "object", "properties": {"need": {"type": "string"}, "budget": {"type": "integer"}}}
    for key in ("visite", "qualification"):
        body = {"key": key, "label_fr": key.title(), "label_en": key.title(), "json_schema": schema}
        ids["custom_action_types"] = (await make("custom-action-types", body))["id"]
        name = {"name": f"Liste {key}", "user_ids": [ids["users"]]}
        ids["distribution_lists"] = (await make("distribution-lists", name))["id"]
    for key in ("status", "note"):
        await make("shortcuts", {"key": key})
