"""Seconds from `relance up` to its first answer, where it has been started before."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from benchmarks import harness, report
from benchmarks.hammer import ready

from relance.embedded.programs import free_ports

_LONGEST = 120.0


def _start(folder: Path) -> tuple[float, int]:
    """Start it, wait for an answer, stop it: the seconds, and the memory of all its processes together."""
    (port,) = free_ports(1)
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "relance", "up", "--port", str(port), "--data-dir", str(folder)],
        cwd=harness.ROOT,
        env={**os.environ, **harness.python_path()},
        stdout=subprocess.DEVNULL,
    )
    try:
        while not ready(port):
            if process.poll() is not None or time.perf_counter() - started > _LONGEST:
                raise RuntimeError("relance up does not answer")
            time.sleep(0.02)
        taken = time.perf_counter() - started
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        return taken, sum(_memory(one) for one in family)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _memory(process: psutil.Process) -> int:
    """Without what it shares with others, where the system tells."""
    full = process.memory_full_info()
    return int(getattr(full, "pss", full.rss))


def _again(folder: Path) -> harness.Sample:
    seconds, memory = _start(folder)
    return harness.Sample(seconds, memory, facts={"s to the first answer": seconds})


def measured() -> harness.Result:
    """A first start, which nobody times, and some more."""
    with tempfile.TemporaryDirectory(prefix="relance-bench-") as name:
        folder = Path(name) / "data"
        first, _ = _start(folder)
        bench = harness.Bench(
            "relance up, seconds from a second start to the first answer",
            (harness.Contender(harness.OURS, lambda: _again(folder)),),
            bars=(harness.fact_below("s to the first answer", "< 5 s", 5),),
        )
        result = harness.measure(bench, harness.told)
    result.note = f"the first start, which makes the database and the demonstration, took {first:.1f} s."
    return result


def main() -> None:
    """Measure and print."""
    harness.told(report.write([measured()]))


if __name__ == "__main__":
    main()
