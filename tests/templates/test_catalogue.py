"""Editing mails through HTTP, rows and received mail."""

import json
import struct
from typing import Any

from tests.journeys.test_first_path import EMAIL, invite
from tests.plugins.product import Office, Person, Product

KEY = "/v1/email-templates/invitations.invitation"
WORDS = {
    "subject": "{{ organisation.name }} attend {{ partner.name|upper }}",
    "html": '<h1>Bonjour</h1><p>{{ reason }}</p><p><a class="button" href="{{ link }}">Répondre</a></p>',
}


async def save(
    person: Person, words: dict[str, str] = WORDS, status: int = 200, organisation_id: str | None = None
) -> dict[str, Any]:
    params = {"organisation_id": organisation_id} if organisation_id else {}
    answer = await person.ask("PUT", f"{KEY}/fr", json=words, params=params)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def queue(product: Product, office: Office) -> str:
    """An invitation whose mail has not left."""
    created = await office.member.post(
        "/v1/invitations",
        {
            "issuing_organisation_id": str(office.organisation_id),
            "email": EMAIL,
            "partner": {"name": "Fonderie Martin", "local_id": {"scheme": "siren", "value": "732829320"}},
        },
    )
    assert created.status_code == 201, created.text
    return str(created.json()["id"])


async def test_preview_message_and_mail_are_the_same_bytes(product: Product, office: Office) -> None:
    """The issue's own criterion: but for the link, byte for byte; and the row names the version."""
    saved = await save(office.admin)
    await office.admin.ask("PUT", "/v1/email-branding", json={"sender_name": "Achats & Cie", "colour": "#7A1F4D"})
    id_ = await queue(product, office)
    seen = (await office.admin.post(f"{KEY}/fr/preview", {"subject_id": id_})).json()
    (row,) = (await office.admin.get("/v1/messages", params={"subject_kind": "invitation", "subject_id": id_})).json()[
        "items"
    ]
    shown = (await office.admin.get(f"/v1/messages/{row['id']}/preview")).json()
    await product.work()
    (mail,) = await product.mails(office.admin, EMAIL)
    link = mail["links"][0]
    assert "/r/" in link
    for part in ("subject", "text", "html"):
        real = mail[part]
        expected = real.replace("\r\n", "\n").replace(link, "http://relance.example/r/…").rstrip("\n")
        assert seen[part].rstrip("\n") == expected
        assert shown[part].rstrip("\n") == expected
    assert seen["subject"] == "Vasseur Achats attend FONDERIE MARTIN"
    assert "#7a1f4d" in seen["html"]
    assert "#1f4fb8" not in seen["html"]
    assert mail["from"].startswith("Achats & Cie via Relance <")
    (body,) = await product.rows(
        "SELECT b.template_version, v.number FROM message_bodies b JOIN template_versions v "
        "ON b.template_version LIKE '%+' || v.id || '/1~%' WHERE b.id = :id",
        id=row["id"],
    )
    assert body["number"] == saved["version"] == 1
    # One renderer has no second path for the draft: the same words, unsaved, give the same bytes.
    draft = (await office.admin.post(f"{KEY}/fr/preview", {"draft": WORDS, "subject_id": id_})).json()
    assert draft == seen


async def test_organisation_before_workspace_before_shipped(product: Product, office: Office) -> None:
    own = {"organisation_id": str(office.organisation_id)}
    await save(office.admin, {**WORDS, "subject": "De l’espace"})
    await save(office.manager, {**WORDS, "subject": "De l’organisation"}, organisation_id=own["organisation_id"])
    # A manager's level reaches their organisations, not the workspace.
    assert (await save(office.manager, status=403))["permission"] == "email-templates:write"

    async def subject(**params: str) -> str:
        answer = await office.admin.post(f"{KEY}/fr/preview", {}, params=params)
        return str(answer.json()["subject"])

    assert await subject(**own) == "De l’organisation"
    assert await subject(organisation_id=str(office.other_organisation_id)) == "De l’espace"
    await invite(product, office)
    (mail,) = await product.mails(office.admin, EMAIL)
    assert mail["subject"] == "De l’organisation"
    reset = await office.manager.ask("DELETE", f"{KEY}/fr", params=own, headers={"If-Match": '"1"'})
    assert (reset.status_code, reset.json()["overridden"], reset.headers["etag"]) == (200, False, '"2"')
    assert await subject(**own) == "De l’espace"
    await office.admin.ask("DELETE", f"{KEY}/fr")
    assert (await subject(**own)).endswith("vous invite à compléter votre préqualification")


async def test_versions_are_kept_guarded_and_restored(product: Product, office: Office) -> None:
    assert (await office.admin.get(f"{KEY}/fr")).headers["etag"] == '"0"'
    await save(office.admin)
    second = await save(office.admin, {**WORDS, "subject": "Deux", "text": "Texte {{ link }}"})
    assert second["version"] == 2
    stale = await office.admin.ask("PUT", f"{KEY}/fr", json=WORDS, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["current_version"]) == (412, 2)
    await office.admin.ask("DELETE", f"{KEY}/fr")
    restored = await office.admin.post(f"{KEY}/fr/versions/1/restore", headers={"If-Match": '"3"'})
    assert (restored.status_code, restored.json()["wording"]["subject"]) == (200, WORDS["subject"])
    assert (await office.admin.post(f"{KEY}/fr/versions/3/restore")).status_code == 404, "a reset has no words"
    page = (await office.admin.get(f"{KEY}/fr/versions", params={"limit": 3})).json()
    assert [(one["version"], one["action"]) for one in page["items"]] == [(4, "restored"), (3, "reset"), (2, "saved")]
    rest = (await office.admin.get(f"{KEY}/fr/versions", params={"limit": 3, "cursor": page["next_cursor"]})).json()
    assert [one["version"] for one in rest["items"]] == [1]
    (listed,) = [one for one in (await office.admin.get("/v1/email-templates")).json()["items"] if one["overridden"]]
    assert (listed["key"], listed["overridden"], listed["invalid"]) == ("invitations.invitation", ["fr"], [])
    journal = await product.rows(
        "SELECT action, after::text AS after FROM journal_entries WHERE action LIKE 'email_template%' ORDER BY id"
    )
    assert [one["action"].partition(".")[2] for one in journal] == ["saved", "saved", "reset", "restored"]
    assert not any("organisation.name" in one["after"] or "Deux" in one["after"] for one in journal)


async def test_what_does_not_fit_is_refused_and_changes_nothing(product: Product, office: Office) -> None:
    before = await product.rows("SELECT * FROM template_versions")
    refused = await office.admin.ask(
        "PUT",
        f"{KEY}/fr",
        json={"subject": "x", "html": "<p>\n  {{ partner.nome }}</p>"},
        headers={"Accept-Language": "en"},
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "validation_failed")
    assert refused.json()["errors"] == [
        {
            "pointer": "/html",
            "code": "unknown_placeholder",
            "message": "This template has no placeholder “partner.nome”.",
            "line": 2,
            "column": 3,
        }
    ]
    for subject in ("a\r\nBcc: all@x.example", "\ud800", "a\x00b", "=?utf-8?q?x?="):
        content = json.dumps({"subject": subject, "html": "<p>{{ link }}</p>"})
        headers = {"Content-Type": "application/json"}
        answer = await office.admin.ask("PUT", f"{KEY}/fr", content=content, headers=headers)
        assert answer.status_code in {400, 422}, (subject, answer.text)
    huge = await office.admin.ask("PUT", f"{KEY}/fr", json={"subject": "x", "html": "x" * 50_001})
    assert huge.status_code == 422
    for key in ("invitations.unknown", "a/b", "%00"):
        assert (await office.admin.get(f"/v1/email-templates/{key}")).status_code in {404, 422}
    for body, code in (({"sender_name": "a =?x"}, 422), ({"colour": "#ffee00"}, 422), ({"reply_to": "x\r\n@y"}, 422)):
        assert (await office.admin.ask("PUT", "/v1/email-branding", json=body)).status_code == code
    assert await product.rows("SELECT * FROM template_versions") == before
    assert (await office.member.get("/v1/email-templates")).status_code == 403


async def test_a_test_goes_to_the_caller_marked_and_inert(product: Product, office: Office) -> None:
    sent = await office.manager.post(
        f"{KEY}/fr/test-send",
        {"draft": {**WORDS, "subject": "Essai"}},
        params={"organisation_id": str(office.organisation_id)},
        headers={"Idempotency-Key": "essai-1"},
    )
    assert (sent.status_code, sent.json()["recipient"]) == (200, office.manager.email), sent.text
    await product.work()
    (mail,) = await product.mails(office.admin, office.manager.email)
    assert mail["subject"] == "[Test] Essai"
    (link,) = [one for one in mail["links"] if "/r/" in one]
    followed = await product.client.get(link, headers={"Accept": "application/json"})
    assert followed.status_code == 404
    assert (await office.admin.get(f"{KEY}/fr")).json()["overridden"] is False, "a draft is not saved by being tried"


async def test_a_template_that_no_longer_fits_is_shown_and_not_used(product: Product, office: Office) -> None:
    await save(office.admin)
    async with product.runtime.db.engine.begin() as connection:
        # What a release does that renames a placeholder.
        await connection.exec_driver_sql("UPDATE template_versions SET html = replace(html, 'reason', 'motif')")
    found = (await office.admin.get(f"{KEY}/fr")).json()
    assert [(one["code"], one["pointer"]) for one in found["errors"]] == [("unknown_placeholder", "/html")]
    (listed,) = [one for one in (await office.admin.get("/v1/email-templates")).json()["items"] if one["invalid"]]
    assert listed["invalid"] == ["fr"]
    await invite(product, office)
    (mail,) = await product.mails(office.admin, EMAIL)
    assert mail["subject"].endswith("vous invite à compléter votre préqualification")
    (body,) = await product.rows("SELECT template_version FROM message_bodies")
    assert "+" not in body["template_version"]


async def test_a_logo_has_a_public_address_that_never_changes(product: Product, office: Office) -> None:
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">II", 480, 96) + b"\x08\x02" + b"x" * 50
    for bad in (
        b"",
        b"<svg onload=alert(1)>",
        png[:20],
        png.replace(struct.pack(">I", 480), struct.pack(">I", 9000)),
        png + b"x" * 262144,
    ):
        refused = await office.admin.ask("POST", "/v1/email-branding/logos", files={"file": ("l.png", bad)})
        assert (refused.status_code, refused.json()["code"]) == (422, "logo_refused")
    added = await office.admin.ask("POST", "/v1/email-branding/logos", files={"file": ("l.png", png)})
    again = await office.admin.ask("POST", "/v1/email-branding/logos", files={"file": ("l.png", png)})
    assert added.json() == again.json()
    logo = added.json()
    assert (logo["width"], logo["height"]) == (240, 48)
    public = await product.client.get(logo["url"])
    assert (public.content, public.headers["content-type"]) == (png, "image/png")
    assert "immutable" in public.headers["cache-control"]
    own = {"organisation_id": str(office.organisation_id)}
    await office.admin.ask("PUT", "/v1/email-branding", json={"reply_to": "reponses@vasseur.example"})
    put = await office.admin.ask("PUT", "/v1/email-branding", json={"logo_id": logo["id"]}, params=own)
    assert put.json()["logo_url"] == logo["url"]
    await invite(product, office)
    (mail,) = await product.mails(office.admin, EMAIL)
    full = mail
    assert f'src="{logo["url"]}"' in full["html"], "shipped words bear the look too"
    headers = {one["name"]: one["value"] for one in full["headers"]}
    assert headers["Reply-To"] == "reponses@vasseur.example", "inherited from the workspace"
