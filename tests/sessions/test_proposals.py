"""How a proposal leaves: edited words, copies without links, files; and how a client is reminded."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from tests.files.samples import PDF
from tests.plugins.product import Office, Product
from tests.sessions.training import (
    EMAIL,
    PARIS,
    answer,
    company,
    next_monday,
    page,
    path_of,
    plain,
    proposed,
    read,
    session,
    until,
)

MIB = 1024 * 1024


async def test_words_copies_and_files_of_one_proposal(product: Product, office: Office) -> None:
    member, first = office.member, next_monday(product)
    found = await session(office, [first], await company(office.admin))
    path, due = path_of(found), first - timedelta(days=5)
    draft = await read(member, f"{path}/proposal-draft?due_on={due.isoformat()}")
    assert (draft["version"], draft["to"], draft["cc"], draft["attachments"]) == (1, EMAIL, [], [])
    assert "Bonjour Camille Martin" in draft["body"]
    assert "{{ accept_link }}" in draft["body"]
    assert draft["subject"].startswith("Sécurité incendie : dates à confirmer avant le ")
    assert await product.rows("SELECT * FROM date_proposals") == []

    files = []
    for name in ("programme.pdf", "plan.pdf"):
        kept = await member.ask("POST", "/v1/files", files={"file": (name, PDF)})
        assert kept.status_code == 201, kept.text
        files.append(kept.json()["id"])
    body = {
        "due_on": due.isoformat(),
        "cc": ["rh@fonderie.example", EMAIL.upper(), "rh@fonderie.example"],
        "bcc": ["archive@formation.example"],
        "subject": "Vos dates, {{ client.company }}",
        "body": draft["body"].replace("Bonjour Camille Martin", "Chère Camille"),
        "file_ids": files,
    }
    for wrong, pointer in (
        ({"body": "<p>Sans lien</p>"}, "/body"),
        ({"body": draft["body"] + "{{ secret }}"}, "/body"),
        ({"subject": "{{ 7*7 }}"}, "/subject"),
        ({"file_ids": [found["id"]]}, "/file_ids/0"),
        ({"to": "nobody"}, "/to"),
        ({"due_on": "2030-13-01"}, "/due_on"),
    ):
        refused = await member.post(f"{path}/proposals", {**body, **wrong})
        assert refused.status_code == 422, wrong
        assert refused.json()["errors"][0]["pointer"] == pointer, refused.text
    await _weigh(product, files, (10 * MIB + 1, MIB))
    assert (await member.post(f"{path}/proposals", body)).json()["code"] == "file_too_large"
    third = (await member.ask("POST", "/v1/files", files={"file": ("annexe.pdf", PDF)})).json()["id"]
    await _weigh(product, [*files, third], (8 * MIB, 8 * MIB, 8 * MIB))
    heavy = await member.post(f"{path}/proposals", {**body, "file_ids": [*files, third]})
    assert (heavy.status_code, heavy.json()["code"]) == (422, "attachments_too_large")
    assert await product.rows("SELECT * FROM messages") == []
    await _weigh(product, [*files, third], (len(PDF),) * 3)

    made = await member.post(f"{path}/proposals", body)
    assert made.status_code == 201, made.text
    assert (made.json()["cc"], made.json()["bcc"]) == (["rh@fonderie.example"], ["archive@formation.example"])
    assert [one["name"] for one in made.json()["attachments"]] == ["programme.pdf", "plan.pdf"]
    await product.work()
    (asked,) = await product.mails(office.admin, EMAIL)
    assert asked["subject"] == "Vos dates, Fonderie Martin"
    assert "Chère Camille" in asked["text"]
    link = plain(asked)
    for copied in ("rh@fonderie.example", "archive@formation.example"):
        (mail,) = await product.mails(office.admin, copied)
        assert mail["subject"] == "Vos dates, Fonderie Martin"
        assert "Chère Camille" in mail["text"]
        everything = mail["text"] + mail["html"] + str(mail["links"]) + str(mail["headers"])
        assert "/r/" not in everything, "a copy leads nowhere that can answer"
        assert "archive@formation.example" not in everything or copied.startswith("archive")
    carried = await product.rows(
        "SELECT m.recipient, b.attachments FROM messages m JOIN message_bodies b USING (workspace_id, id)"
    )
    assert {row["recipient"] for row in carried} == {EMAIL, "rh@fonderie.example", "archive@formation.example"}
    for row in carried:
        assert [one["name"] for one in row["attachments"]] == ["programme.pdf", "plan.pdf", "dates.ics"]
    content = await member.get(f"/v1/sessions/{found['id']}/files/{files[0]}")
    assert (content.status_code, content.content) == (200, PDF)
    assert (await member.get(f"/v1/sessions/{found['id']}/files/{third}")).status_code == 404
    assert (await page(product, link))["state"] == "open"

    # The template's own words: the copy says so itself. What the session holds may go along again.
    other = await session(office, [first], await company(office.admin, "Duval", "duval@atelier.example"))
    stolen = await member.post(f"{path_of(other)}/proposals", {"due_on": due.isoformat(), "file_ids": files[:1]})
    assert stolen.status_code == 422, "a file of another session"
    again = {"due_on": due.isoformat(), "bcc": ["archive@formation.example"], "file_ids": files[:1]}
    assert (await member.post(f"{path}/proposals", again)).status_code == 201
    await product.work()
    copy = (await product.mails(office.admin, "archive@formation.example"))[0]
    assert copy["subject"].startswith("Copie : Sécurité incendie")
    assert "seul le destinataire" in copy["text"]
    assert "/r/" not in copy["html"]
    english = await company(office.admin, "Acme", None)
    nobody = await session(office, [first], english)
    missing = await member.post(f"{path_of(nobody)}/proposals", {"due_on": due.isoformat()})
    assert missing.json()["errors"][0]["code"] == "missing_recipient"


async def _weigh(product: Product, files: list[str], sizes: tuple[int, ...]) -> None:
    """As if the files were of these sizes: what is checked is what is known of them."""
    for file_id, size in zip(files, sizes, strict=True):
        async with product.runtime.db.engine.begin() as connection:
            await connection.execute(
                text("UPDATE files SET size = :size WHERE id = :id"), {"size": size, "id": file_id}
            )


async def test_reminders_by_hand_and_by_themselves(product: Product, office: Office) -> None:
    member, first = office.member, next_monday(product, 8)
    clients = [await company(office.admin), await company(office.admin, "Duval", "duval@atelier.example")]
    found = await session(office, [first], *clients, automatic_reminders=True)
    names = [one["company"]["name"] for one in found["client_states"]]
    path, soon = path_of(found, names.index("Fonderie Martin")), path_of(found, names.index("Duval"))
    today = product.runtime.clock.now().astimezone(PARIS).date()
    _, link = await proposed(product, office, path, first)
    _, other = await proposed(product, office, soon, today + timedelta(days=5), to="duval@atelier.example")
    shown = await read(member, path)
    (coming,) = shown["next_messages"]
    sent = datetime.fromisoformat(shown["sent_at"])
    assert (coming["kind"], coming["to"], datetime.fromisoformat(coming["at"]) - sent) == (
        "reminder",
        EMAIL,
        timedelta(days=7),
    )
    (coming,) = (await read(member, soon))["next_messages"]
    before_due = datetime.fromisoformat(coming["at"]).astimezone(PARIS)
    assert (before_due.date(), before_due.hour) == (today + timedelta(days=3), 9)
    recent = await member.post(f"{path}/remind")
    assert (recent.status_code, recent.json()["code"]) == (409, "too_recent")
    forced = await member.post(f"{path}/remind", {"force": True})
    assert forced.status_code == 200, forced.text
    await product.work()
    mail = (await product.mails(office.admin, EMAIL))[0]
    assert mail["subject"].startswith("Rappel : Sécurité incendie")
    assert plain(mail) == link
    assert (await read(member, path))["reminders_count"] == 1

    await until(product, office, before_due.astimezone(UTC))
    (first_mail, *_) = await product.mails(office.admin, "duval@atelier.example")
    assert first_mail["subject"].startswith("Rappel")
    unsubscribed = await product.client.post(
        f"{link}/unsubscribe", data={"List-Unsubscribe": "One-Click"}, headers={"Accept": "text/html"}
    )
    assert unsubscribed.status_code == 200
    assert (await read(member, path))["next_messages"] == []
    # An extension plans anew; switched off, nothing leaves by itself.
    later = await member.post(f"{soon}/extend", {"due_on": (today + timedelta(days=20)).isoformat()})
    assert len(later.json()["next_messages"]) == 1, later.text
    off = await member.ask("PATCH", f"/v1/sessions/{found['id']}", json={"automatic_reminders": False})
    assert off.status_code == 200
    assert (await read(member, soon))["next_messages"] == []
    on = await member.ask("PATCH", f"/v1/sessions/{found['id']}", json={"automatic_reminders": True})
    assert on.status_code == 200
    assert (await answer(product, other, "accept")).status_code == 200
    shown = await read(member, soon)
    assert (shown["next_messages"], shown["no_message_reason"]["code"]) == ([], "answered")
    count = len(await product.mails(office.admin, "duval@atelier.example"))
    await product.advance(office.admin, "P14D")
    assert len(await product.mails(office.admin, "duval@atelier.example")) == count
