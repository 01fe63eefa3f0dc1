"""Webhooks under fire: workers and the receiver killed at random, and the books of both sides compared.

`python -m tests.faults.webhooks` is the long form (SEED, EVENTS, WORKERS, KILLS in the environment); it prints its
table and ends with 1 where an invariant does not hold. `make test` runs a short one. The receiver is the sample of the
documentation, as a process of its own, which verifies with the public library.
"""

import asyncio
import os
import random
import secrets
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from tests.faults.plant import Plant, Servers, fault_servers, plant_on, until

from relance.capabilities.journal.service import Journal
from relance.core.ids import new_id
from relance.core.paths import project_root
from relance.core.subjects import SYSTEM, SubjectRef
from relance.embedded.programs import free_ports
from relance.wiring import build_runtime, close_runtime

_SAMPLE = project_root() / "docs" / "samples" / "webhook_receiver.py"
#: What happens to each subject, in this order.
STEPS = ("invitation.created", "invitation.sent", "invitation.reminded", "invitation.closed")
_COLUMNS = "id, type, subject, position, times"


@dataclass(frozen=True)
class Plan:
    """How much of everything."""

    seed: int
    events: int
    workers: int
    kills: int


@dataclass
class Partner:
    """The receiver of the sample, which can be killed and started again."""

    folder: Path
    port: int
    secret: str = ""
    deaths: int = 0
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def file(self) -> Path:
        """Its books."""
        return self.folder / f"inbox_{self.port}.db"

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """As its documentation says."""
        words = [sys.executable, str(_SAMPLE), str(self.port), str(self.file), self.secret]
        self._process = subprocess.Popen(words)

    def kill(self) -> None:
        """As the kernel does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def books(self) -> list[tuple[str, str, str, int, int]]:
        """What it has, in the order of the first arrival."""
        if not self.file.exists():
            return []
        with closing(sqlite3.connect(self.file, timeout=10)) as rows:
            if not rows.execute("SELECT 1 FROM sqlite_master WHERE name = 'inbox'").fetchall():
                return []
            return rows.execute(f"SELECT {_COLUMNS} FROM inbox ORDER BY number").fetchall()


@dataclass
class Verdict:
    """Both sides' books."""

    sent: set[str]
    received: list[tuple[str, str, str, int, int]]
    states: dict[str, int]
    deaths: int
    seconds: float
    faults: list[str] = field(default_factory=list)

    def judge(self) -> list[str]:
        """What is wrong."""
        ids = [row[0] for row in self.received]
        faults = list(self.faults)
        if lost := self.sent - set(ids):
            faults.append(f"{len(lost)} events lost")
        if unknown := set(ids) - self.sent:
            faults.append(f"{len(unknown)} events that the feed does not have")
        orders: dict[str, list[int]] = defaultdict(list)
        for _id, _type, subject, position, _times in self.received:
            orders[subject].append(position)
        if turned := [subject for subject, order in orders.items() if order != sorted(order)]:
            faults.append(f"{len(turned)} subjects out of order")
        if set(self.states) != {"delivered"}:
            faults.append(f"deliveries not delivered: {self.states}")
        return faults

    def table(self, title: str) -> str:
        """For people."""
        again = sum(row[4] - 1 for row in self.received)
        facts: list[tuple[str, object]] = [
            ("events", len(self.sent)),
            ("received", len(self.received)),
            ("received again", again),
            ("processes killed", self.deaths),
            ("seconds", round(self.seconds, 1)),
            ("verdict", "; ".join(self.judge()) or "holds"),
        ]
        return "\n".join([title, *(f"  {name:<18} {value}" for name, value in facts)])


async def write_events(plant: Plant, workspace: Any, count: int, dice: random.Random) -> None:
    """Have things happen, as requests do: many transactions at a time, each subject's changes one after the other."""
    runtime = build_runtime(plant.settings)
    subjects = [new_id() for _ in range(-(-count // len(STEPS)))]

    async def live(subject: Any) -> None:
        for step in STEPS:
            async with runtime.db.transaction(workspace) as session:
                Journal(session, runtime.clock).record(step, SubjectRef("invitation", subject), SYSTEM)
                await session.flush()
                await asyncio.sleep(dice.random() * 0.02)

    gate = asyncio.Semaphore(8)

    async def guarded(subject: Any) -> None:
        async with gate:
            await live(subject)

    await asyncio.gather(*(guarded(subject) for subject in subjects))
    await close_runtime(runtime)


async def run(plant: Plant, plan: Plan) -> Verdict:
    """Everything that `plan` holds; the books afterwards."""
    (port,) = free_ports(1)
    partner = Partner(plant.servers.folder, port)
    try:
        async with plant.api() as client:
            return await _run(plant, plan, partner, client)
    finally:
        partner.kill()


async def _run(plant: Plant, plan: Plan, partner: Partner, client: httpx.AsyncClient) -> Verdict:
    dice = random.Random(plan.seed)
    started, since = time.monotonic(), datetime.now(UTC) - timedelta(minutes=5)
    path = await _endpoint(client, partner)
    partner.start()
    workers = [plant.worker() for _ in range(plan.workers)]
    (row,) = await plant.rows("SELECT workspace_id FROM webhook_endpoints")
    writing = asyncio.create_task(write_events(plant, row["workspace_id"], plan.events, dice))
    for number in range(1, plan.kills + 1):
        await _reach(plant, partner, plan.events * number // (plan.kills + 1))
        await asyncio.sleep(dice.random() * 0.1)
        if dice.random() < 0.4:
            partner.kill()
            partner.deaths += 1
            await asyncio.sleep(dice.random() * 0.4)
            partner.start()
        else:
            victim = dice.randrange(len(workers))
            await plant.kill(workers[victim])
            workers[victim] = plant.worker()
    await writing
    first = await _settle(plant, partner, started)
    # The clock is moved while the last ones arrive; what a slow machine tells only then belongs to the period too.
    period = {"since": since.isoformat(), "until": (since + timedelta(days=2)).isoformat()}
    replayed = await client.post(f"{path}/replay", json=period)
    assert replayed.status_code == 200, replayed.text
    verdict = await _settle(plant, partner, started)
    before, after = _times(first), _times(verdict)
    if silent := [one for one, times in before.items() if after.get(one, 0) <= times]:
        verdict.faults.append(f"the replay did not bring {len(silent)} events again")
    if after.keys() != before.keys():
        verdict.faults.append("the replay brought ids that were not there before")
    if replayed.json()["queued"] < plan.events:
        verdict.faults.append(f"only {replayed.json()['queued']} events were replayed")
    return verdict


def _times(verdict: Verdict) -> dict[str, int]:
    return {row[0]: row[4] for row in verdict.received}


async def _endpoint(client: httpx.AsyncClient, partner: Partner) -> str:
    made = await client.post("/v1/webhook-endpoints", json={"url": partner.url, "types": list(STEPS)})
    assert made.status_code == 201, made.text
    partner.secret = made.json()["secret"]
    return f"/v1/webhook-endpoints/{made.json()['id']}"


async def _reach(plant: Plant, partner: Partner, mark: int) -> None:
    """Wait until so many events arrived; time passes, so that what waits for its next attempt is not waited for."""
    with suppress(AssertionError):  # a run that is slowed down by pauses is disturbed all the same
        await until(lambda: len(partner.books()) >= mark, 3, "progress")
    await plant.advance("30 minutes")


async def _settle(plant: Plant, partner: Partner, started: float) -> Verdict:
    # What the dead held is free at once; who still lives finds out by the epoch.
    await plant.rows("UPDATE webhook_deliveries SET lease_until = now() WHERE state = 'sending'")

    async def settled() -> bool:
        (unplaced,) = await plant.rows(
            "SELECT count(*) AS n FROM journal_entries j LEFT JOIN events e "
            "ON e.workspace_id = j.workspace_id AND e.id = j.id WHERE e.id IS NULL"
        )
        open_ones = await plant.rows("SELECT 1 FROM webhook_deliveries WHERE state IN ('pending', 'sending') LIMIT 1")
        if unplaced["n"] or open_ones:
            await plant.advance("10 minutes")
            await asyncio.sleep(0.2)
        return not unplaced["n"] and not open_ones

    await until(settled, 120, f"webhooks; {plant.log.read_text()[-2000:]}")
    sent = await plant.rows("SELECT event_id FROM webhook_deliveries")
    states = await plant.rows("SELECT state, count(*) AS n FROM webhook_deliveries GROUP BY 1")
    return Verdict(
        sent={str(row["event_id"]) for row in sent},
        received=partner.books(),
        states={row["state"]: row["n"] for row in states},
        deaths=plant.deaths + partner.deaths,
        seconds=time.monotonic() - started,
    )


async def main(servers: Servers) -> int:
    """The long form: 0 where every invariant holds."""
    plan = Plan(
        seed=int(os.environ.get("SEED") or secrets.randbelow(10**6)),
        events=int(os.environ.get("EVENTS") or 2000),
        workers=int(os.environ.get("WORKERS") or 3),
        kills=int(os.environ.get("KILLS") or 30),
    )
    print(f"seed {plan.seed}", flush=True)
    async with plant_on(servers, **SETTINGS) as plant:
        verdict = await run(plant, plan)
        print(verdict.table(f"SEED={plan.seed}"), flush=True)
        return 1 if verdict.judge() or len(verdict.sent) < plan.events else 0


#: Of the processes: short leases and timeouts, so that a death costs seconds.
SETTINGS = {"webhook_allow_private": True, "webhook_timeout_seconds": 1.5, "lease_seconds": 5}

if __name__ == "__main__":
    with fault_servers() as running:
        code = asyncio.run(main(running))
    sys.exit(code)
