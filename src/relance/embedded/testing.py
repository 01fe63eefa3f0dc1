"""Throw-away servers for tests and checks: fast instead of durable, in a folder that disappears with them."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from relance.embedded.errors import StartError
from relance.embedded.logs import last_lines
from relance.embedded.postgres import Cluster, new_password
from relance.embedded.programs import Program, free_ports, stop_process, wait_for
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
    with _folder() as folder:
        (port,) = free_ports(1)
        log = folder / "postgresql.log"
        cluster = Cluster.at(folder / "postgres", port, new_password(), log, _THROW_AWAY)
        cluster.prepare()
        with _running(cluster.program(), cluster.ready):
            yield cluster.url("postgres")


@contextmanager
def valkey_server() -> Iterator[str]:
    """A Valkey server; yields its address.

    Raises:
        StartError: it does not start.
    """
    with _folder() as folder:
        (port,) = free_ports(1)
        valkey = Valkey(folder / "valkey", port, new_password(), folder / "valkey.log")
        with _running(valkey.program(), valkey.ready):
            yield valkey.url


@contextmanager
def throw_away_servers() -> Iterator[ServerAddresses]:
    """Both servers, or those of TEST_DATABASE_URL (a role that may create databases) and TEST_REDIS_URL where given."""
    with ExitStack() as stack:
        postgres = os.environ.get("TEST_DATABASE_URL") or stack.enter_context(postgres_server())
        redis = os.environ.get("TEST_REDIS_URL") or stack.enter_context(valkey_server())
        yield ServerAddresses(postgres, redis)


@contextmanager
def _running(program: Program, ready: Callable[[], bool]) -> Iterator[None]:
    process = program.spawn()
    try:
        if not wait_for(ready, _READY_SECONDS, alive=lambda: process.poll() is None):
            raise StartError(f"{program.name} does not start: {' / '.join(last_lines(program.log, 3))}")
        yield
    finally:
        stop_process(process, program.stop)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="relance-test-"))
    try:
        folder.chmod(0o711)  # the account that runs PostgreSQL for root passes through
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
