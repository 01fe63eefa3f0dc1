"""The product as real processes that can be killed, on servers that can be stopped, against a relay that misbehaves."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import redis
from benchmarks.data import keep_only_invitations, queue_invitations
from tests.faults.accounts import Incidents, Verdict, settle_accounts
from tests.messaging.relay import Relay
from tests.plugins.forked import Forked, Running

from relance.core.ids import new_id
from relance.core.keys import KeyRing
from relance.core.migrate import upgrade
from relance.core.paths import project_root
from relance.core.settings import Settings
from relance.demo import demo_credentials, seed_demo
from relance.embedded.programs import free_ports, wait_for
from relance.embedded.testing import CRASH_SAFE, ThrowAwayServer, postgres_in, throw_away_folder, valkey_in

_TEMPLATE = "faults_template"
#: Invitations that the demonstration data already queues.
DEMO_MAILS = 3


@dataclass(frozen=True)
class Servers:
    """PostgreSQL and Valkey of the fault suite alone: other tests do not notice what happens to them."""

    folder: Path
    postgres: ThrowAwayServer
    valkey: ThrowAwayServer

    def url(self, database: str) -> str:
        """The address of a database."""
        return f"{self.postgres.url.rpartition('/')[0]}/{database}"


@contextmanager
def fault_servers() -> Iterator[Servers]:
    """Both servers running, with a template database: migrated, and holding the demonstration data."""
    with throw_away_folder() as folder:
        servers = Servers(folder, postgres_in(folder, CRASH_SAFE), valkey_in(folder))
        try:
            servers.postgres.start()
            servers.valkey.start()
            asyncio.run(_execute(servers.postgres.url, f"CREATE DATABASE {_TEMPLATE}"))
            settings = Settings(
                environment="development", database_url=servers.url(_TEMPLATE), redis_url=servers.valkey.url
            )
            upgrade(settings)
            asyncio.run(seed_demo(settings))
            # Accounts are kept of invitations alone.
            asyncio.run(keep_only_invitations(servers.url(_TEMPLATE)))
            yield servers
        finally:
            servers.valkey.stop()
            servers.postgres.stop()


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


@dataclass
class Plant:
    """One run: a database of its own, a relay, and the processes started so far."""

    servers: Servers
    settings: Settings
    relay: Relay
    incidents: Incidents = field(default_factory=Incidents)
    processes: list[Running] = field(default_factory=list)
    #: Every process that was killed, or stopped past its lease.
    deaths: int = 0

    @property
    def may_be_uncertain(self) -> int:
        """How many mails the deaths so far can have left in doubt: one batch a connection."""
        return self.deaths * self.settings.smtp_connections * self.settings.handoff_batch

    @property
    def log(self) -> Path:
        """What every process of this run says."""
        return self.servers.folder / f"{self.settings.database_url.rpartition('/')[2]}.log"

    # --- processes -------------------------------------------------------------------------------------------------

    def start(self, *words: str, **settings: Any) -> "subprocess.Popen[bytes]":
        """Start `relance <words>`."""
        own = self.settings.model_copy(update=settings)
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "relance", *words],
                env={**os.environ, **environment(own)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def fork(self, *words: str, **settings: Any) -> Running:
        """The same, quickly."""
        forked = Forked(environment(self.settings.model_copy(update=settings)), self.log, words)
        self.processes.append(forked)
        return forked

    def worker(self, **settings: Any) -> Running:
        """Start one worker."""
        return self.fork("worker", **settings)

    async def kill(self, process: Running) -> None:
        """As the kernel does: no goodbye."""
        self.deaths += 1
        process.kill()
        await self.ended(process)

    async def ended(self, process: Running, seconds: float = 60) -> int:
        """Wait for the end of `process`: its exit code."""
        await until(lambda: process.poll() is not None, seconds, "the end of a process")
        self.processes.remove(process)
        code = process.poll()
        assert code is not None
        return code

    def end(self) -> None:
        """Kill whatever still runs."""
        for process in self.processes:
            process.send_signal(signal.SIGCONT)
            process.kill()
        wait_for(lambda: all(process.poll() is not None for process in self.processes), 10)
        self.processes.clear()

    # --- servers ---------------------------------------------------------------------------------------------------

    async def stop_redis(self) -> None:
        """Valkey away."""
        await asyncio.to_thread(self.servers.valkey.stop)

    async def start_redis(self) -> None:
        """Valkey back, and empty."""
        await asyncio.to_thread(self.servers.valkey.start)

    def flush_redis(self) -> None:
        """Every job and every lock of arq forgotten."""
        client = redis.Redis.from_url(self.servers.valkey.url)
        client.flushall()
        client.close()

    async def restart_postgres(self, *, crash: bool = False, away: float = 0.0) -> None:
        """PostgreSQL stopped, or crashed, and back after `away` seconds."""
        await asyncio.to_thread(self.servers.postgres.crash if crash else self.servers.postgres.stop)
        await asyncio.sleep(away)
        await asyncio.to_thread(self.servers.postgres.start)

    # --- rows ------------------------------------------------------------------------------------------------------

    async def queue(self, count: int) -> None:
        """Have `count` mails queued, those of the demonstration data included."""
        await queue_invitations(self.settings.database_url, count - DEMO_MAILS)

    async def rows(self, statement: str, *values: object) -> list[asyncpg.Record]:
        """What PostgreSQL holds."""
        connection = await asyncpg.connect(self.settings.database_url)
        try:
            found: list[asyncpg.Record] = await connection.fetch(statement, *values)
            return found
        finally:
            await connection.close()

    async def states(self) -> dict[str, int]:
        """How many messages are in each state."""
        found = await self.rows("SELECT state, count(*) AS number FROM messages GROUP BY 1")
        return {row["state"]: row["number"] for row in found}

    async def advance(self, by: str) -> None:
        """Move the test clock, and end the pauses of the lanes, as time would."""
        await self.rows(
            'INSERT INTO test_clock AS c (id, "offset") VALUES (1, CAST($1 AS text)::interval) '
            'ON CONFLICT (id) DO UPDATE SET "offset" = c."offset" + excluded."offset"',
            by,
        )
        await self.rows("UPDATE delivery_lanes SET paused_until = NULL")

    async def settled(self, seconds: float, *, advancing: str | None = None) -> None:
        """Wait until no mail is queued or under way.

        Args:
            seconds: how long at most.
            advancing: move the test clock by this much again and again, for what is to be tried later.
        """
        deadline = time.monotonic() + seconds
        while True:
            states = await self.states()
            if not states.get("queued") and not states.get("sending"):
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"not settled after {seconds:.0f} s: {states}; {self.log.read_text()[-3000:]}")
            if advancing is not None:
                await self.advance(advancing)
            await asyncio.sleep(0.3)

    async def accounts(self) -> Verdict:
        """Rows against relay."""
        return await settle_accounts(self.settings.database_url, self.relay.accepted, self.incidents)

    # --- HTTP ------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def api(self) -> AsyncIterator[httpx.AsyncClient]:
        """The API in a process of its own, and a client with the right to everything."""
        (port,) = free_ports(1)
        process = self.fork("api", "--port", str(port))
        key = demo_credentials(KeyRing(self.settings.secret_keys)).api_key
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:

            async def ready() -> bool:
                assert process.poll() is None, self.log.read_text()[-3000:]
                try:
                    return (await client.get("/readyz")).status_code == 200
                except httpx.TransportError:
                    return False

            await until(ready, 60, "the API")
            yield client


def environment(settings: Settings) -> dict[str, str]:
    """`settings` as a process reads them."""
    root = project_root()
    found = {"PYTHONPATH": str(root / "src")}
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        found[f"RELANCE_{name.upper()}"] = ",".join(value) if isinstance(value, tuple) else str(value)
    return found


async def until(condition: Callable[[], bool] | Callable[[], Awaitable[bool]], seconds: float, what: str) -> None:
    """Wait for `condition`."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found if isinstance(found, bool) else await found:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s for {what}")
        await asyncio.sleep(0.02)


@asynccontextmanager
async def plant_on(servers: Servers, **settings: Any) -> AsyncIterator[Plant]:
    """A run on `servers`, which it finds and leaves running."""
    name = f"faults_{new_id().hex}"
    await _execute(servers.postgres.url, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    relay = Relay()
    await relay.start()
    values = {
        "environment": "development",
        "sandbox": True,
        "database_url": servers.url(name),
        "redis_url": servers.valkey.url,
        "smtp_url": relay.url,
        "smtp_timeout_seconds": 1.5,
        "lease_seconds": 5,
        "sweep_seconds": 0.3,
        "smtp_connections": 2,
        "handoff_batch": 5,
        "log_level": "warning",
        **settings,
    }
    plant = Plant(servers, Settings(**values), relay)
    plant.flush_redis()
    try:
        yield plant
    finally:
        plant.end()
        relay.released.set()
        await relay.stop()
        for server in (servers.postgres, servers.valkey):
            if server.pid is None:
                await asyncio.to_thread(server.start)
        await _execute(servers.postgres.url, f"DROP DATABASE {name} WITH (FORCE)")
