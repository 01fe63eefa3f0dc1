"""Many invitations: in one request, and from a file."""

import csv
import io
from collections.abc import Callable
from typing import Any

import httpx
import openpyxl
import pytest
from tests.journeys.test_first_path import wanted
from tests.journeys.test_remind_all import counts, finished
from tests.plugins.product import SIRENS, Office, Product

IMPORTS = "/v1/invitations/imports"
HEADER = "Raison sociale;Identifiant local;E-mail sollicité"


async def send(office: Office, content: bytes, name: str = "a.csv", query: str = "", **fields: str) -> httpx.Response:
    data = {"issuing_organisation_id": str(office.organisation_id)} | fields
    return await office.member.ask("POST", f"{IMPORTS}{query}", files={"file": (name, content)}, data=data)


def lines(*rows: str) -> bytes:
    return "\r\n".join((HEADER, *rows)).encode()


async def test_bulk_rows_stand_or_fall_by_themselves(product: Product, office: Office) -> None:
    rows: list[dict[str, Any]] = [
        wanted(office, "a@p0.example", SIRENS[0]),
        wanted(office, "not an address", SIRENS[1]),
        wanted(office, "b@p2.example", "732829321"),
        wanted(office, "A@P0.example", SIRENS[0]),
        {"email": "c@p3.example"},
        wanted(office, "b@p0.example", SIRENS[0]),
    ]
    rehearsed = await office.member.post("/v1/invitations/bulk?dry_run=true", {"rows": rows})
    assert rehearsed.status_code == 200, rehearsed.text
    assert await product.rows("SELECT 1 FROM invitations UNION ALL SELECT 1 FROM companies") == []
    made = await office.member.post("/v1/invitations/bulk", {"rows": rows})
    report = made.json()
    assert [item["outcome"] for item in report["items"]] == [
        "created",
        "validation_failed",
        "validation_failed",
        "already_open",
        "validation_failed",
        "created",
    ]
    assert [item["outcome"] for item in rehearsed.json()["items"]] == [item["outcome"] for item in report["items"]]
    assert (report["total"], report["failed"], counts(report)["created"]) == (6, 4, 2)
    assert report["items"][1]["errors"][0]["pointer"] == "/email"
    assert report["items"][2]["errors"][0] | {"message": ""} == {
        "pointer": "/partner/local_id/value",
        "code": "identifier_checksum",
        "message": "",
    }
    await product.work()
    assert len(await product.mails(office.admin, "a@p0.example")) == 1
    assert len(await product.mails(office.admin, "b@p0.example")) == 1
    assert len(await product.rows("SELECT 1 FROM companies")) == 1
    shown = (await office.member.get(f"/v1/invitations/{report['items'][0]['subject_id']}")).json()
    assert (shown["status"], shown["next_messages"][0]["kind"]) == ("sent", "reminder")


async def test_a_thousand_at_most(office: Office) -> None:
    row = {"email": "x"}
    assert (await office.member.post("/v1/invitations/bulk", {"rows": [row] * 1001})).status_code == 422
    assert (await office.member.post("/v1/invitations/bulk", {"rows": []})).status_code == 422


async def test_an_import_with_bad_rows_and_their_correction(product: Product, office: Office) -> None:
    content = lines(
        f"Fonderie Éclair;{SIRENS[0]};a@p0.example",
        f"Sans adresse;{SIRENS[1]};nulle part",
        "",
        f"Bis;{SIRENS[0]};A@p0.example",
        "'=Somme;732829321;c@p3.example",
    )
    expected = {"created": 1, "validation_failed": 2, "already_open": 1, "blank": 1}
    rehearsed = await finished(product, office.member, await send(office, content, query="?dry_run=true"))
    assert counts(rehearsed) == expected
    assert await product.rows("SELECT 1 FROM invitations UNION ALL SELECT 1 FROM messages") == []

    job = await finished(product, office.member, await send(office, content))
    assert (job["total"], job["failed"], counts(job)) == (5, 3, expected)
    assert len(await product.mails(office.admin, "a@p0.example")) == 1
    failed = (await office.member.get(f"/v1/jobs/{job['id']}/results?failed=true")).json()["items"]
    assert [(item["number"], item["errors"][0]["pointer"]) for item in failed] == [
        (2, "/email"),
        (4, ""),
        (5, "/local_id"),
    ]
    file = await office.member.get(f"{IMPORTS}/{job['id']}/failed-rows.csv")
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig")), delimiter=";"))
    assert [row["Ligne"] for row in rows] == ["2", "4", "5"]
    assert rows[2]["Raison sociale"] == "'=Somme"
    corrected = file.content.decode("utf-8-sig").replace("nulle part", "d@p1.example").replace("732829321", SIRENS[2])
    again = await finished(product, office.member, await send(office, corrected.encode("cp1252")))
    assert counts(again) == {"created": 2, "already_open": 1}
    names = await product.rows("SELECT name FROM companies")
    assert {row["name"] for row in names} == {"Fonderie Éclair", "Sans adresse", "=Somme"}


def siren(number: int) -> str:
    """A SIREN with its key."""
    digits = f"{number:08d}"
    total = sum(sum(divmod(int(digit) * (2 if at % 2 else 1), 10)) for at, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def wrong_key(good: str) -> str:
    return f"{good[:-1]}{(int(good[-1]) + 1) % 10}"


#: Every way in which each tenth row is bad, in turn: its cells, where it is told, and as what.
BAD: tuple[tuple[Callable[[int], str], str, str], ...] = (
    (lambda at: f"Société {at};{wrong_key(siren(at))};a@p{at}.example", "/local_id", "identifier_checksum"),
    (lambda at: f"Société {at};{siren(at)};nulle part", "/email", "email"),
    (lambda at: f";{siren(at)};a@p{at}.example", "/name", "string_too_short"),
    (lambda at: f"Société {at};{siren(at - 1)};A@P{at - 1}.example", "", "already_open"),
    (lambda at: f"Société {at};12 34;a@p{at}.example", "/local_id", "identifier_length"),
)


async def test_an_import_of_which_a_tenth_is_bad(product: Product, office: Office) -> None:
    rows = [f"Société {at};{siren(at)};a@p{at}.example" for at in range(1, 301)]
    bad = {at: BAD[at // 10 % len(BAD)] for at in range(10, 301, 10)}
    for at, (cells, _, _) in bad.items():
        rows[at - 1] = cells(at)
    reports = []
    for query in ("?dry_run=true", ""):
        started = await send(office, lines(*rows), query=query)
        assert started.status_code == 202, started.text
        await product.runner.sweep()
        job = (await office.member.get(started.headers["Location"])).json()
        assert (job["state"], job["total"], job["done"], job["failed"]) == ("done", 300, 300, 30)
        reports.append(counts(job))
        if query:
            assert await product.rows("SELECT id FROM invitations UNION ALL SELECT id FROM companies") == []
    assert reports == [{"created": 270, "validation_failed": 24, "already_open": 6}] * 2
    tables = ("invitations", "companies", "prequalifications", "messages", "action_links")
    assert {len(await product.rows(f"SELECT 1 FROM {table}")) for table in tables} == {270}
    told = await office.member.get(f"/v1/jobs/{job['id']}/results", params={"failed": "true", "limit": 200})
    found = {item["number"]: (item["errors"][0]["pointer"], item["errors"][0]["code"]) for item in told.json()["items"]}
    assert found == {at: (pointer, code) for at, (_, pointer, code) in bad.items()}
    file = await office.member.get(f"{IMPORTS}/{job['id']}/failed-rows.csv")
    failed = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig")), delimiter=";"))
    assert [int(row["Ligne"]) for row in failed] == sorted(bad)
    assert all(row["Erreurs"] for row in failed)


async def test_the_template_filled_and_sent_back(product: Product, office: Office) -> None:
    given = await office.member.get(f"{IMPORTS}/template?format=xlsx")
    assert given.status_code == 200, given.text
    book = openpyxl.load_workbook(io.BytesIO(given.content))
    sheet = book.worksheets[0]
    sheet.append(["Menuiserie Leroux", None, None, int(SIRENS[2]), "x@leroux.example", "vasseur achats"])
    buffer = io.BytesIO()
    book.save(buffer)
    job = await finished(product, office.member, await send(office, buffer.getvalue(), "t.xlsx"))
    assert counts(job) == {"created": 2}
    english = await office.member.get(f"{IMPORTS}/template?format=csv", headers={"Accept-Language": "en"})
    again = await finished(product, office.member, await send(office, english.content))
    assert counts(again) == {"already_open": 1}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"Nom;Couleur\r\na;b", "header_mismatch"),
        (b"", "header_mismatch"),
        (b"PK\x03\x04 not a workbook", "table_unreadable"),
        (b"\x00\x01\x02\x03", "table_unreadable"),
    ],
)
async def test_files_that_do_not_fit(product: Product, office: Office, content: bytes, code: str) -> None:
    refused = await send(office, content)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    if content.startswith(b"Nom"):
        assert refused.json()["missing"] == ["name", "local_id", "email"]
        assert refused.json()["unknown"] == ["Nom", "Couleur"]
    assert await product.rows("SELECT 1 FROM jobs UNION ALL SELECT 1 FROM files") == []


async def test_an_organisation_of_somebody_else(office: Office) -> None:
    refused = await send(office, lines(), issuing_organisation_id=str(office.other_organisation_id))
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/issuing_organisation_id")


async def test_a_file_that_is_too_large(product: Product, office: Office) -> None:
    limit = product.runtime.settings.max_upload_bytes
    refused = await send(office, b"x" * (limit + 100_000))
    assert (refused.status_code, refused.json()["code"]) == (413, "body_too_large")
    assert (await send(office, b"x\n" * 1_000_000)).json()["code"] == "header_mismatch", "larger than other bodies"
