"""Requests over kept connections, in a process of their own: `python -m benchmarks.hammer`, its plan on standard input.

As cheap as a client can be in Python: the bytes of a request are put together beforehand, of an answer the status and
the length are read. What is measured is the other end.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import uvloop
from benchmarks import harness

from relance.embedded.programs import free_ports


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask. `{n}` in body and headers is the number of the request, `{copy}` the id of a copied partner."""

    port: int
    method: str
    path: str
    headers: Mapping[str, str]
    body: str
    first: int
    count: int
    connections: int = 16
    expected: int = 200
    #: How many partners there are to choose from.
    partners: int = 1


async def _ask(plan: Plan, numbers: Iterator[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", plan.port, limit=2**20)
    head = f"{plan.method} {plan.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n" + "".join(
        f"{name}: {value}\r\n" for name, value in plan.headers.items()
    )
    for number in numbers:
        partner = 1 + number % plan.partners
        copy = f"{1700000000000 + partner:012x}70008000{partner:012x}"  # as in `copies`
        body = plan.body.replace("{n}", str(number)).replace("{copy}", copy).encode()
        top = head.replace("{n}", str(number))
        writer.write(f"{top}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        told = await reader.readexactly(length)
        if int(answer[9:12]) != plan.expected:
            raise RuntimeError(f"{answer[:100]!r} {told[:2000]!r}")
    writer.close()


async def _run(plan: Plan) -> float:
    numbers = iter(range(plan.first, plan.first + plan.count))
    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(plan.connections):
            group.create_task(_ask(plan, numbers))
    return time.perf_counter() - started


def hammer(plan: Plan) -> float:
    """Seconds that the plan takes, measured by a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.hammer"],
        cwd=harness.ROOT,
        env={**os.environ, **harness.python_path()},
        input=json.dumps(asdict(plan)).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return float(done.stdout)


@contextmanager
def serving(words: Sequence[str], env: Mapping[str, str], ready: Callable[[int], bool]) -> Iterator[tuple[int, int]]:
    """A server, `python -m words… --port <port>`: its port and its process id, once it answers."""
    (port,) = free_ports(1)
    process = subprocess.Popen(
        [sys.executable, "-m", *words, "--port", str(port)],
        cwd=harness.ROOT,
        env={**os.environ, **harness.python_path(), **env},
    )
    try:
        deadline = time.monotonic() + 60
        while not ready(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(words)} does not answer")
            time.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)


def peak_of(pid: int) -> int:
    """Peak resident memory of another process, in bytes."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return int(psutil.Process(pid).memory_info().rss)
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    sys.stdout.write(f"{uvloop.run(_run(Plan(**json.load(sys.stdin))))}\n")
