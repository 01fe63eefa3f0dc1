"""Worker processes that are killed: what was not handed over goes again, what may have been is held."""

import asyncio
import os
import random
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from tests.messaging.conftest import Post
from tests.messaging.relay import ACCEPT_AND_STALL, STALL, Rule, always

from relance.core.paths import project_root

Start = Callable[..., Awaitable[Process]]


@pytest.fixture
async def start(post: Post) -> AsyncIterator[Start]:
    """Starts worker processes, and kills what is left of them."""
    started: list[Process] = []

    async def run(connections: int = 1, batch: int = 10) -> Process:
        root = project_root()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.messaging.worker",
            post.runtime.settings.database_url,
            post.relay.url,
            str(connections),
            str(batch),
            cwd=root,
            env={**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"},
            stdout=PIPE,
        )
        started.append(process)
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 20) == b"ready\n"
        return process

    yield run
    for process in started:
        if process.returncode is None:
            await kill(process)


async def kill(process: Process) -> None:
    """As the kernel does: no goodbye."""
    process.kill()
    await process.wait()


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 15) -> None:
    """Wait for `condition`."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - the condition is in the database and on the server
            await asyncio.sleep(0.05)


async def end_leases(post: Post) -> None:
    """The time that a lease takes, without waiting for it. Only while no worker lives."""
    await post.change("UPDATE messages SET lease_until = now() - interval '1 second' WHERE state = 'sending'")


async def test_killed_before_the_hand_off_it_is_sent_later(post: Post, start: Start) -> None:
    post.relay.rule = always("rcpt", STALL)
    id_ = await post.queue()
    worker = await start()
    await asyncio.wait_for(post.relay.stalled.wait(), 10)
    await kill(worker)
    row = await post.message(id_)
    assert (row.state, row.handoff_at) == ("sending", None)

    post.relay.rule = lambda _stage, _recipient: None
    await end_leases(post)
    await post.deliverer().sweep()
    row = await post.message(id_)
    assert (row.state, row.attempts, row.lease_epoch) == ("sent", 1, 2)
    assert len(post.relay.accepted) == 1
    assert (await post.thing_of(id_)).sent == 1


async def test_killed_after_the_hand_off_it_is_held(post: Post, start: Start) -> None:
    post.relay.rule = always("dot", ACCEPT_AND_STALL)
    id_ = await post.queue()
    worker = await start()
    await asyncio.wait_for(post.relay.stalled.wait(), 10)
    await kill(worker)
    assert (await post.message(id_)).handoff_at is not None

    post.relay.rule = lambda _stage, _recipient: None
    await end_leases(post)
    deliverer = post.deliverer()
    for _ in range(3):
        await deliverer.sweep()
    row = await post.message(id_)
    assert (row.state, row.reason) == ("uncertain", "lease_lost_after_handoff")
    assert len(post.relay.accepted) == 1, "it had arrived: a second one would be one too many"
    log = await post.rows("SELECT phase, reply FROM message_attempts WHERE message_id = :id", id=id_)
    assert [tuple(entry) for entry in log] == [("lease", "lease_lost_after_handoff")]


async def test_ten_mails_and_a_killed_worker(post: Post, start: Start) -> None:
    """The short queue of a quiet day: one mail a hand-off, so that a crash puts one a connection in doubt."""
    for number in range(10):
        await post.queue(f"r{number}@p.example")
    worker = await start()

    async def half_way() -> bool:
        return len(post.relay.accepted) >= 4

    await until(half_way)
    await kill(worker)
    await end_leases(post)
    await post.deliverer().sweep()
    states = await post.states()
    assert states.get("uncertain", 0) <= 1
    assert states["sent"] + states.get("uncertain", 0) == 10
    assert max(Counter(post.relay.recipients()).values()) == 1


async def test_workers_killed_at_random_lose_and_double_nothing(post: Post, start: Start) -> None:
    mails, kills, connections, batch = 120, 3, 2, 5
    dice = random.Random(20)
    rule: Rule = lambda stage, _recipient: "451 4.3.0 busy" if stage == "rcpt" and dice.random() < 0.02 else None  # noqa: E731 - a rule in a line
    post.relay.rule = rule
    for number in range(mails):
        await post.queue(f"r{number}@p{number % 5}.example")
    for _ in range(kills):
        before = len(post.relay.accepted)
        worker = await start(connections, batch)

        async def some_more(before: int = before) -> bool:
            return len(post.relay.accepted) >= min(before + dice.randint(5, 25), mails - 40)

        await until(some_more)
        await kill(worker)
        await end_leases(post)
    post.relay.rule = lambda _stage, _recipient: None
    await post.change("UPDATE messages SET not_before = created_at WHERE state = 'queued'")
    await post.deliverer().sweep()

    states = await post.states()
    counted = Counter(post.relay.recipients())
    uncertain = {row[0] for row in await post.rows("SELECT recipient FROM messages WHERE state = 'uncertain'")}
    sent = {row[0] for row in await post.rows("SELECT recipient FROM messages WHERE state = 'sent'")}
    assert set(states) <= {"sent", "uncertain"}
    assert sum(states.values()) == mails
    assert max(counted.values()) == 1, "twice"
    assert sent <= counted.keys(), "lost"
    assert counted.keys() - sent <= uncertain
    assert len(uncertain) <= kills * connections * batch
