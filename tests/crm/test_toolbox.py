"""The two levels of the toolbox, and actions of the workspace's own."""

from typing import Any

from tests.crm.toolbox import BASE, INFOBOX, ok, open_customers, problem
from tests.plugins.product import Office, Person, Product

TYPES = f"{BASE}/custom-action-types"
SCHEMA = {
    "type": "object",
    "properties": {
        "need": {"type": "string", "enum": ["erp", "crm"]},
        "budget": {"type": "integer", "minimum": 0},
        "on": {"type": "string", "format": "date"},
    },
    "required": ["need"],
}


def keys(toolbox: dict[str, Any], level: str) -> list[str]:
    return [one["key"] for one in toolbox[level]]


async def quick(person: Person) -> list[str]:
    return keys(ok(await person.get(BASE)), "quick_access")


async def test_shortcuts_hide_with_the_right(product: Product, office: Office) -> None:
    admin, member = office.admin, office.member
    toolbox = ok(await member.get(BASE, headers={"Accept-Language": "en"}))
    offered = keys(toolbox, "all_actions")
    assert {"note", "status", "assign", "assign_company", "activate", "add_contact"} <= set(offered)
    assert not {"delete", "import"} & set(offered)
    assert {"delete", "import"} <= set(keys(ok(await admin.get(BASE)), "all_actions"))
    note = next(one for one in toolbox["all_actions"] if one["key"] == "note")
    assert (note["path"], note["method"], note["several_targets"]) == (f"{BASE}/notes", "POST", True)
    assert {"targets", "description"} <= set(note["input_schema"]["required"])
    assert {one["label"] for one in toolbox["all_actions"]} >= {"Status", "Assign (Company)"}

    arranged = ok(await member.ask("PUT", f"{BASE}/shortcuts", json={"keys": ["note", "status", "note", "assign"]}))
    assert keys(arranged, "quick_access") == ["note", "status", "assign"]
    for body in ({"keys": ["note", "delete"]}, {"keys": ["nothing"]}):
        problem(await member.ask("PUT", f"{BASE}/shortcuts", json=body), 422, "validation_failed")
    ok(await member.post(f"{BASE}/shortcuts", {"key": "activate", "position": 0}))
    assert await quick(member) == ["activate", "note", "status", "assign"]
    ok(await member.post(f"{BASE}/shortcuts/assign/move", {"position": 1}))
    assert await quick(member) == ["activate", "assign", "note", "status"]
    assert (await member.ask("DELETE", f"{BASE}/shortcuts/note")).status_code == 204
    problem(await member.ask("DELETE", f"{BASE}/shortcuts/note"), 404, "not_found")
    assert await quick(admin) == []

    rights = {"crm-toolbox:status": "all", "crm-toolbox:note": "all"}
    role = ok(await admin.post("/v1/roles", {"name": "Réduit", "permissions": rights}), 201)["id"]
    ok(await admin.ask("PATCH", f"/v1/users/{member.id}", json={"role_id": role}))
    assert await quick(member) == ["status"]
    ok(await member.post(f"{BASE}/shortcuts", {"key": "note"}))
    assert await quick(member) == ["status", "note"]
    both = {**rights, "crm-toolbox:assign": "own", "crm-toolbox:activate": "own"}
    ok(await admin.ask("PATCH", f"/v1/roles/{role}", json={"permissions": both}))
    assert await quick(member) == ["activate", "assign", "status", "note"]


async def test_an_action_of_ones_own(product: Product, office: Office) -> None:
    crm = await open_customers(product, office)
    admin, member = office.admin, office.member
    made = {
        "key": "qualification",
        "label_fr": "Réunion de qualification",
        "label_en": "Qualification meeting",
        "json_schema": SCHEMA,
    }
    problem(await member.post(TYPES, made), 403, "permission_denied")
    nested = {**made, "json_schema": {"type": "object", "properties": {"a": {"type": "object"}}}}
    problem(await admin.post(TYPES, nested), 422, "validation_failed")
    kind = ok(await admin.post(TYPES, made), 201)
    problem(await admin.post(TYPES, made), 409, "duplicate")
    path = f"{BASE}/custom-actions/qualification"
    item = ok(await member.get(BASE))["all_actions"][-1]
    assert (item["key"], item["label"], item["path"]) == ("custom.qualification", "Réunion de qualification", path)
    assert item["input_schema"]["properties"]["values"]["required"] == ["need"]
    assert keys(ok(await member.post(f"{BASE}/shortcuts", {"key": item["key"]})), "quick_access") == [item["key"]]

    run: dict[str, Any] = {"targets": crm.contacts(crm.camille, crm.paul), "values": {"need": "erp", "budget": 40}}
    bad = {**run, "values": {"budget": -1, "on": "2026-02-30", "colour": "red"}}
    refused = problem(await member.post(path, bad), 422, "validation_failed")
    assert {(one["pointer"], one["code"]) for one in refused["errors"]} == {
        ("/values/need", "required"),
        ("/values/budget", "minimum"),
        ("/values/on", "format"),
        ("/values/colour", "unknown_field"),
    }
    assert await product.rows("SELECT id FROM infobox_entries") == []
    report = ok(await member.post(path, run))
    entry = await crm.entry(member, report["entry_id"])
    assert (entry["type"], entry["type_label"]) == ("custom.qualification", "Réunion de qualification")
    assert entry["content"]["values"] == {"need": "erp", "budget": 40}
    assert len(await crm.timeline(member, company_id=crm.martin, type="custom.qualification")) == 1

    # For some roles only, then with one target at a time, then off.
    mine = f"{TYPES}/{kind['id']}"
    roles = {one["key"]: one["id"] for one in ok(await admin.get("/v1/roles"))["items"]}
    changed = ok(await admin.ask("PATCH", mine, json={"role_ids": [roles["admin"]], "several": False}))
    assert (changed["role_ids"], changed["version"]) == ([roles["admin"]], 2)
    problem(await member.post(path, run), 403, "permission_denied")
    assert await quick(member) == []
    one_target = problem(await admin.post(path, run), 422, "validation_failed")
    assert one_target["errors"][0]["code"] == "one_target"
    ok(await admin.ask("PATCH", mine, json={"active": False}))
    problem(await admin.post(path, {**run, "targets": run["targets"][:1]}), 404, "not_found")
    assert (await admin.ask("DELETE", mine)).status_code == 204
    shown = ok(await admin.get(f"{INFOBOX}/{report['entry_id']}", headers={"Accept-Language": "en"}))
    assert shown["type_label"] == "Qualification meeting"
