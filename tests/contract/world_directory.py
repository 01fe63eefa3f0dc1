"""What the directory's own settings hold in the workspaces of the tests over all operations."""

from tests.plugins.product import Office, Product


async def populate(product: Product, office: Office, ids: dict[str, str]) -> None:
    """Two statuses, own fields, and two saved views; a contact that has them, and what may be deleted."""
    admin = office.admin
    for code in ("prospect", "client"):
        body = {"code": code, "label_fr": code.title(), "label_en": code.title(), "position": 1}
        made = await admin.post("/v1/contact-statuses", body)
        assert made.status_code == 201, made.text
        ids["contact_statuses"] = made.json()["id"]
        view = {"record": "contacts", "name": f"Mes {code}s", "filters": {"status": [code]}}
        made = await admin.post("/v1/saved-views", view)
        assert made.status_code == 201, made.text
        ids["saved_views"] = made.json()["id"]
    schema = {"type": "object", "properties": {"sector": {"type": "string"}}}
    put = await admin.ask("PUT", "/v1/custom-fields/contacts", json={"json_schema": schema})
    assert put.status_code == 200, put.text
    fields = {"status": "prospect", "custom_fields": {"sector": "metal"}, "assigned_to": str(office.member.id)}
    changed = await admin.ask("PATCH", f"/v1/contacts/{ids['contacts']}", json=fields)
    assert changed.status_code == 200, changed.text
