"""The job that reads a file row by row, whatever the rows are: read ahead, settled in batches, reported each."""

import asyncio
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from relance.capabilities.files.store import FileStore
from relance.capabilities.jobs.handlers import Batch, ItemResult, JobFacts, Position, Work
from relance.capabilities.transfers.reading import Cells, ImportColumn, match_header, read_table
from relance.core.db import DbSession
from relance.core.i18n import Locale, Text, use_locale
from relance.core.runtime import Runtime

WantedT = TypeVar("WantedT")
Given = Mapping[str, str]

BLANK = "blank"
BLANK_LABEL = Text("Ligne vide", "Empty row")
#: What the file of refused rows has besides the template's columns: passed over when it comes back.
REPORTED = (ImportColumn("row", Text("Ligne", "Row")), ImportColumn("errors", Text("Erreurs", "Errors")))
#: Rows passed over at once on the way to where an import goes on.
_SKIPPED = 5000


class Importer(Protocol[WantedT]):
    """One import under way: from the cells of a row to what became of it."""

    #: Whether rows that are settled are looked at again when the import goes on, for `again`.
    remembers: bool

    def parse(self, given: Given) -> WantedT | ItemResult:
        """What a row asks for, or its faults by column. Pure; called in a thread."""
        ...

    def again(self, wanted: WantedT) -> ItemResult | None:
        """The refusal of a row that repeats one further up; called for each row in the order of the file."""
        ...

    async def settle(self, session: DbSession, wanted: Sequence[WantedT]) -> list[ItemResult]:
        """Do what some rows ask for, and tell what became of each, in their order."""
        ...

    def reference(self, given: Given) -> str | None:
        """What a person recognises a row by."""
        ...


class ImportSource(Protocol[WantedT]):
    """A kind of rows that can come as a file."""

    kind: str
    label: Text
    outcomes: Mapping[str, Text]
    #: Rows of one transaction.
    batch: int

    async def columns(self, session: DbSession, parameters: Mapping[str, Any]) -> Sequence[ImportColumn]:
        """The columns of the template, in its order."""
        ...

    async def importer(self, session: DbSession, job: JobFacts) -> Importer[WantedT]:
        """Begin an import."""
        ...


def check_header(path: Path, columns: Sequence[ImportColumn], max_rows: int) -> None:
    """Refuse a file whose header does not fit, before a job is made of it.

    Raises:
        TableUnreadable: neither CSV nor XLSX.
        FormulaCells: a workbook that computes what it says.
        HeaderMismatch: naming the differences.
    """
    match_header(next(read_table(path, max_rows), []), (*columns, *REPORTED))


def _close(rows: Iterator[Cells]) -> None:
    close = getattr(rows, "close", None)
    if close is not None:
        close()


class ImportJob(Generic[WantedT]):
    """A `RowJob` over one source. Parameters: `file_id`, and the source's own."""

    def __init__(self, runtime: Runtime, store: FileStore, source: ImportSource[WantedT]) -> None:
        self.kind = source.kind
        self.label = source.label
        self.outcomes: Mapping[str, Text] = {BLANK: BLANK_LABEL, **source.outcomes}
        self._runtime = runtime
        self._store = store
        self._source = source

    async def total(self, session: DbSession, job: JobFacts) -> int | None:
        """Unknown until the end: counting the rows means reading the file."""
        return None

    async def begin(self, job: JobFacts, position: Position | None) -> Work:
        """Open the file, and go to the first row that is not settled."""
        folder = tempfile.TemporaryDirectory(prefix="relance-import-")
        path = Path(folder.name) / "table"
        rows: Iterator[Cells] = iter(())
        try:
            await self._store.fetch(job.workspace_id, UUID(job.parameters["file_id"]), path)
            async with self._runtime.db.reading(job.workspace_id) as session:
                columns = await self._source.columns(session, job.parameters)
                importer = await self._source.importer(session, job)
            rows = read_table(path, self._runtime.settings.import_max_rows)
            header: Cells = await asyncio.to_thread(next, rows, [])
            matched = match_header(header, (*columns, *REPORTED))
            table = _Table(rows, matched, [column.key for column in columns], importer, job.locale)
            work = _Reading(folder, table, importer, self._source.batch)
            await work.skip(int(position["row"]) if position else 0)
        except BaseException:
            _close(rows)
            folder.cleanup()
            raise
        return work


@dataclass(frozen=True, slots=True)
class _Read(Generic[WantedT]):
    """A row as it stands in the file, and what it asks for."""

    given: Given
    wanted: WantedT | ItemResult


class _Table(Generic[WantedT]):
    """A file being read, in a thread."""

    def __init__(
        self,
        rows: Iterator[Cells],
        header: Sequence[str | None],
        keys: Sequence[str],
        importer: Importer[WantedT],
        locale: Locale,
    ) -> None:
        self._rows = rows
        self._header = header
        self._keys = keys
        self._importer = importer
        self._locale = locale

    def read(self, count: int) -> list[_Read[WantedT]]:
        """The next rows, parsed."""
        use_locale(self._locale)
        return [self._parsed(cells) for cells in islice(self._rows, count)]

    def skip(self, count: int) -> int:
        """Pass over rows; how many there were."""
        if self._importer.remembers:
            return len(self.read(count))
        return sum(1 for _ in islice(self._rows, count))

    def ordered(self, given: Given) -> list[str]:
        """The cells in the order of the template."""
        return [given.get(key, "") for key in self._keys]

    def close(self) -> None:
        """Let go of the file."""
        _close(self._rows)

    def _parsed(self, cells: Cells) -> _Read[WantedT]:
        if not cells:
            return _Read({}, ItemResult(BLANK))
        given = {key: cell.strip() for key, cell in zip(self._header, cells, strict=False) if key is not None}
        wanted = self._importer.parse(given)
        if not isinstance(wanted, ItemResult):
            wanted = self._importer.again(wanted) or wanted
        return _Read(given, wanted)


class _Reading(Generic[WantedT]):
    """An import under way. Rows that were read and not settled are lost with it; it is then opened again."""

    def __init__(
        self,
        folder: "tempfile.TemporaryDirectory[str]",
        table: _Table[WantedT],
        importer: Importer[WantedT],
        size: int,
    ) -> None:
        self._folder = folder
        self._table = table
        self._importer = importer
        self._size = size
        self._row = 0
        #: The next batch: read while the database is busy with the one before.
        self._ahead: asyncio.Task[list[_Read[WantedT]]] | None = None

    async def skip(self, count: int) -> None:
        """Pass over rows that are settled."""
        while self._row < count:
            passed = await asyncio.to_thread(self._table.skip, min(count - self._row, _SKIPPED))
            if not passed:
                return
            self._row += passed

    async def batch(self, session: DbSession) -> Batch:
        """Settle the next rows."""
        read = await (self._ahead or self._next())
        last = len(read) < self._size
        self._ahead = None if last else self._next()
        wanted = [one.wanted for one in read if not isinstance(one.wanted, ItemResult)]
        settled = iter(await self._importer.settle(session, wanted) if wanted else [])
        items = [self._told(one, one.wanted if isinstance(one.wanted, ItemResult) else next(settled)) for one in read]
        self._row += len(read)
        return Batch(items, None if last else {"row": self._row})

    async def close(self) -> None:
        """Let go of the file."""
        if self._ahead is not None:
            await asyncio.wait({self._ahead})
        await asyncio.to_thread(self._table.close)
        self._folder.cleanup()

    def _next(self) -> "asyncio.Task[list[_Read[WantedT]]]":
        return asyncio.create_task(asyncio.to_thread(self._table.read, self._size))

    def _told(self, read: _Read[WantedT], result: ItemResult) -> ItemResult:
        """`result` with what the person needs to correct the row."""
        if result.outcome == BLANK:
            return result
        reference = result.reference or self._importer.reference(read.given)
        if not result.failed:
            return replace(result, reference=reference)
        return replace(result, reference=reference, cells=self._table.ordered(read.given))
