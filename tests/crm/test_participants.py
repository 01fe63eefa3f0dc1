"""Those who take part: lists that are frozen, comments and their mails, silence, and what a deleted target leaves."""

from datetime import timedelta

from tests.crm.toolbox import BASE, INFOBOX, ok, open_customers, problem
from tests.plugins.product import Office, Product

LISTS = f"{BASE}/distribution-lists"


async def test_participants_are_told_and_may_read(product: Product, office: Office) -> None:
    crm = await open_customers(product, office)
    admin, manager, member = office.admin, office.manager, office.member
    made = ok(await member.post(LISTS, {"name": "Vente", "user_ids": [str(manager.id)]}), 201)
    assert [one["name"] for one in made["members"]] == ["Manager Vasseur"]
    problem(await admin.post(LISTS, {"name": "Vente"}), 409, "duplicate")
    problem(await admin.post(LISTS, {"name": "Autre", "user_ids": [crm.paul]}), 422, "validation_failed")
    # The right of a member is for their own lists.
    other = ok(await admin.post(LISTS, {"name": "Achats", "user_ids": []}), 201)
    problem(await member.ask("PATCH", f"{LISTS}/{other['id']}", json={"name": "Prise"}), 403, "permission_denied")

    note = {"targets": crm.contacts(crm.camille), "description": "<p>Bonjour</p>"}
    listed = {"distribution_list_ids": [made["id"]]}
    unknown = {**note, "participants": {"distribution_list_ids": [crm.paul]}}
    refused = problem(await member.post(f"{BASE}/notes", unknown), 422, "validation_failed")
    assert refused["errors"][0]["pointer"] == "/participants/distribution_list_ids/0"
    report = await crm.run(member, "notes", {**note, "participants": listed})
    path = f"{INFOBOX}/{report['entry_id']}"
    # The entry keeps who was on the list.
    changed = ok(await member.ask("PATCH", f"{LISTS}/{made['id']}", json={"user_ids": [str(admin.id)]}))
    assert (changed["version"], [one["name"] for one in changed["members"]]) == (2, ["Admin Vasseur"])
    assert (await member.ask("DELETE", f"{LISTS}/{made['id']}")).status_code == 204
    entry = await crm.entry(member, report["entry_id"])
    assert [one["user"]["id"] for one in entry["participants"]] == [str(manager.id)]
    await product.work()
    assert len(await product.mails(admin, manager.email)) == 1

    # Without any right on the infobox, taking part opens that one entry.
    rights = {"infobox:read": "none", "infobox:write": "own"}
    role = ok(await admin.post("/v1/roles", {"name": "Invité", "permissions": rights}), 201)["id"]
    ok(await admin.ask("PATCH", f"/v1/users/{manager.id}", json={"role_id": role}))
    assert (await crm.entry(manager, report["entry_id"]))["description_text"] == "Bonjour"
    assert ok(await manager.get(f"{path}/comments"))["items"] == []
    other_entry = await crm.run(admin, "notes", note)
    problem(await manager.get(f"{INFOBOX}/{other_entry['entry_id']}"), 403, "permission_denied")

    # A comment is mailed to the others who take part, not to whoever makes it.
    more = ok(await member.post(f"{path}/participants", {"user_ids": [str(admin.id), str(manager.id)]}))
    assert [one["user"]["id"] for one in more["participants"]] == [str(manager.id), str(admin.id)]
    problem(await member.post(f"{path}/comments", {"body": "<script>x</script>"}), 422, "validation_failed")
    first = ok(await manager.post(f"{path}/comments", {"body": "<p>C’est <em>fait</em></p>"}), 201)
    await product.work()
    assert len(await product.mails(admin, manager.email)) == 1
    told = await product.mails(admin, admin.email)
    assert [one["subject"] for one in told] == [
        "Commentaire sur « Info » : Camille Martin (Fonderie Martin)",
        "Info : Camille Martin (Fonderie Martin)",
    ]
    assert "C’est fait" in told[0]["text"]

    # Muted: no more mails, the entry is still there.
    muted = ok(await admin.post(f"{path}/mute"))
    assert [one["muted"] for one in muted["participants"]] == [False, True]
    ok(await manager.post(f"{path}/comments", {"body": "<p>Encore</p>"}), 201)
    await product.work()
    assert len(await product.mails(admin, admin.email)) == 2
    assert not ok(await admin.post(f"{path}/unmute"))["participants"][1]["muted"]
    problem(await member.post(f"{path}/mute"), 404, "not_found")

    # Edit and delete by level: one's own, or anybody's for whoever has the right at all.
    own = f"{path}/comments/{first['id']}"
    problem(await member.ask("PATCH", own, json={"body": "<p>Non</p>"}), 403, "permission_denied")
    edited = ok(await manager.ask("PATCH", own, json={"body": "<p>Presque</p>"}))
    assert (edited["body_text"], edited["edited_at"] is not None) == ("Presque", True)
    assert (await manager.ask("DELETE", own, headers={"If-Match": '"1"'})).status_code == 412
    assert (await admin.ask("DELETE", own)).status_code == 204
    assert [one["body_text"] for one in ok(await member.get(f"{path}/comments"))["items"]] == ["Encore"]
    problem(await manager.ask("PATCH", path, json={"description": "<p>Moi</p>"}), 403, "permission_denied")
    new_words = ok(await member.ask("PATCH", path, json={"description": "<p>Bonsoir</p>"}))
    assert (new_words["description_text"], new_words["version"]) == ("Bonsoir", 2)
    assert (await manager.ask("DELETE", f"{path}/participants/{admin.id}")).status_code == 403
    assert (await manager.ask("DELETE", f"{path}/participants/{manager.id}")).status_code == 204
    problem(await manager.get(path), 403, "permission_denied")
    assert (await member.ask("DELETE", path)).status_code == 204
    problem(await member.get(path), 404, "not_found")
    for table in ("infobox_targets", "infobox_comments", "infobox_participants"):
        assert await product.rows(f"SELECT id FROM {table} WHERE entry_id = '{report['entry_id']}'") == []


async def test_what_is_to_come_is_done_or_off(product: Product, office: Office) -> None:
    crm = await open_customers(product, office)
    member = office.member
    at = (product.runtime.clock.now() + timedelta(days=5)).isoformat()
    note = {"targets": crm.contacts(crm.camille), "description": "<p>Visite</p>", "action_at": at}
    done, off = [(await crm.run(member, "notes", note))["entry_id"] for _ in range(2)]
    first = ok(await member.post(f"{INFOBOX}/{done}/complete"))
    assert (first["outcome"], first["outcome_label"], first["upcoming"]) == ("done", "Effectuée", False)
    assert first["action_at"] < at
    assert (await crm.contact(crm.camille))["last_action_at"] == first["action_at"]
    second = ok(await member.post(f"{INFOBOX}/{off}/cancel"))
    assert (second["outcome"], second["action_at"][:10]) == ("cancelled", at[:10])
    refused = problem(await member.post(f"{INFOBOX}/{off}/complete"), 409, "entry_settled")
    assert refused["outcome"] == "cancelled"
    problem(await office.manager.post(f"{INFOBOX}/{done}/cancel"), 409, "entry_settled")
    assert await crm.timeline(member, contact_id=crm.camille, upcoming="true") == []
    told = await product.rows("SELECT action FROM journal_entries WHERE action LIKE 'infobox_entry.c%' ORDER BY action")
    assert [one["action"] for one in told] == ["infobox_entry.cancelled", "infobox_entry.completed"]
