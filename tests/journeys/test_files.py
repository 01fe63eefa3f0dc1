"""Files on the partner's side: sent with the form or before it, kept while something names them, read by the buyer."""

import copy
import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
from tests.files.samples import DOCX, HTML, PDF, PNG
from tests.journeys.test_first_path import ANSWERS, JSON, invite, submit
from tests.journeys.test_partner_answers import FILLED
from tests.plugins.product import Office, Product

from relance.capabilities.files.sweeper import FileSweeper
from relance.core.clock import system_now

BROWSER = {"Accept": "text/html"}
CERTIFICATE = "answers.insurance.certificate"
PROOFS = "answers.certificates.proofs"
UNSET = ("", b"", "application/octet-stream")


async def post(product: Product, path: str, fields: dict[str, Any], *files: tuple[str, Any]) -> httpx.Response:
    """What a browser sends for a form with file fields: one part for each, empty where nothing was chosen."""
    return await product.client.post(path, data=fields, files=list(files) or [(CERTIFICATE, UNSET)], headers=BROWSER)


async def upload(product: Product, link: str, name: str, content: bytes) -> httpx.Response:
    return await product.client.post(f"{link}/files", files={"file": (name, content, "text/html")}, headers=JSON)


def kept_ids(page: str, field: str) -> list[str]:
    return re.findall(rf'<input type="hidden" name="{re.escape(field)}" value="([^"]+)"', page)


def with_certificate(file_id: str, **more: Any) -> dict[str, Any]:
    answers: dict[str, Any] = copy.deepcopy(ANSWERS)
    answers["insurance"]["certificate"] = file_id
    return answers | more


async def test_a_form_with_files_without_script(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    link = invitation["link"]
    page = (await product.client.get(link, headers=BROWSER)).text
    assert 'enctype="multipart/form-data"' in page
    assert re.search(rf'<input type="file" id="{CERTIFICATE}"[^>]* accept=".pdf,.png,.jpg,.jpeg"', page)
    assert re.search(rf'<input type="file" id="{PROOFS}"[^>]* multiple', page)
    assert "PDF, PNG ou JPEG – 10 Mo maximum" in page

    # A fault elsewhere and a file that lies: each is told beside its field, and the good file is not lost.
    missing = {name: value for name, value in FILLED.items() if name != "answers.contacts.email"}
    sent = (CERTIFICATE, ("C:\\x\\attestation 2026.pdf", PDF)), (PROOFS, ("page.pdf", HTML)), (PROOFS, ("iso.png", PNG))
    refused = await post(product, f"{link}/submit", missing, *sent)
    assert refused.status_code == 422, refused.text
    assert 'id="answers.contacts.email.error"' in refused.text
    assert f'<a href="#{PROOFS}">Certificats – Le contenu du fichier « page.pdf »' in unescape(refused.text)
    assert "attestation 2026.pdf (" in refused.text
    (certificate,), (proof,) = kept_ids(refused.text, CERTIFICATE), kept_ids(refused.text, PROOFS)
    assert len(await product.rows("SELECT 1 FROM files")) == 2
    assert (await product.rows("SELECT answers FROM prequalifications"))[0]["answers"] is None

    # Saved as a draft; then one more is added, one removed, one replaced.
    held = {CERTIFICATE: certificate, PROOFS: proof}
    assert (await post(product, f"{link}/save", FILLED | held)).status_code == 303
    changed = FILLED | held | {f"{PROOFS}.remove": proof}
    again = await post(
        product, f"{link}/save", changed, (PROOFS, ("mase.jpg.pdf", PDF)), (CERTIFICATE, ("neuve.pdf", PDF + b"\n"))
    )
    assert again.status_code == 303, again.text
    page = (await product.client.get(link, headers=BROWSER)).text
    (newer,), (added,) = kept_ids(page, CERTIFICATE), kept_ids(page, PROOFS)
    assert newer != certificate
    assert ("neuve.pdf" in page, "mase.jpg.pdf" in page, "iso.png" in page) == (True, True, False)
    states = {str(row["id"]): row for row in await product.rows("SELECT id, subject_kind, expires_at FROM files")}
    assert {id_ for id_, row in states.items() if row["subject_kind"]} == {newer, added}
    assert states[certificate]["expires_at"] is not None
    assert states[newer]["expires_at"] is None

    # Submitted twice, as an impatient hand does: one answer, one file.
    both = FILLED | {PROOFS: added}
    for _ in range(2):
        done = await post(product, f"{link}/submit", both, (CERTIFICATE, ("neuve.pdf", PDF + b"\n")))
        assert done.status_code == 303, done.text
    page = (await product.client.get(link, headers=BROWSER)).text
    assert "Formulaire envoyé" in page
    assert "neuve.pdf (" in page
    (row,) = (await office.member.get("/v1/prequalifications")).json()["items"]
    assert row["answers"]["insurance"]["certificate"] == newer
    assert row["answers"]["certificates"]["proofs"] == [added]
    assert {file["name"] for file in row["files"]} == {"neuve.pdf", "mase.jpg.pdf"}
    assert (await upload(product, link, "late.pdf", PDF)).json()["code"] == "link_not_open"


async def test_the_buyer_reads_what_was_submitted(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    link = invitation["link"]
    sent = await upload(product, link, "Attestation é.pdf", PDF)
    assert sent.status_code == 201, sent.text
    file = sent.json()
    assert (file["name"], file["media_type"], file["size"]) == ("Attestation é.pdf", "application/pdf", len(PDF))
    assert (await upload(product, link, "Attestation é.pdf", PDF)).json() == file, "the same file is the same file"
    draft = {"version": 1, "answers": {"insurance": {"certificate": file["id"]}}}
    saved = await product.client.put(f"{link}/answers", json=draft, headers=JSON)
    assert saved.json()["files"] == [file]
    (row,) = (await office.member.get("/v1/prequalifications")).json()["items"]
    path = f"/v1/prequalifications/{row['id']}/files/{file['id']}"
    assert (await office.member.get(path)).status_code == 404, "a draft is the partner's own"
    assert (await submit(product.client, link, with_certificate(file["id"]))).status_code == 200
    content = await office.member.get(path)
    assert content.content == PDF
    assert content.headers["content-disposition"].startswith('attachment; filename="Attestation _.pdf"')
    assert content.headers["x-content-type-options"] == "nosniff"
    assert content.headers["content-type"] == "application/pdf"
    stranger = (await product.office("ailleurs")).admin
    assert (await stranger.get(path)).status_code == 404
    assert (await office.admin.get(f"/v1/files/{file['id']}")).status_code == 404, "shown by its domain only"
    assert (await product.client.get(path)).status_code == 401


async def test_what_is_refused(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    link = invitation["link"]
    other = await invite(product, office, "autre@ailleurs.example", "552100554")
    cases = [
        ("page.pdf", HTML, 422, "file_type_mismatch"),
        ("vide.pdf", b"", 422, "file_empty"),
        ("logo.svg", b"<svg/>", 422, "file_type_not_accepted"),
        ("grand.pdf", PDF + b" " * (20 * 1024 * 1024), 413, "file_too_large"),
    ]
    for name, content, status, code in cases:
        answer = await upload(product, link, name, content)
        assert (answer.status_code, answer.json()["code"]) == (status, code), name
    for path in ("/r/x/files", f"{link[:-1]}{'a' if link[-1] != 'a' else 'b'}/files"):
        assert (await product.client.post(path, files={"file": ("a.pdf", PDF)})).status_code == 404
    nothing = await product.client.post(f"{link}/files", files={"other": ("a.pdf", PDF)})
    assert [error["pointer"] for error in nothing.json()["errors"]] == ["/file"]
    assert (await product.client.post(f"{link}/files", json={})).status_code == 415
    broken = await product.client.post(
        f"{link}/files", content=b"--x\r\nnonsense", headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert broken.status_code in {400, 422}, broken.text
    large = await post(product, f"{link}/submit", FILLED, (CERTIFICATE, ("a.pdf", b" " * 51 * 1024 * 1024)))
    assert large.status_code == 413
    assert await product.rows("SELECT 1 FROM files") == []

    # Somebody else's file, no file, and one of a kind that this field does not take.
    theirs = (await upload(product, other["link"], "a.pdf", PDF)).json()["id"]
    word = (await upload(product, link, "lettre.docx", DOCX)).json()["id"]
    for named, code in ((theirs, "unknown_file"), ("x", "format"), (word, "file_type_not_accepted")):
        refused = await submit(product.client, link, with_certificate(named))
        faults = [(error["pointer"], error["code"]) for error in refused.json()["errors"]]
        assert faults == [("/answers/insurance/certificate", code)]
    assert {row["subject_kind"] for row in await product.rows("SELECT subject_kind FROM files")} == {None}
    async with product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO files (workspace_id, id, link_id, name, media_type, size, digest, created_at, expires_at) "
            "SELECT workspace_id, gen_random_uuid(), link_id, name, media_type, size, digest, created_at, expires_at "
            "FROM files, generate_series(1, 49) WHERE name = 'lettre.docx'"
        )
    assert (await upload(product, link, "b.pdf", PDF)).json()["code"] == "too_many_files"


async def test_what_nothing_holds_is_swept(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    link = invitation["link"]
    store = product.app.state.file_store
    sweeper = FileSweeper(product.runtime, store)
    kept, free = [(await upload(product, link, name, PDF)).json()["id"] for name in ("a.pdf", "b.pdf")]
    assert (await submit(product.client, link, with_certificate(kept))).status_code == 200
    async with product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE files SET expires_at = now() WHERE expires_at IS NOT NULL")
    assert await sweeper.sweep() == 1
    assert [str(row["id"]) for row in await product.rows("SELECT id FROM files")] == [kept]

    # The row of a file is rolled back with its transaction; its bytes are found by a later look.
    folder = Path(product.runtime.settings.files_url.removeprefix("file://")) / str(office.workspace_id)
    assert {path.name for path in folder.iterdir()} == {kept}
    async with product.runtime.db.transaction(office.workspace_id) as session:
        (folder.parent / "x.pdf").write_bytes(PDF)
        lost = await store.keep(session, office.member.id, folder.parent / "x.pdf", "x.pdf", "application/pdf")
        await session.rollback()
    (folder.parent / "x.pdf").unlink()
    assert {path.name for path in folder.iterdir()} == {kept, str(lost.id)}
    assert await sweeper.sweep_orphans(system_now()) == 0, "it may still be committed"
    assert await sweeper.sweep_orphans(system_now() + timedelta(days=2)) >= 1
    assert {path.name for path in folder.iterdir()} == {kept}
    assert free != kept
