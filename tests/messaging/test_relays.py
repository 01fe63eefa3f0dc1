"""Relays as they are: secured or not, taking several commands at once or one, with certificates good and bad."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.messaging.certificates import Authority
from tests.messaging.conftest import Post
from tests.messaging.relay import ACCEPT_AND_DROP, DROP, Relay, always, once

#: A backlog, for one connection with this batch: enough for the claim not to find the queue's end.
BATCH, MAILS = 3, 7
SECURED = ("smtps", "smtp+starttls")


async def listen(post: Post, relay: Relay) -> Relay:
    """Put `relay` in the place of the one that the fixture has started."""
    await post.relay.stop()
    post.relay = relay
    await relay.start()
    return relay


async def backlog(post: Post, count: int = MAILS) -> list[str]:
    """Mails to so many addresses."""
    addresses = [f"r{number}@p.example" for number in range(count)]
    for address in addresses:
        await post.queue(address)
    return addresses


def secured(scheme: str, tls: Authority, **server: bool | str) -> Relay:
    """A relay that `scheme` reaches."""
    host = str(server.pop("host", "127.0.0.1"))
    context = tls.server(host, expired=bool(server.pop("expired", False)))
    return Relay(tls=context, implicit_tls=scheme == "smtps", credentials=("relance", "s3cret"))


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("scheme", SECURED)
async def test_mail_leaves_over_a_secured_connection(post: Post, tmp_path: Path, scheme: str, pipelining: bool) -> None:
    authority = Authority.in_folder(tmp_path)
    relay = secured(scheme, authority)
    relay.pipelining = pipelining
    await listen(post, relay)
    addresses = await backlog(post)
    url = relay.url_as(scheme, "relance:s3cret@")
    deliverer = post.deliverer(
        smtp_url=url, smtp_ca_file=authority.file, smtp_connections=1, handoff_batch=BATCH, smtp_timeout_seconds=10.0
    )
    await deliverer.sweep()
    assert relay.recipients() == addresses
    assert await post.states() == {"sent": MAILS}
    assert (relay.connections, relay.secured) == (1, 1)

    # Lost between the last dot and the answer, a mail is in doubt over TLS as it is without.
    doubtful = await post.queue("late@p.example")
    relay.rule = once("dot", ACCEPT_AND_DROP)
    await deliverer.sweep()
    assert (await post.message(doubtful)).state == "uncertain"
    assert (await post.thing_of(doubtful)).sent == 0


@pytest.mark.parametrize("flaw", ["unknown authority", "another host", "expired"])
@pytest.mark.parametrize("scheme", SECURED)
async def test_a_bad_certificate_pauses_the_lane_and_loses_no_mail(
    post: Post, tmp_path: Path, scheme: str, flaw: str
) -> None:
    trusted = Authority.in_folder(tmp_path, "trusted")
    signing = Authority.in_folder(tmp_path, "other") if flaw == "unknown authority" else trusted
    host = "relay.example" if flaw == "another host" else "127.0.0.1"
    relay = await listen(post, secured(scheme, signing, host=host, expired=flaw == "expired"))
    ids = [await post.queue(f"r{number}@p.example") for number in range(3)]
    settings: dict[str, Any] = {"smtp_url": relay.url_as(scheme, "relance:s3cret@"), "smtp_ca_file": trusted.file}
    await post.deliverer(**settings, smtp_timeout_seconds=10.0).sweep()
    rows = [await post.message(id_) for id_ in ids]
    assert [(row.state, row.attempts, row.handoff_at) for row in rows] == [("queued", 0, None)] * 3
    (lane,) = await post.rows("SELECT paused_until > now() AS paused, last_fault, faults FROM delivery_lanes")
    assert lane.paused
    assert lane.last_fault.startswith("connect ")
    assert "certificate" in lane.last_fault.lower()
    assert (relay.accepted, relay.offered) == ([], [])

    await relay.stop()
    relay.tls = trusted.server()
    await relay.start()
    await post.unpause()
    await post.deliverer(**settings, smtp_timeout_seconds=10.0).sweep()
    assert await post.states() == {"sent": 3}
    assert sorted(relay.recipients()) == [f"r{number}@p.example" for number in range(3)]
    (lane,) = await post.rows("SELECT faults FROM delivery_lanes")
    assert lane.faults == 0


async def test_tls_that_was_asked_for_and_is_not_to_be_had_stops_the_mail(post: Post, tmp_path: Path) -> None:
    authority = Authority.in_folder(tmp_path)
    id_ = await post.queue()
    # It offers none; it offers it and then does not; it speaks in the clear where TLS is expected; its authority's
    # certificate is not to be found.
    plain, unable = Relay(), Relay(tls=authority.server(), rule=always("starttls", "454 4.7.0 not available"))
    for relay, scheme, file in (
        (plain, "smtp+starttls", authority.file),
        (unable, "smtp+starttls", authority.file),
        (plain, "smtps", authority.file),
        (plain, "smtps", tmp_path / "gone.pem"),
    ):
        await listen(post, relay)
        await post.deliverer(smtp_url=relay.url_as(scheme), smtp_ca_file=file, smtp_timeout_seconds=10.0).sweep()
        row = await post.message(id_)
        assert (row.state, row.attempts, relay.accepted) == ("queued", 0, []), scheme
        (lane,) = await post.rows("SELECT paused_until > now() AS paused FROM delivery_lanes WHERE faults > 0")
        assert lane.paused
        await post.change("DELETE FROM delivery_lanes")


async def test_a_relay_that_could_secure_and_was_not_asked_to_gets_the_mail_in_the_clear(
    post: Post, tmp_path: Path
) -> None:
    relay = await listen(post, Relay(tls=Authority.in_folder(tmp_path).server()))
    await post.queue()
    await post.deliverer(smtp_url=relay.url).sweep()
    assert (len(relay.accepted), relay.secured) == (1, 0)


@pytest.mark.parametrize("lenient", [True, False])
@pytest.mark.parametrize("pipelining", [True, False])
async def test_refusals_in_the_middle_of_a_batch_cost_nobody_else_the_mail(
    post: Post, pipelining: bool, lenient: bool
) -> None:
    relay = await listen(post, Relay(pipelining=pipelining, lenient=lenient))
    addresses = await backlog(post, 2 * BATCH + 3)
    answers = {
        ("rcpt", addresses[1]): "550 5.1.1 no such user",
        ("rcpt", addresses[4]): "451 4.3.0 busy",
        ("data", addresses[2]): "451 4.3.0 busy",
        ("dot", addresses[5]): "452 4.3.1 full disk",
        ("dot", addresses[6]): "554 5.7.1 not this",
    }
    relay.rule = lambda stage, recipient: answers.get((stage, recipient))
    await post.deliverer(smtp_url=relay.url, smtp_connections=1, handoff_batch=BATCH).sweep()
    rows = await post.rows("SELECT recipient, state, last_code, attempts FROM messages ORDER BY recipient")
    found = {row.recipient: (row.state, row.last_code, row.attempts) for row in rows}
    expected = dict.fromkeys(addresses, ("sent", 250, 1)) | {
        addresses[1]: ("failed", 550, 1),
        addresses[4]: ("queued", 451, 1),
        addresses[2]: ("queued", 451, 1),
        addresses[5]: ("queued", 452, 1),
        addresses[6]: ("failed", 554, 1),
    }
    assert found == expected
    assert (relay.connections, relay.violations) == (1, [])
    assert relay.recipients() == [address for address in addresses if found[address][0] == "sent"]


@pytest.mark.parametrize("pipelining", [True, False])
async def test_a_connection_lost_in_a_batch_leaves_one_mail_in_doubt_at_most(post: Post, pipelining: bool) -> None:
    for stage, answer, doubtful in (
        ("rcpt", DROP, 0),
        ("rcpt", "421 4.3.2 closing", 0),
        ("data", DROP, 0),
        ("payload", DROP, 1),
        ("dot", ACCEPT_AND_DROP, 1),
        ("dot", "421 4.3.2 closing", 0),
    ):
        await post.change("TRUNCATE messages, delivery_lanes CASCADE")
        relay = await listen(post, Relay(pipelining=pipelining))
        addresses = await backlog(post, 2 * BATCH + 1)
        relay.rule = once(stage, answer, recipient=addresses[1])
        deliverer = post.deliverer(smtp_url=relay.url, smtp_connections=1, handoff_batch=BATCH)
        await deliverer.sweep()
        found = {row.recipient: row.state for row in await post.rows("SELECT recipient, state FROM messages")}
        expected = dict.fromkeys(addresses, "queued") | {
            addresses[0]: "sent",
            addresses[1]: "uncertain" if doubtful else "queued",
        }
        assert found == expected, (stage, answer)
        assert await post.rows("SELECT 1 FROM messages WHERE state = 'queued' AND handoff_at IS NOT NULL") == []

        await post.unpause()
        await post.change("UPDATE messages SET not_before = created_at WHERE state = 'queued'")
        await deliverer.sweep()
        assert await post.states() == ({"sent": len(addresses) - doubtful} | ({"uncertain": 1} if doubtful else {}))
        taken = Counter(relay.recipients())
        assert max(taken.values()) == 1, "twice"
        assert set(addresses) - set(taken) <= {addresses[1]} if doubtful else set(addresses) == set(taken), "lost"
        assert relay.violations == []
