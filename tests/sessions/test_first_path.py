"""The main path: dates are proposed by mail, answered on the page, and shown in the labels and the list."""

from datetime import timedelta

from tests.plugins.product import Office, Product
from tests.sessions.training import (
    EMAIL,
    PARIS,
    answer,
    company,
    french,
    next_monday,
    page,
    path_of,
    proposed,
    read,
    session,
)


async def test_a_client_accepts_then_declines(product: Product, office: Office) -> None:
    member, first = office.member, next_monday(product)
    client = await company(office.admin)
    found = await session(office, [first, first + timedelta(days=1)], client)
    assert (found["status_label"], found["confirmation_label"], found["overdue"]) == ("Planifiée", "A confirmer", False)
    path, due = path_of(found), first - timedelta(days=7)
    assert (await read(member, path))["confirmation_label"] == ""

    today = product.runtime.clock.now().astimezone(PARIS).date()
    mail, link = await proposed(product, office, path, due)
    assert mail["subject"].startswith("Sécurité incendie : dates à confirmer avant le ")
    shown = await read(member, path)
    assert shown["confirmation_label"] == (
        f"Date(s) en attente de confirmation - Envoyé le {french(today)} - {french(due)}"
    )
    assert (shown["proposal_version"], shown["due_on"], shown["sent_at"] is not None) == (1, due.isoformat(), True)
    assert (await read(member, f"/v1/sessions/{found['id']}"))["confirmation_label"] == "En attente de confirmation"

    buttons = {one.rpartition("?")[2]: one for one in mail["links"] if "?" in one}
    assert set(buttons) == {"choice=accept", "choice=decline"}
    assert {one.partition("?")[0] for one in mail["links"]} == {link}
    before = await product.rows("SELECT * FROM session_clients")
    for address in mail["links"]:
        for method in ("GET", "HEAD") * 25:
            assert (await product.client.request(method, address)).status_code == 200
    assert await product.rows("SELECT * FROM session_clients") == before
    html = {name: (await product.client.get(one)).text for name, one in buttons.items()}
    assert html["choice=accept"].index("J’accepte</button>") < html["choice=accept"].index("Je décline</button>")
    assert html["choice=decline"].index("Je décline</button>") < html["choice=decline"].index("J’accepte</button>")
    assert "Vous avez choisi « Je décline ». Rien n’est encore enregistré" in html["choice=decline"]
    assert "09:00 – 12:30, Lyon, salle 2" in html["choice=accept"]
    assert "heure locale Europe/Paris (UTC+0" in html["choice=accept"]
    english = (await product.client.get(f"{link}?lang=en&choice=decline")).text
    for words in ("You have chosen “I decline”", "Waiting for your answer", "Europe/Paris time (UTC+0", "Answer by"):
        assert words in english

    sent = await answer(product, link, "accept", answers={"comment": "Nous serons quatre."})
    assert (sent.status_code, sent.json()["state_label"]) == (200, "Dates acceptées")
    assert (await answer(product, link, "accept")).status_code == 200, "the second tab"
    shown = await read(member, path)
    assert shown["confirmation_label"] == f"Date(s) acceptée(s) le {french(today)}"
    assert (shown["comment"], shown["answered_by"]) == ("Nous serons quatre.", EMAIL)
    assert (await read(member, f"/v1/sessions/{found['id']}"))["confirmation_label"] == "Confirmé"
    await product.work()
    (told,) = await product.mails(office.admin, member.email)
    assert told["subject"] == "Fonderie Martin accepte les dates : Sécurité incendie"
    assert "Nous serons quatre." in told["text"]

    assert [option["name"] for option in (await page(product, link))["answers"]] == ["decline"]
    changed = await product.client.post(
        f"{link}/decline", data={"version": "1", "answers.comment": "Finalement non"}, headers={"Accept": "text/html"}
    )
    assert changed.status_code == 303
    shown = await read(member, path)
    assert shown["confirmation_label"] == f"Date(s) déclinée(s) le {french(today)}"
    listed = (await member.get("/v1/sessions?confirmation=declined")).json()["items"]
    assert [(one["id"], one["confirmation_label"]) for one in listed] == [(found["id"], "Décliné")]
    await product.work()
    assert "après les avoir acceptées" in (await product.mails(office.admin, member.email))[0]["text"]
    history = (await read(member, f"{path}/answers"))["items"]
    assert [one["decision"] for one in history] == ["declined", "accepted"]
    actions = [row["action"] for row in await product.rows("SELECT action FROM journal_entries ORDER BY id")]
    assert [one for one in actions if one.startswith("session.")] == [
        "session.created",
        "session.planned",
        "session.client_added",
        "session.dates_proposed",
        "session.dates_accepted",
        "session.answer_changed",
    ]
