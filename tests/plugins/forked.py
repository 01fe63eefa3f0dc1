"""Processes of the product, forked from one that has imported it already: starting one takes tenths of a second."""

import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Finished:
    """What a command has said, and how it ended."""

    returncode: int
    stdout: str
    stderr: str


def finished(env: Mapping[str, str], words: Sequence[str], typed: str = "") -> Finished:
    """Run `relance <words>` to its end in a process of its own, with nothing in its environment but `env`.

    Raises:
        AssertionError: it has not ended after a minute.
    """
    with tempfile.TemporaryDirectory(prefix="relance-command-") as name:
        folder = Path(name)
        (folder / "typed").write_text(typed, encoding="utf-8")
        process = _forks.Process(target=_command, args=(dict(env), folder, list(words)))
        process.start()
        process.join(60)
        if process.exitcode is None:
            process.kill()
            raise AssertionError(f"relance {' '.join(words)} does not end")
        said = ((folder / stream).read_text(encoding="utf-8") for stream in ("out", "err"))
        return Finished(process.exitcode, *said)


def _run(env: dict[str, str], log: Path, words: list[str]) -> None:
    """What `relance <words>` does, in the child."""
    from relance.cli import app

    _speak_to(log, log)
    os.environ.update(env)
    _end_with_parent(os.getppid())
    app(words)


def _command(env: dict[str, str], folder: Path, words: list[str]) -> None:
    """The same, with streams and an environment of its own."""
    from relance.cli import app

    _speak_to(folder / "out", folder / "err")
    sys.stdin = (folder / "typed").open(encoding="utf-8")
    os.environ.clear()
    os.environ.update(env)
    app(words)


def _speak_to(out: Path, err: Path) -> None:
    for path, number in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)


def _end_with_parent(parent: int) -> None:
    """The fork server ends with the tests; whoever it forked must not outlive it."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
