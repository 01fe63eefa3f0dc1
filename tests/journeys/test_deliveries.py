"""Deliveries through HTTP and received mail: planned, asked for, late, handed in by link and by account."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
from tests.files.samples import PDF, PNG
from tests.journeys.test_mandates import CHOSEN, EMAIL, accept, invited, open_mandate, read
from tests.plugins.product import Office, Person, Product

PARIS = ZoneInfo("Europe/Paris")
MULTIPART = {"Accept": "text/html"}


def schedule(starts_on: date, **values: Any) -> dict[str, Any]:
    """Monthly, reminded three days before and two days after."""
    return {
        "kind": "upload_reminder",
        "frequency": "monthly",
        "starts_on": starts_on.isoformat(),
        "remind_before": ["P3D"],
        "remind_after": ["P2D"],
        **values,
    }


def paris(day: date, clock: str = "09:00:00") -> datetime:
    """What the clocks of Paris show."""
    return datetime.fromisoformat(f"{day.isoformat()}T{clock}").replace(tzinfo=PARIS)


async def until(product: Product, office: Office, at: datetime) -> None:
    """Let the worker see `at`; whatever was missed on the way is an outage to it."""
    seconds = int((at.astimezone(UTC) - product.runtime.clock.now()).total_seconds()) + 1
    await product.advance(office.admin, f"PT{seconds}S")


async def deliveries(person: Person, mandate: dict[str, Any], query: str = "sort=due_on") -> list[dict[str, Any]]:
    """The deliveries of a mandate."""
    answer = await person.get(f"/v1/mandates/{mandate['id']}/deliveries?{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def stands(items: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Date and state of each."""
    return [(item["due_on"], item["status"]) for item in items]


async def post_files(product: Product, link: str, comment: str, *files: tuple[str, bytes]) -> httpx.Response:
    """What a browser sends of the page."""
    return await product.client.post(
        f"{link}/upload",
        data={"version": "1", "answers.comment": comment},
        files=[("answers.files", file) for file in files],
        headers=MULTIPART,
    )


async def client_of(product: Product, email: str) -> Person:
    """The contact, signed in."""
    grant = await product.client.post("/v1/auth/token", data={"username": email, "password": CHOSEN})
    return Person(UUID(int=0), email, grant.json()["access_token"], product.client)


async def test_a_schedule_runs_over_the_ends_of_months(product: Product, office: Office) -> None:
    year = product.runtime.clock.now().year + 1
    first, third = date(year, 1, 31), date(year, 3, 31)
    second = date(year, 3, 1) - timedelta(days=1)
    mandate, link = await invited(product, office, schedule=schedule(first))
    assert await deliveries(office.member, mandate) == []
    assert (await accept(product, link)).status_code == 200
    assert stands(await deliveries(office.member, mandate)) == [(first.isoformat(), "due")]
    assert (await read(office.member, mandate))["next_delivery_on"] == first.isoformat()
    compta = {"first_name": "Inès", "last_name": "Roy", "email": "compta@martin.example"}
    await office.member.post(f"/v1/mandates/{mandate['id']}/contacts", compta)
    await product.work()
    await accept(product, (await product.mails(office.admin, compta["email"]))[0]["links"][0], first_name="Inès")

    await until(product, office, paris(first - timedelta(days=3), "08:59:00"))
    assert len(await product.mails(office.admin, EMAIL)) == 1
    await until(product, office, paris(first - timedelta(days=3)))
    asked = (await product.mails(office.admin, EMAIL))[0]
    assert asked["subject"] == f"Documents de Boulangerie Martin à déposer pour le 31 janvier {year}"
    (also,) = [one for one in await product.mails(office.admin, compta["email"]) if "à déposer" in one["subject"]]
    assert also["links"][0] != asked["links"][0]
    page = (await product.client.get(asked["links"][0])).text
    assert f"31 janvier {year} à 23:59 (Europe/Paris)" in page
    assert re.search(r'type="file"[^>]* multiple', page)

    await until(product, office, paris(first, "23:59:50"))
    assert stands(await deliveries(office.member, mandate)) == [(first.isoformat(), "due")]
    await until(product, office, paris(first + timedelta(days=1), "00:00:00"))
    expected = [(first.isoformat(), "late"), (second.isoformat(), "due")]
    assert stands(await deliveries(office.member, mandate)) == expected
    assert (await read(office.member, mandate))["next_delivery_on"] == second.isoformat()
    assert (await product.mails(office.admin, office.member.email))[0]["subject"] == (
        f"Boulangerie Martin n’a rien déposé pour le 31 janvier {year}"
    )
    await until(product, office, paris(first + timedelta(days=2)))
    late = (await product.mails(office.admin, EMAIL))[0]
    assert (late["subject"][:9], late["links"][0]) == ("En retard", asked["links"][0])
    await _hand_in_by_link(product, office, mandate, asked["links"][0], also["links"][0])

    # An outage over the reminder and the due date: only what still makes sense is said, once.
    before = len(await product.mails(office.admin, EMAIL))
    await until(product, office, paris(second + timedelta(days=5)))
    assert stands(await deliveries(office.member, mandate))[1:] == [
        (second.isoformat(), "late"),
        (third.isoformat(), "due"),
    ]
    mails = (await product.mails(office.admin, EMAIL))[:-before]
    assert [mail["subject"][:9] for mail in mails] == ["En retard"]
    # The clocks have changed meanwhile: the last second is another one in UTC.
    await until(product, office, datetime(year, 3, 31, 21, 59, 50, tzinfo=UTC))
    assert stands(await deliveries(office.member, mandate, "status=due")) == [(third.isoformat(), "due")]
    await until(product, office, datetime(year, 3, 31, 22, 0, 0, tzinfo=UTC))
    assert stands(await deliveries(office.member, mandate, "status=due")) == [(f"{year}-04-30", "due")]


async def _hand_in_by_link(
    product: Product, office: Office, mandate: dict[str, Any], link: str, second_link: str
) -> None:
    lying = await post_files(product, link, "voici", ("releve.pdf", PNG), ("balance.pdf", PDF))
    assert lying.status_code == 422
    assert "n’est pas celui d’un fichier PDF" in lying.text
    assert "balance.pdf" in lying.text
    assert "voici" in lying.text
    (late,) = await deliveries(office.member, mandate, "status=late")
    assert late["files"] == []
    files = (("releve.pdf", PDF), ("logo.png", PNG))
    for _ in range(2):
        sent = await post_files(product, link, "La seconde banque suit", *files)
        assert sent.status_code == 303, sent.text
    other = await product.client.post(
        f"{second_link}/upload", json={"version": 1, "answers": {"files": []}}, headers={"Accept": "application/json"}
    )
    assert (other.status_code, other.json()["code"]) == (409, "delivery_received")
    for shown in (link, second_link):
        page = (await product.client.get(shown)).text
        assert all(words in page for words in ("Reçu", "releve.pdf", "La seconde banque suit"))
        assert "<form" not in page
    path = f"/v1/mandates/{mandate['id']}/deliveries/{late['id']}"
    found = (await office.member.get(path)).json()
    assert (found["status_label"], found["channel"], found["next_messages"]) == ("Reçu", "link", [])
    assert [file["name"] for file in found["files"]] == ["releve.pdf", "logo.png"]
    client = await client_of(product, EMAIL)
    download = await client.get(f"{path}/files/{found['files'][0]['id']}")
    assert (download.status_code, download.content) == (200, PDF)
    assert download.headers["content-disposition"].startswith("attachment")
    assert download.headers["x-content-type-options"] == "nosniff"
    await product.work()
    for person in (office.member, office.manager):
        told = (await product.mails(office.admin, person.email))[0]
        assert told["subject"].endswith("(en retard)")
        assert "La seconde banque suit" in told["text"]


async def test_documents_come_by_account_and_a_resting_mandate_asks_for_nothing(
    product: Product, office: Office
) -> None:
    today = product.runtime.clock.now().astimezone(PARIS).date()
    days = [today + timedelta(days=10 + 7 * week) for week in range(4)]
    weekly = schedule(days[0], frequency="weekly", kind="data_refresh")
    mandate, link = await invited(product, office, schedule=weekly)
    await accept(product, link)
    client, member = await client_of(product, EMAIL), office.member
    deliveries_path = f"/v1/mandates/{mandate['id']}/deliveries"
    (due,) = await deliveries(client, mandate)
    upload = f"{deliveries_path}/{due['id']}/upload"
    lying = await client.post(upload, files=[("files", ("a.pdf", PDF)), ("files", ("b.pdf", PNG))])
    assert (lying.status_code, lying.json()["code"]) == (422, "file_type_mismatch")
    assert (await client.post(upload, data={"comment": "rien"})).status_code == 422
    assert await product.rows("SELECT id FROM files") == []
    assert (await client.post(f"{deliveries_path}/{due['id']}/receive")).status_code == 403
    for _ in range(2):
        sent = await client.post(upload, files=[("files", ("a.pdf", PDF))], headers={"Idempotency-Key": "janvier"})
        assert (sent.status_code, sent.json()["status"], sent.json()["channel"]) == (200, "received", "account")
    again = await client.post(upload, files=[("files", ("a.pdf", PDF))])
    assert (again.status_code, again.json()["code"]) == (409, "transition_not_allowed")
    # The file is the delivery's to show.
    assert (await office.admin.get(f"/v1/files/{sent.json()['files'][0]['id']}")).status_code == 404
    await product.work()
    assert (await product.mails(office.admin, member.email))[0]["subject"].startswith("Boulangerie Martin a déposé")

    (_, second) = await deliveries(member, mandate)
    assert (second["due_on"], second["status"]) == (days[1].isoformat(), "due")
    one = f"{deliveries_path}/{second['id']}"
    coming = (await member.get(one)).json()["next_messages"]
    assert [(message["kind"], message["to"]) for message in coming] == [
        ("reminder", EMAIL),
        ("expiry_notice", member.email),
    ]
    assert (await member.post(f"{one}/remind")).status_code == 200
    recent = await member.post(f"{one}/remind")
    assert (recent.status_code, recent.json()["code"]) == (409, "too_recent")
    assert (await member.post(f"{one}/remind", {"force": True})).json()["reminders_count"] == 2
    await product.work()
    asked = (await product.mails(office.admin, EMAIL))[0]
    assert asked["subject"].startswith("Données actualisées de Boulangerie Martin")

    await member.post(f"/v1/mandates/{mandate['id']}/disable")
    page = (await product.client.get(asked["links"][0])).text
    assert "n’est plus actif" in page
    assert "<form" not in page
    refused = await client.post(f"{one}/upload", files=[("files", ("a.pdf", PDF))])
    assert (refused.status_code, refused.json()["code"]) == (409, "mandate_not_active")
    silent = len(await product.mails(office.admin, EMAIL))
    await until(product, office, paris(days[1] + timedelta(days=3)))
    assert [item["status"] for item in await deliveries(member, mandate)] == ["received", "due"]
    assert (await read(member, mandate))["next_delivery_on"] is None
    woken = (await member.post(f"/v1/mandates/{mandate['id']}/enable")).json()
    assert woken["next_delivery_on"] == days[2].isoformat()
    assert stands(await deliveries(member, mandate)) == [
        (days[0].isoformat(), "received"),
        (days[2].isoformat(), "due"),
    ]
    assert (await product.client.get(asked["links"][0])).status_code == 404
    # The date by which this one's reminder leaves has come already: it leaves at once.
    await until(product, office, paris(days[2] - timedelta(days=3)))
    assert len(await product.mails(office.admin, EMAIL)) == silent + 1


async def test_schedules_change_and_mandates_go(product: Product, office: Office) -> None:
    today = product.runtime.clock.now().astimezone(PARIS).date()
    soon, later = today + timedelta(days=5), today + timedelta(days=20)
    member = office.member
    # An internal mandate has no contact: the firm's own agents are asked.
    mandate = await open_mandate(office, kind="internal", contact=None, schedule=schedule(soon))
    other = await open_mandate(office, kind="internal", contact=None, company={"name": "Sans dépôt"})
    path = f"/v1/mandates/{mandate['id']}"
    await until(product, office, paris(soon - timedelta(days=3)))
    asked = (await product.mails(office.admin, office.manager.email))[0]
    changed = await member.ask("PUT", f"{path}/schedule", json={"schedule": schedule(soon, remind_before=["P1D"])})
    assert changed.json()["next_delivery_on"] == soon.isoformat()
    assert (await product.client.get(asked["links"][0])).status_code == 200, "the same date is the same delivery"
    await member.ask("PUT", f"{path}/schedule", json={"schedule": schedule(later, remind_before=["P4D", "P3D"])})
    assert stands(await deliveries(member, mandate)) == [(later.isoformat(), "due")]
    assert (await product.client.get(asked["links"][0])).status_code == 404

    async def listed(query: str) -> list[str]:
        items = (await member.get(f"/v1/mandates?{query}")).json()["items"]
        return [item["id"] for item in items]

    assert await listed("sort=next_delivery_on") == [mandate["id"], other["id"]]
    page = (await member.get("/v1/mandates?sort=next_delivery_on&limit=1")).json()
    assert await listed(f"sort=next_delivery_on&limit=1&cursor={page['next_cursor']}") == [other["id"]]
    assert await listed(f"next_delivery_from={later}&next_delivery_to={later}") == [mandate["id"]]
    assert await listed(f"next_delivery_to={later - timedelta(days=1)}") == []
    long = schedule(later, remind_before=["P2Y"])
    assert (await member.ask("PUT", f"{path}/schedule", json={"schedule": long})).status_code == 422

    # Two reminders a day apart, the first of which leaves late: the gap of 24 h holds the second.
    mails = len(await product.mails(office.admin, office.manager.email))
    await until(product, office, paris(later - timedelta(days=4), "22:00:00"))
    await until(product, office, paris(later - timedelta(days=3), "21:59:00"))
    assert len(await product.mails(office.admin, office.manager.email)) == mails + 1
    await until(product, office, paris(later - timedelta(days=3), "22:01:00"))
    assert len(await product.mails(office.admin, office.manager.email)) == mails + 2

    (due,) = await deliveries(member, mandate)
    noted = await member.post(f"{path}/deliveries/{due['id']}/receive", {"comment": "Remis en main propre"})
    assert (noted.json()["channel_label"], noted.json()["received_by_id"]) == ("Reçu par ailleurs", str(member.id))
    (_, due) = await deliveries(member, mandate)
    upload = await member.post(f"{path}/deliveries/{due['id']}/upload", files=[("files", ("a.pdf", PDF))])
    assert upload.status_code == 200, upload.text
    await member.ask("PUT", f"{path}/schedule", json={"schedule": None})
    assert [item["status"] for item in await deliveries(member, mandate)] == ["received", "received"]
    assert (await read(member, mandate))["next_delivery_on"] is None
    await member.post(f"{path}/disable")
    assert (await office.manager.ask("DELETE", path)).status_code == 204
    assert await product.rows("SELECT id FROM mandate_deliveries") == []
    assert await product.rows("SELECT id FROM files WHERE expires_at IS NULL") == [], "nothing holds it any more"
