"""Reminders that fall into quiet hours or on a day off: planned later, and asked again when they would act."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from tests.followups.conftest import DAY, START, Desk

from relance.capabilities.followups.calendar import Calendar, QuietHours
from relance.capabilities.followups.handlers import Postponed
from relance.capabilities.followups.service import Policy

PARIS = ZoneInfo("Europe/Paris")
NIGHT = QuietHours(time(20), time(8))
NIGHTS = Calendar(PARIS, NIGHT)


def policy(calendar: Calendar, *reminders: str, expires_after: str = "P30D") -> Policy:
    return Policy(reminders, expires_after, "errands", calendar)


def paris(text_: str) -> datetime:
    return datetime.fromisoformat(text_).replace(tzinfo=PARIS).astimezone(UTC)


@pytest.fixture(autouse=True)
async def quiet_nights(desk: Desk) -> None:
    """The workspace's policy for errands, as the sweep reads it."""
    async with desk.runtime.db.engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO follow_up_policies (workspace_id, id, domain, reminders, expires_after, quiet_from,"
                " quiet_to, working_days_only, version) VALUES (:workspace, gen_random_uuid(), 'errands', '[]', 'P30D',"
                " '20:00', '08:00', false, 1)"
            ),
            {"workspace": desk.workspace_id},
        )


async def test_planned_for_the_next_allowed_instant(desk: Desk) -> None:
    subject = await desk.subject(policy(NIGHTS, "PT12H", "P2D", "P4DT11H"))  # 22:00, 10:00, 21:00 in Paris
    rows = await desk.rows(subject)
    assert [row["planned_at"] - START for row in rows[:3]] == [DAY / 2, 2 * DAY, timedelta(days=4, hours=11)]
    assert [row["due_at"] for row in rows[:3]] == [
        paris("2026-11-03T08:00"),
        paris("2026-11-04T10:00"),
        paris("2026-11-07T08:00"),
    ]
    assert {row["domain"] for row in rows} == {"errands"}


async def test_the_expiry_never_moves(desk: Desk) -> None:
    subject = await desk.subject(policy(NIGHTS, expires_after="PT12H"))
    (row,) = await desk.rows(subject)
    assert row["due_at"] == START + DAY / 2
    desk.clock.at = row["due_at"]  # 22:00 in Paris
    assert await desk.sweeper().sweep() == 1
    assert desk.acted == [(subject.id, "expiry", 1)]


async def test_dropped_where_it_would_wait_past_the_expiry(desk: Desk) -> None:
    # Due on Friday at 21:00; the night ends on Saturday at 08:00, when it has expired.
    subject = await desk.subject(policy(NIGHTS, "P4DT11H", expires_after="P4DT22H"))
    rows = await desk.rows(subject)
    assert [(row["kind"], row["state"], row["reason"]) for row in rows] == [
        ("reminder", "dropped", "no_allowed_instant"),
        ("expiry", "pending", None),
    ]
    assert rows[0]["due_at"] == rows[0]["planned_at"]


async def test_a_weekend_of_reminders_is_one_on_monday(desk: Desk) -> None:
    calendar = Calendar(PARIS, NIGHT, working_days_only=True)
    subject = await desk.subject(policy(calendar, "P4D", "P5D", "P6D", "P8D"))
    monday = paris("2026-11-09T08:00")
    rows = await desk.rows(subject)
    assert [row["due_at"] for row in rows[:4]] == [paris("2026-11-06T10:00"), monday, monday, paris("2026-11-10T10:00")]
    desk.clock.at = monday
    await desk.sweeper().sweep()
    assert desk.acted == [(subject.id, "reminder", 3)]
    assert [state for _, state in await desk.states(subject)][:4] == ["collapsed", "collapsed", "done", "pending"]


async def test_the_sweep_that_comes_at_night_waits_for_the_morning(desk: Desk) -> None:
    subject = await desk.subject(policy(NIGHTS, "P1D", "P2D"))
    desk.clock.at = paris("2026-11-04T23:30")  # the worker was away for two days
    await desk.sweeper().sweep()
    assert desk.acted == []
    assert {row["due_at"] for row in (await desk.rows(subject))[:2]} == {paris("2026-11-05T08:00")}
    assert await desk.sweeper().sweep() == 0
    desk.clock.at = paris("2026-11-05T08:00")
    await desk.sweeper().sweep()
    assert desk.acted == [(subject.id, "reminder", 2)]


async def test_the_sweep_drops_what_the_expiry_would_overtake(desk: Desk) -> None:
    subject = await desk.subject(policy(NIGHTS, "P1D", expires_after="P2DT16H"))  # expires at 02:00
    desk.clock.at = paris("2026-11-04T23:30")
    await desk.sweeper().sweep()
    row = (await desk.rows(subject))[0]
    assert (row["state"], row["reason"]) == ("dropped", "no_allowed_instant")
    desk.clock.at = paris("2026-11-05T02:00")
    await desk.sweeper().sweep()
    assert desk.acted == [(subject.id, "expiry", 1)]


async def test_a_gap_that_ends_at_night_ends_in_the_morning(desk: Desk) -> None:
    subject = await desk.subject(policy(NIGHTS, "P1D"))
    desk.clock.at = START + DAY
    desk.answers = {subject.id: Postponed(paris("2026-11-03T22:00"))}
    await desk.sweeper().sweep()
    assert (await desk.rows(subject))[0]["due_at"] == paris("2026-11-04T08:00")


async def test_the_workspaces_zone_decides(desk: Desk) -> None:
    subject = await desk.subject(policy(NIGHTS, "P1D"))
    async with desk.runtime.db.engine.begin() as connection:
        await connection.execute(text("UPDATE workspaces SET zone = 'Asia/Tokyo'"))
    desk.clock.at = START + DAY + timedelta(hours=3)  # 13:00 in Paris, 21:00 in Tokyo
    await desk.sweeper().sweep()
    assert desk.acted == []
    morning = datetime(2026, 11, 4, 8, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert (await desk.rows(subject))[0]["due_at"] == morning


async def test_quiet_hours_across_the_change_of_the_clocks(desk: Desk) -> None:
    desk.clock.at = paris("2027-03-20T21:30")
    subject = await desk.subject(policy(NIGHTS, "P7D"))  # the evening before summer time
    (reminder, _) = await desk.rows(subject)
    assert reminder["due_at"] == datetime(2027, 3, 28, 6, tzinfo=UTC)  # 08:00 on the new clocks
    desk.clock.at = datetime(2027, 3, 28, 5, 59, 59, tzinfo=UTC)
    assert await desk.sweeper().sweep() == 0
    desk.clock.at += timedelta(seconds=1)
    assert await desk.sweeper().sweep() == 1
