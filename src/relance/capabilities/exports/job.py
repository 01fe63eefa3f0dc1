"""The job that writes a list to a file, whatever the list."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Generic, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from relance.capabilities.exports.declaration import FilterT, ListExport
from relance.capabilities.files.store import FileStore
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.jobs.handlers import JobFacts, Progress
from relance.capabilities.transfers import csv_files, xlsx_files
from relance.capabilities.transfers.cells import RowT, Sheet
from relance.capabilities.transfers.copying import copied_csv
from relance.capabilities.transfers.copying.repository import AnySelect
from relance.core.clock import system_now
from relance.core.db import DbSession
from relance.core.i18n import Text
from relance.core.runtime import Runtime

ExportFormat = Literal["csv", "xlsx"]
#: Seconds between two words of progress.
_PROGRESS_SECONDS = 1.0


class ExportJob(Generic[RowT, FilterT]):
    """A `FileJob` over one list. Parameters: what the `create` of the list holds."""

    outcomes: Mapping[str, Text] = {}

    def __init__(self, runtime: Runtime, store: FileStore, export: ListExport[RowT, FilterT]) -> None:
        self.kind = export.kind
        self.label = export.label
        self._runtime = runtime
        self._store = store
        self._export = export

    async def total(self, session: DbSession, job: JobFacts) -> int | None:
        """Unknown: a count would cost as much as the export."""
        return None

    async def produce(self, job: JobFacts, progress: Progress) -> UUID:
        """Write the file in one go, from one snapshot of the list."""
        extension: ExportFormat = "xlsx" if job.parameters["format"] == "xlsx" else "csv"
        with tempfile.TemporaryDirectory(prefix="relance-export-") as folder:
            path = Path(folder) / f"export.{extension}"
            await self._write(job, path, extension, progress)
            name = f"{self._export.sheet.name.in_locale(job.locale)} {system_now():%Y-%m-%d}.{extension}"
            media_type = xlsx_files.MEDIA_TYPE if extension == "xlsx" else csv_files.MEDIA_TYPE
            async with self._runtime.db.transaction(job.workspace_id) as session:
                file = await self._store.keep(session, job.caller.user_id, path, name, media_type)
            return file.id

    async def _write(self, job: JobFacts, path: Path, extension: ExportFormat, progress: Progress) -> None:
        async with self._runtime.db.transaction(job.workspace_id) as session:
            zone = await IdentityRepository(session).zone()
            wanted = self._export.filter.model_validate(job.parameters["filter"])
            if extension == "csv" and self._export.stored is not None:
                statement = self._export.stored(session, wanted, job.caller, job.parameters["sort"])
                await self._copy(session, job, path, zone, statement, progress)
                return
            now = self._runtime.clock.now()
            rows = self._export.read(session, wanted, job.caller, job.parameters["sort"], now)
            batches = _told(rows, progress)
            sheet = await self._export.sheet_in(session)
            write = self._xlsx if extension == "xlsx" else self._csv
            await write(job, path, zone, sheet, batches)

    async def _copy(
        self, session: DbSession, job: JobFacts, path: Path, zone: ZoneInfo, statement: AnySelect, progress: Progress
    ) -> None:
        told = _Told(progress)
        copy = copied_csv(session, statement, self._export.sheet, job.locale, zone)
        with path.open("wb") as file:
            async with aclosing(copy):
                async for piece, rows in copy:
                    file.write(piece)
                    await told.more(rows)
        await told.end()

    async def _csv(
        self, job: JobFacts, path: Path, zone: ZoneInfo, sheet: Sheet[RowT], batches: AsyncIterator[Sequence[RowT]]
    ) -> None:
        with path.open("wb") as file:
            async for piece in csv_files.csv_pieces(sheet, batches, job.locale, zone):
                file.write(piece)

    async def _xlsx(
        self, job: JobFacts, path: Path, zone: ZoneInfo, sheet: Sheet[RowT], batches: AsyncIterator[Sequence[RowT]]
    ) -> None:
        locale = job.locale
        writer = xlsx_files.XlsxWriter(path, sheet.name.in_locale(locale), zone)
        writer.heading(sheet.heading(locale), [column.width for column in sheet.columns])
        try:
            async for batch in batches:
                cells = [sheet.cells(row, locale) for row in batch]
                await asyncio.to_thread(writer.rows, cells)
        finally:
            await asyncio.to_thread(writer.close)


async def _told(batches: AsyncIterator[Sequence[RowT]], progress: Progress) -> AsyncIterator[Sequence[RowT]]:
    """The same batches; `progress` hears of them from time to time, and of the last one."""
    told = _Told(progress)
    async for batch in batches:
        yield batch
        await told.more(len(batch))
    await told.end()


class _Told:
    """Tells how far it is, from time to time."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._done = 0
        self._at = time.monotonic()

    async def more(self, rows: int) -> None:
        """So many more are written."""
        self._done += rows
        if time.monotonic() - self._at >= _PROGRESS_SECONDS:
            await self.end()

    async def end(self) -> None:
        """Tell it now."""
        await self._progress(self._done)
        self._at = time.monotonic()
