"""Profiles with their files, and what they look like as PDFs."""

import base64
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.crm.pdf import seen
from tests.files.samples import PDF
from tests.plugins.product import Office, Person, Product
from tests.webhooks.receiver import Receiver, answering

from relance.domains.crm_toolbox.export_templates.errors import DocumentTooComplex, PdfUnavailable
from relance.domains.crm_toolbox.export_templates.printing import Printer

PROFILES = "/v1/crm-toolbox/profiles"
TEMPLATES = "/v1/crm-toolbox/export-templates"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
CAMILLE: dict[str, Any] = {
    "kind": "person",
    "title": "Chargée de prévention <senior>",
    "summary": "Dix ans dans l’industrie",
    "description": '<p class="x">Audits et <a href="https://plans.example/">plans</a><img src="x"></p>',
    "fields": [{"label": "Disponibilité", "value": "Mars"}],
}


async def made(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code in {200, 201}, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def upload(person: Person, name: str = "cv.pdf", content: bytes = PDF) -> str:
    sent = await person.ask("POST", "/v1/files", files={"file": (name, content)})
    assert sent.status_code == 201, sent.text
    return str(sent.json()["id"])


async def test_a_profile_is_made_changed_found_archived_and_deleted(product: Product, office: Office) -> None:
    member, admin = office.member, office.admin
    cv, photo = await upload(member), await upload(member, "photo.png", PNG)
    answer = await member.post(PROFILES, {**CAMILLE, "file_ids": [cv]})
    profile = await made(answer)
    path = f"{PROFILES}/{profile['id']}"
    assert (answer.headers["Location"], answer.headers["ETag"]) == (path, '"1"')
    assert (
        profile["description"]
        == '<p>Audits et <a href="https://plans.example/" rel="noopener noreferrer nofollow">plans</a></p>'
    )
    assert (profile["description_text"], profile["kind_label"]) == (
        "Audits et plans (https://plans.example/)",
        "Personne",
    )
    assert (profile["created_by"]["id"], [one["name"] for one in profile["files"]]) == (str(member.id), ["cv.pdf"])
    assert (await admin.get(f"{path}/files/{cv}")).content == PDF
    assert (await admin.get(f"{path}/files/{photo}")).status_code == 404

    stale = await member.ask("PATCH", path, json={"title": "x"}, headers={"If-Match": '"7"'})
    assert (stale.status_code, stale.json()["current_version"]) == (412, 1)
    for body, pointer, code in (
        ({"file_ids": [photo]}, "/file_ids/0", "file_not_available"),
        ({"title": " "}, "/title", "string_pattern_mismatch"),
        ({"description": "<p>x<script>alert(1)</script></p>"}, "/description", "active_content"),
        ({"kind": "robot"}, "/kind", "enum"),
        ({"fields": [{"label": "x"}]}, "/fields/0/value", "missing"),
    ):
        refused = await admin.ask("PATCH", path, json=body)
        assert refused.status_code == 422, refused.text
        assert (refused.json()["errors"][0]["pointer"], refused.json()["errors"][0]["code"]) == (pointer, code)
    changed = await made(await member.ask("PATCH", path, json={"file_ids": [cv, photo], "summary": None}))
    assert (changed["version"], changed["summary"]) == (2, None)
    kept = await made(await admin.ask("PATCH", path, json={"file_ids": [photo], "kind": "offer"}))
    assert ([one["id"] for one in kept["files"]], kept["changed_by"]["id"]) == ([photo], str(admin.id))
    (let_go,) = await product.rows("SELECT subject_id, expires_at FROM files WHERE id = :id", id=cv)
    assert let_go["subject_id"] is None
    assert let_go["expires_at"] is not None

    for title in ("Audit énergétique", "Bilan carbone"):
        await made(await member.post(PROFILES, {"kind": "offer", "title": title}))
    first = (await member.get(PROFILES, params={"limit": 2})).json()
    rest = (await member.get(PROFILES, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    shown = [one["title"] for one in [*first["items"], *rest["items"]]]
    assert (shown, rest["next_cursor"]) == (["Audit énergétique", "Bilan carbone", CAMILLE["title"]], None)
    assert [one["title"] for one in (await member.get(PROFILES, params={"q": "ENERGE"})).json()["items"]] == shown[:1]
    assert (await member.get(PROFILES, params={"kind": "person"})).json()["items"] == []
    await made(await member.ask("PATCH", path, json={"archived": True}))
    assert len((await member.get(PROFILES)).json()["items"]) == 2
    (archived,) = (await member.get(PROFILES, params={"archived": True})).json()["items"]
    assert (archived["id"], archived["files_count"]) == (profile["id"], 1)

    denied = await member.ask("DELETE", path)
    assert (denied.status_code, denied.json()["permission"]) == (403, "profiles:delete")
    assert (await admin.ask("DELETE", path)).status_code == 204
    assert (await admin.get(path)).status_code == 404
    assert await product.rows("SELECT id FROM files WHERE subject_id IS NOT NULL") == []


async def test_a_template_is_checked_kept_and_printed(product: Product, office: Office) -> None:
    admin, member = office.admin, office.member
    (shipped,) = (await member.get(TEMPLATES)).json()["items"]
    assert (shipped["name"], shipped["created_by"]) == ("Fiche du produit", None)
    profile = await made(await member.post(PROFILES, CAMILLE))
    company = await made(await admin.post("/v1/companies", {"name": "Fonderie Martin"}))
    person = {"company_id": company["id"], "first_name": "Zoé", "last_name": "Éloi"}
    contact = await made(await admin.post("/v1/contacts", person))

    wanted = {"profile_id": profile["id"], "contact_id": contact["id"]}
    answer = await member.post(f"{TEMPLATES}/{shipped['id']}/preview", wanted)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf"), answer.text
    sheet = seen(answer.content)
    assert (sheet.pages, sheet.title, sheet.author) == (1, CAMILLE["title"], "Member Vasseur")
    assert sheet.links == ["https://plans.example/", "mailto:member@vasseur.example"]

    logo = await upload(admin, "logo.png", PNG)
    html = f'<h1>{{{{ profile.title }}}}</h1><img src="picture:{logo}">{{{{ profile.description }}}}'
    own = await made(
        await admin.post(TEMPLATES, {"name": "Sobre", "html": html, "css": "h1{color:red}", "picture_ids": [logo]})
    )
    printed = seen((await member.post(f"{TEMPLATES}/{own['id']}/preview", wanted)).content)
    assert (printed.pages, printed.pictures) == (1, 2)  # with its transparency
    tried = {**wanted, "html": '<p>{{ author.name }}</p><p style="break-before: page">2</p>'}
    assert seen((await member.post(f"{TEMPLATES}/{own['id']}/preview", tried)).content).pages == 2
    documented = {one["path"]: one["allowed_in"] for one in own["documented"]}
    assert documented["profile.fields[].label"] == ["html"]

    assert (await member.post(TEMPLATES, {"name": "x", "html": "<p>x</p>"})).status_code == 403
    path = f"{TEMPLATES}/{own['id']}"
    assert (await admin.ask("PATCH", path, json={"name": "Très sobre"})).json()["version"] == 2
    for body, pointer, code, words in (
        ({"html": "<p>\n{{ profile.salary }}</p>"}, "/html", "unknown_placeholder", "profile.salary"),
        ({"html": "<p>{{ contact.first_name }}</p>"}, "/html", "placeholder_may_be_absent", "contact"),
        ({"html": "<p>{{ 'a' * 9 }}</p>"}, "/html", "code_not_allowed", "'a' * 9"),
        ({"html": '<p title="{{ profile.description }}">x</p>'}, "/html", "code_misplaced", ""),
        ({"html": '<img src="http://elsewhere.example/x.png">'}, "/html", "picture_not_allowed", ""),
        ({"html": '<img src="file:///etc/passwd">'}, "/html", "picture_not_allowed", ""),
        ({"css": "@import 'http://elsewhere.example/x.css';"}, "/css", "style_not_allowed", "@import"),
        ({"css": "h1{background:url(file:///etc/passwd)}"}, "/css", "style_not_allowed", "file:"),
        ({"picture_ids": []}, "/html", "unknown_picture", logo),
    ):
        for refused in (
            await admin.ask("PATCH", path, json=body),
            await admin.post(TEMPLATES, {"name": "x", "html": "<p>x</p>", **body}),
        ):
            if "picture_ids" in body and refused.status_code == 201:
                continue  # a new template has no picture to lose
            assert refused.status_code == 422, (body, refused.text)
            (error,) = refused.json()["errors"]
            assert (error["pointer"], error["code"]) == (pointer, code), error
            assert words in error["message"]
    two_lines = await admin.post(TEMPLATES, {"name": "x", "html": "<p>\n{{ profile.salary }}</p>"})
    assert (two_lines.json()["errors"][0]["line"], two_lines.json()["errors"][0]["column"]) == (2, 1)
    assert (await admin.get(path)).json()["html"] == own["html"]
    long = {**wanted, "html": "".join('<p style="break-after: page">x</p>' for _ in range(102))}
    too_long = await member.post(f"{path}/preview", long)
    assert (too_long.status_code, too_long.json()["code"]) == (422, "document_too_complex")
    assert (await admin.ask("DELETE", path)).status_code == 204
    assert await product.rows("SELECT id FROM files WHERE subject_id IS NOT NULL") == []


async def test_printing_reaches_nothing_and_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What gets past the checks of a template, as if somebody had found a way, still finds nothing."""
    printer, elsewhere = Printer(), Receiver(rule=answering(200))
    await elsewhere.start()
    secret = tmp_path / "secret.png"
    secret.write_bytes(PNG)
    page = (
        f'<html><head><link rel="attachment" href="{secret.as_uri()}"><link rel="stylesheet" href="{elsewhere.url}">'
        f'</head><body><img src="{secret.as_uri()}"><img src="{elsewhere.url}"><img src="0.png">'
        f'<object data="{elsewhere.url}"></object><img src="data:image/png;base64,{base64.b64encode(PNG).decode()}">'
        f'<svg><image href="{elsewhere.url}"/></svg></body></html>'
    )
    css = f"@import '{elsewhere.url}'; body {{ background: u\\72l({elsewhere.url}) }}"
    with printer.folder() as folder:
        (made,) = await printer.print(folder, [page], css)
        content = made.read_bytes()
    assert seen(content).pictures == 2  # the one in the address, and its transparency
    assert b"EmbeddedFile" not in content
    assert elsewhere.connections == 0
    await elsewhere.stop()
    with pytest.raises(DocumentTooComplex), printer.folder() as folder:
        await Printer(seconds=0.01).print(folder, [page], "")
    (tmp_path / "weasyprint.py").write_text("raise OSError('cannot load library libpango')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(PdfUnavailable), printer.folder() as folder:
        await printer.print(folder, [page], "")
