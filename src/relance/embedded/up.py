"""`relance up`: the whole product on one machine, in one command."""

import http.client
import json
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from relance.core.settings import Settings
from relance.core.settings_docs import explain
from relance.embedded.data_directory import DataDirectory
from relance.embedded.errors import StartError
from relance.embedded.postgres import Cluster
from relance.embedded.programs import Program, free_ports
from relance.embedded.supervisor import Say, StopRequestedError, Supervisor
from relance.embedded.valkey import Valkey

_SERVER_SECONDS = 60.0
_PREPARE_SECONDS = 300.0
_API_SECONDS = 60.0
# Nobody may come in any more, then nothing may leave any more, then what they needed.
_STOP_ORDER = ("api", "worker", "mail-catcher", "valkey", "postgresql")


@dataclass(frozen=True, slots=True)
class UpOptions:
    """What the person asked on the command line."""

    port: int
    data_dir: Path
    demo: bool = True
    verbose: bool = False


def run_up(options: UpOptions, say: Say) -> None:
    """Start everything, look after it, and return once it was asked to stop and has stopped.

    Raises:
        StartError: it cannot start; nothing is left running.
    """
    supervisor = Supervisor(say, options.verbose)
    with supervisor.signals_handled(), DataDirectory(options.data_dir) as directory:
        port = _free_port(options.port)
        try:
            with suppress(StopRequestedError):
                _Deployment(supervisor, directory, port, options.demo).start(say)
                supervisor.supervise()
            say("stopping")
        finally:
            supervisor.stop_all(_STOP_ORDER)


class _Deployment:
    """The children of one `relance up`, and the environment they share."""

    def __init__(self, supervisor: Supervisor, directory: DataDirectory, port: int, demo: bool) -> None:
        self._supervisor = supervisor
        self._directory = directory
        self._port = port
        self._demo = demo
        self._base_url = f"http://127.0.0.1:{port}"
        self._env = dict(os.environ)

    def start(self, say: Say) -> None:
        """Bring everything up, in the order that what comes later needs."""
        postgres_port, valkey_port, smtp_port = free_ports(3)
        catches_mail = not _given(self._env, "SMTP_URL")
        self._default("ENVIRONMENT", "development")
        self._default("SANDBOX", "1")
        # The receiver of whoever tries webhooks is a program on this machine.
        self._default("WEBHOOK_ALLOW_PRIVATE", "1")
        self._default("PUBLIC_URL", self._base_url)
        self._default("FILES_URL", (self._directory.path / "files").resolve().as_uri())
        self._default("SECRET_KEYS", self._directory.secret("secret"))
        cluster = self._add_postgres(postgres_port)
        valkey = self._add_valkey(valkey_port)
        if catches_mail:
            self._env["RELANCE_SMTP_URL"] = f"smtp://127.0.0.1:{smtp_port}"
            # A relay on this machine answers at once: what a killed worker had claimed is taken up again in seconds.
            self._default("SMTP_TIMEOUT_SECONDS", "5")
            self._default("LEASE_SECONDS", "15")
            self._default("SMTP_IS_CATCHER", "1")
        _check_settings(self._env)

        if valkey is not None:
            self._supervisor.start(valkey.program(), structured=False)
        if cluster is not None:
            cluster.prepare()
            self._supervisor.start(cluster.program(), structured=False)
            self._supervisor.wait_until(cluster.ready, _SERVER_SECONDS, "PostgreSQL")
        if valkey is not None:
            self._supervisor.wait_until(valkey.ready, _SERVER_SECONDS, "Valkey")
        # The API opens its connections at the first request and is not ready before the migrations are done, so that
        # the seconds it needs to load and those of the migrations are the same ones.
        self._start("api", "api", "--port", str(self._port))
        credentials = self._prepare()
        if catches_mail:
            self._start("mail-catcher", "mail-catcher", "--port", str(smtp_port))
        self._start("worker", "worker")
        self._supervisor.wait_until(self._answers, _API_SECONDS, "the API")
        self._announce(credentials, say)

    def _add_postgres(self, port: int) -> Cluster | None:
        if _given(self._env, "DATABASE_URL"):
            return None
        data, log = self._directory.path / "postgres", self._directory.log("postgresql")
        cluster = Cluster.at(data, port, self._directory.secret("postgres-password"), log)
        self._env["RELANCE_DATABASE_URL"] = cluster.url()
        return cluster

    def _add_valkey(self, port: int) -> Valkey | None:
        if _given(self._env, "REDIS_URL"):
            return None
        folder, log = self._directory.path / "valkey", self._directory.log("valkey")
        valkey = Valkey(folder, port, self._directory.secret("valkey-password"), log)
        self._env["RELANCE_REDIS_URL"] = valkey.url
        return valkey

    def _default(self, name: str, value: str) -> None:
        """What the person set in the environment wins, whatever its case: the settings read it without case."""
        if not _given(self._env, name, also_bare=False):
            self._env[f"RELANCE_{name}"] = value

    def _start(self, name: str, *words: str) -> None:
        argv = (sys.executable, "-m", "relance", *words)
        self._supervisor.start(Program(name, argv, self._directory.log(name), self._env))

    def _prepare(self) -> Mapping[str, object]:
        """Migrate and seed in a child, whose result comes back by a file: its output belongs to its log."""
        result = self._directory.path / "prepared.json"
        result.unlink(missing_ok=True)
        words = ["-m", "relance.embedded.prepare", str(result), *(["--demo"] if self._demo else [])]
        log = self._directory.log("prepare")
        self._supervisor.start(Program("prepare", (sys.executable, *words), log, self._env))
        codes: list[int | None] = []

        def ended() -> bool:
            codes.append(self._supervisor.forget("prepare"))
            return codes[-1] is not None

        self._supervisor.wait_until(ended, _PREPARE_SECONDS, "the database")
        try:
            said: dict[str, object] = json.loads(result.read_text())
        except (OSError, ValueError):
            raise StartError(f"the database could not be prepared; see {log}") from None
        finally:
            result.unlink(missing_ok=True)
        if "error" in said:
            raise StartError(str(said["error"]))
        return said

    def _answers(self) -> bool:
        link = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            link.request("GET", "/readyz")
            return link.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            link.close()

    def _announce(self, credentials: Mapping[str, object], say: Say) -> None:
        users = credentials.get("users")
        facts: dict[str, object] = {
            "base_url": self._base_url,
            "docs_url": f"{self._base_url}/docs",
            "mailbox_url": f"{self._base_url}/test-mailbox",
            "users": users if isinstance(users, list) else [],
            "api_key": credentials.get("api_key"),
        }
        path = self._directory.write_credentials(facts)
        say(f"Relance is ready at {self._base_url}")
        say(f"  documentation  {facts['docs_url']}")
        say(f"  mailbox        {facts['mailbox_url']}")
        for user in facts["users"] if isinstance(facts["users"], list) else []:
            say(f"  sign in        {user['email']}  {user['password']}  ({user['role']})")
        if facts["api_key"]:
            say(f"  API key        {facts['api_key']}")
        say(f"  the same in    {path}")
        say("Ctrl-C stops everything.")


def _given(env: Mapping[str, str], name: str, also_bare: bool = True) -> bool:
    names = {f"RELANCE_{name}", name} if also_bare else {f"RELANCE_{name}"}
    return any(value.strip() for key, value in env.items() if key.upper() in names)


def _check_settings(env: Mapping[str, str]) -> None:
    """Refuse what every child would refuse, in the words of the settings."""
    os.environ.update(env)
    try:
        Settings()
    except ValidationError as fault:
        raise StartError(explain(fault)) from None


def _free_port(port: int) -> int:
    """`port` if nobody listens on it; 0 asks for any free one.

    Raises:
        StartError: it is taken, or this user may not listen on it.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            probe.listen()
        except OSError as fault:
            raise StartError(f"port {port} cannot be used ({fault.strerror}): choose another with --port") from None
        return int(probe.getsockname()[1])
