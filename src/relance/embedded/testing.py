"""Throw-away servers for tests and checks: fast instead of durable, in a folder that disappears with them."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from relance.embedded.errors import StartError
from relance.embedded.logs import last_lines
from relance.embedded.postgres import Cluster, new_password
from relance.embedded.programs import Program, StopSteps, free_ports, stop_process, wait_for
from relance.embedded.valkey import Valkey

_READY_SECONDS = 30.0
# Nothing outlives a test run, so nothing has to reach the disk. Room for every worker's pools.
_THROW_AWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "max_connections": "300",
    "jit": "off",
    "timezone": "UTC",
    "log_min_messages": "warning",
}


#: For what must survive the crash of the server, though not that of the machine.
CRASH_SAFE: Mapping[str, str] = {**_THROW_AWAY, "synchronous_commit": "on"}


class ThrowAwayServer:
    """A server that can be stopped, crashed and started again, on the same port and the same files."""

    def __init__(self, program: Program, ready: Callable[[], bool], url: str) -> None:
        """
        Args:
            program: the server.
            ready: whether it takes connections.
            url: its address.
        """
        self.url = url
        self._program = program
        self._ready = ready
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its process, while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start it, and wait until it takes connections.

        Raises:
            StartError: it does not start.
        """
        process = self._process = self._program.spawn()
        if not wait_for(self._ready, _READY_SECONDS, alive=lambda: process.poll() is None):
            raise StartError(f"{self._program.name} does not start: {' / '.join(last_lines(self._program.log, 3))}")

    def stop(self) -> None:
        """Stop it as an administrator does."""
        self._end(self._program.stop)

    def crash(self) -> None:
        """Stop it without a goodbye: PostgreSQL recovers from its log at the next start."""
        self._end([(signal.SIGQUIT, 10.0)])

    def _end(self, steps: StopSteps) -> None:
        if self._process is not None:
            stop_process(self._process, steps)
            self._process = None


def postgres_in(folder: Path, options: Mapping[str, str] = _THROW_AWAY) -> ThrowAwayServer:
    """A PostgreSQL server with its files in `folder`, prepared and not started; the address is of its `postgres`.

    Raises:
        StartError: its files cannot be made.
    """
    (port,) = free_ports(1)
    cluster = Cluster.at(folder / "postgres", port, new_password(), folder / "postgresql.log", options)
    cluster.prepare()
    return ThrowAwayServer(cluster.program(), cluster.ready, cluster.url("postgres"))


def valkey_in(folder: Path) -> ThrowAwayServer:
    """A Valkey server with its files in `folder`, not started."""
    (port,) = free_ports(1)
    valkey = Valkey(folder / "valkey", port, new_password(), folder / "valkey.log")
    return ThrowAwayServer(valkey.program(), valkey.ready, valkey.url)


@dataclass(frozen=True, slots=True)
class ServerAddresses:
    """Addresses of the servers of one test run."""

    postgres_admin_url: str
    redis_url: str


@contextmanager
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server; yields the address of its database `postgres`, as a superuser.

    Raises:
        StartError: it does not start.
    """
    with throw_away_folder() as folder, _running(postgres_in(folder)) as url:
        yield url


@contextmanager
def valkey_server() -> Iterator[str]:
    """A Valkey server; yields its address.

    Raises:
        StartError: it does not start.
    """
    with throw_away_folder() as folder, _running(valkey_in(folder)) as url:
        yield url


@contextmanager
def throw_away_servers() -> Iterator[ServerAddresses]:
    """Both servers, or those of TEST_DATABASE_URL (a role that may create databases) and TEST_REDIS_URL where given."""
    with ExitStack() as stack:
        postgres = os.environ.get("TEST_DATABASE_URL") or stack.enter_context(postgres_server())
        redis = os.environ.get("TEST_REDIS_URL") or stack.enter_context(valkey_server())
        yield ServerAddresses(postgres, redis)


@contextmanager
def _running(server: ThrowAwayServer) -> Iterator[str]:
    try:
        server.start()
        yield server.url
    finally:
        server.stop()


@contextmanager
def throw_away_folder() -> Iterator[Path]:
    """A folder that servers can work in, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="relance-test-"))
    try:
        folder.chmod(0o711)  # the account that runs PostgreSQL for root passes through
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
