"""`relance up`, whole: the real command, the real servers, the real signals."""

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from relance.embedded.programs import free_ports, wait_for

UP_SECONDS = 60.0


def clean_environment() -> dict[str, str]:
    """This environment without any setting of the product."""
    dropped = ("RELANCE_", "DATABASE_URL", "REDIS_URL", "SMTP_URL")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)}


def command(data_dir: Path, port: int) -> list[str]:
    """The command line of one `relance up`."""
    return [sys.executable, "-m", "relance", "up", "--data-dir", str(data_dir), "--port", str(port)]


def refusal(data_dir: Path, port: int, **more: str) -> str:
    """The one line that a refused start says."""
    finished = subprocess.run(
        command(data_dir, port),
        capture_output=True,
        text=True,
        timeout=UP_SECONDS,
        env=clean_environment() | more,
        check=False,
    )
    assert finished.returncode != 0
    assert finished.stderr.count("\n") == 1, finished.stderr
    return finished.stderr


def status_of(port: int, path: str) -> int:
    """The HTTP status of a GET, 0 when nobody answers."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        link.request("GET", path)
        return link.getresponse().status
    except OSError:
        return 0
    finally:
        link.close()


def child_running(parent: psutil.Process, word: str) -> psutil.Process | None:
    """The child whose command line holds `word`."""
    for child in parent.children():
        try:
            if word in child.cmdline():
                return child
        except psutil.Error:
            continue
    return None


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", int, Path]]:
    """A `relance up` of its own, its port and its data directory."""
    data_dir, (port,) = tmp_path / "data", free_ports(1)
    with (tmp_path / "out").open("w") as out:
        process = subprocess.Popen(
            command(data_dir, port), stdout=out, stderr=subprocess.STDOUT, env=clean_environment(), text=True
        )
    credentials = data_dir / "credentials.json"
    try:
        assert wait_for(credentials.exists, UP_SECONDS, alive=lambda: process.poll() is None), (
            tmp_path / "out"
        ).read_text()
        yield process, port, data_dir
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def test_starts_heals_and_stops(running: tuple["subprocess.Popen[str]", int, Path]) -> None:
    process, port, data_dir = running
    facts = json.loads((data_dir / "credentials.json").read_text())
    assert list(facts) == ["base_url", "docs_url", "mailbox_url", "users", "api_key"]
    assert facts["base_url"] == f"http://127.0.0.1:{port}"
    assert set(facts["users"][0]) == {"email", "password", "role"}
    assert facts["api_key"]
    assert stat.S_IMODE((data_dir / "credentials.json").stat().st_mode) == 0o600
    assert status_of(port, "/readyz") == 200
    assert status_of(port, "/docs") == 200

    assert "another “relance up”" in refusal(data_dir, free_ports(1)[0])
    assert f"port {port} cannot be used" in refusal(data_dir.with_name("other"), port)

    supervisor = psutil.Process(process.pid)
    killed = child_running(supervisor, "worker")
    assert killed is not None
    killed.send_signal(signal.SIGKILL)
    assert wait_for(lambda: (child := child_running(supervisor, "worker")) is not None and child.pid != killed.pid, 10)

    children = supervisor.children(recursive=True)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    assert status_of(port, "/readyz") == 0
    said = (data_dir.parent / "out").read_text()
    assert "worker ended (killed by SIGKILL); starting it again" in said
    assert facts["users"][0]["password"] in said


def test_taken_port_is_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        assert refusal(tmp_path / "data", port).startswith(f"relance: port {port} cannot be used")


def test_unsafe_settings_are_one_line(tmp_path: Path) -> None:
    said = refusal(tmp_path / "data", 0, RELANCE_ENVIRONMENT="production")
    assert said.startswith("relance: settings: RELANCE_SANDBOX=1 is refused in production")


def test_data_of_another_version_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("13\n")
    assert "was written by PostgreSQL 13" in refusal(tmp_path, 0)


def test_unreachable_database_of_ones_own_is_one_line(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    said = refusal(tmp_path, 0, DATABASE_URL=f"postgresql://relance@127.0.0.1:{port}/relance")
    assert said.startswith("relance: the database cannot be used:")
    assert not (tmp_path / "postgres").exists()
