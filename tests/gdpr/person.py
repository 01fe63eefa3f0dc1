"""Somebody who is known in every room, and what they have left there."""

from datetime import timedelta
from typing import Any

import httpx
from tests.avant_vente.desk import Desk
from tests.crm.files import ended, send, table
from tests.files.samples import PDF
from tests.journeys.test_first_path import ANSWERS, JSON, wanted
from tests.journeys.test_mandates import open_mandate
from tests.plugins.product import Office, Person, Product
from tests.sessions.training import answer, next_monday, path_of, proposed, session

FIRST, LAST = "Zéphyrine", "Quillfeather-Noël"
EMAIL, OTHER = "z.quillfeather@perso.example", "zeph@autre.example"
PHONE = "06 12 34 56 78"
NAME = f"{FIRST} {LAST}"
#: None of these may be left anywhere.
WORDS = ("quillfeather", "zephyrine", "zeph@", "612345678", "6 12 34 56 78")
HEAD = ("external_id", "last_name", "first_name", "company", "email", "phone")


def made(response: httpx.Response, status: int = 201) -> dict[str, Any]:
    """The body of what was done."""
    assert response.status_code == status, response.text
    found: dict[str, Any] = response.json()
    return found


async def known_contact(product: Product, admin: Person) -> dict[str, Any]:
    """Imported, with a row that failed; then filled in, looked for, exported."""
    row = ("zq-1", LAST, FIRST, "Fonderie du Val", EMAIL, PHONE)
    await ended(product, admin, await send(admin, table(HEAD, row, row, ("", LAST, FIRST, "", OTHER, "12"))))
    contact: dict[str, Any]
    (contact,) = (await admin.get("/v1/contacts", params={"email": EMAIL})).json()["items"]
    schema = {"type": "object", "properties": {"nickname": {"type": "string"}}}
    made(await admin.ask("PUT", "/v1/custom-fields/contacts", json={"json_schema": schema}), 200)
    more = {"other_emails": [OTHER], "tags": [f"amie de {LAST}"], "custom_fields": {"nickname": f"{FIRST} la rousse"}}
    changed = await admin.ask(
        "PATCH", f"/v1/contacts/{contact['id']}", json=more, headers={"Idempotency-Key": "zq-patch"}
    )
    made(changed, 200)
    made(await admin.post("/v1/saved-views", {"record": "contacts", "name": "Elle", "filters": {"q": NAME}}))
    for file_format in ("csv", "xlsx"):
        body = {"format": file_format, "filter": {"q": LAST}}
        await ended(
            product, admin, await admin.post("/v1/contacts/exports", body, headers={"Idempotency-Key": file_format})
        )
    uploaded = await admin.ask("POST", "/v1/files", files={"file": (f"CV {NAME}.pdf", PDF, "application/pdf")})
    assert uploaded.status_code == 201, uploaded.text
    return contact


async def asked_everywhere(product: Product, office: Office, desk: Desk, contact: dict[str, Any]) -> None:
    """An invitation, a mandate, a session and a pre-sales request about them, each answered as far as it goes."""
    company, call = (
        {"id": contact["company_id"]},
        {"first_name": FIRST, "last_name": LAST, "email": EMAIL, "phone": PHONE},
    )
    made(await office.member.post("/v1/invitations", wanted(office, EMAIL) | {"partner": company}))
    await open_mandate(office, company=company, contact=call)
    await product.work()
    answers = ANSWERS | {"contacts": {"name": NAME, "email": EMAIL, "phone": PHONE}}
    done = []
    for mail in await product.mails(office.admin, EMAIL):
        link = mail["links"][0]
        sent = {"file": (f"{LAST}.pdf", PDF, "application/pdf")}
        await product.client.post(f"{link}/files", files=sent, headers=JSON)
        for name, values in (("save", {"answers": answers}), ("decline", {"reason": f"{NAME} ne souhaite pas."})):
            said = await product.client.post(f"{link}/{name}", json={"version": 1, **values}, headers=JSON)
            done.append((name, said.status_code))
    assert done == [("save", 404), ("decline", 200), ("save", 200), ("decline", 200)]
    main = {"first_name": "Ana", "last_name": "Kovač", "email": "ana@pme.example"}
    mandate = await open_mandate(office, company=company, contact=main)
    made(await office.admin.post(f"/v1/mandates/{mandate['id']}/contacts", call))
    first = next_monday(product, 10)
    training = await session(office, [first], (contact["company_id"], contact["id"]), title=f"Sécurité pour {NAME}")
    _, page = await proposed(product, office, path_of(training), first - timedelta(days=10), EMAIL)
    made(await answer(product, page, "accept", comment=f"D’accord, {NAME}, {PHONE}"), 200)
    words = {"description": f"Appeler {FIRST} {LAST} au {PHONE}", "place": f"Chez {LAST}"}
    key = {"external_id": "val-1"}
    made(await office.admin.ask("PATCH", f"/v1/companies/{contact['company_id']}", json=key), 200)
    opportunity = await desk.opportunity(company={"name": "Fonderie du Val", **key}, title=f"ERP ({NAME})")
    await desk.submitted(opportunity=opportunity, **words)
    await product.work()
    await noted(product, office, contact)
    await sent_profiles(product, office, contact)
    await product.work()


async def noted(product: Product, office: Office, contact: dict[str, Any]) -> None:
    """Notes: about them alone with a file, and about their company too; a colleague reads along, somebody comments."""
    uploaded = await office.admin.ask("POST", "/v1/files", files={"file": ("contrat.pdf", PDF, "application/pdf")})
    alone, both = (
        [{"contact_id": contact["id"]}],
        [{"contact_id": contact["id"]}, {"company_id": contact["company_id"]}],
    )
    for targets, file_ids in ((alone, [made(uploaded)["id"]]), (both, [])):
        body = {
            "targets": targets,
            "description": f"<p>Vu <b>{FIRST}</b> {LAST}, {PHONE}, {EMAIL}. Le devis attend.</p>",
            "participants": {"user_ids": [str(office.member.id)]},
            "file_ids": file_ids,
        }
        report = made(await office.admin.post("/v1/crm-toolbox/notes", body), 200)
        comments = f"/v1/crm-toolbox/infobox/{report['entry_id']}/comments"
        made(await office.admin.post(comments, {"body": f"<p>{NAME} a rappelé.</p>"}))


async def sent_profiles(product: Product, office: Office, contact: dict[str, Any]) -> None:
    """A profile that was sent with words about them, and one that is to be sent."""
    profile = made(await office.admin.post("/v1/crm-toolbox/profiles", {"kind": "offer", "title": "Audit"}))["id"]
    words = {"subject": f"Pour {NAME}", "body": f"<p>Bonjour {FIRST}, comme dit au {PHONE}</p>"}
    to = {"targets": [{"contact_id": contact["id"]}], "profile_ids": [profile], **words}
    later = (product.runtime.clock.now() + timedelta(days=300)).isoformat()
    for at in ({}, {"at": later}):
        made(await office.admin.post("/v1/crm-toolbox/profile-sendings", {**to, **at}), 200)
