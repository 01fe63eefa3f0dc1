"""What happens beside the main path: dates that change, due dates, validation by hand, cancelling, removing."""

from datetime import UTC, datetime, timedelta

from tests.plugins.product import Office, Product
from tests.sessions.training import (
    EMAIL,
    PARIS,
    answer,
    calendars,
    company,
    event_facts,
    french,
    next_monday,
    page,
    path_of,
    plain,
    proposed,
    read,
    session,
    slot,
    until,
)


async def test_dates_that_change_are_to_be_confirmed_anew(product: Product, office: Office) -> None:
    member, first = office.member, next_monday(product)
    found = await session(office, [first, first + timedelta(days=1)], await company(office.admin))
    path, session_path = path_of(found), f"/v1/sessions/{found['id']}"
    due = first - timedelta(days=7)
    _, link = await proposed(product, office, path, due)
    assert (await answer(product, link, "accept")).status_code == 200
    await product.work()
    told = len(await product.mails(office.admin, member.email))

    moved, gone = found["slots"]
    changed = await member.ask("PATCH", f"{session_path}/slots/{moved['id']}", json={"starts_at": "10:00"})
    assert changed.status_code == 200, changed.text
    assert (await member.ask("DELETE", f"{session_path}/slots/{gone['id']}")).status_code == 204
    shown = await read(member, path)
    assert (shown["confirmation"], shown["confirmation_label"], shown["answered_at"]) == ("not_sent", "", None)
    assert (await read(member, session_path))["confirmation_label"] == "A confirmer"
    await product.work()
    warned = (await product.mails(office.admin, member.email))[: -told or None]
    assert [one["subject"] for one in warned] == [
        "Dates modifiées : Sécurité incendie, clients à solliciter de nouveau"
    ], "one warning for the change that took the answer"
    assert "Fonderie Martin" in warned[0]["text"]

    seen = await page(product, link)
    assert (seen["state_label"], seen["version"], seen["answers"]) == ("Dates modifiées", 2, [])
    assert seen["warning"].startswith("Attention : les dates ont changé")
    assert "10:00 – 12:30, Lyon, salle 2" in [fact["value"] for fact in seen["facts"]]
    for version, code in ((1, "stale_version"), (2, "dates_not_proposed")):
        refused = await answer(product, link, "accept", version)
        assert (refused.status_code, refused.json()["code"]) == (409, code)
        if version == 1:
            assert refused.json()["current_version"] == 2
            assert [one["starts_at"] for one in refused.json()["slots"]] == ["10:00"]
            assert "10:00 – 12:30" in refused.json()["detail"]

    mail, again = await proposed(product, office, path, due)
    assert again == link, "the same address has the same link"
    assert "Ces dates remplacent celles" in mail["text"]
    seen = await page(product, link)
    assert (seen["version"], seen["state"], "remplacent" in seen["warning"]) == (2, "open", True)
    stale = await product.client.post(f"{link}/accept", data={"version": "1"}, headers={"Accept": "text/html"})
    assert stale.status_code == 409
    assert "10:00 – 12:30" in stale.text
    assert (await answer(product, link, "accept", 2)).status_code == 200
    before, after = (event_facts(one) for one in await calendars(product, "sessions.proposal"))
    assert [one[:3] for one in before] == [(f"{one['id']}@relance", 0, "CONFIRMED") for one in (moved, gone)]
    assert [one[:3] for one in after] == [
        (f"{moved['id']}@relance", 1, "CONFIRMED"),
        (f"{gone['id']}@relance", 1, "CANCELLED"),
    ]
    history = (await read(member, f"{path}/proposals"))["items"]
    assert [(one["version"], one["current"], len(one["slots"])) for one in history] == [(2, True, 1), (1, False, 2)]

    # Another address: the one before cannot answer any more.
    assert (await answer(product, link, "decline", 2)).status_code == 200
    other = "direction@fonderie.example"
    made = await member.post(f"{path}/proposals", {"due_on": due.isoformat(), "to": other})
    assert made.status_code == 201, made.text
    await product.work()
    new = plain((await product.mails(office.admin, other))[0])
    assert (await product.client.get(link)).status_code == 404
    assert (await page(product, new))["recipient"] == other
    assert "remplacent" not in (await product.mails(office.admin, other))[0]["text"]


async def test_a_due_day_counts_to_its_last_second(product: Product, office: Office) -> None:
    member, first = office.member, next_monday(product)
    found = await session(office, [first], await company(office.admin))
    path, today = path_of(found), product.runtime.clock.now().astimezone(PARIS).date()
    for day, code in ((today - timedelta(days=1), "past"), (first + timedelta(days=1), "after_first_slot")):
        refused = await member.post(f"{path}/proposals", {"due_on": day.isoformat()})
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, code)
    due = today + timedelta(days=2)
    _, link = await proposed(product, office, path, due)
    assert f"{due.day} " in (await page(product, link))["deadline"]["label"]
    assert "23:59 (Europe/Paris)" in (await page(product, link))["deadline"]["label"]
    midnight = datetime(due.year, due.month, due.day, tzinfo=PARIS) + timedelta(days=1)
    await until(product, office, midnight.astimezone(UTC) - timedelta(seconds=90))
    assert (await page(product, link))["state"] == "open"
    label = (await read(member, path))["confirmation_label"]
    await until(product, office, midnight.astimezone(UTC))
    late = await answer(product, link, "accept")
    assert (late.status_code, late.json()["code"]) == (410, "link_expired")
    assert (await page(product, link))["state_label"] == "Échéance dépassée"
    shown = await read(member, path)
    assert (shown["overdue"], shown["confirmation"], shown["confirmation_label"]) == (True, "awaiting", label)
    listed = (await member.get("/v1/sessions?overdue=true")).json()["items"]
    assert [(one["id"], one["overdue"]) for one in listed] == [(found["id"], True)]
    assert (await member.get("/v1/sessions?overdue=false")).json()["items"] == []
    assert (await read(member, "/v1/sessions/summary"))["overdue"] == 1
    refused = await member.post(f"{path}/remind", {"force": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "proposal_overdue")

    for day in (due, first + timedelta(days=1)):
        assert (await member.post(f"{path}/extend", {"due_on": day.isoformat()})).status_code == 422
    extended = await member.post(f"{path}/extend", {"due_on": first.isoformat()})
    assert (extended.status_code, extended.json()["overdue"]) == (200, False)
    assert (await member.get("/v1/sessions?overdue=true")).json()["items"] == []
    assert (await page(product, link))["state"] == "open"

    valid = await member.post(f"{path}/validate")
    assert valid.json()["confirmation_label"] == "Date(s) validée(s) manuellement"
    assert valid.json()["manual_validation"] is True
    assert (await read(member, f"/v1/sessions/{found['id']}"))["confirmation_label"] == "Confirmé"
    assert (await page(product, link))["state_label"] == "Dates déjà validées"
    refused = await answer(product, link, "accept")
    assert (refused.status_code, refused.json()["code"]) == (409, "dates_validated")
    assert (await member.post(f"{path}/validate")).status_code == 409
    undone = await member.post(f"{path}/unvalidate")
    assert (undone.json()["confirmation"], undone.json()["due_on"]) == ("awaiting", first.isoformat())
    assert (await answer(product, link, "accept")).status_code == 200
    today = product.runtime.clock.now().astimezone(PARIS).date()
    assert (await member.post(f"{path}/validate")).status_code == 200
    undone = await member.post(f"{path}/unvalidate")
    assert undone.json()["confirmation_label"] == f"Date(s) acceptée(s) le {french(today)}"
    # The due day is the first day: once the session has begun, the answer stays.
    await until(product, office, datetime(first.year, first.month, first.day, 9, 1, tzinfo=PARIS).astimezone(UTC))
    begun = await answer(product, link, "decline")
    assert (begun.status_code, begun.json()["code"]) == (409, "session_begun")
    assert (await page(product, link))["answers"] == []


async def test_a_session_that_is_cancelled_leaves_the_calendars(product: Product, office: Office) -> None:
    member, first = office.member, next_monday(product)
    ours, theirs = await company(office.admin), await company(office.admin, "Atelier Duval", "duval@atelier.example")
    silent = await company(office.admin, "Menuiserie Roux", "roux@menuiserie.example")
    found = await session(office, [first], ours, theirs, silent)
    names = [one["company"]["name"] for one in found["client_states"]]
    paths = {name: path_of(found, at) for at, name in enumerate(names)}
    due, session_path = first - timedelta(days=3), f"/v1/sessions/{found['id']}"
    _, link = await proposed(product, office, paths["Fonderie Martin"], due)
    _, other = await proposed(product, office, paths["Atelier Duval"], due, to="duval@atelier.example")
    assert (await answer(product, other, "decline")).status_code == 200
    shown = await read(member, session_path)
    assert shown["counts"] == {"not_sent": 1, "awaiting": 1, "accepted": 0, "declined": 1, "manual": 0}
    assert shown["confirmation_label"] == "Décliné", "the worst of them"
    removed = await member.ask("DELETE", paths["Atelier Duval"])
    assert removed.status_code == 204
    assert (await product.client.get(other)).status_code == 404
    assert (await answer(product, other, "accept")).status_code == 404
    assert (await read(member, session_path))["confirmation_label"] == "A confirmer"

    planned = await office.admin.ask("DELETE", session_path)
    assert (planned.status_code, planned.json()["code"]) == (409, "transition_not_allowed")
    cancelled = await member.post(f"{session_path}/cancel", {"reason": "Formatrice indisponible"})
    assert (cancelled.status_code, cancelled.json()["status_label"]) == (200, "Annulée")
    await product.work()
    seen = await page(product, link)
    assert (seen["state"], seen["state_label"], seen["reason"]) == (
        "closed",
        "Session annulée",
        "Formatrice indisponible",
    )
    refused = await answer(product, link, "accept")
    assert (refused.status_code, refused.json()["code"]) == (409, "session_cancelled")
    assert (await product.mails(office.admin, EMAIL))[0]["subject"] == "Session annulée : Sécurité incendie"
    assert await product.mails(office.admin, "roux@menuiserie.example") == [], "nobody had asked them"
    (dates,) = await calendars(product, "sessions.cancelled")
    assert (str(dates["method"]), [one[1:3] for one in event_facts(dates)]) == ("CANCEL", [(1, "CANCELLED")])
    for action, body in (("proposals", {"due_on": due.isoformat()}), ("validate", None), ("remind", None)):
        refused = await member.post(f"{paths['Fonderie Martin']}/{action}", body)
        assert (refused.status_code, refused.json()["code"]) == (409, "session_cancelled"), action
    assert (await member.post(f"{session_path}/slots", slot(first, "14:00", "17:00"))).status_code == 409
    assert (await office.admin.ask("DELETE", session_path)).status_code == 204
    assert (await product.client.get(link)).status_code == 404
    assert await product.rows("SELECT * FROM session_clients") == []
