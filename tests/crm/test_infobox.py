"""Notes, the entries that they make, and the timeline in which these stand with what happened elsewhere."""

from datetime import timedelta
from typing import Any

import icalendar
from sqlalchemy import text
from sqlalchemy.event import listen, remove
from tests.crm.toolbox import BASE, INFOBOX, ok, open_customers, problem
from tests.files.samples import PDF
from tests.journeys.test_mandates import accept, open_mandate
from tests.plugins.product import Office, Product


async def test_a_note_with_everything(product: Product, office: Office) -> None:
    crm = await open_customers(product, office)
    admin, member, manager = office.admin, office.member, office.manager
    file = ok(await member.ask("POST", "/v1/files", files={"file": ("devis.pdf", PDF)}), 201)
    at = product.runtime.clock.now().replace(microsecond=0) + timedelta(days=40)
    note = {
        "targets": [*crm.contacts(crm.camille, crm.paul, crm.camille), {"company_id": crm.roux}],
        "description": "<p style='color:red'>À rappeler <strong>en janvier</strong><br>pour le devis</p>",
        "participants": {"user_ids": [str(manager.id), str(member.id)]},
        "add_to_calendar": True,
        "action_at": at.isoformat(),
        "file_ids": [file["id"]],
    }
    before = await crm.contact(crm.camille)

    dry = ok(await member.post(f"{BASE}/notes", note, params={"dry_run": "true"}))
    assert (dry["dry_run"], dry["done"], dry["entry_id"]) == (True, 3, None)
    assert await product.rows("SELECT id FROM infobox_entries") == []

    report = await crm.run(member, "notes", note)
    assert (report["total"], report["done"], report["failed"]) == (3, 3, 0)
    entry = await crm.entry(member, report["entry_id"])
    assert (entry["type"], entry["type_label"]) == ("note", "Info")
    assert (entry["outcome"], entry["upcoming"]) == ("planned", True)
    assert entry["description_html"] == "<p>À rappeler <strong>en janvier</strong><br>pour le devis</p>"
    assert entry["description_text"] == "À rappeler en janvier\npour le devis"
    names = [(one["company_name"], one["contact_name"]) for one in entry["targets"]]
    assert names == [
        ("Fonderie Martin", "Camille Martin"),
        ("Menuiserie Roux", "Paul Roux"),
        ("Menuiserie Roux", None),
    ]
    assert [one["user"]["name"] for one in entry["participants"]] == ["Manager Vasseur", "Member Vasseur"]
    assert [one["name"] for one in entry["files"]] == ["devis.pdf"]
    # What is to come is no action yet, and nobody's version has changed.
    assert (await crm.contact(crm.camille)) == before

    await product.work()
    (told,) = await product.mails(admin, manager.email)
    assert told["subject"].startswith("Info : Camille Martin (Fonderie Martin)")
    assert "À rappeler en janvier" in told["text"]
    # The author alone gets the calendar, and no mail about what they wrote themselves.
    (mine,) = await product.mails(admin, member.email)
    raw = (await product.rows("SELECT attachments FROM message_bodies WHERE attachments IS NOT NULL"))[0]
    (event,) = icalendar.Calendar.from_ical(raw["attachments"][0]["content"]).events
    assert event.start == at
    assert mine["subject"].startswith("Agenda : Info")
    events = await product.rows("SELECT after, company_id FROM journal_entries WHERE action = 'infobox_entry.recorded'")
    assert events == [
        {"after": {"type": "note", "outcome": "planned", "reason": None, "targets": 3}, "company_id": None}
    ]


async def test_bad_notes_change_nothing(product: Product, office: Office) -> None:
    crm = await open_customers(product, office)
    member = office.member
    role = {"name": "Commercial", "permissions": {"crm-toolbox:note": "own", "infobox:read": "own"}}
    seller = ok(await office.admin.post("/v1/roles", role), 201)["id"]
    own = crm.contacts(crm.camille, crm.ines)
    for one in own:
        path = f"/v1/contacts/{one['contact_id']}"
        ok(await office.admin.ask("PATCH", path, json={"assigned_to": str(member.id)}))
    ok(await office.admin.ask("PATCH", f"/v1/users/{member.id}", json={"role_id": seller}))
    note = {"targets": own, "description": "<p>Bonjour</p>"}

    for words in (
        "<p>a</p><script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '<a href="java\nscript:x">b</a>',
    ):
        refused = problem(await member.post(f"{BASE}/notes", {**note, "description": words}), 422, "validation_failed")
        assert [(one["pointer"], one["code"]) for one in refused["errors"]] == [("/description", "active_content")]
    empty = problem(await member.post(f"{BASE}/notes", {**note, "description": "<p> </p>"}), 422, "validation_failed")
    assert empty["errors"][0]["code"] == "empty_text"

    both = {**note, "targets": [*own, {"contact_id": crm.paul}]}
    refused = problem(await member.post(f"{BASE}/notes", both), 403, "targets_not_allowed")
    assert (refused["permission"], refused["target_ids"]) == ("crm-toolbox:note", [crm.paul])
    unknown = {**note, "targets": [*own, {"company_id": crm.paul}]}
    refused = problem(await member.post(f"{BASE}/notes", unknown), 422, "validation_failed")
    assert [(one["pointer"], one["code"]) for one in refused["errors"]] == [
        ("/targets/2/company_id", "unknown_company")
    ]
    for extra in ({"participants": {"user_ids": [crm.paul]}}, {"file_ids": [crm.paul]}):
        problem(await member.post(f"{BASE}/notes", {**note, **extra}), 422, "validation_failed")
    assert await product.rows("SELECT id FROM infobox_entries") == []

    report = await crm.run(member, "notes", {**both, "partial": True})
    assert (report["done"], report["failed"]) == (2, 1)
    assert [(one["outcome"], (one["error"] or {}).get("code")) for one in report["results"]] == [
        ("done", None),
        ("done", None),
        ("refused", "permission_denied"),
    ]
    entry = await crm.entry(member, report["entry_id"])
    assert [one["contact_id"] for one in entry["targets"]] == [crm.camille, crm.ines]


async def test_one_timeline_of_all_that_happened(product: Product, office: Office) -> None:
    crm = await open_customers(product, office)
    admin, member = office.admin, office.member
    contact = {"first_name": "Camille", "last_name": "Martin", "email": "camille.martin@client.example"}
    mandate = await open_mandate(office, company={"id": crm.martin}, contact=contact)
    await product.work()
    link = (await product.mails(admin, contact["email"]))[0]["links"][0]
    assert (await accept(product, link)).status_code == 200
    invitation = {"issuing_organisation_id": str(office.organisation_id), "email": "achats@martin.example"}
    ok(await admin.post("/v1/invitations", {**invitation, "partner": {"id": crm.martin}}), 201)
    await product.work()
    await product.advance(admin, "PT1H")
    past = product.runtime.clock.now()
    await crm.run(
        member, "notes", {"targets": crm.contacts(crm.camille, crm.ines), "description": "<p>Vue au salon</p>"}
    )
    to_come = (past + timedelta(days=3)).isoformat()
    later = {"targets": crm.contacts(crm.camille), "description": "<p>Rappel</p>", "action_at": to_come}
    planned = await crm.run(admin, "notes", later)
    assert (await crm.contact(crm.ines))["last_action_at"] is not None

    # Whom something was done with last comes first; whom nothing was done with yet, last.
    by_action = ok(await admin.get("/v1/contacts?sort=-last_action_at"))["items"]
    assert {one["id"] for one in by_action[:2]} == {crm.camille, crm.ines}
    assert [one["last_action_at"] for one in by_action[2:]] == [None]

    lines = await crm.timeline(admin, company_id=crm.martin)
    types = [one["type"] for one in lines]
    assert types[:2] == ["note", "note"]
    assert {"invitation.sent", "mandate.accepted", "company.created", "contact.created"} <= set(types)
    assert [one["at"] for one in lines] == sorted((one["at"] for one in lines), reverse=True)
    accepted = next(one for one in lines if one["type"] == "mandate.accepted")
    assert (accepted["kind"], accepted["type_label"], accepted["subject_id"]) == (
        "event",
        "Mandat accepté",
        mandate["id"],
    )
    # Both targets of the note stand in one line; the contact has her own history, the mandate in it.
    assert len([one for one in lines if one["description_text"] == "Vue au salon"]) == 1
    hers = [one["type"] for one in await crm.timeline(admin, contact_id=crm.camille)]
    assert hers[:2] == ["note", "note"]
    assert "mandate.accepted" in hers
    assert "invitation.sent" not in hers
    assert [one["type"] for one in await crm.timeline(admin, contact_id=crm.ines)] == ["note", "contact.created"]

    # Page by page it is the same.
    turned, cursor = [], None
    while True:
        params = {"company_id": crm.martin, "limit": "3", **({"cursor": cursor} if cursor else {})}
        page = ok(await admin.get(INFOBOX, params=params))
        turned += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert turned == lines
    assert await crm.timeline(admin, company_id=crm.martin, sort="at") == lines[::-1]

    upcoming = await crm.timeline(admin, company_id=crm.martin, upcoming="true")
    assert [one["id"] for one in upcoming] == [planned["entry_id"]]
    by_member = await crm.timeline(admin, company_id=crm.martin, author_id=member.id, type="note")
    assert [one["description_text"] for one in by_member] == ["Vue au salon"]
    only = await crm.timeline(admin, company_id=crm.martin, at_from=past.isoformat(), upcoming="false")
    assert [one["description_text"] for one in only] == ["Vue au salon"]
    assert {one["type"] for one in await crm.timeline(admin, company_id=crm.martin, type="mandate.accepted")} == {
        "mandate.accepted"
    }
    assert [one["type"] for one in await crm.timeline(admin)] == ["note", "note"]

    # The same lines as a file, streamed or made in the background.
    sheet = (await admin.get(f"{INFOBOX}/export.csv", params={"company_id": crm.martin})).text.splitlines()
    assert sheet[0].lstrip("\ufeff").split(";")[:4] == ["Date", "Action", "Issue", "Auteur"]
    assert len(sheet) == len(lines) + 1
    assert sheet[1].split(";")[1:] == [
        "Info",
        "À venir",
        "Admin Vasseur",
        "Fonderie Martin",
        "Camille Martin",
        "Rappel",
        "0",
        "0",
    ]
    assert any(";Mandat accepté;" in line for line in sheet)
    asked = {"format": "xlsx", "filter": {"contact_id": crm.camille}}
    job = ok(await admin.post(f"{INFOBOX}/exports", asked), 202)
    await product.work()
    assert ok(await admin.get(f"/v1/jobs/{job['id']}"))["done"] == len(hers)

    # Whoever may not read mandates is not told of them here either; whoever takes part reads that entry alone.
    rights = {"infobox:read": "all", "invitations:read": "all"}
    role = ok(await admin.post("/v1/roles", {"name": "Accueil", "permissions": rights}), 201)["id"]
    ok(await admin.ask("PATCH", f"/v1/users/{member.id}", json={"role_id": role}))
    seen = {one["type"] for one in await crm.timeline(member, company_id=crm.martin)}
    assert "invitation.sent" in seen
    assert not any(one.startswith("mandate") for one in seen)
    ok(await admin.ask("PATCH", f"/v1/roles/{role}", json={"permissions": {"infobox:read": "none"}}))
    problem(await member.get(INFOBOX), 403, "permission_denied")
    problem(await member.get(f"{INFOBOX}/{planned['entry_id']}"), 403, "permission_denied")
    told = await crm.run(admin, "notes", {**later, "participants": {"user_ids": [str(member.id)]}})
    assert (await crm.entry(member, told["entry_id"]))["description_text"] == "Rappel"


async def test_both_halves_of_a_timeline_are_read_in_order(product: Product, office: Office) -> None:
    """The very statements of a page: whether the indexes can give their order, whatever else there is."""
    halves: list[tuple[str, Any]] = []

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if "infobox_targets" in statement or "journal_entries" in statement:
            halves.append((statement, parameters))

    engine = product.runtime.db.engine
    crm = await open_customers(product, office)
    for of, column in ((crm.martin, "company"), (crm.camille, "contact")):
        halves.clear()
        listen(engine.sync_engine, "before_cursor_execute", keep)
        try:
            await crm.timeline(office.admin, **{f"{column}_id": of})
        finally:
            remove(engine.sync_engine, "before_cursor_execute", keep)
        async with engine.begin() as connection:
            for setting in ("enable_sort", "enable_seqscan", "enable_hashagg", "enable_bitmapscan", "enable_hashjoin"):
                await connection.execute(text(f"SET LOCAL {setting} = off"))
            plans = [
                "".join((await connection.exec_driver_sql(f"EXPLAIN {one}", given)).scalars()) for one, given in halves
            ]
        assert any(f"ix_infobox_targets_{column}" in plan and "Sort" not in plan for plan in plans), plans
        assert any(f"ix_journal_entries_{column}" in plan for plan in plans), plans
