"""Everything at once: workers killed at random, servers flushed, stopped and restarted, a relay that misbehaves.

`python -m tests.faults.chaos` is the long form (SEED, MAILS, WORKERS and KILLS in the environment); it prints its
table and ends with 1 where an invariant does not hold. `make test` runs a short one.
"""

import asyncio
import os
import random
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from tests.faults.accounts import Incidents, Verdict
from tests.faults.plant import Plant, Servers, fault_servers, plant_on, until
from tests.messaging.relay import ACCEPT_AND_DROP, ACCEPT_AND_STALL, DROP, STALL, Rule
from tests.plugins.forked import Running

#: Stage, answer, and how often in a thousand mails.
_MISDEEDS = (
    ("connect", "421 4.3.2 not now", 20),
    ("mail", DROP, 1),
    ("rcpt", "451 4.3.0 busy", 8),
    ("rcpt", "421 4.3.2 going down", 1),
    ("rcpt", STALL, 1),
    ("data", "451 4.3.0 busy", 3),
    ("data", DROP, 1),
    ("payload", DROP, 1),
    ("dot", "451 4.3.0 busy", 4),
    ("dot", ACCEPT_AND_DROP, 1),
    ("dot", ACCEPT_AND_STALL, 1),
)
#: One address in so many does not exist.
_UNKNOWN_EVERY = 97


@dataclass(frozen=True)
class Plan:
    """How much of everything."""

    seed: int
    mails: int
    workers: int
    kills: int
    flushes: int = 1
    redis_stops: int = 1
    postgres_restarts: int = 1
    postgres_crashes: int = 0


def misbehaving(dice: random.Random, incidents: Incidents) -> Rule:
    """A relay at its worst: every misdeed at its own rate, each noted."""

    def rule(stage: str, recipient: str) -> str | None:
        number = "".join(char for char in recipient.partition("@")[0] if char.isdigit())
        if stage == "rcpt" and number and int(number) % _UNKNOWN_EVERY == 0:
            incidents.note(stage, "550 5.1.1 no such user", recipient)
            return "550 5.1.1 no such user"
        for at, answer, rate in _MISDEEDS:
            if at == stage and dice.random() * 1000 < rate:
                incidents.note(stage, answer, recipient)
                return answer
        return None

    return rule


async def run_chaos(plant: Plant, plan: Plan) -> Verdict:
    """Send `plan.mails` through everything that `plan` holds; the accounts afterwards."""
    dice = random.Random(plan.seed)
    await plant.queue(plan.mails)
    plant.relay.patience = 0.004
    plant.relay.rule = misbehaving(dice, plant.incidents)
    workers = [plant.worker() for _ in range(plan.workers)]
    events = _events(plant, plan, workers, dice)
    for number, event in enumerate(events, 1):
        mark = plan.mails * 9 * number // (10 * (len(events) + 1))

        def reached(mark: int = mark) -> bool:
            return len(plant.relay.accepted) >= mark

        with suppress(AssertionError):  # a run that is slowed down by pauses is disturbed all the same
            await until(reached, 6, "progress")
        await asyncio.sleep(dice.random() * 0.1)
        await event()
    plant.relay.rule = lambda _stage, _recipient: None
    plant.relay.released.set()
    await plant.settled(120, advancing="10 minutes")
    return await plant.accounts()


def _events(
    plant: Plant, plan: Plan, workers: list[Running], dice: random.Random
) -> list[Callable[[], Awaitable[None]]]:
    async def kill() -> None:
        victim = dice.randrange(len(workers))
        await plant.kill(workers[victim])
        workers[victim] = plant.worker()

    async def flush() -> None:
        if plant.servers.valkey.pid is not None:
            plant.flush_redis()

    async def redis() -> None:
        if plant.servers.valkey.pid is None:
            await plant.start_redis()
        else:
            await plant.stop_redis()

    async def restart() -> None:
        await plant.restart_postgres(away=dice.random())

    async def crash() -> None:
        await plant.restart_postgres(crash=True, away=dice.random())

    events = (
        [kill] * plan.kills
        + [flush] * plan.flushes
        + [redis] * (2 * plan.redis_stops)
        + [restart] * plan.postgres_restarts
        + [crash] * plan.postgres_crashes
    )
    dice.shuffle(events)
    return list(events)


async def main(servers: Servers) -> int:
    """The long form: 0 where every invariant holds."""
    seed = int(os.environ.get("SEED") or secrets.randbelow(10**6))
    plan = Plan(
        seed,
        mails=int(os.environ.get("MAILS") or 3000),
        workers=int(os.environ.get("WORKERS") or 3),
        kills=int(os.environ.get("KILLS") or 30),
        flushes=2,
        redis_stops=2,
        postgres_restarts=2,
        postgres_crashes=1,
    )
    print(f"seed {seed}", flush=True)
    started = time.monotonic()
    async with plant_on(servers, smtp_connections=4, handoff_batch=10) as plant:
        verdict = await run_chaos(plant, plan)
        facts = [
            ("kills", plant.deaths),
            ("uncertain allowed by kills", plant.may_be_uncertain),
            *sorted(plant.incidents.counts().items()),
            ("seconds", round(time.monotonic() - started)),
        ]
        print(verdict.table(f"SEED={seed}", facts), flush=True)
        return 0 if verdict.holds(plant.may_be_uncertain) else 1


if __name__ == "__main__":
    with fault_servers() as running:
        code = asyncio.run(main(running))
    sys.exit(code)
