"""Child processes: started in their own session, tied to the life of their parent, stopped step by step."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

from relance.embedded.accounts import Launcher

_PR_SET_PDEATHSIG = 1
# Looked up before any fork: a child may not import or load libraries between fork and exec.
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

#: Signals tried one after the other to stop a program, each with the seconds it is given.
StopSteps = Sequence[tuple[signal.Signals, float]]


@dataclass(frozen=True, slots=True)
class Program:
    """One program to run as a child."""

    name: str
    argv: tuple[str, ...]
    log: Path
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    launcher: Launcher = field(default_factory=Launcher)
    stop: StopSteps = ((signal.SIGTERM, 15.0),)

    def spawn(self, stdout: int | None = None) -> "subprocess.Popen[bytes]":
        """Start it: output appended to its log, no input, out of reach of the terminal's Ctrl-C.

        `stdout`, a file descriptor, takes the place of the log for the standard output alone.
        """
        first_step = self.stop[0][0]
        account = self.launcher.switched_by_popen
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own programs
                self.launcher.argv(self.argv, first_step.name.removeprefix("SIG")),
                stdin=subprocess.DEVNULL,
                stdout=log if stdout is None else stdout,
                stderr=log,
                env=dict(self.env),
                cwd="/" if self.launcher.account else None,
                start_new_session=True,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                preexec_fn=_tie_to_parent(first_step),  # safe: the parent has one thread
            )


def stop_process(
    process: "subprocess.Popen[bytes]", steps: StopSteps, hurried: Callable[[], bool] = lambda: False
) -> None:
    """Stop `process` by the given steps; by SIGKILL on its whole group when they do not help, or once `hurried`."""
    for step, seconds in steps:
        if process.poll() is not None or hurried():
            break
        with suppress(ProcessLookupError):
            process.send_signal(step)
        wait_for(lambda: process.poll() is not None or hurried(), seconds)
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait_for(condition: Callable[[], bool], seconds: float, alive: Callable[[], bool] = lambda: True) -> bool:
    """Whether `condition` came true within `seconds`, asked every 20 ms for as long as `alive` holds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        if not alive():
            return False
        time.sleep(0.02)
    return False


def free_ports(count: int) -> tuple[int, ...]:
    """Ports of 127.0.0.1 that nobody listens on, all different."""
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in held:
            each.bind(("127.0.0.1", 0))
        return tuple(each.getsockname()[1] for each in held)


def _tie_to_parent(death_signal: signal.Signals) -> Callable[[], None]:
    """What the child does between fork and exec: ask the kernel for `death_signal` when the parent dies."""
    parent = os.getpid()

    def tie() -> None:
        if _prctl is None:
            return
        _prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return tie
