"""Delivery as it goes when nothing is wrong, and what keeps a mail from going."""

import asyncio
from datetime import timedelta

import pytest
from tests.messaging.conftest import Post
from tests.messaging.office import KIND, completed, invitation
from tests.messaging.relay import STALL, once

from relance.capabilities.links.tokens import LinkTokens
from relance.capabilities.messaging.outbox import Envelope, Outbox
from relance.core.ids import new_id
from relance.core.subjects import SubjectRef


async def test_a_mail_arrives_as_its_row_says(post: Post) -> None:
    link = new_id()
    id_ = await post.queue(
        recipient="Achats@Partenaire.example",
        link_id=link,
        sender_name="Société Générale",
        reply_to="claire@durand.example",
        list_unsubscribe=True,
    )

    assert await post.deliverer().sweep() == 1

    (received,) = post.relay.accepted
    assert received.sender == "no-reply@relance.example"
    assert received.recipient == "achats@partenaire.example"
    mail = received.mail
    address = f"http://127.0.0.1:8000/r/{LinkTokens(post.runtime.keys).mint(link)}"
    assert mail["Subject"] == "Groupe Durand vous invite à compléter votre préqualification"
    assert mail["From"] == "Société Générale via Relance <no-reply@relance.example>"
    assert mail["Reply-To"] == "claire@durand.example"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["Content-Language"] == "fr"
    assert mail["Message-ID"] == f"<{id_.hex}@relance.example>"
    assert mail["List-Unsubscribe"].replace("\r\n ", "") == f"<{address}/unsubscribe>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert address in plain.get_content()
    assert html.get_content().count(address) == 3

    row = await post.message(id_)
    assert (row.state, row.attempts, row.last_code) == ("sent", 1, 250)
    assert row.lease_owner is None
    assert row.sent_at is not None
    assert (await post.thing_of(id_)).sent == 1
    attempts = await post.rows("SELECT phase, code, epoch FROM message_attempts WHERE message_id = :id", id=id_)
    assert [tuple(attempt) for attempt in attempts] == [("payload", 250, 1)]


async def test_tokens_are_never_stored(post: Post) -> None:
    link = new_id()
    id_ = await post.queue(link_id=link, list_unsubscribe=True)
    await post.deliverer().sweep()
    body = (await post.rows("SELECT b::text AS whole, b.* FROM message_bodies b WHERE id = :id", id=id_))[0]
    token = LinkTokens(post.runtime.keys).mint(link)
    assert token not in body.whole
    assert token.partition(".")[0] not in body.whole
    assert f"relance-link:{link}" in body.text
    assert body.placeholders is None
    assert body.template_version


async def test_a_mail_asked_for_twice_goes_once(post: Post) -> None:
    subject, link = SubjectRef(KIND, new_id()), new_id()
    await post.queue(subject=subject.id, link_id=link)
    async with post.runtime.db.transaction(post.workspace_id) as session:
        outbox = Outbox(session, post.clock)
        again = Envelope(subject, invitation(), "ACHATS@partenaire.example", "fr", link_id=link)
        other = Envelope(subject, invitation(), "ventes@partenaire.example", "fr", link_id=link)
        assert await outbox.enqueue(again) is None
        assert await outbox.enqueue(other) is not None
    await post.deliverer().sweep()
    assert sorted(post.relay.recipients()) == ["achats@partenaire.example", "ventes@partenaire.example"]


async def test_a_mail_of_an_undone_transaction_never_goes(post: Post) -> None:
    envelope = Envelope(SubjectRef(KIND, new_id()), completed(), "claire@durand.example", "fr")

    async def fail_after_queuing() -> None:
        async with post.runtime.db.transaction(post.workspace_id) as session:
            assert await Outbox(session, post.clock).enqueue(envelope) is not None
            raise LookupError

    with pytest.raises(LookupError):
        await fail_after_queuing()
    assert await post.deliverer().sweep() == 0
    assert await post.states() == {}


async def test_a_subject_that_is_closed_gets_no_mail(post: Post) -> None:
    id_, other = await post.queue(), await post.queue("b@partenaire.example")
    await post.change(
        "UPDATE things SET open = false FROM messages m WHERE m.subject_id = things.id AND m.id = :id", id=id_
    )
    await post.deliverer().sweep()
    row = await post.message(id_)
    assert (row.state, row.reason) == ("cancelled", "not_wanted")
    assert (await post.message(other)).state == "sent"
    assert post.relay.recipients() == ["b@partenaire.example"]


async def test_mails_wait_for_their_time_and_are_dropped_after_it(post: Post) -> None:
    now = post.now()
    later = await post.queue("later@p.example", not_before=now + timedelta(hours=1))
    late = await post.queue("late@p.example", expires_at=now - timedelta(seconds=1))
    deliverer = post.deliverer()
    await deliverer.sweep()
    assert post.relay.accepted == []
    assert ((await post.message(late)).state, (await post.message(late)).reason) == ("cancelled", "expired")
    post.clock.offset += timedelta(hours=1)
    await deliverer.sweep()
    assert (await post.message(later)).state == "sent"


async def test_what_waited_too_long_is_told_to_its_subject_once(post: Post) -> None:
    now = post.now()
    ids = [await post.queue(f"r{number}@p.example", expires_at=now + timedelta(hours=1)) for number in range(3)]
    closed = await post.queue("closed@p.example", expires_at=now + timedelta(hours=1))
    cursed = await post.queue("cursed@p.example", expires_at=now + timedelta(hours=1))
    post.things.cursed.add((await post.message(cursed)).subject_id)
    post.clock.offset += timedelta(hours=2)
    workers = [post.deliverer() for _ in range(3)]
    await asyncio.gather(*(worker.sweep() for worker in workers))
    await workers[0].sweep()
    for id_ in (*ids, closed):
        row, thing = await post.message(id_), await post.thing_of(id_)
        assert (row.state, row.reason, row.attempts, row.lease_owner) == ("cancelled", "expired", 0, None)
        assert (thing.failed, thing.sent, thing.last_reason) == (1, 0, "expired")
    # A subject that cannot be told is shown as such, and holds up no other.
    row = await post.message(cursed)
    assert (row.state, row.reason) == ("cancelled", "subject_not_told")
    assert post.relay.connections == 0


async def test_what_runs_out_of_time_in_a_workers_hands_is_told_too(post: Post) -> None:
    id_ = await post.queue(expires_at=post.now() + timedelta(hours=1))
    post.relay.rule = once("rcpt", STALL)
    sending = asyncio.create_task(post.deliverer(smtp_timeout_seconds=10.0).sweep())
    await asyncio.wait_for(post.relay.stalled.wait(), 5)
    post.clock.offset += timedelta(hours=2)
    post.relay.released.set()
    await sending
    row, thing = await post.message(id_), await post.thing_of(id_)
    assert (row.state, row.reason, row.handoff_at) == ("cancelled", "expired", None)
    assert (thing.failed, thing.last_reason, post.relay.accepted) == (1, "expired", [])


async def test_queued_mails_can_be_taken_back(post: Post) -> None:
    subject = new_id()
    id_ = await post.queue(subject=subject)
    async with post.runtime.db.transaction(post.workspace_id) as session:
        outbox = Outbox(session, post.clock)
        assert [row.id for row in await outbox.pending(SubjectRef(KIND, subject))] == [id_]
        latest = await outbox.latest(SubjectRef(KIND, subject), link_bearing=True)
        assert latest is not None
        assert latest.id == id_
        assert await outbox.latest(SubjectRef(KIND, subject), link_bearing=False) is None
        assert await outbox.cancel(SubjectRef(KIND, subject), "answered") == 1
        assert await outbox.cancel(SubjectRef(KIND, subject), "answered") == 0
    assert await post.deliverer().sweep() == 0
    assert (await post.message(id_)).reason == "answered"
    assert post.relay.accepted == []


async def test_many_workers_send_each_mail_once(post: Post) -> None:
    expected = sorted(f"r{number % 40}@p{number % 3}.example" for number in range(120))
    for recipient in expected:
        await post.queue(recipient)
    workers = [post.deliverer(smtp_connections=3) for _ in range(3)]
    for _ in range(3):
        await asyncio.gather(*(worker.sweep() for worker in workers), workers[0].sweep())
    assert await post.states() == {"sent": 120}
    assert sorted(post.relay.recipients()) == expected
    assert len({one.mail["Message-ID"] for one in post.relay.accepted}) == 120


async def test_one_recipient_gets_mails_one_after_the_other(post: Post) -> None:
    ids = [await post.queue("one@p.example", priority=priority) for priority in (100, 50, 10)]
    workers = [post.deliverer(smtp_connections=4) for _ in range(2)]
    for _ in range(3):
        await asyncio.gather(*(worker.sweep() for worker in workers))
    assert [one.mail["Message-ID"] for one in post.relay.accepted] == [f"<{id_.hex}@relance.example>" for id_ in ids]


async def test_urgent_mails_go_first(post: Post) -> None:
    await post.queue("slow@p.example", priority=200)
    await post.queue("fast@p.example", priority=10)
    await post.deliverer(smtp_connections=1).sweep()
    assert post.relay.recipients() == ["fast@p.example", "slow@p.example"]


async def test_connections_are_kept_between_mails_and_sweeps(post: Post) -> None:
    deliverer = post.deliverer(smtp_connections=1)
    for round_ in range(3):
        for number in range(5):
            await post.queue(f"r{round_}{number}@p.example")
        await deliverer.sweep()
    assert await post.states() == {"sent": 15}
    assert post.relay.connections == 1


async def test_a_kept_connection_that_the_relay_closed_is_no_fault(post: Post) -> None:
    deliverer = post.deliverer(smtp_connections=1)
    await post.queue("a@p.example")
    await deliverer.sweep()
    post.relay.hang_up()
    await asyncio.sleep(0.05)
    await post.queue("b@p.example")
    await deliverer.sweep()
    assert await post.states() == {"sent": 2}
    assert (await post.rows("SELECT faults FROM delivery_lanes"))[0].faults == 0


async def test_hostile_names_neither_break_a_mail_nor_add_headers(post: Post) -> None:
    name = "Fonderie {{ 7*7 }} <script>alert(1)</script>\r\nBcc: spy@evil.example =?utf-8?q?x?= \x00"
    id_ = await post.queue(mail=invitation(partner=name, organisation=name), sender_name=name)
    await post.deliverer().sweep()
    assert (await post.message(id_)).state == "sent"
    (received,) = post.relay.accepted
    mail = received.mail
    assert mail["Bcc"] is None
    assert "spy@evil.example" in mail["Subject"]
    assert "=?" not in mail["Subject"]
    html = mail.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()
    assert "{{ 7*7 }}" in html.get_content()
    assert received.recipient == "achats@partenaire.example"


async def test_a_mail_that_cannot_be_rendered_is_dead_and_holds_up_nobody(post: Post) -> None:
    broken = await post.queue("a@p.example")
    await post.change("UPDATE message_bodies SET placeholders = '{}' WHERE id = :id", id=broken)
    unwritable = await post.queue("é@p.example")
    fine = await post.queue("b@p.example")
    await post.deliverer().sweep()
    row = await post.message(broken)
    assert (row.state, row.reason) == ("dead", "template_fault")
    row = await post.message(unwritable)
    assert (row.state, row.reason) == ("failed", "address_unwritable")
    assert (await post.thing_of(unwritable)).failed == 1
    assert (await post.message(fine)).state == "sent"


async def test_an_international_domain_is_written_in_ascii(post: Post) -> None:
    await post.queue("achats@fonderié.example")
    await post.deliverer().sweep()
    assert post.relay.recipients() == [f"achats@{'fonderié.example'.encode('idna').decode()}"]
