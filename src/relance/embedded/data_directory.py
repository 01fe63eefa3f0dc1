"""The folder that `relance up` owns: one supervisor at a time, secrets made once, files that only their owner reads."""

import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from relance.embedded.errors import StartError

_LOG_BYTES = 10 * 1024 * 1024


class DataDirectory:
    """The data directory, locked for as long as the context lasts."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: int | None = None

    def __enter__(self) -> Self:
        """Create and lock it.

        Raises:
            StartError: it cannot be written, or another `relance up` holds it.
        """
        try:
            # The account that runs PostgreSQL for root must pass through; what is secret inside is closed by itself.
            self.path.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
            self.logs.mkdir(mode=0o700, exist_ok=True)
            self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as fault:
            raise StartError(f"the data directory {self.path} is not writable: {fault.strerror}") from fault
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            os.close(self._lock)
            raise StartError(f"another “relance up” is running on {self.path}") from fault
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release the lock."""
        if self._lock is not None:
            os.close(self._lock)

    @property
    def logs(self) -> Path:
        """The folder of the children's logs."""
        return self.path / "logs"

    def log(self, name: str) -> Path:
        """The log of one child; past 10 MiB the former content is kept aside as `<name>.log.1`."""
        path = self.logs / f"{name}.log"
        if path.exists() and path.stat().st_size > _LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path

    def secret(self, name: str) -> str:
        """A random secret of 64 characters, made at the first call and kept in the file `name` (0600)."""
        path = self.path / name
        if path.exists() and (kept := path.read_text().strip()):
            return kept
        made = secrets.token_hex(32)
        self._write_private(path, made + "\n")
        return made

    def write_credentials(self, facts: Mapping[str, object]) -> Path:
        """Write `credentials.json` (0600) whole or not at all; return its path."""
        path = self.path / "credentials.json"
        self._write_private(path, json.dumps(facts, indent=2, ensure_ascii=False) + "\n")
        return path

    def _write_private(self, path: Path, text: str) -> None:
        beside = path.with_name(path.name + ".new")
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        beside.replace(path)
