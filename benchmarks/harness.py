"""Runs contenders in turns, each in a process of its own, and writes the table.

A bench is a module with one or more `Bench`es; a contender is a command that prints one JSON line,
`{"amount": mails or requests or rows, "seconds": time they took, "rss": peak bytes}`.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from relance.core.migrate import upgrade
from relance.core.settings import Settings
from relance.embedded.postgres import DATABASE
from relance.embedded.testing import postgres_in, throw_away_folder, valkey_in

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).with_name("results.md")
#: As durable as a deployment: what a commit costs belongs to the measure.
_POSTGRES: Mapping[str, str] = {
    "shared_buffers": "256MB",
    "max_connections": "200",
    "max_wal_size": "4GB",
    "jit": "off",
    "timezone": "UTC",
    "log_min_messages": "warning",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one contender."""

    rate: float
    #: Bytes.
    peak_rss: int
    #: Bytes, along the run, where the contender watched it.
    memory: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Contender:
    """One way of doing it."""

    #: `ours`, `limit` or `usual way`: its column.
    role: str
    run: Callable[[], Sample]


@dataclass(frozen=True, slots=True)
class Bench:
    """One row of the table."""

    title: str
    contenders: Sequence[Contender]
    rounds: int = 3


@dataclass(slots=True)
class Result:
    """What a bench measured, by role."""

    title: str
    samples: dict[str, list[Sample]] = field(default_factory=dict)

    def rate(self, role: str) -> float | None:
        """Median of the rounds."""
        found = self.samples.get(role)
        return statistics.median(sample.rate for sample in found) if found else None

    def ratio(self, other: str) -> str:
        """Ours against `other`."""
        ours, theirs = self.rate("ours"), self.rate(other)
        return f"{ours / theirs:.2f}" if ours and theirs else "–"

    @property
    def row(self) -> str:
        """As a line of the table."""
        rates = [f"{rate:,.0f}" if (rate := self.rate(role)) else "–" for role in ("ours", "limit", "usual way")]
        peak = max((sample.peak_rss for sample in self.samples.get("ours", [])), default=0)
        cells = [self.title, *rates, self.ratio("limit"), self.ratio("usual way"), f"{peak / 2**20:,.0f} MB"]
        return f"| {' | '.join(cells)} |"


HEAD = (
    "| per second | ours | limit | usual way | ours / limit | ours / usual | peak RSS of ours |\n"
    "|---|---|---|---|---|---|---|"
)


def measure(bench: Bench, say: Callable[[str], None]) -> Result:
    """Run every contender in turns, the order turned round each time: a machine that warms up favours nobody."""
    result = Result(bench.title)
    for number in range(bench.rounds):
        order = bench.contenders if number % 2 == 0 else list(reversed(bench.contenders))
        for contender in order:
            sample = contender.run()
            result.samples.setdefault(contender.role, []).append(sample)
            say(f"{bench.title}, {contender.role}: {sample.rate:,.0f}/s, {sample.peak_rss / 2**20:,.0f} MB")
    return result


def command(module: str, *words: str, env: Mapping[str, str] | None = None) -> Sample:
    """Run `python -m module words…` and read what it says.

    Raises:
        RuntimeError: it failed; its error output is the message.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module, *words],
        cwd=ROOT,
        env={**os.environ, **python_path(), **(env or {})},
        stdout=subprocess.PIPE,
    )
    said = process.communicate()[0].decode()
    if process.returncode != 0:
        raise RuntimeError(f"{module} {' '.join(words)} ended with {process.returncode}: {said[-2000:]}")
    facts = json.loads(said.strip().splitlines()[-1])
    return Sample(facts["amount"] / facts["seconds"], facts["rss"], facts.get("memory", ()))


def own_peak() -> int:
    """Peak resident memory of the calling process, in bytes.

    On Linux read from the memory map itself: what `getrusage` says there survives an exec, so that a contender would
    be charged with the memory of the harness that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def python_path() -> dict[str, str]:
    """Lets a child import the product and the benchmarks of this checkout."""
    return {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}


@contextmanager
def servers() -> Iterator[Settings]:
    """PostgreSQL, migrated, and Valkey, for the time of a run: the settings to reach them."""
    with ExitStack() as stack:
        folder = stack.enter_context(throw_away_folder())
        postgres, valkey = postgres_in(folder, _POSTGRES), valkey_in(folder)
        for server in (postgres, valkey):
            stack.callback(server.stop)
            server.start()
        settings = Settings(
            environment="development",
            database_url=f"{postgres.url.rpartition('/')[0]}/{DATABASE}",
            redis_url=valkey.url,
            log_level="warning",
        )
        upgrade(settings)
        yield settings


@contextmanager
def sink() -> Iterator[int]:
    """The mail sink: its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sink"],
        cwd=ROOT,
        env={**os.environ, **python_path()},
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def write_results(results: Sequence[Result], notes: Sequence[str] = ()) -> str:
    """The table, also kept in `benchmarks/results.md`."""
    lines = ["# Results of the last run", "", HEAD, *(result.row for result in results), "", *notes, ""]
    table = "\n".join(lines)
    RESULTS.write_text(table, encoding="utf-8")
    return table
