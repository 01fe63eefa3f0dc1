"""Requests over kept connections, in a process of their own: `python -m benchmarks.hammer`, its plan on standard input.

As cheap as a client can be in Python: the bytes of a request are put together beforehand, of an answer the status and
the length are read. What is measured is the other end.
"""

import asyncio
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import count

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
    body: str = ""
    first: int = 1
    seconds: float = 5.0
    connections: int = 16
    expected: int = 200
    #: How many partners there are to choose from.
    partners: int = 1

    def request(self, number: int) -> bytes:
        """The bytes of that request."""
        partner = 1 + number % self.partners
        copy = f"{1700000000000 + partner:012x}70008000{partner:012x}"  # as in `copies`
        body = self.body.replace("{n}", str(number)).replace("{copy}", copy).encode()
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines += [f"Content-Length: {len(body)}"] if body else []
        return "\r\n".join([*lines, "", ""]).replace("{n}", str(number)).encode() + body


async def _ask(plan: Plan, numbers: Iterator[int], until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", plan.port, limit=2**20)
    same = None if "{n}" in plan.body or any("{n}" in value for value in plan.headers.values()) else plan.request(0)
    answers = 0
    while time.perf_counter() < until:
        writer.write(same or plan.request(next(numbers)))
        answer = await reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        told = await reader.readexactly(length)
        if int(answer[9:12]) != plan.expected:
            raise RuntimeError(f"{answer[:100]!r} {told[:2000]!r}")
        answers += 1
    writer.close()
    return answers


async def _run(plan: Plan) -> None:
    numbers = count(plan.first)
    started = time.perf_counter()
    asking = [_ask(plan, numbers, started + plan.seconds) for _ in range(plan.connections)]
    answers = sum(await asyncio.gather(*asking))
    harness.say_facts(answers, time.perf_counter() - started)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a plan came to."""

    amount: int
    seconds: float


def hammer(plan: Plan) -> Answered:
    """Ask as planned, from a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.hammer"],
        cwd=harness.ROOT,
        env={**os.environ, **harness.python_path()},
        input=json.dumps(asdict(plan)).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    facts = json.loads(done.stdout)
    return Answered(facts["amount"], facts["seconds"])


def pressed(plan: Plan, pid: int, warm_up: float = 1.0) -> harness.Sample:
    """The rate at which a server answers a plan, once it is warm, and what it costs in processor time."""
    if warm_up:
        hammer(replace(plan, seconds=warm_up))
    before = _processor(pid)
    answered = hammer(plan)
    cost = 1000 * (_processor(pid) - before) / answered.amount
    return harness.Sample(answered.amount / answered.seconds, harness.peak_of(pid), facts={"ms of processor": cost})


def _processor(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


@contextmanager
def serving(words: Sequence[str], env: Mapping[str, str]) -> Iterator[tuple[int, int]]:
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


def ready(port: int) -> bool:
    """Whether the product, or one of its contenders, answers there."""
    try:
        return ask_once(port, "GET", "/readyz", {})[0] == 200
    except OSError:
        return False


def ask_once(
    port: int, method: str, path: str, headers: Mapping[str, str], body: str | None = None
) -> tuple[int, bytes]:
    """One request: the status and the body of the answer."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    try:
        link.request(method, path, body=body, headers=dict(headers))
        answer = link.getresponse()
        return answer.status, answer.read()
    finally:
        link.close()


if __name__ == "__main__":
    uvloop.run(_run(Plan(**json.load(sys.stdin))))
