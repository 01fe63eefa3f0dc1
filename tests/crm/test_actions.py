"""The actions on the directory: each with what it changes, its entry, its mails, and all or none of its targets."""

from typing import Any

from tests.crm.toolbox import BASE, Customers, ok, open_customers, problem
from tests.plugins.product import Office, Product


async def statuses(crm: Customers) -> None:
    for code, label in (("prospect", "Prospect"), ("client", "Client")):
        body = {"code": code, "label_fr": label, "label_en": label}
        ok(await crm.admin.post("/v1/contact-statuses", body), 201)


async def test_a_status_for_many(product: Product, office: Office) -> None:
    crm = await open_customers(product, office)
    await statuses(crm)
    member, manager = office.member, office.manager
    change = {"targets": crm.contacts(crm.camille), "status": "client"}
    await crm.run(member, "status-changes", change)
    every: dict[str, Any] = {
        **change,
        "targets": crm.contacts(crm.camille, crm.ines, crm.paul),
        "description": "<p>Salon</p>",
    }
    every["participants"] = {"user_ids": [str(manager.id)]}
    report = await crm.run(member, "status-changes", every)
    assert (report["done"], report["unchanged"], report["failed"]) == (2, 1, 0)
    assert [one["outcome"] for one in report["results"]] == ["unchanged", "done", "done"]
    entry = await crm.entry(member, report["entry_id"])
    assert (entry["type_label"], entry["description_text"]) == ("Statut", "Salon")
    assert entry["content"] == {"status": "client", "previous": {crm.ines: None, crm.paul: None}}
    assert [one["contact_id"] for one in entry["targets"]] == [crm.ines, crm.paul]
    assert [(await crm.contact(one))["status_label"] for one in (crm.camille, crm.ines, crm.paul)] == ["Client"] * 3
    await product.work()
    assert [one["subject"][:6] for one in await product.mails(crm.admin, manager.email)] == ["Statut"]
    again = await crm.run(member, "status-changes", every)
    assert (again["unchanged"], again["entry_id"]) == (3, None)
    unknown = problem(
        await member.post(f"{BASE}/status-changes", {**change, "status": "inconnu"}), 422, "validation_failed"
    )
    assert unknown["errors"][0]["pointer"] == "/status"
    assert (await crm.run(member, "status-changes", {**change, "status": None}))["done"] == 1


async def test_ten_targets_of_which_one_is_forbidden(product: Product, office: Office) -> None:
    crm = await open_customers(product, office)
    await statuses(crm)
    admin, member = office.admin, office.member
    ten = [crm.camille, crm.ines]
    for number in range(7):
        body = {"company_id": crm.martin, "first_name": "Ada", "last_name": f"N{number}", "assigned_to": str(member.id)}
        ten.append(ok(await admin.post("/v1/contacts", body), 201)["id"])
    for one in ten[:2]:
        ok(await admin.ask("PATCH", f"/v1/contacts/{one}", json={"assigned_to": str(member.id)}))
    ten.append(crm.paul)
    rights = {"crm-toolbox:status": "own", "crm-toolbox:activate": "own", "infobox:read": "own"}
    role = ok(await admin.post("/v1/roles", {"name": "Commercial", "permissions": rights}), 201)["id"]
    ok(await admin.ask("PATCH", f"/v1/users/{member.id}", json={"role_id": role}))
    change = {"targets": crm.contacts(*ten), "status": "client"}
    before = await product.rows("SELECT id, status, version FROM contacts ORDER BY id")
    refused = problem(await member.post(f"{BASE}/status-changes", change), 403, "targets_not_allowed")
    assert (refused["target_ids"], refused["count"]) == ([crm.paul], 1)
    assert await product.rows("SELECT id, status, version FROM contacts ORDER BY id") == before
    assert await product.rows("SELECT id FROM infobox_entries") == []
    # Nothing stays of a dry run either.
    dry = ok(await member.post(f"{BASE}/status-changes?dry_run=true", {**change, "partial": True}))
    assert (dry["done"], dry["failed"], dry["entry_id"]) == (9, 1, None)
    assert await product.rows("SELECT id, status, version FROM contacts ORDER BY id") == before
    report = await crm.run(member, "status-changes", {**change, "partial": True})
    assert (report["done"], report["failed"], report["results"][9]["error"]["code"]) == (9, 1, "permission_denied")
    assert len((await crm.entry(member, report["entry_id"]))["targets"]) == 9

    off = await crm.run(member, "activations", {"targets": crm.contacts(*ten[:3]), "active": False})
    assert (off["done"], (await crm.contact(ten[0]))["active_label"]) == (3, "Inactif")
    entry = await crm.entry(member, off["entry_id"])
    assert (entry["type_label"], entry["content"]) == ("Activer / Désactiver", {"active": False})
    again = await crm.run(member, "activations", {"targets": crm.contacts(*ten[:4]), "active": False})
    assert (again["done"], again["unchanged"]) == (1, 3)
    problem(
        await member.post(f"{BASE}/assignments", {"targets": change["targets"], "user_id": crm.paul}),
        403,
        "permission_denied",
    )


async def test_customers_are_assigned(product: Product, office: Office) -> None:
    crm = await open_customers(product, office)
    admin, manager, member = office.admin, office.manager, office.member
    assign = {
        "targets": [{"company_id": crm.martin}, *crm.contacts(crm.camille)],
        "user_id": str(member.id),
        "description": "<p>Réorganisation</p>",
        "participants": {"user_ids": [str(manager.id)]},
    }
    report = await crm.run(admin, "assignments", assign)
    assert (await crm.contact(crm.camille))["assigned_to_name"] == "Member Vasseur"
    assert ok(await admin.get(f"/v1/companies/{crm.martin}"))["assigned_to"] == str(member.id)
    entry = await crm.entry(admin, report["entry_id"])
    assert entry["type_label"] == "Attribuer"
    assert entry["content"] == {"user": {"id": str(member.id), "name": "Member Vasseur"}}
    await product.work()
    (owner,) = await product.mails(admin, member.email)
    (participant,) = await product.mails(admin, manager.email)
    assert owner["subject"].endswith("attribué à Member Vasseur")
    assert "Réorganisation" in owner["text"]
    assert participant["subject"].startswith("Attribuer : ")
    unknown = problem(
        await admin.post(f"{BASE}/assignments", {**assign, "user_id": crm.paul}), 422, "validation_failed"
    )
    assert unknown["errors"][0]["code"] == "unknown_user"


async def test_a_contact_goes_to_another_company(product: Product, office: Office) -> None:
    crm = await open_customers(product, office)
    member = office.member
    await crm.run(member, "notes", {"targets": crm.contacts(crm.camille), "description": "<p>Avant</p>"})
    move = {"targets": crm.contacts(crm.camille, crm.paul), "company_id": crm.roux}
    report = await crm.run(member, "company-assignments", move)
    assert [one["outcome"] for one in report["results"]] == ["done", "unchanged"]
    assert (await crm.contact(crm.camille))["company_name"] == "Menuiserie Roux"
    await crm.run(member, "notes", {"targets": crm.contacts(crm.camille), "description": "<p>Après</p>"})
    types = {"type": "note"}
    assert [one["description_text"] for one in await crm.timeline(member, contact_id=crm.camille, **types)] == [
        "Après",
        "Avant",
    ]
    assert [one["description_text"] for one in await crm.timeline(member, company_id=crm.martin, **types)] == ["Avant"]
    assert [one["description_text"] for one in await crm.timeline(member, company_id=crm.roux, **types)] == ["Après"]
    for company in (crm.martin, crm.roux):
        (line,) = await crm.timeline(member, company_id=company, type="assign_company")
        assert (line["id"], line["type_label"]) == (report["entry_id"], "Attribuer (Société.)")
        assert [one["company_name"] for one in line["targets"]] == ["Fonderie Martin", "Menuiserie Roux"]
    # Somebody there has the address already: all or none, or those that can.
    same = (await crm.contact(crm.camille))["email"]
    twin = {"company_id": crm.martin, "first_name": "Camille", "last_name": "Martin", "email": same}
    other = ok(await crm.admin.post("/v1/contacts", twin), 201)["id"]
    both = {"targets": crm.contacts(crm.ines, other), "company_id": crm.roux}
    problem(await member.post(f"{BASE}/company-assignments", both), 409, "duplicate")
    assert (await crm.contact(crm.ines))["company_id"] == crm.martin
    report = await crm.run(member, "company-assignments", {**both, "partial": True})
    assert [(one["error"] or {}).get("code") for one in report["results"]] == [None, "duplicate"]
    assert (await crm.contact(crm.ines))["company_id"] == crm.roux
    assert (await crm.contact(other))["company_id"] == crm.martin
    unknown = {**both, "company_id": crm.ines}
    problem(await member.post(f"{BASE}/company-assignments", unknown), 422, "validation_failed")


async def test_deleting_for_good(product: Product, office: Office) -> None:
    crm = await open_customers(product, office)
    admin, member = office.admin, office.member
    note = await crm.run(admin, "notes", {"targets": crm.contacts(crm.camille), "description": "<p>Vue</p>"})
    problem(await member.post(f"{BASE}/deletions", {"targets": crm.contacts(crm.camille)}), 403, "permission_denied")
    company = [{"company_id": crm.martin}]
    problem(await admin.post(f"{BASE}/deletions", {"targets": company}), 409, "company_has_contacts")
    both = {"targets": company, "cascade": True, "reassign_to": crm.roux}
    problem(await admin.post(f"{BASE}/deletions", both), 422, "validation_failed")
    nowhere = {"targets": company, "reassign_to": crm.paul}
    problem(await admin.post(f"{BASE}/deletions", nowhere), 422, "validation_failed")

    gone = await crm.run(admin, "deletions", {"targets": crm.contacts(crm.camille)})
    assert (await admin.get(f"/v1/contacts/{crm.camille}")).status_code == 404
    entry = await crm.entry(admin, gone["entry_id"])
    assert (entry["type_label"], entry["targets"][0]["contact_name"], entry["read_only"]) == ("Suppression", None, True)
    # What was noted stays to be read, and nothing is added to it.
    kept = await crm.entry(admin, note["entry_id"])
    assert (kept["read_only"], kept["targets"][0]["deleted"], kept["author"]["name"]) == (True, True, "Admin Vasseur")
    path = f"{BASE}/infobox/{note['entry_id']}"
    problem(await admin.post(f"{path}/comments", {"body": "<p>Trop tard</p>"}), 409, "targets_deleted")
    problem(await admin.ask("PATCH", path, json={"description": "<p>Trop tard</p>"}), 409, "targets_deleted")

    given = await crm.run(admin, "deletions", {"targets": company, "reassign_to": crm.roux})
    assert (given["done"], (await crm.contact(crm.ines))["company_id"]) == (1, crm.roux)
    # What a mandate is about stays; the rest goes where `partial` is asked for.
    contact = {"first_name": "Paul", "last_name": "Roux", "email": (await crm.contact(crm.paul))["email"]}
    mandate = {"issuing_organisation_id": str(office.organisation_id), "company": {"id": crm.roux}, "contact": contact}
    team = [{"user_id": str(member.id), "role": role} for role in ("owner", "agent")]
    ok(await admin.post("/v1/mandates", {**mandate, "team": team, "submit": True}), 201)
    rest = crm.contacts(crm.ines, crm.paul)
    problem(await admin.post(f"{BASE}/deletions", {"targets": rest}), 409, "still_referred")
    assert (await admin.get(f"/v1/contacts/{crm.ines}")).status_code == 200
    report = await crm.run(admin, "deletions", {"targets": rest, "partial": True})
    assert [(one["error"] or {}).get("code") for one in report["results"]] == [None, "still_referred"]
    assert (await admin.get(f"/v1/contacts/{crm.ines}")).status_code == 404
