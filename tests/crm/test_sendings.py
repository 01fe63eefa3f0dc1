"""« Envoyer profil »: at once, later, only noted; what stops it, what is told, and what is refused."""

from datetime import timedelta
from typing import Any

from tests.crm.pdf import seen
from tests.crm.test_profiles import PNG, TEMPLATES, upload
from tests.crm.toolbox import BASE, Customers, ok, open_customers, problem
from tests.messages.conftest import dsn, open_mailroom
from tests.plugins.product import Office, Product

SENDINGS = f"{BASE}/profile-sendings"
CAMILLE, INES, PAUL = (f"{name}@client.example" for name in ("camille.martin", "ines.petit", "paul.roux"))


async def open_profiles(product: Product, office: Office) -> tuple[Customers, list[str]]:
    """Customers, and two profiles to send to them: one with a file."""
    crm, member = await open_customers(product, office), office.member
    person = {
        "kind": "person",
        "title": "Chargée de prévention",
        "summary": "Dix ans",
        "file_ids": [await upload(member)],
    }
    first = ok(await member.post(f"{BASE}/profiles", person), 201)["id"]
    second = ok(await member.post(f"{BASE}/profiles", {"kind": "offer", "title": "Audit / bilan"}), 201)["id"]
    return crm, [first, second]


async def test_profiles_leave_at_once_with_files_pdfs_and_edited_words(product: Product, office: Office) -> None:
    crm, profiles = await open_profiles(product, office)
    member, admin, manager = office.member, office.admin, office.manager
    (template,) = ok(await member.get(TEMPLATES))["items"]
    draft = ok(await member.get(f"{SENDINGS}/draft", params={"profile_id": profiles, "contact_id": crm.paul}))
    assert (draft["locale"], draft["subject"]) == ("fr", "Groupe Vasseur vous envoie un profil")
    assert "Bonjour {{ contact.first_name }} {{ contact.last_name }}," in draft["body"]
    assert "Chargée de prévention" in draft["body"]
    assert [one["name"] for one in draft["attachments"]] == ["cv.pdf"]
    body = draft["body"].replace("Voici ce que nous pouvons", "Comme convenu, voici ce que nous pouvons")
    wanted = {
        "targets": crm.contacts(crm.camille, crm.paul),
        "profile_ids": profiles,
        "file_ids": [await upload(member, "photo.png", PNG)],
        "export_template_id": template["id"],
        "subject": "Pour {{ contact.company }}",
        "body": body,
        "description": "<p>Suite au salon</p>",
        "participants": {"user_ids": [str(manager.id)]},
    }
    dry = ok(await member.post(SENDINGS, wanted, params={"dry_run": "true"}))
    assert (dry["done"], dry["entry_id"], dry["sending_id"], dry["dry_run"]) == (2, None, None, True)
    assert await product.rows("SELECT id FROM infobox_entries") == []

    report = await crm.run(member, "profile-sendings", wanted)
    path = f"{SENDINGS}/{report['sending_id']}"
    assert {one["status"] for one in ok(await member.get(path))["recipients"]} == {"sending"}
    await product.work()
    for address, name, company in (
        (CAMILLE, "Camille Martin", "Fonderie Martin"),
        (PAUL, "Paul Roux", "Menuiserie Roux"),
    ):
        (mail,) = await product.mails(admin, address)
        assert mail["subject"] == f"Pour {company}"
        assert f"Bonjour {name}," in mail["text"]
        assert "Comme convenu, voici ce que nous pouvons" in mail["text"]
        assert "Sent to" not in mail["text"]
    (raw, _) = await product.rows("SELECT attachments, reply_to FROM message_bodies WHERE attachments IS NOT NULL")
    assert raw["reply_to"] == member.email
    names = [one["name"] for one in raw["attachments"]]
    assert sorted(names) == ["Audit - bilan.pdf", "Chargée de prévention.pdf", "cv.pdf", "photo.png"]
    (told,) = await product.mails(admin, manager.email)
    assert told["subject"].startswith("Envoyer profil : ")

    shown = ok(await member.get(path))
    assert [(one["contact_name"], one["status_label"]) for one in shown["recipients"]] == [
        ("Camille Martin", "Envoyé"),
        ("Paul Roux", "Envoyé"),
    ]
    assert (shown["upcoming"], shown["subject"]) == (False, "Pour {{ contact.company }}")
    assert [one["allowed"] for one in shown["available_actions"]] == [False, False]
    entry = await crm.entry(member, report["entry_id"])
    assert (entry["type_label"], entry["outcome"], entry["description_text"]) == (
        "Envoyer profil",
        "done",
        "Suite au salon",
    )
    assert [one["title"] for one in entry["content"]["profiles"]] == ["Chargée de prévention", "Audit / bilan"]
    pdf = next(one for one in shown["files"] if one["name"] == "Audit - bilan.pdf")
    (stored,) = await product.rows("SELECT id, workspace_id FROM files WHERE id = :id", id=pdf["id"])
    pieces = await product.app.state.file_store.read(stored["workspace_id"], stored["id"])
    assert seen(b"".join([piece async for piece in pieces])).title == "Audit / bilan"
    # What was sent stays when the profile goes.
    assert (await admin.ask("DELETE", f"{BASE}/profiles/{profiles[0]}")).status_code == 204
    assert len(ok(await member.get(path))["files"]) == 4
    wanted_list = {"contact_id": crm.paul, "upcoming": "false", "include": "available_actions"}
    (listed,) = ok(await member.get(SENDINGS, params=wanted_list))["items"]
    assert listed["available_actions"] == shown["available_actions"]
    assert (listed["id"], listed["recipients_count"]) == (report["sending_id"], 2)
    assert ok(await member.get(SENDINGS, params={"contact_id": crm.ines}))["items"] == []
    problem(await member.post(f"{path}/cancel"), 409, "transition_not_allowed")


async def test_what_is_to_come_is_moved_sent_and_dropped_where_it_may_not_leave(
    product: Product, office: Office
) -> None:
    crm, profiles = await open_profiles(product, office)
    member, admin = office.member, office.admin
    now = product.runtime.clock.now().replace(microsecond=0)
    gone = {"company_id": crm.roux, "first_name": "Léa", "last_name": "Noir", "email": "lea@client.example"}
    lea = ok(await admin.post("/v1/contacts", gone), 201)["id"]
    wanted = {
        "targets": crm.contacts(crm.camille, crm.ines, crm.paul, lea),
        "profile_ids": profiles,
        "at": (now + timedelta(days=2)).isoformat(),
    }
    report = await crm.run(member, "profile-sendings", wanted)
    path = f"{SENDINGS}/{report['sending_id']}"
    (upcoming,) = await crm.timeline(member, contact_id=crm.camille, upcoming="true")
    assert (upcoming["id"], upcoming["outcome_label"]) == (report["entry_id"], "À venir")
    moved_to = now + timedelta(days=5)
    problem(
        await member.post(f"{path}/reschedule", {"at": (now - timedelta(days=1)).isoformat()}), 422, "validation_failed"
    )
    stale = {"If-Match": '"99"'}
    problem(
        await member.post(f"{path}/reschedule", {"at": moved_to.isoformat()}, headers=stale), 412, "precondition_failed"
    )
    moved = ok(await member.post(f"{path}/reschedule", {"at": moved_to.isoformat()}))
    assert moved["send_at"] == moved_to.isoformat().replace("+00:00", "Z")
    await product.advance(admin, "P3D")
    assert await product.mails(admin, CAMILLE) == []

    ok(await admin.ask("PATCH", f"/v1/contacts/{crm.ines}", json={"active": False}))
    ok(await admin.ask("PATCH", f"/v1/contacts/{crm.paul}", json={"email": None}))
    assert (await admin.ask("DELETE", f"/v1/contacts/{lea}")).status_code == 204
    await product.advance(admin, "P3D")
    await product.work()
    (mail,) = await product.mails(admin, CAMILLE)
    assert "Chargée de prévention : Dix ans" in mail["text"]
    for address in (INES, PAUL, "lea@client.example"):
        assert await product.mails(admin, address) == []
    (told,) = await product.mails(admin, member.email)
    assert told["subject"] == "Profil non envoyé : Chargée de prévention, Audit / bilan"
    for line in (
        "Ines Petit : contact inactif",
        "Paul Roux : contact sans adresse e-mail",
        "contact supprimé : contact supprimé",
    ):
        assert line in told["text"]
    shown = ok(await member.get(path))
    assert [(one["status"], one["reason"]) for one in shown["recipients"]] == [
        ("sent", None),
        ("cancelled", "inactive"),
        ("cancelled", "no_address"),
        ("cancelled", "deleted"),
    ]
    assert (await crm.entry(member, report["entry_id"]))["outcome"] == "done"

    async with open_mailroom(product, office) as mailroom:
        message = await mailroom.message(recipient=CAMILLE)
        bounced = dsn(message["message_id"], action="failed", recipient=CAMILLE)
        assert (await mailroom.report(bounced)).status_code == 202
        await mailroom.deliver()
    (first, *_) = ok(await member.get(path))["recipients"]
    assert (first["status_label"], first["reason_label"]) == ("Non remis", "adresse injoignable")
    notices = await product.rows("SELECT id FROM messages WHERE mail_key = 'crm_toolbox.profile_not_sent'")
    assert len(notices) == 2


async def test_what_is_to_come_is_cancelled_by_hand_or_with_its_contacts(product: Product, office: Office) -> None:
    crm, profiles = await open_profiles(product, office)
    member, admin = office.member, office.admin
    at = (product.runtime.clock.now() + timedelta(days=2)).isoformat()

    async def plan(*contacts: str) -> tuple[str, str]:
        body = {"targets": crm.contacts(*contacts), "profile_ids": profiles, "at": at}
        report = await crm.run(member, "profile-sendings", body)
        return f"{SENDINGS}/{report['sending_id']}", report["entry_id"]

    by_hand, hand_entry = await plan(crm.camille, crm.paul)
    nobody_left, left_entry = await plan(crm.ines)
    entry_deleted, deleted_entry = await plan(crm.paul)
    refused, _ = await plan(crm.camille)
    cancelled = ok(await member.post(f"{by_hand}/cancel"))
    assert {(one["status"], one["reason"]) for one in cancelled["recipients"]} == {("cancelled", "on_request")}
    entry = await crm.entry(member, hand_entry)
    assert (entry["outcome"], entry["outcome_reason"]) == ("cancelled", "on_request")
    problem(await member.post(f"{by_hand}/cancel"), 409, "transition_not_allowed")
    ok(await admin.ask("PATCH", f"/v1/contacts/{crm.ines}", json={"active": False}))
    async with product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE contacts SET gdpr_status = 'refused' WHERE id = $1", (crm.camille,))
        await connection.exec_driver_sql("DELETE FROM infobox_entries WHERE id = $1", (deleted_entry,))
    assert (await member.get(entry_deleted)).status_code == 404
    await product.advance(admin, "P3D")
    for address in (CAMILLE, INES, PAUL):
        assert await product.mails(admin, address) == []
    entry = await crm.entry(member, left_entry)
    assert (entry["outcome"], entry["outcome_reason"]) == ("cancelled", "inactive")
    assert ok(await member.get(nobody_left))["upcoming"] is False
    (of_refused,) = ok(await member.get(refused))["recipients"]
    assert (of_refused["status"], of_refused["reason"]) == ("cancelled", "refused")
    states = await product.rows("SELECT state, reason FROM follow_ups WHERE subject_kind = 'profile_sending'")
    assert sorted((row["state"], row["reason"]) for row in states) == [
        ("cancelled", "cancelled"),
        ("done", None),
        ("done", None),
        ("dropped", "deleted"),
    ]


async def test_a_record_sends_nothing_and_bad_sendings_change_nothing(product: Product, office: Office) -> None:
    crm, profiles = await open_profiles(product, office)
    member, admin, now = office.member, office.admin, product.runtime.clock.now()
    at = (now - timedelta(days=3)).replace(microsecond=0)
    record = {"targets": crm.contacts(crm.paul), "profile_ids": profiles, "mode": "record", "at": at.isoformat()}
    report = await crm.run(member, "profile-sendings", record)
    entry = await crm.entry(member, report["entry_id"])
    assert (report["sending_id"], entry["outcome"], entry["files"]) == (None, "done", [])
    assert entry["action_at"] == at.isoformat().replace("+00:00", "Z")
    await product.work()
    assert await product.rows("SELECT id FROM messages") == []

    ok(await admin.ask("PATCH", f"/v1/contacts/{crm.ines}", json={"active": False}))
    wanted: dict[str, Any] = {"targets": crm.contacts(crm.camille, crm.ines), "profile_ids": profiles}
    refused = problem(await member.post(SENDINGS, wanted), 409, "contact_not_mailable")
    assert (refused["contact_id"], refused["reason"]) == (crm.ines, "inactive")
    ok(await admin.ask("PATCH", f"{BASE}/profiles/{profiles[1]}", json={"archived": True}))
    good = {"targets": crm.contacts(crm.camille), "profile_ids": profiles[:1]}
    other = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"
    for body, pointer, code in (
        ({"profile_ids": profiles}, "/profile_ids/1", "unknown_profile"),
        ({"profile_ids": []}, "/profile_ids", "too_short"),
        ({"targets": [{"contact_id": other}]}, "/targets/0/contact_id", "unknown_contact"),
        ({"file_ids": [other]}, "/file_ids/0", "file_not_available"),
        ({"export_template_id": other}, "/export_template_id", "unknown_export_template"),
        ({"body": "<p>{{ contact.salary }}</p>"}, "/body", "unknown_placeholder"),
        ({"subject": "{{ nothing }}"}, "/subject", "unknown_placeholder"),
        ({"description": "<script>x</script>"}, "/description", "active_content"),
        ({"participants": {"user_ids": [other]}}, "/participants/user_ids/0", "unknown_user"),
        ({"mode": "record", "at": (now + timedelta(days=1)).isoformat()}, "/at", "not_yet"),
        ({"mode": "record", "body": "<p>x</p>"}, "/body", "record_sends_nothing"),
    ):
        told = problem(await member.post(SENDINGS, {**good, **body}), 422, "validation_failed")
        assert (told["errors"][0]["pointer"], told["errors"][0]["code"]) == (pointer, code)
    assert len(await product.rows("SELECT id FROM infobox_entries")) == 1
    assert await product.rows("SELECT id FROM profile_sendings") == []
    held = await product.rows("SELECT id FROM files WHERE subject_kind = 'infobox_entry'")
    assert held == []

    partial = await crm.run(member, "profile-sendings", {**wanted, "profile_ids": profiles[:1], "partial": True})
    assert [one["outcome"] for one in partial["results"]] == ["done", "refused"]
    assert partial["results"][1]["error"]["code"] == "contact_not_mailable"
    await product.work()
    assert len(await product.mails(admin, CAMILLE)) == 1

    role = {"name": "Commercial", "permissions": {"crm-toolbox:send-profile": "own", "infobox:read": "own"}}
    seller = ok(await admin.post("/v1/roles", role), 201)["id"]
    ok(await admin.ask("PATCH", f"/v1/users/{member.id}", json={"role_id": seller}))
    denied = problem(await member.post(SENDINGS, good), 403, "targets_not_allowed")
    assert denied["target_ids"] == [crm.camille]
    problem(await member.post(f"{SENDINGS}/{partial['sending_id']}/cancel"), 403, "permission_denied")
