"""The dashboard as a file."""

import csv
import io
from datetime import datetime

import openpyxl
from tests.journeys.test_first_path import wanted
from tests.plugins.product import SIRENS, Office, Product

HEADING = [
    "Identifiant local",
    "Raison sociale",
    "E-mail sollicité",
    "Entité émettrice",
    "Dernier envoi",
    "Relances",
    "Statut du formulaire",
    "Statut de l’invitation",
    "Distribution",
    "Expire le",
]


async def invited(product: Product, office: Office) -> None:
    for at, name in enumerate(("Fonderie Éclair ; Fils", "=HYPERLINK(1)")):
        body = wanted(office, f"achats@p{at}.example", SIRENS[at])
        body["partner"]["name"] = name
        assert (await office.member.post("/v1/invitations", body)).status_code == 201
    await product.work()


async def test_the_streamed_csv_in_both_languages(product: Product, office: Office) -> None:
    await invited(product, office)
    french = await office.member.get("/v1/invitations/export.csv?sort=created_at")
    assert french.status_code == 200, french.text
    assert french.content.startswith(b"\xef\xbb\xbf")
    assert french.headers["content-disposition"].startswith("attachment")
    rows = list(csv.reader(io.StringIO(french.content.decode("utf-8-sig")), delimiter=";"))
    assert rows[0] == HEADING
    assert rows[1][:4] == [SIRENS[0], "Fonderie Éclair ; Fils", "achats@p0.example", "Vasseur Achats"]
    assert rows[1][5:9] == ["0", "À compléter", "Envoyée", ""]
    datetime.strptime(rows[1][4], "%d/%m/%Y %H:%M")  # noqa: DTZ007 - what the file shows has no zone
    assert rows[2][1] == "'=HYPERLINK(1)"

    english = await office.member.get("/v1/invitations/export.csv?q=clair", headers={"Accept-Language": "en"})
    rows = list(csv.reader(io.StringIO(english.content.decode("utf-8-sig"))))
    assert (rows[0][0], len(rows), rows[1][7]) == ("Local id", 2, "Sent")
    assert (await office.member.get("/v1/invitations/export.csv?colour=red")).status_code == 422
    mine = await office.manager.get("/v1/invitations/export.csv")
    assert len(mine.text.splitlines()) == 1, "mine by default"


async def test_an_xlsx_made_in_the_background(product: Product, office: Office) -> None:
    await invited(product, office)
    asked = await office.member.post(
        "/v1/invitations/exports", {"format": "xlsx", "filter": {"status": ["sent"]}, "sort": "created_at"}
    )
    assert (asked.status_code, asked.json()["state"], asked.json()["file"]) == (202, "queued", None)
    await product.work()
    job = (await office.member.get(asked.headers["Location"])).json()
    assert (job["state"], job["total"], job["done"]) == ("done", 2, 2)
    file = (await office.member.get(f"/v1/files/{job['file']['id']}")).json()
    assert file["name"].endswith(".xlsx")
    content = await office.member.get(f"/v1/files/{file['id']}/content")
    assert len(content.content) == file["size"]
    sheet = openpyxl.load_workbook(io.BytesIO(content.content)).worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == HEADING
    assert rows[1][0] == SIRENS[0]
    assert isinstance(rows[1][4], datetime)
    assert (rows[2][1], sheet.cell(3, 2).data_type) == ("=HYPERLINK(1)", "s"), "a text, not a formula"
    assert (await office.manager.get(f"/v1/files/{file['id']}")).status_code == 200, "the manager of its owner"
    stranger = (await product.office("ailleurs")).admin
    assert (await stranger.get(f"/v1/files/{file['id']}/content")).status_code == 404
    assert (await stranger.get(asked.headers["Location"])).status_code == 404


async def test_a_file_is_deleted_at_its_time(product: Product, office: Office) -> None:
    from relance.capabilities.files.sweeper import FileSweeper

    asked = await office.member.post("/v1/invitations/exports", {"format": "csv"})
    await product.work()
    file_id = (await office.member.get(asked.headers["Location"])).json()["file"]["id"]
    sweeper = FileSweeper(product.runtime, product.app.state.file_store)
    assert await sweeper.sweep() == 0
    async with product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE files SET expires_at = now()")
    assert await sweeper.sweep() == 1
    assert (await office.member.get(f"/v1/files/{file_id}/content")).status_code == 404
    assert (await office.member.get(asked.headers["Location"])).json()["file"] is None
