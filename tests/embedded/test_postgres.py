"""The embedded PostgreSQL: made once, kept across runs, stopped whoever left it running, reachable for root."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import pytest

from relance.embedded.errors import StartError
from relance.embedded.postgres import Cluster, new_password
from relance.embedded.programs import free_ports, stop_process, wait_for

Start = Callable[[Cluster], "subprocess.Popen[bytes]"]
FAST = {"fsync": "off", "shared_buffers": "16MB"}


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    """A cluster below a folder that only its owner may enter, as `mktemp -d` makes them."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    return Cluster.at(closed / "postgres", free_ports(1)[0], new_password(), tmp_path / "postgresql.log", FAST)


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a prepared cluster; stops at the end whatever still runs."""
    with ExitStack() as stack:

        def run(cluster: Cluster) -> "subprocess.Popen[bytes]":
            process = cluster.program().spawn()
            stack.callback(stop_process, process, cluster.program().stop)
            assert wait_for(cluster.ready, 20, alive=lambda: process.poll() is None), cluster.log.read_text()
            return process

        yield run


async def test_data_survive_a_clean_stop(cluster: Cluster, start: Start) -> None:
    cluster.prepare()
    process = start(cluster)
    connection = await asyncpg.connect(cluster.url())
    await connection.execute("CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent; CREATE TABLE kept (word text)")
    await connection.execute("INSERT INTO kept VALUES ('Été')")
    await connection.close()
    stop_process(process, cluster.program().stop)
    assert process.returncode == 0
    assert not (cluster.data / "postmaster.pid").exists()

    cluster.prepare()
    start(cluster)
    connection = await asyncpg.connect(cluster.url())
    assert await connection.fetchval("SELECT lower(unaccent(word)) FROM kept") == "ete"
    await connection.close()


async def test_other_users_of_the_machine_need_the_password(cluster: Cluster, start: Start) -> None:
    cluster.prepare()
    start(cluster)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(cluster.url().replace(cluster.password, "wrong"))


def test_server_left_by_a_killed_supervisor_is_stopped(cluster: Cluster, start: Start) -> None:
    cluster.prepare()
    leftover = start(cluster)
    again = Cluster.at(cluster.data, free_ports(1)[0], cluster.password, cluster.log, FAST)
    again.prepare()
    assert leftover.wait(5) == 0
    start(again)


def test_pid_file_that_names_another_process_is_forgotten(cluster: Cluster, start: Start) -> None:
    cluster.prepare()
    pid_file = cluster.data / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{cluster.data}\n1\n5432\n\n127.0.0.1\n\nready   \n")
    cluster.launcher.own(pid_file)
    cluster.prepare()
    assert not pid_file.exists()
    start(cluster)


def test_crash_is_recovered(cluster: Cluster, start: Start) -> None:
    cluster.prepare()
    crashed = start(cluster)
    crashed.send_signal(signal.SIGQUIT)
    crashed.wait(10)
    cluster.prepare()
    start(cluster)


def test_interrupted_creation_leaves_nothing_behind(cluster: Cluster, start: Start) -> None:
    half_made = cluster.data.with_name("postgres.new")
    half_made.mkdir()
    (half_made / "PG_VERSION").write_text("18\n")
    cluster.prepare()
    assert not half_made.exists()
    start(cluster)


def test_data_of_another_major_version_are_refused(cluster: Cluster) -> None:
    cluster.data.mkdir()
    (cluster.data / "PG_VERSION").write_text("13\n")
    with pytest.raises(StartError, match="written by PostgreSQL 13") as refused:
        cluster.prepare()
    assert "\n" not in str(refused.value)
    assert [entry.name for entry in cluster.data.iterdir()] == ["PG_VERSION"]
