"""Processes of the product, forked from one that has imported it already: starting one takes tenths of a second."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["relance.worker", "relance.app", "uvloop", "uvicorn"])


class Running(Protocol):
    """A process of the product, however it was started."""

    pid: int

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        ...

    def send_signal(self, sig: int) -> None:
        """Send it a signal."""
        ...

    def kill(self) -> None:
        """SIGKILL."""
        ...


class Forked:
    """A forked process, handled as one that `subprocess` has started."""

    def __init__(self, env: Mapping[str, str], log: Path, words: Sequence[str]) -> None:
        self._process = _forks.Process(target=_run, args=(dict(env), log, list(words)))
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        return self._process.exitcode

    def send_signal(self, sig: int) -> None:
        """Send it a signal, unless it is gone."""
        if self._process.exitcode is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


def _run(env: dict[str, str], log: Path, words: list[str]) -> None:
    """What `relance <words>` does, in the child."""
    from relance.cli import app

    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.environ.update(env)
    _end_with_parent(os.getppid())
    app(words)


def _end_with_parent(parent: int) -> None:
    """The fork server ends with the tests; whoever it forked must not outlive it."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
