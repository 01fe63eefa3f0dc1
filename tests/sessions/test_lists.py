"""The list with its filters, counts and files; who sees what; the partner's own key; the calendar feed."""

from datetime import datetime, timedelta
from typing import Any

import icalendar
from tests.plugins.product import Office, Product
from tests.sessions.training import answer, company, next_monday, path_of, proposed, read, session, slot


async def test_the_list_is_filtered_counted_and_exported(product: Product, office: Office) -> None:
    member, first = office.member, next_monday(product)
    martin = await company(office.admin)
    duval = await company(office.admin, "Atelier Duval", "duval@atelier.example")
    later = first + timedelta(days=14)
    incendie = await session(office, [first, first + timedelta(days=1)], martin, duval, external_id="S-1")
    secours = await session(office, [later], duval, title="Secourisme", trainer="Paul Imbert")
    bare = await session(office, [], title="À planifier", trainer=None)
    everything = [bare["id"], secours["id"], incendie["id"]]
    link = (await proposed(product, office, path_of(secours), later, to="duval@atelier.example"))[1]
    assert (await answer(product, link, "accept")).status_code == 200

    async def listed(query: str) -> list[str]:
        answer = await member.get(f"/v1/sessions?{query}")
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["items"]]

    assert await listed("") == everything
    assert await listed("sort=first_on") == [incendie["id"], secours["id"], bare["id"]]
    assert await listed("sort=title") == [bare["id"], secours["id"], incendie["id"]]
    for query, expected in (
        ("confirmation=confirmed", [secours]),
        ("confirmation=to_confirm", [incendie]),
        ("confirmation=confirmed&confirmation=to_confirm", [secours, incendie]),
        (f"company_id={martin[0]}", [incendie]),
        (f"company_id={duval[0]}", [secours, incendie]),
        (f"period_from={later}", [secours]),
        (f"period_to={first}", [incendie]),
        (f"period_from={first + timedelta(days=1)}&period_to={first + timedelta(days=1)}", [incendie]),
        ("place=SALLE%202", [secours, incendie]),
        ("place=Bron", []),
        ("q=securite", [incendie]),
        ("q=imbert", [secours]),
        ("q=duval", [secours, incendie]),
        ("q=S-1", [incendie]),
        ("external_id=S-1", [incendie]),
        ("status=unplanned", [bare]),
        (f"organisation_id={office.other_organisation_id}", []),
    ):
        assert await listed(query) == [one["id"] for one in expected], query
    page = (await member.get("/v1/sessions?sort=first_on&limit=1&include=available_actions")).json()
    (one,) = page["items"]
    assert (one["places"], [client["name"] for client in one["clients"]]) == (
        ["Lyon, salle 2"],
        ["Atelier Duval", "Fonderie Martin"],
    )
    assert {found["action"]: found["allowed"] for found in one["available_actions"]} == {
        "plan": True,
        "cancel": True,
        "delete": False,
    }
    second = (await member.get(f"/v1/sessions?sort=first_on&limit=2&cursor={page['next_cursor']}")).json()
    assert [found["id"] for found in second["items"]] == [secours["id"], bare["id"]]
    for wrong in ("confirmation=maybe", "period_from=2027-02-01&period_to=2027-01-01", "colour=red"):
        assert (await member.get(f"/v1/sessions?{wrong}")).status_code == 422
    assert await read(member, "/v1/sessions/summary") == {
        "total": 3,
        "status": {"unplanned": 1, "planned": 2, "cancelled": 0},
        "confirmation": {"declined": 0, "to_confirm": 1, "awaiting": 0, "confirmed": 1},
        "without_clients": 1,
        "overdue": 0,
    }
    sheet = (await member.get("/v1/sessions/export.csv?sort=first_on")).content.decode("utf-8-sig").splitlines()
    assert "confirmation dates Client" in sheet[0]
    assert sheet[1].startswith("Sécurité incendie;S-1;")
    assert sheet[1].endswith("Lyon, salle 2;Atelier Duval, Fonderie Martin;A confirmer;non")
    assert ";Confirmé;" in sheet[2]
    job = await member.post("/v1/sessions/exports", {"format": "xlsx", "filter": {"overdue": False}})
    assert job.status_code == 202
    await product.work()
    done = (await member.get(job.headers["Location"])).json()
    assert (done["state"], done["done"]) == ("done", 3), done

    body = {
        "organisation_id": str(office.organisation_id),
        "title": "Sécurité incendie",
        "trainer": "Nadia Belkacem",
        "slots": [slot(first), slot(first + timedelta(days=1))],
    }
    known = "/v1/sessions/by-reference/S-1"
    same = await office.member.ask("PUT", known, json=body)
    assert (same.status_code, same.json()["version"]) == (200, (await read(member, known))["version"])
    moved = await member.ask(
        "PUT", known, json={**body, "slots": [slot(first)], "clients": [{"company_id": martin[0]}]}
    )
    assert [one["company"]["name"] for one in moved.json()["client_states"]] == ["Fonderie Martin"]
    assert (moved.json()["last_on"], moved.json()["version"] > same.json()["version"]) == (first.isoformat(), True)
    new = await member.ask("PUT", "/v1/sessions/by-reference/S-2", json=body)
    assert new.status_code == 201, new.text
    twice = await member.post("/v1/sessions", {**body, "external_id": "S-2"})
    assert (twice.status_code, twice.json()["existing_id"]) == (409, new.json()["id"])
    doubled = [{"company_id": martin[0]}, {"company_id": martin[0]}]
    assert (await member.post("/v1/sessions", {**body, "clients": doubled})).status_code == 409
    foreign = [{"company_id": martin[0], "contact_id": duval[1]}]
    refused = await member.post("/v1/sessions", {**body, "clients": foreign})
    assert refused.json()["errors"][0]["pointer"] == "/clients/0/contact_id"
    assert len(await listed("")) == 4


async def test_who_may_do_what_and_who_reads_the_calendar(product: Product, office: Office) -> None:
    member, first = office.member, next_monday(product)
    ours = await session(office, [first], await company(office.admin))
    theirs = await session(office, [first], title="Autre session", responsible_id=str(office.manager.id))
    path = f"/v1/sessions/{theirs['id']}"
    assert (await member.get(path)).status_code == 200
    denied = await member.ask("PATCH", path, json={"title": "À moi"})
    assert (denied.status_code, denied.json()["permission"]) == (403, "sessions:write")
    assert (await member.post(f"{path}/cancel", {"reason": "x"})).status_code == 403
    assert (await office.manager.ask("PATCH", path, json={"trainer": None})).status_code == 200
    assert (await member.get("/v1/sessions?mine=true")).json()["items"][0]["id"] == ours["id"]
    stranger = {"organisation_id": str(office.organisation_id), "title": "X", "responsible_id": ours["id"]}
    assert (await member.post("/v1/sessions", stranger)).status_code == 422
    wrongs: list[dict[str, Any]] = [{"title": " "}, {"zone": "Mars/Phobos"}, {"capacity": 0}]
    for wrong in [*wrongs, {"slots": [slot(first), slot(first)]}]:
        refused = await member.post(
            "/v1/sessions", {"organisation_id": str(office.organisation_id), "title": "X", **wrong}
        )
        assert refused.status_code == 422, wrong

    assert (await member.get("/v1/sessions/calendar-feed")).status_code == 404
    made = await member.post("/v1/sessions/calendar-feed")
    assert made.status_code == 201, made.text
    again = await member.post("/v1/sessions/calendar-feed")
    assert (again.status_code, again.json()["code"]) == (409, "calendar_feed_exists")
    url, token = made.json()["url"], made.json()["url"].rpartition("=")[2]
    assert "url" not in await read(member, "/v1/sessions/calendar-feed")
    fetched = await product.client.get(url)
    assert (fetched.status_code, fetched.headers["content-type"].partition(";")[0]) == (200, "text/calendar")
    assert (await product.client.head(url)).status_code == 200
    events = icalendar.Calendar.from_ical(fetched.text).walk("VEVENT")
    assert {str(one["summary"]): one.decoded("dtstart") for one in events} == {
        name: datetime.fromisoformat(ours["slots"][0]["begins_at"]) for name in ("Sécurité incendie", "Autre session")
    }
    (described,) = [str(one["description"]) for one in events if str(one["summary"]) == "Sécurité incendie"]
    assert "A confirmer" in described
    assert "Fonderie Martin" in described
    dumped = str(await product.rows("SELECT * FROM calendar_feeds"))
    assert token not in dumped
    for guess in (token[:-1] + ("a" if token[-1] != "a" else "b"), "nonsense", "é" * 20):
        assert (await product.client.get("/v1/sessions/calendar.ics", params={"token": guess})).status_code == 404
    assert (await product.client.get("/v1/sessions/calendar.ics")).status_code == 422
    rotated = await member.post("/v1/sessions/calendar-feed/rotate")
    assert (await product.client.get(url)).status_code == 404
    assert (await product.client.get(rotated.json()["url"])).status_code == 200
    assert (await office.admin.post(f"/v1/users/{member.id}/deactivate")).status_code == 200
    assert (await product.client.get(rotated.json()["url"])).status_code == 404
    assert (await office.admin.post(f"/v1/users/{member.id}/reactivate")).status_code == 200
    assert (await product.client.get(rotated.json()["url"])).status_code == 200
    assert (await office.manager.ask("DELETE", "/v1/sessions/calendar-feed")).status_code == 404
