"""A running service for checks that need one from outside: `relance up` on a free port, in a folder of its own."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

_READY_SECONDS = 90.0
_STOP_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Service:
    """Where it answers, and how to sign in to its demo workspace."""

    base_url: str
    api_key: str
    email: str
    password: str

    def access_token(self) -> str:
        """A fresh access token of the demo's administrator."""
        form = {"username": self.email, "password": self.password}
        answer = httpx.post(f"{self.base_url}/v1/auth/token", data=form, timeout=30)
        answer.raise_for_status()
        return str(answer.json()["access_token"])


@contextmanager
def running_service() -> Iterator[Service]:
    """Start everything, yield once it answers, stop everything.

    Raises:
        RuntimeError: it does not come up; the message holds its last lines.
    """
    with tempfile.TemporaryDirectory(prefix="relance-check-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)  # the account that runs PostgreSQL for root passes through
        data = Path(folder) / "data"
        env = {name: value for name, value in os.environ.items() if not name.upper().startswith("RELANCE_")}
        # A fuzzer signs in and fails to sign in more often in a minute than people do in a year.
        env |= {"RELANCE_SIGN_IN_ATTEMPTS_PER_ADDRESS": "1000000", "RELANCE_LOG_LEVEL": "warning"}
        # Without it a development service shows its metrics to anybody, which the contract does not promise.
        env |= {"RELANCE_METRICS_TOKEN": "a-token-of-the-check"}
        log = Path(folder) / "up.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "relance", "up", "--port", "0", "--data-dir", str(data)],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=env,
            )
        try:
            yield _wait(process, data / "credentials.json", log)
        finally:
            process.terminate()
            process.wait(_STOP_SECONDS)


def _wait(process: "subprocess.Popen[bytes]", credentials: Path, log: Path) -> Service:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if credentials.is_file():
            facts = json.loads(credentials.read_text(encoding="utf-8"))
            admin = facts["users"][0]
            return Service(facts["base_url"], facts["api_key"], admin["email"], admin["password"])
        time.sleep(0.1)
    raise RuntimeError(f"the service does not come up: {log.read_text(errors='replace')[-2000:]}")
