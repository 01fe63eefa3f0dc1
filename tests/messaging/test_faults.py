"""Delivery when the relay, the database's rows or a domain are at fault: nothing lost, nothing twice."""

import asyncio
from datetime import timedelta

import pytest
from tests.messaging.conftest import Post
from tests.messaging.line import Line
from tests.messaging.relay import ACCEPT_AND_DROP, ACCEPT_AND_STALL, DROP, STALL, always, once

from relance.core.db import Database


async def test_a_relay_that_is_away_pauses_the_lane_and_burns_no_attempt(post: Post) -> None:
    deliverer = post.deliverer()
    id_ = await post.queue()
    await post.relay.stop()
    await deliverer.sweep()
    row = await post.message(id_)
    assert (row.state, row.attempts) == ("queued", 0)
    lane = (await post.rows("SELECT *, paused_until > now() AS paused FROM delivery_lanes"))[0]
    assert (lane.paused, lane.faults) == (True, 1)
    assert "connect" in lane.last_fault

    await post.relay.start()
    assert await deliverer.sweep() == 0, "a paused lane lets nothing go"
    assert post.relay.accepted == []
    await post.unpause()
    await deliverer.sweep()
    assert (await post.message(id_)).state == "sent"
    assert (await post.rows("SELECT faults FROM delivery_lanes"))[0].faults == 0


@pytest.mark.parametrize("stage", ["connect", "mail", "rcpt", "data"])
async def test_421_gives_the_attempt_back(post: Post, stage: str) -> None:
    deliverer = post.deliverer(smtp_connections=1)
    ids = [await post.queue("a@p.example"), await post.queue("b@p.example")]
    post.relay.rule = once(stage, "421 4.3.2 going down")
    await deliverer.sweep()
    assert post.relay.accepted == []
    assert [((await post.message(id_)).state, (await post.message(id_)).attempts) for id_ in ids] == [("queued", 0)] * 2
    post.clock.offset += timedelta(minutes=1)
    await post.unpause()
    await deliverer.sweep()
    assert sorted(post.relay.recipients()) == ["a@p.example", "b@p.example"]


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
@pytest.mark.parametrize("answer", [DROP, STALL])
async def test_silence_before_the_first_byte_is_no_hand_off(post: Post, stage: str, answer: str) -> None:
    deliverer = post.deliverer(smtp_connections=1, smtp_timeout_seconds=0.4)
    id_ = await post.queue()
    post.relay.rule = once(stage, answer)
    await deliverer.sweep()
    row = await post.message(id_)
    assert (row.state, row.attempts, row.handoff_at) == ("queued", 0, None)
    post.relay.released.set()
    post.clock.offset += timedelta(minutes=1)
    await post.unpause()
    await deliverer.sweep()
    assert (await post.message(id_)).state == "sent"
    assert post.relay.recipients() == ["achats@partenaire.example"]


async def test_wrong_credentials_pause_the_lane_for_long(post: Post) -> None:
    post.relay.credentials = ("relance", "right")
    id_ = await post.queue()
    wrong = post.deliverer(smtp_url=f"smtp://relance:wrong@127.0.0.1:{post.relay.port}")
    await wrong.sweep()
    lane = (await post.rows("SELECT name, paused_until - now() > interval '4 minutes' AS long FROM delivery_lanes"))[0]
    assert lane.long
    assert "wrong" not in lane.name, "a password is no part of a name"
    assert (await post.message(id_)).attempts == 0

    await post.unpause()
    right = post.deliverer(smtp_url=f"smtp://relance:right@127.0.0.1:{post.relay.port}")
    await right.sweep()
    assert (await post.message(id_)).state == "sent"


async def test_a_relay_without_the_tls_that_was_asked_for_gets_nothing(post: Post) -> None:
    id_ = await post.queue()
    await post.deliverer(smtp_url=f"smtp+starttls://127.0.0.1:{post.relay.port}").sweep()
    assert (await post.message(id_)).state == "queued"
    assert post.relay.accepted == []


@pytest.mark.parametrize("stage", ["rcpt", "data", "dot"])
async def test_a_temporary_refusal_is_tried_again_later(post: Post, stage: str) -> None:
    deliverer = post.deliverer(smtp_connections=1)
    id_, other = await post.queue("a@p.example"), await post.queue("b@p.example")
    post.relay.rule = once(stage, "451 4.3.0 try again", recipient="a@p.example")
    await deliverer.sweep()
    row = await post.message(id_)
    assert (row.state, row.attempts, row.last_code, row.last_enhanced) == ("queued", 1, 451, "4.3.0")
    assert row.handoff_at is None
    assert timedelta() < row.not_before - post.now() <= timedelta(minutes=5)
    assert (await post.message(other)).state == "sent"
    assert post.relay.connections == 1, "a refusal is no reason to reconnect"
    post.clock.offset += timedelta(minutes=5)
    await deliverer.sweep()
    assert (await post.message(id_)).state == "sent"
    assert sorted(post.relay.recipients()) == ["a@p.example", "b@p.example"]


async def test_the_second_attempt_carries_the_same_bytes(post: Post) -> None:
    deliverer = post.deliverer()
    await post.queue(list_unsubscribe=True, sender_name="Groupe Durand")
    post.relay.rule = once("dot", "451 4.3.0 later")
    await deliverer.sweep()
    post.clock.offset += timedelta(days=1)
    await deliverer.sweep()
    first, second = post.relay.offered
    assert first == second
    assert [one.content for one in post.relay.accepted] == [second]


async def test_temporary_refusals_end_at_the_expiry(post: Post) -> None:
    deliverer = post.deliverer()
    id_ = await post.queue(expires_at=post.now() + timedelta(seconds=20))
    post.relay.rule = always("rcpt", "450 4.2.0 not now")
    await deliverer.sweep()
    row = await post.message(id_)
    assert (row.state, row.reason) == ("failed", "refused_until_expiry")
    assert (await post.thing_of(id_)).failed == 1


async def test_an_unknown_mailbox_fails_and_is_not_written_to_again(post: Post) -> None:
    deliverer = post.deliverer()
    id_ = await post.queue("nobody@p.example")
    post.relay.rule = once("rcpt", "550 5.1.1 no such user")
    await deliverer.sweep()
    row = await post.message(id_)
    assert (row.state, row.last_enhanced) == ("failed", "5.1.1")
    thing = await post.thing_of(id_)
    assert (thing.failed, thing.sent, thing.last_reason) == (1, 0, "refused")
    (suppression,) = await post.rows("SELECT * FROM suppressions")
    assert b"nobody" not in suppression.address_hash

    again, other = await post.queue("nobody@p.example"), await post.queue("somebody@p.example")
    await deliverer.sweep()
    row = await post.message(again)
    assert (row.state, (await post.thing_of(again)).failed) == ("suppressed", 1)
    assert (await post.message(other)).state == "sent"
    assert post.relay.recipients() == ["somebody@p.example"]


async def test_a_policy_refusal_fails_without_suppressing(post: Post) -> None:
    id_ = await post.queue()
    post.relay.rule = once("dot", "554 5.7.1 looks like spam")
    await post.deliverer().sweep()
    assert (await post.message(id_)).state == "failed"
    assert await post.rows("SELECT 1 FROM suppressions") == []


async def test_a_refused_sender_stops_the_lane_and_fails_no_mail(post: Post) -> None:
    ids = [await post.queue(f"r{number}@p.example") for number in range(5)]
    post.relay.rule = always("mail", "550 5.7.1 not allowed to send as you")
    await post.deliverer().sweep()
    assert {(await post.message(id_)).state for id_ in ids} == {"queued"}
    assert (await post.rows("SELECT paused_until > now() AS paused FROM delivery_lanes"))[0].paused


async def test_a_relay_that_wants_less_gets_less(post: Post) -> None:
    deliverer = post.deliverer(smtp_connections=1)
    await post.queue("a@p.example")
    post.relay.rule = once("rcpt", "450 4.7.1 too many messages")
    await deliverer.sweep()
    lane = (await post.rows("SELECT slow_rate, slow_until > now() AS slow FROM delivery_lanes"))[0]
    assert (lane.slow_rate, lane.slow) == (1.0, True)
    for number in range(5):
        await post.queue(f"r{number}@p.example")
    await deliverer.sweep()
    assert len(post.relay.accepted) == 1


async def test_a_rate_is_kept(post: Post) -> None:
    deliverer = post.deliverer()
    await deliverer.sweep()
    await post.change("UPDATE delivery_lanes SET rate = 0.1, burst = 3")
    for number in range(6):
        await post.queue(f"r{number}@p.example")
    await deliverer.sweep()
    assert len(post.relay.accepted) == 3
    assert await deliverer.sweep() == 0


async def test_a_paused_domain_holds_up_no_other(post: Post) -> None:
    await post.change(
        "INSERT INTO delivery_lanes (name, paused_until) VALUES ('domain:p.example', now() + interval '1 hour')"
    )
    await post.queue("a@p.example")
    await post.queue("a@q.example")
    await post.deliverer().sweep()
    assert post.relay.recipients() == ["a@q.example"]
    await post.unpause()
    await post.deliverer().sweep()
    assert post.relay.recipients() == ["a@q.example", "a@p.example"]


@pytest.mark.parametrize(
    ("stage", "answer", "taken"), [("payload", DROP, 0), ("dot", ACCEPT_AND_DROP, 1), ("dot", ACCEPT_AND_STALL, 1)]
)
async def test_what_nobody_can_know_is_held(post: Post, stage: str, answer: str, taken: int) -> None:
    deliverer = post.deliverer(smtp_connections=1, smtp_timeout_seconds=0.4)
    id_ = await post.queue("a@p.example")
    other = await post.queue("b@p.example")
    post.relay.rule = once(stage, answer)
    await deliverer.sweep()
    row = await post.message(id_)
    assert (row.state, row.reason) == ("uncertain", "no_answer_after_data")
    assert row.handoff_at is not None
    assert (await post.message(other)).state == "queued", "the relay is left alone after that"
    post.relay.released.set()
    for _ in range(2):
        post.clock.offset += timedelta(days=1)
        await post.unpause()
        await deliverer.sweep()
    assert (await post.message(id_)).state == "uncertain"
    assert (await post.thing_of(id_)).sent == 0
    assert post.relay.recipients().count("a@p.example") == taken
    assert (await post.message(other)).state == "sent"


async def test_a_setting_sends_the_uncertain_again(post: Post) -> None:
    deliverer = post.deliverer(resend_uncertain=True)
    id_ = await post.queue()
    post.relay.rule = once("payload", DROP)
    await deliverer.sweep()
    await post.unpause()
    await deliverer.sweep()
    assert (await post.message(id_)).state == "sent"
    assert len(post.relay.accepted) == 1


async def test_a_late_answer_still_lands(post: Post) -> None:
    slow = post.deliverer(smtp_timeout_seconds=5.0, lease_seconds=5)
    id_ = await post.queue()
    post.relay.rule = once("dot", STALL)
    sending = asyncio.create_task(slow.sweep())
    await asyncio.wait_for(post.relay.stalled.wait(), 5)
    # As if the worker had stood still past its lease: another one sweeps.
    await post.change("UPDATE messages SET lease_until = now() - interval '1 second'")
    await post.deliverer().sweep()
    assert (await post.message(id_)).state == "uncertain"
    post.relay.released.set()
    await sending
    assert (await post.message(id_)).state == "sent"
    assert (await post.thing_of(id_)).sent == 1
    assert len(post.relay.accepted) == 1


async def test_a_worker_that_lost_its_lease_hands_nothing_over(post: Post) -> None:
    slow = post.deliverer(smtp_timeout_seconds=5.0)
    id_ = await post.queue()
    post.relay.rule = once("rcpt", STALL)
    sending = asyncio.create_task(slow.sweep())
    await asyncio.wait_for(post.relay.stalled.wait(), 5)
    await post.change("UPDATE messages SET lease_until = now() - interval '1 second'")
    await post.deliverer().sweep()
    assert (await post.message(id_)).state == "sent"
    post.relay.released.set()
    await sending
    row = await post.message(id_)
    assert (row.state, row.lease_epoch) == ("sent", 2)
    assert len(post.relay.accepted) == 1
    assert (await post.thing_of(id_)).sent == 1


async def test_a_lease_that_ran_out_unnoticed_is_noticed_before_the_hand_off(post: Post) -> None:
    slow = post.deliverer(smtp_timeout_seconds=5.0)
    id_ = await post.queue()
    post.relay.rule = once("rcpt", STALL)
    sending = asyncio.create_task(slow.sweep())
    await asyncio.wait_for(post.relay.stalled.wait(), 5)
    await post.change("UPDATE messages SET lease_until = now() - interval '1 second'")
    post.relay.released.set()
    await sending
    # The first claim hands nothing over; the mail is claimed anew, by whoever sweeps first.
    await post.deliverer().sweep()
    row = await post.message(id_)
    assert (row.state, row.lease_epoch) == ("sent", 2)
    assert len(post.relay.accepted) == 1


async def test_a_mail_that_another_worker_holds_is_not_handed_over(post: Post) -> None:
    slow = post.deliverer(smtp_timeout_seconds=5.0)
    id_ = await post.queue()
    post.relay.rule = once("rcpt", STALL)
    sending = asyncio.create_task(slow.sweep())
    await asyncio.wait_for(post.relay.stalled.wait(), 5)
    await post.change("UPDATE messages SET lease_owner = gen_random_uuid(), lease_epoch = lease_epoch + 1")
    post.relay.released.set()
    await sending
    row = await post.message(id_)
    assert (row.state, row.handoff_at, post.relay.accepted) == ("sending", None, [])


async def test_a_domain_is_not_told_of_what_a_person_has_settled(post: Post) -> None:
    slow = post.deliverer(smtp_timeout_seconds=5.0)
    id_ = await post.queue()
    post.relay.rule = once("dot", STALL)
    sending = asyncio.create_task(slow.sweep())
    await asyncio.wait_for(post.relay.stalled.wait(), 5)
    await post.change("UPDATE messages SET state = 'sent', lease_owner = NULL")
    post.relay.released.set()
    await sending
    assert (await post.thing_of(id_)).sent == 0, "whoever settled it has told the domain"


async def test_a_mail_that_kills_workers_is_found_out(post: Post) -> None:
    id_ = await post.queue()
    # Two workers announced its rendering and never came back.
    await post.change(
        "UPDATE messages SET state = 'sending', lost_renders = 2, lost_leases = 2, lease_owner = gen_random_uuid(), "
        "lease_until = now() - interval '1 second'"
    )
    await post.deliverer().sweep()
    row = await post.message(id_)
    assert (row.state, row.reason) == ("dead", "kills_workers")
    assert post.relay.accepted == []


async def test_a_mail_whose_workers_died_by_chance_still_goes(post: Post) -> None:
    id_ = await post.queue()
    deliverer = post.deliverer()
    for _ in range(4):
        await post.change(
            "UPDATE messages SET state = 'sending', lease_owner = gen_random_uuid(), attempts = attempts + 1, "
            "lease_until = now() + interval '1 hour' WHERE state = 'queued'"
        )
        await post.change("UPDATE messages SET lease_until = now() - interval '1 second'")
        post.relay.rule = once("rcpt", "421 no")
        await deliverer.sweep()
        await post.unpause()
        post.clock.offset += timedelta(minutes=1)
    post.relay.rule = lambda _stage, _recipient: None
    await deliverer.sweep()
    row = await post.message(id_)
    assert (row.state, row.lost_renders, row.lost_leases) == ("sent", 0, 4)
    assert len(post.relay.accepted) == 1


async def test_a_subject_that_cannot_be_asked_is_set_aside(post: Post) -> None:
    id_, other = await post.queue("a@p.example"), await post.queue("b@p.example")
    await post.change("ALTER TABLE things RENAME TO things_away")
    try:
        await post.deliverer(smtp_connections=1, smtp_timeout_seconds=10.0, lease_seconds=60).sweep()
    finally:
        await post.change("ALTER TABLE things_away RENAME TO things")
    rows = [await post.message(one) for one in (id_, other)]
    assert [(row.state, row.reason) for row in rows] == [("queued", "subject_not_answering")] * 2
    assert post.relay.accepted == []
    post.clock.offset += timedelta(minutes=5)
    await post.deliverer().sweep()
    assert await post.states() == {"sent": 2}


async def test_the_outcome_of_a_hand_off_survives_a_lost_database_connection(post: Post) -> None:
    line = await Line.to(post.runtime.settings.database_url)
    database = Database(post.runtime.settings.model_copy(update={"database_url": line.url}))
    deliverer = post.deliverer(database, smtp_timeout_seconds=5.0, smtp_connections=1)
    id_ = await post.queue()
    post.relay.rule = once("dot", STALL)
    sending = asyncio.create_task(deliverer.sweep())
    await asyncio.wait_for(post.relay.stalled.wait(), 5)
    await line.cut()
    post.relay.released.set()
    await asyncio.sleep(0.5)
    assert not sending.done(), "it waits: the outcome exists nowhere else"
    await line.mend()
    await asyncio.wait_for(sending, 20)
    assert (await post.message(id_)).state == "sent"
    assert (await post.thing_of(id_)).sent == 1
    assert len(post.relay.accepted) == 1
    await deliverer.close(1)
    await database.dispose()
    await line.cut()


async def test_a_sweep_without_a_database_waits_for_the_next(post: Post) -> None:
    id_ = await post.queue()
    line = await Line.to(post.runtime.settings.database_url)
    database = Database(post.runtime.settings.model_copy(update={"database_url": line.url}))
    deliverer = post.deliverer(database)
    await line.cut()
    assert await deliverer.sweep() == 0
    await line.mend()
    assert await deliverer.sweep() == 1
    assert (await post.message(id_)).state == "sent"
    await deliverer.close(1)
    await database.dispose()
    await line.cut()


async def test_a_subject_that_cannot_be_told_is_held_in_the_open(post: Post) -> None:
    id_, other = await post.queue("a@p.example"), await post.queue("b@p.example")
    post.things.cursed.add((await post.message(id_)).subject_id)
    await post.deliverer(smtp_connections=1).sweep()
    row = await post.message(id_)
    assert (row.state, row.reason, row.last_code) == ("uncertain", "subject_not_told", 250)
    assert (await post.message(other)).state == "sent"
    assert (await post.thing_of(other)).sent == 1
    assert sorted(post.relay.recipients()) == ["a@p.example", "b@p.example"]


async def test_a_stop_waits_for_the_answer(post: Post) -> None:
    deliverer = post.deliverer(smtp_connections=1, smtp_timeout_seconds=20.0, lease_seconds=60)
    first, second = await post.queue("a@p.example"), await post.queue("b@p.example")
    post.relay.rule = once("dot", STALL)
    sending = asyncio.create_task(deliverer.sweep())
    await asyncio.wait_for(post.relay.stalled.wait(), 5)
    stopping = asyncio.create_task(deliverer.close(10))
    await asyncio.sleep(0.05)
    post.relay.released.set()
    await stopping
    await sending
    assert (await post.message(first)).state == "sent"
    row = await post.message(second)
    assert (row.state, row.attempts) == ("queued", 0)
    assert post.relay.recipients() == ["a@p.example"]


async def test_a_stop_does_not_wait_for_ever(post: Post) -> None:
    deliverer = post.deliverer(smtp_connections=1, smtp_timeout_seconds=20.0, lease_seconds=60)
    id_ = await post.queue("a@p.example")
    post.relay.rule = once("dot", STALL)
    sending = asyncio.create_task(deliverer.sweep())
    await asyncio.wait_for(post.relay.stalled.wait(), 5)
    await deliverer.close(0.2)
    await sending
    assert (await post.message(id_)).state == "uncertain"


async def test_cancelling_a_sweep_leaves_no_mail_in_doubt(post: Post) -> None:
    deliverer = post.deliverer(smtp_connections=1, smtp_timeout_seconds=20.0, lease_seconds=60)
    id_ = await post.queue("a@p.example")
    post.relay.rule = once("dot", STALL)
    sending = asyncio.create_task(deliverer.sweep())
    await asyncio.wait_for(post.relay.stalled.wait(), 5)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    post.relay.released.set()
    await deliverer.close(5)
    assert (await post.message(id_)).state == "sent"
