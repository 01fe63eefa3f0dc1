"""The mails about mandates and deliveries: what a preview on a real row shows is what leaves, byte for byte."""

from datetime import timedelta
from typing import Any

from tests.files.samples import PDF
from tests.journeys.test_deliveries import PARIS, deliveries, paris, post_files, schedule, until
from tests.journeys.test_mandates import EMAIL, accept, invited, open_mandate
from tests.plugins.product import Office, Person, Product

from relance.wiring import MAILS, mail_examples

KEYS = "/v1/email-templates"
WORDS = {
    "subject": "{{ organisation.name }} : un mandat pour {{ company.name|upper }}",
    "html": "<h1>Bonjour {{ contact.first_name }} {{ contact.last_name }}</h1><p>Jusqu’au {{ expires_on }}</p>"
    "{% if registered %}<p>Avec votre compte.</p>{% else %}<p>Ouvrez un compte.</p>{% endif %}"
    '<p><a class="button" href="{{ link }}">Répondre</a></p>',
}


async def shown(person: Person, key: str, subject_id: str, locale: str = "fr", **more: Any) -> dict[str, Any]:
    """The preview of a mail on a real row."""
    answer = await person.post(f"{KEYS}/{key}/{locale}/preview", {"subject_id": subject_id, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def assert_same(preview: dict[str, Any], mail: dict[str, Any]) -> None:
    """Byte for byte, but for the link."""
    for part in ("subject", "text", "html"):
        real = mail[part].replace("\r\n", "\n")
        for link in (link for link in mail["links"] if "/r/" in link):
            real = real.replace(link, "http://relance.example/r/…")
        assert preview[part].rstrip("\n") == real.rstrip("\n"), part


async def newest(product: Product, office: Office, to: str = EMAIL) -> dict[str, Any]:
    """The last mail that arrived there."""
    return (await product.mails(office.admin, to))[0]


async def test_an_edited_invitation_is_previewed_and_sent_alike(product: Product, office: Office) -> None:
    saved = await office.admin.ask("PUT", f"{KEYS}/mandates.invite/fr", json=WORDS)
    assert saved.status_code == 200, saved.text
    await office.admin.ask("PUT", "/v1/email-branding", json={"sender_name": "Cabinet & Cie", "colour": "#7A1F4D"})
    mandate = await open_mandate(office)
    seen = await shown(office.admin, "mandates.invite", mandate["id"])
    await product.work()
    mail = await newest(product, office)
    assert_same(seen, mail)
    assert seen["subject"] == "Vasseur Achats : un mandat pour BOULANGERIE MARTIN"
    assert "Bonjour Camille Martin" in seen["html"]
    assert "Ouvrez un compte." in seen["text"]
    assert "#7a1f4d" in seen["html"]
    assert mail["from"].startswith(f"{seen['sender_name']} via Relance <")
    assert seen["reply_to"] == office.admin.email
    # The same words, not saved, give the same bytes; the same person with an account reads the other section.
    assert await shown(office.admin, "mandates.invite", mandate["id"], draft=WORDS) == seen
    assert (await accept(product, mail["links"][0])).status_code == 200
    second = await open_mandate(office, company={"name": "Martin & Fils"})
    known = await shown(office.admin, "mandates.invite", second["id"])
    assert "Avec votre compte." in known["text"]
    assert "MARTIN &amp; FILS" not in known["subject"]
    await product.work()
    assert_same(known, await newest(product, office))


async def test_every_mail_of_a_mandate_is_previewed_as_it_left(product: Product, office: Office) -> None:
    manager = office.manager
    team = [{"user_id": str(manager.id), "role": role} for role in ("owner", "agent")]
    mandate, _ = await invited(product, office, team=team)
    id_ = mandate["id"]
    await product.advance(office.admin, "P7DT1H")
    assert_same(await shown(manager, "mandates.reminder", id_), await newest(product, office))
    await product.advance(office.admin, "P23D")
    assert_same(await shown(manager, "mandates.expired", id_), await newest(product, office))
    assert_same(await shown(manager, "mandates.expired_notice", id_), await newest(product, office, manager.email))
    # Who reads in English is told in English, dates and all.
    changed = await office.admin.ask("PATCH", f"/v1/users/{manager.id}", json={"locale": "en"})
    assert changed.status_code == 200, changed.text
    await office.admin.post(f"/v1/mandates/{id_}/cancel", {"reason": "Repris", "notify": True})
    await product.work()
    assert_same(await shown(manager, "mandates.cancelled", id_), await newest(product, office))
    mandate, link = await invited(product, office, team=team)
    await product.client.post(f"{link}/decline", json={"reason": "Déjà un cabinet"})
    await product.work()
    told = await newest(product, office, manager.email)
    assert "Déjà un cabinet" in told["text"]
    assert_same(await shown(manager, "mandates.declined", mandate["id"], "en"), told)
    mandate, link = await invited(product, office, team=team)
    compta = {"first_name": "Inès", "last_name": "Roy", "email": "compta@martin.example"}
    further = (await office.admin.post(f"/v1/mandates/{mandate['id']}/contacts", compta)).json()
    seen = await shown(manager, "mandates.invite", further["id"])
    await accept(product, link)
    await product.work()
    assert_same(seen, await newest(product, office, compta["email"]))
    told = await newest(product, office, manager.email)
    assert "(Europe/Paris)" in told["text"]
    assert " à " not in told["text"]
    assert_same(await shown(manager, "mandates.accepted", mandate["id"], "en"), told)
    undeliverable = await shown(manager, "mandates.undeliverable", mandate["id"])
    assert "5.1.1" in undeliverable["text"]
    assert await product.rows("SELECT 1 FROM messages WHERE state NOT IN ('sent', 'cancelled')") == []


async def test_every_mail_of_a_delivery_is_previewed_as_it_left(product: Product, office: Office) -> None:
    due = product.runtime.clock.now().astimezone(PARIS).date() + timedelta(days=10)
    manager = office.manager
    team = [{"user_id": str(manager.id), "role": role} for role in ("owner", "agent")]
    weekly = schedule(due, frequency="weekly")
    mandate, link = await invited(product, office, schedule=weekly, locale="en", team=team)
    await accept(product, link)
    (first,) = await deliveries(manager, mandate)
    await until(product, office, paris(due - timedelta(days=3)))
    asked = await newest(product, office)
    assert asked["subject"].startswith("Documents of Boulangerie Martin")
    assert_same(await shown(manager, "mandates.upload_due", first["id"], "en"), asked)
    await until(product, office, paris(due + timedelta(days=1), "00:00:30"))
    assert_same(await shown(manager, "mandates.upload_late", first["id"]), await newest(product, office, manager.email))
    sent = await post_files(product, asked["links"][0], "Tout y est", ("releve.pdf", PDF))
    assert sent.status_code == 303, sent.text
    await product.work()
    told = await newest(product, office, manager.email)
    assert told["subject"].endswith("(en retard)")
    assert_same(await shown(manager, "mandates.upload_received", first["id"]), told)
    (_, second) = await deliveries(manager, mandate)
    # What has not come yet is shown as it would be; a row that the caller may not read is none.
    assert "Fichiers : 1" in (await shown(manager, "mandates.upload_received", second["id"]))["text"]
    stranger = (await product.office("rival")).admin
    for key, hidden in (("mandates.invite", mandate["id"]), ("mandates.upload_due", first["id"])):
        refused = await stranger.post(f"{KEYS}/{key}/fr/preview", {"subject_id": hidden})
        assert refused.status_code == 404
    wrong = await manager.post(f"{KEYS}/mandates.upload_due/fr/preview", {"subject_id": mandate["id"]})
    assert wrong.status_code == 404


def test_every_mail_of_this_domain_has_a_preview_on_a_real_row(product: Product) -> None:
    known = mail_examples(product.runtime)
    assert {mail.key for mail in MAILS if mail.key.startswith("mandates.")} <= known.keys()
