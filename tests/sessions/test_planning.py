"""Slots: planned simply, one by one, and through the days on which the clocks change."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.plugins.product import Office, Product
from tests.sessions.training import (
    PARIS,
    calendars,
    company,
    event_facts,
    french,
    next_monday,
    page,
    path_of,
    proposed,
    read,
    session,
    slot,
    until,
)

PLAN = {
    "weekdays": ["monday", "thursday"],
    "hours": [{"starts_at": "09:00", "ends_at": "12:30"}, {"starts_at": "14:00", "ends_at": "17:30"}],
    "from": "2030-04-18",
    "to": "2030-05-02",
    "place": "Lyon",
}


def days(items: list[dict[str, Any]]) -> list[str]:
    """The days of slots, each once."""
    return list(dict.fromkeys(one["date"] for one in items))


async def test_the_simple_planning_leaves_holidays_out(product: Product, office: Office) -> None:
    member = office.member
    found = await session(office, [])
    path = f"/v1/sessions/{found['id']}"
    assert (found["status"], found["confirmation"], found["confirmation_label"]) == ("unplanned", None, None)
    before = await product.rows("SELECT * FROM session_slots, sessions")
    preview = (await member.post(f"{path}/plan?dry_run=true", PLAN)).json()
    assert await product.rows("SELECT * FROM session_slots, sessions") == before
    assert days(preview["added"]) == ["2030-04-18", "2030-04-25", "2030-04-29", "2030-05-02"]
    assert preview["skipped"] == [{"date": "2030-04-22", "reason": "Lundi de Pâques"}]
    planned = (await member.post(f"{path}/plan", PLAN)).json()
    assert planned == {**preview, "dry_run": False}
    assert planned["total"] == 8
    again = (await member.post(f"{path}/plan", PLAN)).json()
    assert (again["added"], again["total"]) == ([], 8), "what is there is not made twice"
    shown = await read(member, path)
    assert (shown["status"], shown["first_on"], shown["last_on"], shown["places"]) == (
        "planned",
        "2030-04-18",
        "2030-05-02",
        ["Lyon"],
    )
    english = await member.post(f"{path}/plan?dry_run=true", PLAN, headers={"Accept-Language": "en"})
    assert english.json()["skipped"][0]["reason"] == "Easter Monday"
    clash = await member.post(f"{path}/plan", {**PLAN, "hours": [{"starts_at": "12:00", "ends_at": "13:00"}]})
    assert [(one["pointer"], one["code"]) for one in clash.json()["errors"]] == [("/hours", "overlapping")]
    instead = await member.post(f"{path}/plan", {**PLAN, "to": "2030-04-25", "replace": True})
    assert (instead.json()["added"], instead.json()["total"]) == ([], 4)
    wrongs: tuple[dict[str, Any], ...] = (
        {"weekdays": []},
        {"to": "2030-04-17"},
        {"to": "2032-05-02"},
        {"hours": [{"starts_at": "12:30", "ends_at": "09:00"}]},
        {"hours": [{"starts_at": "9:00", "ends_at": "12:00"}]},
    )
    for wrong in wrongs:
        assert (await member.post(f"{path}/plan", {**PLAN, **wrong})).status_code == 422, wrong


async def test_slots_hold_or_are_refused(product: Product, office: Office) -> None:
    member, day = office.member, date(2030, 3, 28)
    found = await session(office, [day])
    path = f"/v1/sessions/{found['id']}/slots"
    for wrong, pointer, code in (
        (slot(day, "13:00", "13:00"), "/slots/1/ends_at", "not_after_start"),
        (slot(day, "13:00", "12:45"), "/slots/1/ends_at", "not_after_start"),
        (slot(day, "12:00", "14:00"), "/slots/1", "overlapping"),
        # On that night the clocks of Paris go from two to three.
        (slot(date(2030, 3, 31), "02:30", "04:00"), "/slots/1/starts_at", "nonexistent_time"),
    ):
        refused = await member.post(path, wrong)
        assert refused.status_code == 422, wrong
        assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [(pointer, code)]
    same = await member.post(path, slot(day))
    assert (same.status_code, same.json()["existing_id"]) == (409, found["slots"][0]["id"])
    made = await member.post(path, slot(day, "12:30", "13:00", place=None))
    assert made.status_code == 201, made.text
    assert (await read(member, made.headers["Location"]))["place"] is None
    stale = await member.ask("DELETE", made.headers["Location"], headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    known = found["slots"][0]["id"]
    slots = [{**slot(day, "08:00", "10:00"), "id": known}, slot(day, "10:00", "11:00", place="Bron")]
    replaced = await member.ask("PUT", path, json={"slots": slots})
    assert replaced.status_code == 200, replaced.text
    assert [one["id"] == known for one in replaced.json()["slots"]] == [True, False]
    assert replaced.json()["places"] == ["Lyon, salle 2", "Bron"]
    for wrong_slots, code in (
        ([{**slot(day), "id": found["id"]}], "unknown_slot"),
        ([{**slots[0]}, {**slots[1], "id": known}], "given_twice"),
    ):
        refused = await member.ask("PUT", path, json={"slots": wrong_slots})
        assert refused.json()["errors"][0]["code"] == code
    cleared = await member.ask("PUT", path, json={"slots": []})
    assert (cleared.json()["status"], cleared.json()["first_on"]) == ("unplanned", None)
    unplanned = await session(office, [], await company(office.admin))
    refused = await member.post(f"{path_of(unplanned)}/proposals", {"due_on": day.isoformat()})
    assert (refused.status_code, refused.json()["code"]) == (409, "session_not_planned")
    assert (await member.post(f"{path_of(unplanned)}/validate")).json()["code"] == "session_not_planned"


def change_of_clocks(after: date) -> date:
    """The last Sunday of the next March or October: the clocks change at three, or at two, in the morning."""
    ends = (date(year, month, 31) for year in (after.year, after.year + 1) for month in (3, 10))
    return next(found for end in ends if (found := end - timedelta(days=(end.weekday() + 1) % 7)) > after)


async def test_dates_across_a_change_of_clocks_are_right_everywhere(product: Product, office: Office) -> None:
    sunday = change_of_clocks(next_monday(product, 2))
    before, after = sunday - timedelta(days=1), sunday + timedelta(days=1)
    found = await session(office, [before, after], await company(office.admin))
    begins = [datetime.fromisoformat(one["begins_at"]) for one in found["slots"]]
    assert begins == [datetime(day.year, day.month, day.day, 9, tzinfo=PARIS) for day in (before, after)]
    assert abs(begins[1] - begins[0] - timedelta(days=2)) == timedelta(hours=1)
    path, due = path_of(found), before
    mail, link = await proposed(product, office, path, due)
    for shown in (mail["text"], mail["html"], (await product.client.get(link)).text):
        assert shown.count("09:00 – 12:30") == 2
        assert "UTC+01:00" in shown
        assert "UTC+02:00" in shown
        assert "Europe/Paris" in shown
    (dates,) = await calendars(product, "sessions.proposal")
    assert [one[3] for one in event_facts(dates)] == begins
    assert [one[3].strftime("%H:%M") for one in event_facts(dates)] == ["09:00", "09:00"]
    assert [str(one["tzid"]) for one in dates.walk("VTIMEZONE")] == ["Europe/Paris"]
    assert {str(one["dtstart"].params["TZID"]) for one in dates.walk("VEVENT")} == {"Europe/Paris"}

    # Answered while the label's day differs between Paris and UTC.
    midnight = datetime(before.year, before.month, before.day, tzinfo=PARIS)
    await until(product, office, midnight.astimezone(UTC))
    label = (await read(office.member, path))["confirmation_label"]
    assert label.endswith(french(due))
    accepted = await product.client.post(f"{link}/accept", json={"version": 1}, headers={"Accept": "application/json"})
    assert accepted.status_code == 200, accepted.text
    assert (await read(office.member, path))["confirmation_label"] == f"Date(s) acceptée(s) le {french(before)}"
    assert (await page(product, link))["answered_label"].endswith("(Europe/Paris)")

    # Another zone: the same clocks, other instants; everybody is to be asked anew.
    moved = await office.member.ask("PATCH", f"/v1/sessions/{found['id']}", json={"zone": "Indian/Reunion"})
    assert moved.status_code == 200, moved.text
    reunion = ZoneInfo("Indian/Reunion")
    assert [datetime.fromisoformat(one["begins_at"]) for one in moved.json()["slots"]] == [
        datetime(day.year, day.month, day.day, 9, tzinfo=reunion) for day in (before, after)
    ]
    assert moved.json()["counts"]["not_sent"] == 1
    wrong = await office.member.ask("PATCH", f"/v1/sessions/{found['id']}", json={"zone": "Europe/Nowhere"})
    assert wrong.status_code == 422
