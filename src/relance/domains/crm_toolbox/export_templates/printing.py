"""HTML to PDF, in a process of its own: it can be given bounds of time and memory, and be ended.

The child has no credentials, fetches nothing but what it is given, and is the only place that loads WeasyPrint: the
rest of the product starts and runs on a machine without its native libraries.
"""

import asyncio
import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import structlog

from relance.domains.crm_toolbox.export_templates import pdf_child
from relance.domains.crm_toolbox.export_templates.errors import DocumentTooComplex, PdfUnavailable

#: Seconds, on the clock and of the processor, for all documents of one request.
LONGEST = 30
#: Seconds that a request waits for its turn.
_PATIENCE = 20
#: Documents are laid out by so many processes at a time; each may take a processor for itself.
_AT_ONCE = 2
#: What a child is told of its surroundings: where programs, libraries and fonts are; no secrets.
_KEPT = (
    "PATH", "PYTHONPATH", "HOME", "LANG", "TMPDIR", "XDG_CACHE_HOME", "FONTCONFIG_FILE", "FONTCONFIG_PATH",
    "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "SYSTEMROOT",
)  # fmt: skip
_log = structlog.get_logger(__name__)


class Printer:
    """One a process."""

    def __init__(self, seconds: float = LONGEST) -> None:
        self._seconds = seconds
        self._turns = asyncio.Semaphore(_AT_ONCE)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Where one printing has its files; pictures go there before, named by their ids."""
        with tempfile.TemporaryDirectory(prefix="relance-pdf-") as name:
            yield Path(name)

    async def print(self, folder: Path, pages: Sequence[str], css: str) -> list[Path]:
        """Each of `pages`, a whole HTML page, as a PDF in `folder`.

        Raises:
            PdfUnavailable: this machine has not what it takes, or too many print at once.
            DocumentTooComplex: one is too long or takes too long.
        """
        limits = {"seconds": int(self._seconds) or 1, "pages": pdf_child.MOST_PAGES}
        job = {"pages": list(pages), "css": css, **{"seconds": limits["seconds"]}}
        await asyncio.to_thread((folder / pdf_child.JOB).write_text, json.dumps(job), "utf-8")
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._turns.acquire()
        except TimeoutError:
            raise PdfUnavailable() from None
        try:
            code = await self._run(folder)
        finally:
            self._turns.release()
        if code == pdf_child.UNAVAILABLE:
            _log.error("pdf_unavailable", hint="the native libraries of WeasyPrint are missing; see docs/operations.md")
            raise PdfUnavailable()
        if code != 0:
            raise DocumentTooComplex(**limits)
        return [folder / f"{number}.pdf" for number in range(len(pages))]

    async def _run(self, folder: Path) -> int:
        """The exit code of a child."""
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            pdf_child.__name__,
            str(folder),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=folder,
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
        )
        try:
            async with asyncio.timeout(self._seconds):
                return await child.wait()
        except TimeoutError:
            return pdf_child.TOO_COMPLEX
        finally:
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
