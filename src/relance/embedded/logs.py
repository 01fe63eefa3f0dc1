"""Follows the children's logs and repeats on the terminal what a person should see."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

# Servers say at once what is wrong; what a statement did wrong (ERROR) is told by the program that sent it.
_SERVER_TROUBLE = re.compile(r"\b(PANIC|FATAL|OOM)\b")
_SERVER_NOISE = re.compile(
    "the database system is (starting up|shutting down|not yet accepting)|terminating connection due to"
)
_CALM_LEVELS = frozenset({"debug", "info"})
_CALM_LINE = re.compile(r"^(INFO|DEBUG)\b")


@dataclass
class LogFollower:
    """Reads what a child appended to its log since the last call."""

    path: Path
    structured: bool
    everything: bool = False
    offset: int = field(default=0)
    _rest: bytes = b""

    def __post_init__(self) -> None:
        self.offset = self.path.stat().st_size if self.path.exists() else 0

    def new_lines(self) -> list[str]:
        """The complete new lines that are worth the terminal."""
        return [line for line in self._read() if self.everything or self._is_trouble(line)]

    def _read(self) -> list[str]:
        if not self.path.exists() or self.path.stat().st_size <= self.offset:
            return []
        with self.path.open("rb") as log:
            log.seek(self.offset)
            new = log.read(1 << 20)
        self.offset += len(new)
        *lines, self._rest = (self._rest + new).split(b"\n")
        return [line.decode(errors="replace") for line in lines if line.strip()]

    def _is_trouble(self, line: str) -> bool:
        if not self.structured:
            return bool(_SERVER_TROUBLE.search(line)) and not _SERVER_NOISE.search(line)
        try:
            event = json.loads(line)
        except ValueError:
            return not _CALM_LINE.match(line)  # a traceback, a warning of the interpreter
        return not isinstance(event, dict) or event.get("level") not in _CALM_LEVELS


def last_lines(path: Path, count: int = 15) -> list[str]:
    """The last lines of a log, oldest first; none when there is no log."""
    if not path.exists():
        return []
    with path.open("rb") as log:
        log.seek(max(0, path.stat().st_size - 64 * 1024))
        return log.read().decode(errors="replace").splitlines()[-count:]
