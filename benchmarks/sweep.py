"""Follow-ups handled per second: reminders queued and expiries told, out of ten million that are planned.

One in ten is due; of those four in five are reminders, one is an expiry. The worker’s own sweeper works for seconds, in
a process of its own. What is not due must not be felt: the limit is the same with hardly anything else planned.
`python -m benchmarks.sweep` runs it; with the word `work` it is the worker.
"""

import asyncio
import sys
import time

import uvloop
from benchmarks import copies, harness, report

from relance.capabilities.followups.sweeper import Sweeper
from relance.core.logging import configure_logging
from relance.core.settings import Settings
from relance.demo import seed_demo
from relance.wiring import build_runtime, close_runtime, follow_up_handlers

PLANNED = harness.sized("ROWS", 10_000_000)
DUE = PLANNED // 10
SECONDS = 8.0
#: Of those that are due so many have their invitation: more than are reached in that time.
BACKED = min(DUE, 150_000)


async def work() -> None:
    """Be the worker for some seconds."""
    settings = Settings()
    configure_logging(settings)
    runtime = build_runtime(settings)
    sweeper = Sweeper(runtime, follow_up_handlers(runtime))
    started = time.perf_counter()
    sweeping = asyncio.create_task(sweeper.sweep())
    await asyncio.wait({sweeping}, timeout=SECONDS)
    await sweeper.close()
    handled = await sweeping
    taken = time.perf_counter() - started
    await close_runtime(runtime)
    if handled >= BACKED:
        harness.told(f"everything that was due was handled, {handled}: the measure is short")
    harness.say_facts(handled, taken)


async def _planned(settings: Settings, due: int, planned: int) -> None:
    await copies.start_again(settings.database_url)
    await seed_demo(settings)
    async with copies.loading(settings.database_url) as connection:
        await copies.invite(connection, min(due, BACKED))
        await copies.plan(connection, due, planned)
        await copies.analyse(
            connection, "follow_ups", "invitations", "companies", "action_links", "prequalifications", "messages"
        )


def _run(settings: Settings, due: int, planned: int) -> harness.Sample:
    asyncio.run(_planned(settings, due, planned))
    return harness.command("benchmarks.sweep", "work", env=harness.environment(settings))


def benches(settings: Settings) -> list[harness.Bench]:
    """The row of the table."""
    few = PLANNED // 100
    return [
        harness.Bench(
            f"follow-ups handled, {DUE:,} due of {PLANNED:,}; limit, {DUE:,} due of {DUE + few:,}",
            (
                harness.Contender(harness.LIMIT, lambda: _run(settings, DUE, DUE + few)),
                harness.Contender(harness.OURS, lambda: _run(settings, DUE, PLANNED)),
            ),
            rounds=1,
            bars=(harness.a_second(3000), harness.of_limit(0.77)),
        )
    ]


def main() -> None:
    """Measure and print."""
    with harness.servers() as settings:
        results = [harness.measure(bench, harness.told) for bench in benches(settings)]
    harness.told(report.write(results))


if __name__ == "__main__":
    if len(sys.argv) == 2:
        uvloop.run(work())
    else:
        main()
