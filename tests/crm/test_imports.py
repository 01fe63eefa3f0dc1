"""Imports of contacts and companies: every way to write a file, what each mode does, the report, taking back."""

import csv
import io
from typing import Any

import pytest
from tests.crm.files import HEAD, IMPORTS, counts, ended, faults, send, table, workbook
from tests.plugins.product import Office, Person, Product


async def contacts(person: Person, **params: object) -> list[dict[str, Any]]:
    found = await person.get("/v1/contacts", params={"limit": 200, **params})
    assert found.status_code == 200, found.text
    items: list[dict[str, Any]] = found.json()["items"]
    return items


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
async def test_files_as_spreadsheets_write_them(product: Product, office: Office, encoding: str) -> None:
    admin = office.admin
    rows = (
        HEAD,
        ("Éloi", "Zoé", "Fonderie Étienne", "ZOE@Fonderie.example", "01 42 68 53 00"),
        ("Martin", "Camille", "fonderie etienne", "", "142685301"),
        ("Roux", "Léo", "Menuiserie", "leo@menuiserie.example", "+49 30 123456"),
    )
    mark = "," if encoding == "utf-8" else ";"
    job = await ended(product, admin, await send(admin, table(*rows, mark=mark, encoding=encoding)))
    assert (counts(job), job["total"], job["failed"]) == ({"created": 3}, 3, 0)
    shown = [(one["last_name"], one["company_name"], one["email"], one["phone"]) for one in await contacts(admin)]
    assert shown == [
        ("Éloi", "Fonderie Étienne", "zoe@fonderie.example", "+33142685300"),
        ("Martin", "Fonderie Étienne", None, "+33142685301"),
        ("Roux", "Menuiserie", "leo@menuiserie.example", "+4930123456"),
    ]
    actions = await product.rows("SELECT action, count(*) AS n FROM journal_entries GROUP BY action")
    found = {row["action"]: row["n"] for row in actions}
    assert (found["contact.created"], found["company.created"]) == (3, 2)


async def test_dry_run_commit_same_file_and_revert(product: Product, office: Office) -> None:
    admin = office.admin
    content = workbook(HEAD, ("Martin", "Zoé", "Fonderie", "zoe@f.example", 142685300), ("Roux", "Léo", "Bois", "", ""))
    tried = await ended(product, admin, await send(admin, content, dry_run=True))
    assert (counts(tried), tried["dry_run"]) == ({"created": 2}, True)
    assert await contacts(admin) == []
    done = await ended(product, admin, await admin.post(f"{IMPORTS}/{tried['id']}/commit"))
    assert (counts(done), len(await contacts(admin))) == ({"created": 2}, 2)
    for again in (await send(admin, content), await admin.post(f"{IMPORTS}/{tried['id']}/commit")):
        assert (again.status_code, again.json()["code"]) == (409, "file_already_imported")
        assert again.json()["job_id"] == done["id"]
    forced = await ended(product, admin, await send(admin, content, force="true"))
    assert counts(forced) == {"unchanged": 1, "created": 1}  # nothing but the name says who the other one is
    assert (await admin.post(f"{IMPORTS}/{done['id']}/commit")).json()["code"] == "nothing_to_commit"
    assert (await admin.post(f"{IMPORTS}/{tried['id']}/revert")).json()["code"] == "nothing_to_revert"

    zoe = next(one for one in await contacts(admin) if one["first_name"] == "Zoé")
    assert (await admin.ask("PATCH", f"/v1/contacts/{zoe['id']}", json={"tags": ["vip"]})).status_code == 200
    seen = await ended(product, admin, await admin.post(f"{IMPORTS}/{done['id']}/revert", params={"dry_run": True}))
    assert counts(seen) == {"removed": 1, "kept": 3}
    assert len(await contacts(admin)) == 3
    await ended(product, admin, await admin.post(f"{IMPORTS}/{forced['id']}/revert"))
    taken = await ended(product, admin, await admin.post(f"{IMPORTS}/{done['id']}/revert"))
    assert counts(taken) == {"removed": 2, "kept": 2}  # Léo and his company; Zoé has changed, and hers is in use
    assert [one["first_name"] for one in await contacts(admin)] == ["Zoé"]
    companies = (await admin.get("/v1/companies")).json()["items"]
    assert [one["name"] for one in companies] == ["Fonderie"]


async def test_keys_and_modes(product: Product, office: Office) -> None:
    admin = office.admin
    head = ("id", "external_id", "last_name", "first_name", "company", "email", "tags", "Actif")
    first = (
        ("", "C-1", "Martin", "Zoé", "Fonderie", "zoe@f.example", "a, b", "oui"),
        ("", "", "Roux", "Léo", "Fonderie", "leo@f.example", "", ""),
    )
    job = await ended(product, admin, await send(admin, table(head, *first), mode="create"))
    assert counts(job) == {"created": 2}
    leo = next(one for one in await contacts(admin) if one["first_name"] == "Léo")
    changes = (
        ("", "C-1", "Durand", "", "", "", "", "non"),  # by the external id
        ("", "", "", "Léon", "", "LEO@f.example", "", ""),  # by the address
        (leo["id"], "C-2", "", "", "", "", "x", ""),  # by the id
        ("", "C-9", "Inconnu", "Ana", "Fonderie", "", "", ""),
        ("", "", "Sans clé", "Ana", "Fonderie", "", "", ""),
    )
    job = await ended(product, admin, await send(admin, table(head, *changes), mode="update"))
    assert counts(job) == {"updated": 3, "validation_failed": 2}
    assert await faults(admin, job) == [(4, "email", "not_found"), (5, "id", "no_key")]
    shown = {one["external_id"]: one for one in await contacts(admin)}
    zoe, leo = shown["C-1"], shown["C-2"]
    assert (zoe["last_name"], zoe["first_name"], zoe["active"], zoe["tags"]) == ("Durand", "Zoé", False, ["a", "b"])
    assert (leo["first_name"], leo["tags"]) == ("Léon", ["x"])
    job = await ended(product, admin, await send(admin, table(head, changes[0], first[1]), mode="create"))
    assert [code for _, _, code in await faults(admin, job)] == ["already_known", "already_known"]
    moved = ("", "C-1", "", "", "Autre", "leo@f.example", "", "")
    job = await ended(product, admin, await send(admin, table(head, moved)))
    assert counts(job) == {"updated": 1}
    back = ("", "C-1", "", "", "Fonderie", "", "", "")
    job = await ended(product, admin, await send(admin, table(head, back)))
    assert await faults(admin, job) == [(1, "email", "duplicate")]


async def test_bad_rows_are_reported_and_come_back_as_a_file(product: Product, office: Office) -> None:
    admin = office.admin
    await admin.post("/v1/contact-statuses", {"code": "prospect", "label_fr": "Prospect chaud", "label_en": "Hot"})
    schema = {"type": "object", "properties": {"size": {"type": "integer", "maximum": 9, "title": "Effectif"}}}
    await admin.ask("PUT", "/v1/custom-fields/contacts", json={"json_schema": schema})
    head = (*HEAD, "Actif", "Statut", "Attribué à (e-mail)", "SIREN ou SIRET", "Effectif", "Langue")
    fine = ("", "prospect CHAUD", office.member.email, "732 829 320", "7", "anglais")
    rows = (
        ("Martin", "Zoé", "Fonderie", "zoe@f.example", "01 42 68 53 00", *fine),
        ("=HYPERLINK(1)", "", "Fonderie", "pas une adresse", "12", "peut-être", "x", "x@y.example", "1", "a", "de"),
        (),
        ("Roux", "Léo", "Fonderie", "", "", "", "", "", "", "12", ""),
        ("Roux", "Zoé", "Fonderie", "ZOE@F.example", "", "", "", "", "", "", ""),
        ("Roux", "Léo", "", "", "", "", "", "", "", "", ""),
    )
    job = await ended(product, admin, await send(admin, table(head, *rows)))
    assert counts(job) == {"created": 1, "blank": 1, "validation_failed": 3, "repeated_in_file": 1}
    assert await faults(admin, job) == [
        (2, "last_name", "formula"),
        (2, "email", "email"),
        (2, "phone", "phone"),
        (2, "active", "yes_or_no"),
        (2, "status", "unknown_status"),
        (2, "assigned_to", "unknown_user"),
        (2, "custom_fields.size", "number"),
        (2, "locale", "locale"),
        (2, "company_local_id", "identifier_length"),
        (4, "custom_fields.size", "maximum"),
        (5, "email", "repeated_in_file"),
        (6, "company", "missing"),
    ]
    (zoe,) = await contacts(admin)
    assert (zoe["status"], zoe["assigned_to"], zoe["locale"]) == ("prospect", str(office.member.id), "en")
    assert zoe["custom_fields"] == {"size": 7}
    answer = await admin.get(f"{IMPORTS}/{job['id']}/failed-rows.csv")
    content = answer.content.decode("utf-8-sig")
    refused = list(csv.DictReader(io.StringIO(content), delimiter=";"))
    assert [(row["Ligne"], row["Nom"]) for row in refused] == [
        ("2", "'=HYPERLINK(1)"),
        ("4", "Roux"),
        ("5", "Roux"),
        ("6", "Roux"),
    ]
    corrected = content.replace("'=HYPERLINK(1)", "Petit")
    job = await ended(product, admin, await send(admin, corrected.encode()))
    assert (job["failed"], counts(job)["updated"]) == (3, 1)  # the repeated address is Zoé's, and no longer repeated


async def test_companies(product: Product, office: Office) -> None:
    admin = office.admin
    head = ("Raison sociale", "Référence externe", "Identifiant local", "E-mail", "Étiquettes")
    rows = (
        ("Fonderie Martin", "F-1", "732829320", "contact@f.example", "client"),
        ("Sans numéro", "", "", "", ""),
        ("Autre", "", "73282932000074", "", ""),
        ("Faux", "", "732829321", "", ""),
        ("", "F-2", "", "", ""),
    )
    job = await ended(product, admin, await send(admin, table(head, *rows), record="companies"))
    assert counts(job) == {"created": 2, "validation_failed": 3}
    assert [(column, code) for _, column, code in await faults(admin, job)] == [
        ("local_id", "duplicate"),
        ("local_id", "identifier_checksum"),
        ("name", "missing"),
    ]
    again = (("Fonderie M.", "", "732829320", "", ""), ("Autre nom", "F-1", "552100554", "", ""))
    job = await ended(product, admin, await send(admin, table(head, *again), record="companies", mode="update"))
    assert counts(job) == {"updated": 2}
    shown = [(one["name"], one["local_id"] and one["local_id"]["value"]) for one in await companies(admin)]
    assert shown == [("Autre nom", "552100554"), ("Sans numéro", None)]


async def test_an_export_comes_back_as_an_import(product: Product, office: Office) -> None:
    admin = office.admin
    await admin.post("/v1/contact-statuses", {"code": "vip", "label_fr": "Très bon", "label_en": "Very good"})
    head = (*HEAD, "Statut", "Attribué à (e-mail)", "Étiquettes", "Actif", "Autres e-mails")
    row = ("Martin", "Zoé", "Fonderie", "z@f.example", "", "vip", office.member.email, "a, b", "non", "y@f.example")
    await ended(product, admin, await send(admin, table(head, row)))
    for record in ("contacts", "companies"):
        answer = await admin.get(f"/v1/{record}/export.csv")
        assert answer.status_code == 200
        job = await ended(product, admin, await send(admin, answer.content, record=record))
        assert counts(job) == {"unchanged": 1}, record
        for format_ in ("csv", "xlsx"):
            job = await ended(product, admin, await admin.post(f"/v1/{record}/exports", {"format": format_}))
            assert job["done"] == 1
            content = (await admin.get(f"/v1/files/{job['file']['id']}/content")).content
            job = await ended(product, admin, await send(admin, content, record=record, force="true"))
            assert counts(job) == {"unchanged": 1}, (record, format_)


async def companies(person: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await person.get("/v1/companies")).json()["items"]
    return found


async def test_files_that_are_refused_whole(office: Office) -> None:
    admin = office.admin
    wrong = await send(admin, table(("Nom", "Prenom", "Raison sociale", "Mail", "nom")))
    assert (wrong.status_code, wrong.json()["code"]) == (422, "header_mismatch")
    told = wrong.json()
    assert told["missing"] == ["company"]
    assert told["unknown"] == ["Raison sociale", "Mail"]
    assert told["repeated"] == ["last_name"]
    formulas = workbook(HEAD, ("Martin", "Zoé", '=CONCATENATE("a","b")', "", "=1+1"))
    computed = await send(admin, formulas)
    assert (computed.status_code, computed.json()["code"]) == (422, "formula_cells")
    assert computed.json()["cells"] == ["C2", "E2"]
    for content in (b"PK\x03\x04nonsense", b"\0\0\0", b"Nom;Pr\xc3\xa9nom;Soci\xc3\xa9t\xc3\xa9\n\x81\x8d"):
        broken = await send(admin, content)
        assert broken.status_code in {202, 422}, broken.text
    denied = await send(office.member, table(HEAD))
    assert (denied.status_code, denied.json()["permission"]) == (403, "contacts:import")
    nothing = await send(admin, table(HEAD, ("A", "B", "C", "", "")), mode="nonsense")
    assert nothing.status_code == 422
    template = await admin.get(f"{IMPORTS}/template", params={"format": "csv"})
    assert template.content.decode("utf-8-sig").startswith("Identifiant;Référence externe;Nom;Prénom;Société")
    for record in ("contacts", "companies"):
        book = await admin.get(f"{IMPORTS}/template", params={"record": record})
        assert book.content.startswith(b"PK")
