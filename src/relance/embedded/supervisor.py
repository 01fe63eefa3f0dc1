"""One process that owns the others: starts them in order, restarts one that dies, stops all in the reverse order."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from relance.embedded.errors import StartError
from relance.embedded.logs import LogFollower, last_lines
from relance.embedded.programs import Program, stop_process

_TICK_SECONDS = 0.1
_FIRST_BACKOFF = 0.5
_LONGEST_BACKOFF = 10.0
# A child that lived this long is well again: its next death starts from the shortest wait.
_WELL_AFTER_SECONDS = 30.0

Say = Callable[[str], None]


class StopRequestedError(Exception):
    """The person or the system asked for the end while the start was under way."""


@dataclass
class _Child:
    program: Program
    process: "subprocess.Popen[bytes]"
    follower: LogFollower
    started_at: float
    backoff: float = _FIRST_BACKOFF
    restart_at: float | None = None


class Supervisor:
    """Runs programs as children; single-threaded, so that the death signal of the parent means the whole process."""

    def __init__(self, say: Say, verbose: bool = False) -> None:
        self._say = say
        self._verbose = verbose
        self._children: dict[str, _Child] = {}
        self._stop_signals = 0

    @contextmanager
    def signals_handled(self) -> Iterator[None]:
        """Ctrl-C, SIGTERM and a closed terminal ask for a clean stop, once; a second Ctrl-C is not waited for."""
        watched = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._on_signal) for number in watched}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def start(self, program: Program, structured: bool = True) -> None:
        """Start one child. `structured` says that its log holds JSON lines."""
        self._check_stop()
        follower = LogFollower(program.log, structured, self._verbose)
        self._children[program.name] = _Child(program, program.spawn(), follower, time.monotonic())

    def forget(self, name: str) -> int | None:
        """The exit code of a child that was meant to end, which is then no longer supervised; None while it runs."""
        child = self._children[name]
        code = child.process.poll()
        if code is not None:
            self._echo(child)
            del self._children[name]
        return code

    def wait_until(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait until `condition` holds.

        Raises:
            StartError: it does not within `seconds`, or a child died meanwhile.
            StopRequestedError: a signal came.
        """
        deadline = time.monotonic() + seconds
        while not condition():
            self._check_stop()
            self._fail_on_death()
            if time.monotonic() > deadline:
                raise StartError(f"{what} is not ready after {seconds:.0f} s; see the logs in {self._log_folder()}")
            time.sleep(0.02)

    def supervise(self) -> None:
        """Restart what dies, until a signal asks for the end."""
        while not self._stop_signals:
            for child in self._children.values():
                self._look_after(child)
            time.sleep(_TICK_SECONDS)

    def stop_all(self, order: Sequence[str]) -> None:
        """Stop every child, those named in `order` last and in that order; a second Ctrl-C kills what is left."""
        patience = max(self._stop_signals, 1)
        for child in sorted(self._children.values(), key=lambda child: _rank(child.program.name, order)):
            stop_process(child.process, child.program.stop, hurried=lambda: self._stop_signals > patience)
            self._echo(child)
        self._children.clear()

    def _look_after(self, child: _Child) -> None:
        self._echo(child)
        now = time.monotonic()
        if child.restart_at is not None:
            if now >= child.restart_at:
                child.process, child.started_at, child.restart_at = child.program.spawn(), now, None
            return
        code = child.process.poll()
        if code is None:
            return
        if now - child.started_at > _WELL_AFTER_SECONDS:
            child.backoff = _FIRST_BACKOFF
        self._say(f"{child.program.name} ended ({_reason(code)}); starting it again in {child.backoff:g} s")
        child.restart_at = now + child.backoff
        child.backoff = min(child.backoff * 2, _LONGEST_BACKOFF)

    def _fail_on_death(self) -> None:
        for name, child in self._children.items():
            code = child.process.poll()
            if code is not None:
                for line in last_lines(child.program.log):
                    self._say(f"{name}: {line}")
                raise StartError(f"{name} ended while starting ({_reason(code)}); its log is {child.program.log}")

    def _echo(self, child: _Child) -> None:
        for line in child.follower.new_lines():
            self._say(f"{child.program.name}: {line}")

    def _check_stop(self) -> None:
        if self._stop_signals:
            raise StopRequestedError

    def _log_folder(self) -> str:
        return str(next(iter(self._children.values())).program.log.parent) if self._children else "the data directory"

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop_signals += 1


def _rank(name: str, order: Sequence[str]) -> int:
    return order.index(name) if name in order else -1


def _reason(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
