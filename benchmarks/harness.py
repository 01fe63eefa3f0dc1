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
#: As durable as a deployment: what a commit costs belongs to the measure.
_POSTGRES: Mapping[str, str] = {
    "shared_buffers": "256MB",
    "max_connections": "200",
    "max_wal_size": "4GB",
    "jit": "off",
    "timezone": "UTC",
    "log_min_messages": "warning",
}
OURS, LIMIT, USUAL = "ours", "limit", "usual way"


def sized(name: str, otherwise: int) -> int:
    """A size from the environment, `ROWS=20000`, so that a bench can be tried small."""
    return int(os.environ.get(name) or otherwise)


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one contender."""

    rate: float
    #: Bytes.
    peak_rss: int
    #: Bytes, along the run, where the contender watched it.
    memory: Sequence[int] = ()
    #: Whatever else a bar asks for, by name.
    facts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contender:
    """One way of doing it."""

    #: `ours`, `limit` or `usual way`: its column.
    role: str
    run: Callable[[], Sample]


@dataclass(frozen=True, slots=True)
class Bar:
    """What must hold. The score is how far above it we are: 1 is the bar itself."""

    words: str
    score: Callable[["Result"], float | None]


@dataclass(frozen=True, slots=True)
class Bench:
    """One row of the table."""

    title: str
    contenders: Sequence[Contender]
    rounds: int = 3
    bars: Sequence[Bar] = ()


@dataclass(slots=True)
class Result:
    """What a bench measured, by role."""

    title: str
    bars: Sequence[Bar] = ()
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    #: Said under the table.
    note: str = ""

    def rate(self, role: str) -> float | None:
        """Median of the rounds."""
        found = self.samples.get(role)
        return statistics.median(sample.rate for sample in found) if found else None

    def ratio(self, other: str) -> float | None:
        """Ours against `other`."""
        ours, theirs = self.rate(OURS), self.rate(other)
        return ours / theirs if ours and theirs else None

    def fact(self, name: str, role: str = OURS) -> float | None:
        """Median of one of the other facts."""
        found = [sample.facts[name] for sample in self.samples.get(role, []) if name in sample.facts]
        return statistics.median(found) if found else None

    @property
    def peak(self) -> int:
        """Most memory of ours, in bytes."""
        return max((sample.peak_rss for sample in self.samples.get(OURS, [])), default=0)


def of_limit(least: float, words: str = "") -> Bar:
    """At least so much of the limit."""
    return Bar(words or f"≥ {least:g} of the limit", lambda result: _over(result.ratio(LIMIT), least))


def of_usual(least: float) -> Bar:
    """At least so many times the usual way."""
    return Bar(f"≥ {least:g} × the usual way", lambda result: _over(result.ratio(USUAL), least))


def a_second(least: float) -> Bar:
    """At least so many a second."""
    return Bar(f"≥ {least:,.0f}/s", lambda result: _over(result.rate(OURS), least))


def memory_below(most: int) -> Bar:
    """Peak memory, in MB."""
    return Bar(f"RSS < {most} MB", lambda result: most * 2**20 / result.peak if result.peak else None)


def fact_below(name: str, words: str, most: float) -> Bar:
    """One of the other facts."""
    return Bar(words, lambda result: most / max(found, 1e-6) if (found := result.fact(name)) is not None else None)


def _over(found: float | None, least: float) -> float | None:
    return None if found is None else found / least


def measure(bench: Bench, say: Callable[[str], None]) -> Result:
    """Run every contender in turns, the order turned round each time: a machine that warms up favours nobody."""
    result = Result(bench.title, bench.bars)
    for number in range(sized("ROUNDS", bench.rounds)):
        order = bench.contenders if number % 2 == 0 else list(reversed(bench.contenders))
        for contender in order:
            sample = contender.run()
            result.samples.setdefault(contender.role, []).append(sample)
            facts = "".join(f", {name} {value:,.4g}" for name, value in sample.facts.items())
            say(f"{bench.title}, {contender.role}: {sample.rate:,.1f}/s, {sample.peak_rss / 2**20:,.0f} MB{facts}")
    return result


def told(line: str) -> None:
    """Say at once what was measured."""
    print(line, flush=True)


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
    others = facts.get("facts", {})
    return Sample(facts["amount"] / facts["seconds"], facts["rss"], facts.get("memory", ()), others)


def say_facts(amount: float, seconds: float, **others: object) -> None:
    """What a contender says at its end."""
    sys.stdout.write(json.dumps({"amount": amount, "seconds": seconds, "rss": own_peak(), **others}) + "\n")


def own_peak() -> int:
    """Peak resident memory of the calling process, in bytes.

    On Linux read from the memory map itself: what `getrusage` says there survives an exec, so that a contender would
    be charged with the memory of the harness that started it.
    """
    return peak_of(os.getpid()) or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def peak_of(pid: int) -> int:
    """Peak resident memory of a process, in bytes; 0 where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def python_path() -> dict[str, str]:
    """Lets a child import the product and the benchmarks of this checkout."""
    return {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}


def environment(settings: Settings, **others: str) -> dict[str, str]:
    """The environment in which a child finds the servers of this run."""
    return {
        "RELANCE_ENVIRONMENT": "development",
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "RELANCE_LOG_LEVEL": "warning",
        # Counted as ever, and never exceeded.
        "RELANCE_RATE_LIMIT_PER_CALLER": "100000000",
        **others,
    }


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
            files_url=(folder / "files").as_uri(),
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
