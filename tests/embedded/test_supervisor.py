"""The supervisor, on small real processes: it restarts what dies, stops in order, and takes its children along."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from relance.embedded.errors import StartError
from relance.embedded.programs import Program, stop_process, wait_for
from relance.embedded.supervisor import StopRequestedError, Supervisor

# Writes its own number to a file at each start; says when it was asked to stop.
LIVES = 'trap "echo stopped $0 >> stops; exit 0" TERM; echo $$ >> "starts-$0"; while :; do sleep 0.05; done'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of the test's children."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def said() -> list[str]:
    """What the supervisor says."""
    return []


@pytest.fixture
def supervisor(said: list[str]) -> Iterator[Supervisor]:
    """A supervisor whose children end with the test."""
    supervisor = Supervisor(said.append)
    yield supervisor
    supervisor.stop_all(())


def program(here: Path, name: str, script: str = LIVES) -> Program:
    """A shell script as a child."""
    return Program(name, ("/bin/sh", "-c", script, name), here / f"{name}.log", stop=((signal.SIGTERM, 5.0),))


def starts(here: Path, name: str) -> list[int]:
    """The process number of each start of `name`."""
    path = here / f"starts-{name}"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def test_killed_child_is_started_again(here: Path, supervisor: Supervisor, said: list[str]) -> None:
    supervisor.start(program(here, "worker"))
    supervisor.wait_until(lambda: len(starts(here, "worker")) == 1, 5, "worker")

    def kill_then_interrupt() -> None:
        os.kill(starts(here, "worker")[0], signal.SIGKILL)
        wait_for(lambda: len(starts(here, "worker")) == 2, 10)
        os.kill(os.getpid(), signal.SIGINT)

    with supervisor.signals_handled():
        actor = threading.Thread(target=kill_then_interrupt)
        actor.start()
        supervisor.supervise()
        actor.join()
    assert len(starts(here, "worker")) == 2
    assert said == ["worker ended (killed by SIGKILL); starting it again in 0.5 s"]


def test_children_stop_in_the_given_order(here: Path, supervisor: Supervisor) -> None:
    for name in ("database", "worker", "api"):
        supervisor.start(program(here, name))
        supervisor.wait_until(lambda name=name: bool(starts(here, name)), 5, name)  # type: ignore[misc] # bound now
    supervisor.stop_all(("api", "worker", "database"))
    assert (here / "stops").read_text().split("\n")[:-1] == ["stopped api", "stopped worker", "stopped database"]
    assert not any(psutil.pid_exists(starts(here, name)[0]) for name in ("database", "worker", "api"))


def test_death_while_starting_shows_the_log(here: Path, supervisor: Supervisor, said: list[str]) -> None:
    supervisor.start(program(here, "api", "echo 'no such table' >&2; exit 3"))
    with pytest.raises(StartError, match=r"api ended while starting \(exit code 3\)"):
        supervisor.wait_until(lambda: False, 10, "the API")
    assert said == ["api: no such table"]


def test_what_is_never_ready_is_given_up(here: Path, supervisor: Supervisor) -> None:
    supervisor.start(program(here, "api"))
    with pytest.raises(StartError, match="the API is not ready after 0 s"):
        supervisor.wait_until(lambda: False, 0.2, "the API")


def test_signal_while_starting_ends_the_start(here: Path, supervisor: Supervisor) -> None:
    with supervisor.signals_handled():
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(StopRequestedError):
            supervisor.wait_until(lambda: False, 10, "the API")


def test_child_that_ignores_the_request_is_killed(here: Path) -> None:
    stubborn = Program(
        "stubborn",
        ("/bin/sh", "-c", "trap '' TERM; echo $$ > starts-stubborn; while :; do sleep 0.05; done"),
        here / "stubborn.log",
        stop=((signal.SIGTERM, 0.3),),
    )
    process = stubborn.spawn()
    assert wait_for(lambda: bool(starts(here, "stubborn")), 5)
    stop_process(process, stubborn.stop)
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("account", ["same", "other"])
def test_children_do_not_outlive_a_killed_supervisor(here: Path, account: str) -> None:
    # Taking another account clears the death signal in the kernel: both ways have to be tried.
    script = f"""
import os, pathlib, time
from relance.embedded.accounts import Account, Launcher
from relance.embedded.programs import Program
other = {account == "other" and os.geteuid() == 0}
launcher = Launcher(Account("nobody", 65534, 65534), "dac_override") if other else Launcher()
process = Program("child", ("/bin/sleep", "60"), pathlib.Path("child.log"), launcher=launcher).spawn()
pathlib.Path("starts-child").write_text(str(process.pid))
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=here)
    assert wait_for(lambda: bool(starts(here, "child")), 10)
    child = psutil.Process(starts(here, "child")[0])
    time.sleep(0.3)  # the child may still be between fork and exec
    assert child.name() == "sleep"
    parent.kill()
    parent.wait()
    assert wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 5)
