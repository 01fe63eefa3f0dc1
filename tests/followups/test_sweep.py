"""Planning, cancelling, sweeping: what happens once, what collapses, what waits for the next sweep."""

import asyncio
from datetime import timedelta

from sqlalchemy import text
from tests.followups.conftest import DAY, KIND, START, Desk

from relance.capabilities.followups.handlers import Dropped, Postponed
from relance.capabilities.followups.models import FollowUpKind
from relance.capabilities.followups.service import FollowUps, Policy
from relance.capabilities.followups.sweeping.repository import SweepRepository

PENDING = [("reminder 1", "pending"), ("reminder 2", "pending"), ("reminder 3", "pending"), ("expiry 1", "pending")]


async def test_a_plan_is_made_once(desk: Desk) -> None:
    subject = await desk.subject()
    async with desk.runtime.db.transaction(desk.workspace_id) as session:
        expires_at = await FollowUps(session, desk.clock).plan(subject, 1, Policy(("P1D",), "P2D"), START + DAY)
    assert expires_at == START + 3 * DAY
    assert await desk.states(subject) == PENDING, "the plan of a cycle stays as it is"
    rows = await desk.rows(subject)
    assert [row["due_at"] - START for row in rows] == [7 * DAY, 14 * DAY, 21 * DAY, 30 * DAY]


async def test_reminders_at_or_past_the_expiry_are_not_planned(desk: Desk) -> None:
    subject = await desk.subject(Policy(("P1D", "P5D", "P6D"), "P5D"))
    assert await desk.states(subject) == [("reminder 1", "pending"), ("expiry 1", "pending")]


async def test_a_whole_cycle(desk: Desk) -> None:
    subject, sweeper = await desk.subject(), desk.sweeper()
    assert await sweeper.sweep() == 0
    for number in (1, 2, 3):
        desk.clock.at = START + number * 7 * DAY - timedelta(seconds=1)
        assert await sweeper.sweep() == 0
        desk.clock.at += timedelta(seconds=1)
        assert await sweeper.sweep() == 1
        assert await sweeper.sweep() == 0
        assert desk.acted[-1] == (subject.id, "reminder", number)
    desk.clock.at = START + 30 * DAY
    assert await sweeper.sweep() == 1
    assert [kind for _, kind, _ in desk.acted] == ["reminder"] * 3 + ["expiry"]
    assert {state for _, state in await desk.states(subject)} == {"done"}


async def test_an_outage_of_three_weeks_is_one_reminder(desk: Desk) -> None:
    subject = await desk.subject()
    desk.clock.at = START + 22 * DAY
    assert await desk.sweeper().sweep() == 1
    assert desk.acted == [(subject.id, "reminder", 3)]
    assert await desk.states(subject) == [
        ("reminder 1", "collapsed"),
        ("reminder 2", "collapsed"),
        ("reminder 3", "done"),
        ("expiry 1", "pending"),
    ]


async def test_an_outage_past_the_expiry_is_only_the_expiry(desk: Desk) -> None:
    subject = await desk.subject()
    desk.clock.at = START + 31 * DAY
    await desk.sweeper().sweep()
    assert desk.acted == [(subject.id, "expiry", 1)]
    assert [state for _, state in await desk.states(subject)] == ["collapsed"] * 3 + ["done"]


async def test_a_later_cycle_acts_and_the_earlier_is_the_handlers_to_drop(desk: Desk) -> None:
    subject = await desk.subject(Policy((), "P30D"))
    async with desk.runtime.db.transaction(desk.workspace_id) as session:
        await FollowUps(session, desk.clock).plan(subject, 2, Policy(("P7D",), "P60D"), START)
    desk.clock.at = START + 31 * DAY
    await desk.sweeper().sweep()
    assert desk.acted == [(subject.id, "reminder", 1), (subject.id, "expiry", 1)]


async def test_cancelling(desk: Desk) -> None:
    subject, other = await desk.subject(), await desk.subject()
    async with desk.runtime.db.transaction(desk.workspace_id) as session:
        follow_ups = FollowUps(session, desk.clock)
        assert await follow_ups.cancel(subject, "undeliverable", (FollowUpKind.REMINDER,)) == 3
        assert [row.kind for row in await follow_ups.pending(subject)] == ["expiry"]
        assert await follow_ups.cancel(subject, "answered") == 1
        assert await follow_ups.cancel(subject, "answered") == 0
    assert [(row["state"], row["reason"]) for row in await desk.rows(subject)] == [
        ("cancelled", "undeliverable"),
        ("cancelled", "undeliverable"),
        ("cancelled", "undeliverable"),
        ("cancelled", "answered"),
    ]
    assert await desk.states(other) == PENDING
    desk.clock.at = START + 40 * DAY
    await desk.sweeper().sweep()
    assert desk.acted == [(other.id, "expiry", 1)]


async def test_a_cancellation_that_is_rolled_back_never_was(desk: Desk) -> None:
    subject = await desk.subject()
    try:
        async with desk.runtime.db.transaction(desk.workspace_id) as session:
            await FollowUps(session, desk.clock).cancel(subject, "answered")
            raise KeyError
    except KeyError:
        pass
    assert await desk.states(subject) == PENDING


async def test_suspended_follow_ups_wait_and_come_back(desk: Desk) -> None:
    subject = await desk.subject()
    async with desk.runtime.db.transaction(desk.workspace_id) as session:
        await FollowUps(session, desk.clock).suspend(subject, "archived")
    desk.clock.at = START + 8 * DAY
    assert await desk.sweeper().sweep() == 0
    assert {state for _, state in await desk.states(subject)} == {"suspended"}
    async with desk.runtime.db.transaction(desk.workspace_id) as session:
        await FollowUps(session, desk.clock).resume(subject)
    rows = await desk.rows(subject)
    assert [(row["state"], row["reason"]) for row in rows] == [
        ("dropped", "missed_while_suspended"),
        ("pending", None),
        ("pending", None),
        ("pending", None),
    ]
    desk.clock.at = START + 14 * DAY
    await desk.sweeper().sweep()
    assert desk.acted == [(subject.id, "reminder", 2)]


async def test_an_expiry_missed_while_suspended_acts_at_once(desk: Desk) -> None:
    subject = await desk.subject()
    async with desk.runtime.db.transaction(desk.workspace_id) as session:
        await FollowUps(session, desk.clock).suspend(subject, "archived")
    desk.clock.at = START + 40 * DAY
    async with desk.runtime.db.transaction(desk.workspace_id) as session:
        await FollowUps(session, desk.clock).resume(subject)
    await desk.sweeper().sweep()
    assert desk.acted == [(subject.id, "expiry", 1)]


async def test_suspended_follow_ups_can_be_cancelled(desk: Desk) -> None:
    subject = await desk.subject()
    async with desk.runtime.db.transaction(desk.workspace_id) as session:
        follow_ups = FollowUps(session, desk.clock)
        await follow_ups.suspend(subject, "archived")
        assert await follow_ups.cancel(subject, "answered") == 4


async def test_what_the_handler_says(desk: Desk) -> None:
    dropped, postponed = await desk.subject(), await desk.subject()
    desk.clock.at = START + 7 * DAY
    until = desk.clock.at + timedelta(hours=5)
    desk.answers = {dropped.id: Dropped("answered_elsewhere"), postponed.id: Postponed(until)}
    assert await desk.sweeper().sweep() == 2
    first, second = (await desk.rows(dropped))[0], (await desk.rows(postponed))[0]
    assert (first["state"], first["reason"], first["settled_at"]) == ("dropped", "answered_elsewhere", desk.clock.at)
    assert (second["state"], second["due_at"], second["planned_at"]) == ("pending", until, START + 7 * DAY)
    desk.answers.clear()
    desk.clock.at = until
    await desk.sweeper().sweep()
    assert desk.acted == [(postponed.id, "reminder", 1)]


async def test_a_subject_in_somebodys_hands_is_left_for_the_next_sweep(desk: Desk) -> None:
    held, free = await desk.subject(), await desk.subject()
    desk.clock.at = START + 7 * DAY
    async with desk.runtime.db.engine.connect() as somebody:
        await somebody.execute(text("SELECT 1 FROM organisations WHERE id = :id FOR UPDATE"), {"id": held.id})
        async with asyncio.timeout(5):
            assert await desk.sweeper().sweep() == 1
        assert desk.acted == [(free.id, "reminder", 1)]
        assert await desk.states(held) == PENDING
        await somebody.rollback()
    assert await desk.sweeper().sweep() == 1
    assert desk.acted[-1] == (held.id, "reminder", 1)


async def test_subjects_in_somebodys_hands_hold_up_nobody(desk: Desk) -> None:
    for _ in range(101):
        await desk.subject(Policy(("P1D",), "P30D"))
    behind = await desk.subject(Policy(("P2D",), "P30D"))
    desk.clock.at = START + 3 * DAY
    async with desk.runtime.db.engine.connect() as somebody:
        await somebody.execute(text("SELECT 1 FROM organisations WHERE id <> :id FOR UPDATE"), {"id": behind.id})
        assert await desk.sweeper().sweep() == 1
        await somebody.rollback()
    assert desk.acted == [(behind.id, "reminder", 1)]
    assert await desk.sweeper().sweep() == 101


async def test_a_failing_handler_is_set_aside_and_the_others_go_on(desk: Desk) -> None:
    before, faulty, after = await desk.subject(), await desk.subject(), await desk.subject()
    desk.answers = {faulty.id: RuntimeError("no such form")}
    desk.clock.at = START + 7 * DAY
    await desk.sweeper().sweep()
    assert sorted(desk.acted) == sorted((subject.id, "reminder", 1) for subject in (before, after))
    row = (await desk.rows(faulty))[0]
    assert (row["state"], row["attempts"]) == ("pending", 1)
    assert row["due_at"] == desk.clock.at + timedelta(minutes=5)
    assert await desk.sweeper().sweep() == 0
    desk.answers.clear()
    desk.clock.at += timedelta(minutes=5)
    assert await desk.sweeper().sweep() == 1
    assert desk.acted[-1] == (faulty.id, "reminder", 1)


async def test_a_fault_and_a_held_subject_together(desk: Desk) -> None:
    held, faulty, free = await desk.subject(), await desk.subject(), await desk.subject()
    desk.answers = {faulty.id: RuntimeError("no such form")}
    desk.clock.at = START + 7 * DAY
    async with desk.runtime.db.engine.connect() as somebody:
        await somebody.execute(text("SELECT 1 FROM organisations WHERE id = :id FOR UPDATE"), {"id": held.id})
        await desk.sweeper().sweep()
        await somebody.rollback()
    assert desk.acted == [(free.id, "reminder", 1)]
    assert await desk.states(held) == PENDING


async def test_two_sweeps_never_share_a_subject(desk: Desk) -> None:
    subject = await desk.subject()
    desk.clock.at = START + 15 * DAY
    # Each sweep holds what it claims until it commits: the second finds nothing of the subject that is left to claim.
    async with desk.runtime.db.transaction(None) as one, desk.runtime.db.transaction(None) as other:
        (first,) = await SweepRepository(one).claim_due(desk.clock.at, START, 1, [KIND])
        assert (first.subject_id, first.ordinal) == (subject.id, 1)
        assert await SweepRepository(other).claim_due(desk.clock.at, START, 1, [KIND]) == []


async def test_several_sweepers_at_once_remind_once(desk: Desk) -> None:
    subjects = [await desk.subject() for _ in range(120)]
    desk.clock.at = START + 15 * DAY
    done = await asyncio.gather(*(desk.sweeper().sweep() for _ in range(3)))
    assert sum(done) == len(subjects)
    assert sorted(desk.acted) == sorted((subject.id, "reminder", 2) for subject in subjects)
    async with desk.runtime.db.engine.connect() as connection:
        found = await connection.execute(
            text("SELECT state, count(*) FROM follow_ups WHERE subject_kind = :kind GROUP BY 1 ORDER BY 1"),
            {"kind": KIND},
        )
        assert [tuple(row) for row in found] == [("collapsed", 120), ("done", 120), ("pending", 240)]
