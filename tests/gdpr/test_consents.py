"""Consents: asked by mail, given, refused and withdrawn by the link; emptied in time, announced, cancelled before."""

from datetime import datetime, timedelta
from typing import Any

from tests.crm.files import ended
from tests.gdpr.consenting import JSON, RECORDED, REQUEST, SETTINGS, answer, asked, change, contact, gdpr, switched_on
from tests.gdpr.person import made
from tests.gdpr.traces import in_tables
from tests.plugins.product import Office, Product


def days(one: dict[str, Any]) -> int:
    """From the status to the emptying."""
    span = datetime.fromisoformat(one["empties_at"]) - datetime.fromisoformat(one["since"])
    return round(span / timedelta(days=1))


async def test_a_consent_is_asked_given_and_withdrawn(product: Product, office: Office) -> None:
    member = office.member
    one = await contact(office, "camille@essai.example", assigned_to=str(office.member.id))
    assert one["gdpr"] == {
        "status": "none",
        "status_label": "Aucun",
        "since": None,
        "empties_at": None,
        "proof": None,
    }
    off = await change(member, "pending", one, template=REQUEST)
    assert (off.status_code, off.json()["code"]) == (409, "gdpr_switched_off")
    assert (await member.ask("PUT", SETTINGS, json={"enabled": True})).json()["permission"] == "gdpr:configure"
    assert made(await member.get(SETTINGS), 200)["version"] == 0
    settings = await switched_on(office)
    assert (settings["pending_for"], settings["refused_for"], settings["accepted_for"]) == ("P30D", "P7D", "P24M")
    stale = await office.admin.ask("PUT", SETTINGS, json={"enabled": False}, headers={"If-Match": '"0"'})
    assert stale.status_code == 412
    statuses = made(await member.get("/v1/crm-toolbox/gdpr-statuses"), 200)["statuses"]
    assert [(item["status_label"], [mail["label"] for mail in item["templates"]]) for item in statuses] == [
        ("En attente", ["Demande de consentement"]),
        ("Accepté", ["Consentement enregistré"]),
        ("Refusé", ["Consentement enregistré"]),
    ]

    link = await asked(product, office, one)
    (mail,) = await product.mails(office.admin, one["email"])
    assert mail["subject"] == "Groupe Vasseur : pouvons-nous conserver vos données ?"
    pending = await gdpr(member, one)
    assert (pending["status_label"], pending["proof"], days(pending)) == ("En attente", None, 30)
    before = await product.rows("SELECT * FROM contacts")
    for _ in range(2):
        page = await product.client.get(link, headers={"Accept": "text/html"})
        assert "J’accepte" in page.text
        assert (await product.client.head(link)).status_code == 200
    assert await product.rows("SELECT * FROM contacts") == before
    shown = (await product.client.get(link, headers=JSON)).json()
    assert (shown["state"], [option["name"] for option in shown["answers"]]) == ("open", ["accept", "refuse"])
    assert "Société Camille" in shown["message"]
    wrong = await answer(product, link, "accept", shown["version"] + 1)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "stale_version")
    assert (await answer(product, link, "withdraw", shown["version"])).json()["code"] == "transition_not_allowed"

    for _ in range(2):  # the same answer twice is one
        given = made(await answer(product, link, "accept", shown["version"]), 200)
    assert (given["state"], given["state_label"]) == ("answered", "Accepté")
    accepted = await gdpr(member, one)
    assert (accepted["proof"]["how"], accepted["proof"]["locale"]) == ("link", "fr")
    assert days(accepted) in {730, 731}
    assert len(accepted["proof"]["wording"]) == 12
    # Any time later, by the same link; even where the workspace has switched consents off since.
    await product.advance(office.admin, "P20M")
    made(await office.admin.ask("PUT", SETTINGS, json={"enabled": False}), 200)
    made(await answer(product, link, "withdraw", given["version"]), 200)
    refused = await gdpr(member, one)
    assert (refused["status_label"], days(refused)) == ("Refusé", 7)
    consent = made(await office.admin.get(f"/v1/contacts/{one['id']}/consent"), 200)
    assert [step["action"] for step in consent["history"]] == [
        "consent.asked",
        "consent.accepted",
        "consent.withdrawn",
    ]
    possible = {item["action"]: item["allowed"] for item in consent["available_actions"]}
    assert possible == {"ask": False, "accept": False, "refuse": False, "keep": True, "empty": True}
    told = made(await office.admin.get(f"/v1/crm-toolbox/infobox?contact_id={one['id']}"), 200)["items"]
    assert {item["type_label"] for item in told} >= {"Statut RGPD", "Consentement donné", "Consentement retiré"}


async def test_contacts_are_emptied_in_time_unless_somebody_keeps_them(product: Product, office: Office) -> None:
    admin, member = office.admin, office.member
    await switched_on(office)
    silent = await contact(office, "silence@essai.example", assigned_to=str(member.id))
    kept = await contact(office, "garde@essai.example", assigned_to=str(member.id))
    orphan = await contact(office, "orphelin@essai.example")
    links = [await asked(product, office, one) for one in (silent, kept, orphan)]
    made(await answer(product, links[2], "refuse", 1), 200)
    until = (product.runtime.clock.now() + timedelta(days=31)).isoformat()
    planned = made(await member.get("/v1/crm-toolbox/gdpr-emptyings/summary", params={"until": until}), 200)
    assert [(one["status"], one["contacts"]) for one in planned["statuses"]] == [("pending", 2), ("refused", 1)]
    listed = await member.get("/v1/contacts", params={"gdpr": "pending", "gdpr_empties_before": until})
    assert len(listed.json()["items"]) == 2

    await product.advance(admin, "P5D")  # three days before the emptying of who refused
    assert [mail["subject"][:12] for mail in await product.mails(admin, admin.email)] == ["1 contact(s)"]
    await product.advance(admin, "P3D")
    assert (await gdpr(admin, orphan))["status"] == "emptied"
    assert await in_tables(product, ("orphelin",)) == {"companies.name", "companies.search_text"}
    assert (await product.client.get(links[2])).status_code == 404

    await product.advance(admin, "P20D")
    (notice,) = await product.mails(admin, member.email)
    assert notice["subject"].startswith("2 contact(s) vont être vidés à partir du ")
    assert "Essai" not in notice["text"]
    path = f"/v1/contacts/{kept['id']}/consent/keep"
    assert (await member.post(path, {"justification": "Contrat"})).json()["permission"] == "gdpr:empty"
    made(await admin.post(path, {"justification": "Contrat en cours"}), 200)
    assert (await admin.post(path, {"justification": "Encore"})).json()["code"] == "no_emptying_planned"
    await product.advance(admin, "P10D")
    assert (await gdpr(admin, silent))["status"] == "emptied"
    held = await gdpr(admin, kept)
    assert (held["status"], held["empties_at"]) == ("pending", None)
    # The consent of whoever accepts ends; switched off, nothing is emptied by itself.
    made(await answer(product, links[1], "accept", 1), 200)
    await product.advance(admin, "P23M")
    made(await admin.ask("PUT", SETTINGS, json={"enabled": False}), 200)
    await product.advance(admin, "P2M")
    assert (await gdpr(admin, kept))["status"] == "accepted"
    proofs = await product.rows(
        "SELECT action, how FROM consent_records WHERE contact_id = :id ORDER BY id", id=silent["id"]
    )
    assert [(row["action"], row["how"]) for row in proofs] == [("consent.asked", "user"), ("consent.emptied", "worker")]


async def test_a_status_is_set_for_many(product: Product, office: Office) -> None:
    member = office.member
    await switched_on(office)
    first = await contact(office, "un@essai.example")
    inactive = await contact(office, "deux@essai.example", active=False)
    silent = await contact(office, None)
    unfit: tuple[tuple[str, dict[str, Any]], ...] = (
        ("pending", {}),
        ("pending", {"without_email": True}),
        ("emptied", {}),
        ("accepted", {"template": REQUEST}),
    )
    for status, body in unfit:
        refused = await change(member, status, first, **body)
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "value_error"), refused.text
    unknown = await change(member, "refused", {"id": str(office.workspace_id)})
    assert unknown.json()["errors"][0]["code"] == "unknown_contact"

    whole = await change(member, "pending", first, inactive, silent, template=REQUEST)
    assert (whole.status_code, whole.json()["code"]) == (409, "contact_inactive")
    assert (await gdpr(member, first))["status"] == "none"
    tried = made(
        await change(member, "pending", first, inactive, silent, template=REQUEST, partial=True, dry_run=True), 200
    )
    done = made(await change(member, "pending", first, inactive, silent, template=REQUEST, partial=True), 200)
    for report in (tried, done):
        codes = [one["error"] and one["error"]["code"] for one in report["results"]]
        assert codes == [None, "contact_inactive", "contact_without_address"]
    assert (tried["entry_id"], done["done"], done["failed"]) == (None, 1, 2)
    why = {"without_email": True, "justification": "Demandé au salon, de vive voix"}
    spoken = made(await change(member, "pending", silent, inactive, first, **why), 200)
    assert (spoken["done"], spoken["unchanged"]) == (2, 1)
    await product.work()
    assert len(await product.mails(office.admin, first["email"])) == 1
    assert await product.mails(office.admin, inactive["email"]) == []

    noted = made(await change(member, "accepted", first, silent, justification="Formulaire papier"), 200)
    assert noted["done"] == 2
    proof = (await gdpr(member, silent))["proof"]
    assert (proof["how"], proof["wording"]) == ("user", None)
    made(await change(member, "refused", first, template=RECORDED), 200)
    await product.work()
    mail = (await product.mails(office.admin, first["email"]))[0]
    assert mail["subject"] == "Groupe Vasseur : votre refus est enregistré"
    # Whoever refused changes their mind by the link of any of the mails.
    made(await answer(product, mail["links"][0], "accept", 3), 200)
    entries = await product.rows(
        "SELECT e.content->>'status' AS status, count(*) AS n FROM infobox_entries e "
        "JOIN infobox_targets t ON t.entry_id = e.id GROUP BY e.id, 1 ORDER BY e.id"
    )
    assert [(row["status"], row["n"]) for row in entries] == [
        ("pending", 1),
        ("pending", 2),
        ("accepted", 2),
        ("refused", 1),
    ]


async def test_a_mail_that_waits_does_not_leave_for_who_has_answered(product: Product, office: Office) -> None:
    await switched_on(office)
    one = await contact(office, "vite@essai.example")
    made(await change(office.member, "pending", one, template=REQUEST), 200)
    made(await change(office.member, "refused", one), 200)
    await product.work()
    assert await product.mails(office.admin, one["email"]) == []
    link = await asked(product, office, one)
    made(await office.admin.ask("PATCH", f"/v1/contacts/{one['id']}", json={"email": "autre@essai.example"}), 200)
    assert (await product.client.get(link)).status_code == 404  # another address, another person perhaps
    made(await office.admin.post(f"/v1/contacts/{one['id']}/empty"), 200)
    assert await in_tables(product, ("vite@", "autre@")) == set()


async def test_many_are_emptied_at_once(product: Product, office: Office) -> None:
    admin = office.admin
    await switched_on(office, notice_before="P8D")  # longer than who refused has: no notice
    people = [await contact(office, f"p{at}@essai.example") for at in range(8)]
    made(await change(office.member, "refused", *people), 200)
    body = {"format": "csv", "filter": {"q": "personne"}}
    await ended(product, admin, await admin.post("/v1/contacts/exports", body))
    async with product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE files SET created_at = created_at - interval '2 hours'")
    await product.advance(admin, "P8D")
    assert {(await gdpr(admin, one))["status"] for one in people} == {"emptied"}
    assert await in_tables(product, ("@essai.example",)) == set()
    # After some people the tables of the last days are let go unread.
    (file,) = await product.rows("SELECT name, expires_at <= now() AS over FROM files")
    assert (file["name"], file["over"]) == ("", True)
    assert await product.mails(admin, admin.email) == []
