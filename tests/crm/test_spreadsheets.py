"""Files as spreadsheets of a French office write them, with the workspace's own fields, there and back.

`samples/` was written by LibreOffice 7.4 with its French locale: it drops the zero of a number that it takes for one,
and writes decimal commas.
"""

from pathlib import Path
from typing import Any

import pytest
from tests.crm.files import counts, ended, faults, send, table
from tests.crm.toolbox import ok, problem
from tests.plugins.product import Office, Person, Product

SAMPLES = Path(__file__).parent / "samples"
#: What Excel writes under "CSV (séparateur : point-virgule)" and under "CSV UTF-8".
_EXCEL = (
    "Nom;Prénom;Société;E-mail;Téléphone;Secteur;Chiffre d’affaires;Client;Produits\r\n"
    "Éloi;Zoé;Fonderie « Étienne »;zoe@fonderie.example;01 42 68 53 00;Métal;1234,50;oui;tôle, fonte\r\n"
    "Martin;Camille;Menuiserie œuvre;camille@menuiserie.example;142685301;Bois;200;non;\r\n"
)
FILES = {
    "excel-1252": _EXCEL.encode("cp1252"),
    "excel-utf8-bom": _EXCEL.encode("utf-8-sig"),
    **{path.name: path.read_bytes() for path in SAMPLES.iterdir() if path.name.startswith("libreoffice")},
}
SCHEMA = {
    "type": "object",
    "properties": {
        "sector": {"type": "string", "title": "Secteur"},
        "revenue": {"type": "number", "title": "Chiffre d’affaires"},
        "customer": {"type": "boolean", "title": "Client"},
        "products": {"type": "array", "items": {"type": "string"}, "title": "Produits"},
    },
    "required": ["sector"],
}


async def own_fields(admin: Person) -> None:
    ok(await admin.ask("PUT", "/v1/custom-fields/contacts", json={"json_schema": SCHEMA}))


async def kept(admin: Person) -> list[tuple[Any, ...]]:
    items = ok(await admin.get("/v1/contacts"))["items"]
    return [(one["last_name"], one["company_name"], one["phone"], one["custom_fields"]) for one in items]


EXPECTED = [
    (
        "Éloi",
        "Fonderie « Étienne »",
        "+33142685300",
        {"sector": "Métal", "revenue": 1234.5, "customer": True, "products": ["tôle", "fonte"]},
    ),
    ("Martin", "Menuiserie œuvre", "+33142685301", {"sector": "Bois", "revenue": 200.0, "customer": False}),
]


@pytest.mark.parametrize("name", sorted(FILES))
async def test_a_file_of_a_spreadsheet_comes_in_leaves_and_comes_back(
    product: Product, office: Office, name: str
) -> None:
    admin = office.admin
    await own_fields(admin)
    done = await ended(product, admin, await send(admin, FILES[name]))
    assert (counts(done), done["failed"]) == ({"created": 2}, 0)
    assert await kept(admin) == EXPECTED
    csv = (await admin.get("/v1/contacts/export.csv")).content
    assert "Secteur;Chiffre d’affaires;Client;Produits" in csv.decode("utf-8-sig").splitlines()[0]
    assert '"tôle, fonte"' in csv.decode("utf-8-sig") or "tôle, fonte" in csv.decode("utf-8-sig")
    back = await ended(product, admin, await send(admin, csv, mode="both"))
    assert (counts(back), back["failed"]) == ({"unchanged": 2}, 0), await faults(admin, back)
    assert await kept(admin) == EXPECTED


async def test_fields_that_entries_must_have_are_asked_for(product: Product, office: Office) -> None:
    admin = office.admin
    await own_fields(admin)
    head = ("Nom", "Prénom", "Société", "E-mail")
    row = ("Roux", "Léo", "Bois", "leo@bois.example")
    refused = problem(await send(admin, table(head, row)), 422, "header_mismatch")
    assert refused["missing"] == ["custom_fields.sector"]
    full = table((*head, "Secteur"), (*row, ""), ("Noir", "Léa", "Bois", "lea@bois.example", "Bois"))
    done = await ended(product, admin, await send(admin, full))
    assert (counts(done)["created"], done["failed"]) == (1, 1)
    assert await faults(admin, done) == [(1, "custom_fields.sector", "missing")]
    changed = table(("E-mail", "Téléphone"), ("lea@bois.example", "01 42 68 53 00"))
    updated = await ended(product, admin, await send(admin, changed, mode="update"))
    assert counts(updated) == {"updated": 1}
    assert [one[3] for one in await kept(admin)] == [{"sector": "Bois"}]

    ok(await admin.ask("PUT", "/v1/custom-fields/companies", json={"json_schema": SCHEMA}))
    companies = table(("Raison sociale", "Secteur"), ("Fonderie", ""), ("Menuiserie", "Bois"))
    made = await ended(product, admin, await send(admin, companies, record="companies"))
    assert await faults(admin, made) == [(1, "custom_fields.sector", "missing")]
    exported = (await admin.get("/v1/companies/export.csv")).content.decode("utf-8-sig").splitlines()
    assert exported[0].endswith("Secteur;Chiffre d’affaires;Client;Produits")
    assert any("Menuiserie" in line and ";Bois;" in line for line in exported)
