"""Emptying or deleting a contact leaves no trace of the person: tables, files and the log are looked through."""

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.avant_vente.desk import open_desk
from tests.crm.files import ended, faults, send, table
from tests.gdpr.person import EMAIL, FIRST, HEAD, LAST, NAME, OTHER, WORDS, asked_everywhere, known_contact, made
from tests.gdpr.traces import in_files, in_tables
from tests.journeys.test_mandates import open_mandate
from tests.plugins.product import Office, Product

from relance.capabilities.files.sweeper import FileSweeper
from relance.core.logging import configure_logging

#: Where this person is before: a search that finds nothing anywhere would prove nothing.
KNOWN_IN = {
    "action_links.recipient",
    "avant_vente_requests.description",
    "captured_mails.raw",
    "contacts.search_text",
    "contacts.custom_fields",
    "date_answers.answered_by",
    "date_proposals.recipient",
    "files.name",
    "infobox_comments.body_text",
    "infobox_entries.description_html",
    "invitations.email",
    "job_items.cells",
    "jobs.parameters",
    "mandate_contacts.contact_email",
    "mandates.contact_phone",
    "message_bodies.html",
    "messages.recipient",
    "opportunities.title",
    "prequalifications.draft",
    "saved_views.filters",
    "sessions.title",
}


@pytest.fixture
def log(product: Product, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All that is logged, down to the least."""
    settings, lines = product.runtime.settings, io.StringIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", lines)
        configure_logging(settings.model_copy(update={"log_level": "debug"}))
        yield lines
    configure_logging(settings)


async def no_trace(product: Product, office: Office) -> None:
    """Nothing in any table, nor in any file once the sweep has come by."""
    await product.work()
    await FileSweeper(product.runtime, product.app.state.file_store).sweep()
    assert await in_tables(product, WORDS) == set()
    folder = Path(product.runtime.settings.files_url.removeprefix("file://"))
    assert in_files(folder / str(office.workspace_id), WORDS) == []


async def test_emptying_leaves_no_trace(product: Product, office: Office, log: io.StringIO) -> None:
    admin = office.admin
    contact = await known_contact(product, admin)
    await asked_everywhere(product, office, await open_desk(product, office), contact)
    path = f"/v1/contacts/{contact['id']}"
    assert await in_tables(product, WORDS) >= KNOWN_IN
    counts = await product.rows(
        "SELECT (SELECT count(*) FROM messages) AS m, (SELECT count(*) FROM journal_entries) AS j"
    )

    assert (await office.member.get(f"{path}/export")).json()["permission"] == "gdpr:export"
    told = made(await admin.get(f"{path}/export"), 200)
    sections = {one["section"]: one["records"] for one in told["sections"]}
    assert set(sections) >= {
        "contact",
        "invitations",
        "mandates",
        "messages",
        "files",
        "links",
        "job_items",
        "sessions",
    }
    assert sections["contact"][0]["email"] == EMAIL
    assert NAME in json.dumps(sections, ensure_ascii=False)

    assert (await office.manager.post(f"{path}/empty")).json()["permission"] == "gdpr:empty"
    emptied = made(await admin.post(f"{path}/empty"), 200)
    assert (emptied["gdpr"]["status_label"], emptied["last_name"], emptied["email"]) == ("Vidé", "", None)
    assert (emptied["company_id"], emptied["active"]) == (contact["company_id"], False)
    await no_trace(product, office)
    assert [line for line in log.getvalue().lower().splitlines() if any(word in line for word in WORDS)] == []
    now = await product.rows("SELECT (SELECT count(*) FROM messages) AS m, (SELECT count(*) FROM journal_entries) AS j")
    assert (now[0]["m"], now[0]["j"]) == (counts[0]["m"], counts[0]["j"] + 1)
    live = "SELECT 1 FROM action_links WHERE recipient = '' AND revoked_at IS NULL"
    assert await product.rows(live) == []
    texts = await product.rows("SELECT description_text AS text FROM infobox_entries WHERE type = 'note' ORDER BY id")
    assert [row["text"] for row in texts] == [None, "Vu […], […], […]. Le devis attend."]
    assert [row["n"] for row in await product.rows("SELECT count(*) AS n FROM files WHERE subject_id IS NOT NULL")] == [
        0
    ]
    # What is left is read, listed and reminded of without a fault.
    for place in ("contacts", "invitations", "mandates", "sessions", "messages", "avant-vente/requests", "jobs"):
        assert (await admin.get(f"/v1/{place}")).status_code == 200, place
    await product.advance(admin, "P40D")
    assert await in_tables(product, WORDS) == set()

    for answer in (await admin.post(f"{path}/empty"), await admin.ask("PATCH", path, json={"last_name": LAST})):
        assert (answer.status_code, answer.json()["code"]) == (409, "contact_emptied")
    after = json.dumps(made(await admin.get(f"{path}/export"), 200)["sections"]).lower()
    assert [word for word in WORDS if word in after] == []


async def test_nobody_comes_back_quietly(product: Product, office: Office) -> None:
    admin = office.admin
    contact = await known_contact(product, admin)
    path = f"/v1/contacts/{contact['id']}"
    made(await admin.post(f"{path}/empty"), 200)
    hashes = await product.rows("SELECT key_hash FROM forgotten_people")
    assert len(hashes) == 3  # two addresses, and the partner's own key

    again = {"company_id": contact["company_id"], "first_name": FIRST, "last_name": LAST}
    for more, pointer in (
        ({"email": EMAIL.upper()}, "/email"),
        ({"email": "x@y.example", "other_emails": ["y@y.example", OTHER]}, "/other_emails/1"),
        ({"external_id": "zq-1"}, "/external_id"),
    ):
        refused = await admin.post("/v1/contacts", again | more)
        assert (refused.status_code, refused.json()["code"], refused.json()["pointer"]) == (
            409,
            "person_erased",
            pointer,
        )
    put = await admin.ask("PUT", "/v1/contacts/by-reference/zq-1", json=again)
    assert put.json()["code"] == "person_erased"
    other = made(await admin.post("/v1/contacts", again | {"email": "autre@y.example"}))
    changed = await admin.ask("PATCH", f"/v1/contacts/{other['id']}", json={"email": OTHER})
    assert changed.json()["code"] == "person_erased"

    rows = (
        ("", LAST, FIRST, "Fonderie du Val", EMAIL, ""),
        ("zq-1", LAST, FIRST, "Fonderie du Val", "", ""),
        ("", "Roux", "Léo", "Fonderie du Val", "leo@y.example", ""),
    )
    job = await ended(product, admin, await send(admin, table(HEAD, *rows)))
    assert await faults(admin, job) == [(1, "email", "person_erased"), (2, "external_id", "person_erased")]
    by_id = table(("id", "last_name"), (contact["id"], LAST))
    job = await ended(product, admin, await send(admin, by_id, mode="update"))
    assert await faults(admin, job) == [(1, "id", "contact_emptied")]

    readmitted = again | {"email": EMAIL, "readmission": {"justification": "A écrit le 3 mai pour revenir."}}
    assert (await office.member.post("/v1/contacts", readmitted)).json()["permission"] == "gdpr:readmit"
    back = made(await admin.post("/v1/contacts", readmitted))
    records = await product.rows("SELECT contact_id, action, justification FROM consent_records ORDER BY id")
    assert [one["action"] for one in records] == ["consent.emptied", "consent.readmitted"]
    assert str(records[1]["contact_id"]) == back["id"]
    assert len(await product.rows("SELECT 1 FROM forgotten_people")) == 2


async def test_deleting_leaves_no_trace_either(product: Product, office: Office) -> None:
    admin = office.admin
    contact = await known_contact(product, admin)
    call = {"first_name": FIRST, "last_name": LAST, "email": EMAIL}
    await open_mandate(office, company={"id": contact["company_id"]}, contact=call)
    await product.work()
    path = f"/v1/contacts/{contact['id']}"
    refused = await admin.ask("DELETE", path)
    assert (refused.status_code, refused.json()["code"]) == (409, "still_referred")
    assert await in_tables(product, WORDS) >= {"contacts.email", "mandates.contact_email", "job_items.cells"}
    # Without the mandate, which stands in the way.
    async with product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE mandates SET contact_id = NULL")
    assert (await admin.ask("DELETE", path)).status_code == 204
    await no_trace(product, office)
    assert (await admin.get(path)).status_code == 404
    assert len(await product.rows("SELECT 1 FROM forgotten_people")) == 3


async def test_what_others_have_too_stays_theirs(product: Product, office: Office) -> None:
    """An accountant of two companies: emptied at one, the other's entry and its mails stay as they are."""
    admin = office.admin
    shared = {"first_name": "Ana", "last_name": "Kovač", "email": "ana@cabinet.example", "phone": "06 11 22 33 44"}
    ids = []
    for name in ("Fonderie", "Menuiserie"):
        company = made(await admin.post("/v1/companies", {"name": name}))
        ids.append(made(await admin.post("/v1/contacts", shared | {"company_id": company["id"]}))["id"])
    made(await admin.post(f"/v1/contacts/{ids[0]}/empty"), 200)
    assert await product.rows("SELECT 1 FROM forgotten_people") == []
    kept = made(await admin.get(f"/v1/contacts/{ids[1]}"), 200)
    assert (kept["last_name"], kept["email"], kept["phone"]) == ("Kovač", "ana@cabinet.example", "+33611223344")
    made(await admin.post(f"/v1/contacts/{ids[1]}/empty"), 200)
    assert await in_tables(product, ("kovač", "ana@cabinet", "611223344")) == set()
    assert len(await product.rows("SELECT 1 FROM forgotten_people")) == 1
