"""The Maildir in which a mail system leaves delivery reports; the worker sweeps it.

A file is acted on first and moved afterwards, so that a process that dies loses nothing: a report taken twice changes
nothing more. One that cannot be taken stays in `new` for the next sweep; a fault of ours flags it, for a person.
"""

import asyncio
from pathlib import Path

import structlog

from relance.capabilities.messaging.delivery.ledger import database_away
from relance.capabilities.messaging.handlers import MailSubjects
from relance.capabilities.messaging.reports.parsing import READ_BYTES, Report, read_report
from relance.capabilities.messaging.reports.service import Reports
from relance.core.errors import Conflict
from relance.core.runtime import Runtime
from relance.core.single_flight import SingleFlight

_log = structlog.get_logger(__name__)

_AT_ONCE = 200
_SEEN, _FLAGGED = "S", "F"


class ReportMailbox:
    """Reads one Maildir; any number of processes may read the same."""

    def __init__(self, runtime: Runtime, subjects: MailSubjects, maildir: Path) -> None:
        self._runtime = runtime
        self._subjects = subjects
        self._new, self._cur = maildir / "new", maildir / "cur"
        self._flight = SingleFlight(self._sweep)

    async def sweep(self) -> int:
        """Take every report that has arrived.

        Returns:
            How many files were moved to `cur`.
        """
        return await self._flight.run()

    async def close(self) -> None:
        """Wait for the sweep under way."""
        await self._flight.finish()

    async def _sweep(self) -> int:
        await self._runtime.tick()
        moved = 0
        for path in await asyncio.to_thread(self._arrived):
            flag = await self._take(path)
            if flag is not None:
                moved += await asyncio.to_thread(self._move, path, flag)
        return moved

    async def _take(self, path: Path) -> str | None:
        """Act on one file; the flag it is moved with, None where it stays."""
        try:
            report = await asyncio.to_thread(_read, path)
            async with self._runtime.db.transaction(None) as session:
                await Reports(session, self._runtime, self._subjects).take(report)
        except (FileNotFoundError, Conflict):
            # Another process was faster, with the file or with the message.
            return None
        except Exception as error:
            if database_away(error):
                raise
            _log.exception("delivery_report_failed", file=path.name)
            return _FLAGGED
        return _SEEN

    def _arrived(self) -> list[Path]:
        if not self._new.is_dir():
            _log.warning("reports_maildir_missing", path=str(self._new))
            return []
        found = sorted(path for path in self._new.iterdir() if path.is_file() and not path.name.startswith("."))
        return found[:_AT_ONCE]

    def _move(self, path: Path, flag: str) -> int:
        self._cur.mkdir(exist_ok=True)
        try:
            path.rename(self._cur / f"{path.name.partition(':')[0]}:2,{flag}")
        except FileNotFoundError:
            return 0
        return 1


def _read(path: Path) -> Report | None:
    with path.open("rb") as file:
        return read_report(file.read(READ_BYTES))
