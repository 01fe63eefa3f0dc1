"""« Tout relancer » over a hundred thousand invitations: how soon it is acknowledged, how fast its rows are written.

The request goes to the product's API; the job is then worked off by the worker's own runner, in a process of its own,
without the delivery of the mails, which is another bench. Counted are rows in tables that are new or changed: the mail,
its body, the journal entry, the job's result for the row, and the invitation itself.
`python -m benchmarks.remind_all` runs it; with the word `work` it is the worker.
"""

import asyncio
import sys
import time

import asyncpg
import psutil
import uvloop
from benchmarks import copies, harness, report
from benchmarks.hammer import ask_once, serving

from relance.capabilities.files.store import FileStore
from relance.capabilities.jobs.runner import JobRunner
from relance.core.logging import configure_logging
from relance.core.settings import Settings
from relance.demo import seed_demo
from relance.wiring import build_runtime, close_runtime, job_kinds

ROWS = harness.sized("ROWS", 100_000)
_WRITTEN = ("messages", "message_bodies", "journal_entries", "job_items")


async def work(rows: int) -> None:
    """Be the worker: everything that is queued, and nothing else."""
    settings = Settings()
    configure_logging(settings)
    runtime = build_runtime(settings)
    runner = JobRunner(runtime, job_kinds(runtime, FileStore(settings)))
    before, peak = psutil.Process().memory_info().rss, asyncio.create_task(_peak())
    started = time.perf_counter()
    await runner.sweep()
    taken = time.perf_counter() - started
    peak.cancel()
    await runner.close()
    await close_runtime(runtime)
    harness.say_facts(rows, taken, facts={"MB grown": (max(_SEEN, default=before) - before) / 2**20})


_SEEN: list[int] = []


async def _peak() -> None:
    process = psutil.Process()
    while True:
        _SEEN.append(process.memory_info().rss)
        await asyncio.sleep(0.1)


async def _rows(database_url: str) -> int:
    """Rows that there are, and how often invitations were changed."""
    connection = await asyncpg.connect(database_url)
    try:
        counts = [await connection.fetchval(f"SELECT count(*) FROM {table}") for table in _WRITTEN]
        return int(sum(counts) + await connection.fetchval("SELECT sum(version) FROM invitations"))
    finally:
        await connection.close()


async def _prepared(settings: Settings) -> str:
    """The demonstration with so many invitations sent a week ago; a key to ask with."""
    await copies.start_again(settings.database_url)
    credentials = await seed_demo(settings)
    async with copies.loading(settings.database_url) as connection:
        await copies.invite(connection, ROWS)
        await copies.analyse(connection)
    return credentials.api_key


def _run(settings: Settings) -> harness.Sample:
    key = asyncio.run(_prepared(settings))
    env = harness.environment(settings)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with serving(("relance", "api"), env) as (port, _):
        ask_once(port, "GET", "/v1/invitations?limit=1", headers)
        started = time.perf_counter()
        status, body = ask_once(port, "POST", "/v1/invitations/remind-all", headers, '{"scope": "all"}')
        acknowledged = time.perf_counter() - started
    if status != 202:
        raise RuntimeError(f"{status}: {body[:500]!r}")
    before = asyncio.run(_rows(settings.database_url))
    sample = harness.command("benchmarks.remind_all", "work", str(ROWS), env=env)
    written = asyncio.run(_rows(settings.database_url)) - before
    if written < 5 * ROWS:
        raise RuntimeError(f"{written} rows were written for {ROWS} invitations: the measure is void")
    facts = {**sample.facts, "s to acknowledge": acknowledged, "invitations/s": sample.rate}
    return harness.Sample(sample.rate * written / ROWS, sample.peak_rss, facts=facts)


def benches(settings: Settings) -> list[harness.Bench]:
    """The row of the table."""
    bars = (
        harness.fact_below("s to acknowledge", "acknowledged in < 0.5 s", 0.5),
        harness.a_second(5000),
        harness.fact_below("MB grown", "RSS grows < 50 MB", 50),
    )
    return [
        harness.Bench(
            f"rows written by remind-all of {ROWS:,}, five an invitation",
            (harness.Contender(harness.OURS, lambda: _run(settings)),),
            rounds=1,
            bars=bars,
        )
    ]


def main() -> None:
    """Measure and print."""
    with harness.servers() as settings:
        results = [harness.measure(bench, harness.told) for bench in benches(settings)]
    harness.told(report.write(results))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        uvloop.run(work(int(sys.argv[2])))
    else:
        main()
