"""What the HTTP of every import shares: its template, taking the file, the rows that were refused."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Response, UploadFile
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from relance.capabilities.files.models import StoredFile
from relance.capabilities.files.store import FileStore
from relance.capabilities.files.uploads import save_upload
from relance.capabilities.jobs.imports import REPORTED, check_header
from relance.capabilities.jobs.models import Job, JobItem
from relance.capabilities.jobs.repository import JobRepository
from relance.capabilities.jobs.sheets import fault_words
from relance.capabilities.transfers import csv_files, xlsx_files
from relance.capabilities.transfers.cells import Cell, Column, Sheet
from relance.capabilities.transfers.reading import ImportColumn
from relance.core.db import DbSession
from relance.core.downloads import attachment
from relance.core.i18n import Locale, Text, current_locale
from relance.core.runtime import Runtime

#: The `content` of a template.
XLSX_OR_CSV = {
    csv_files.MEDIA_TYPE.partition(";")[0]: {"schema": {"type": "string"}},
    xlsx_files.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}},
}
#: The `responses` of the file of refused rows.
FAILED_ROWS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The template's columns.", "content": {"text/csv": {"schema": {"type": "string"}}}}
}


async def template_file(columns: Sequence[ImportColumn], name: Text, extension: str) -> Response:
    """The columns in the caller's language, and one row as an example."""
    locale = current_locale()
    heading, example = [column.label.in_locale(locale) for column in columns], [column.example for column in columns]
    shown = name.in_locale(locale)
    file_name = f"{shown.lower()}.{extension}"
    if extension == "csv":
        writer = csv_files.CsvWriter(locale, ZoneInfo("UTC"))
        content = writer.heading(heading) + writer.rows([example])
        return Response(content, media_type=csv_files.MEDIA_TYPE, headers=attachment(file_name))
    content = await run_in_threadpool(_workbook, shown, heading, example)
    return Response(content, media_type=xlsx_files.MEDIA_TYPE, headers=attachment(file_name))


def _workbook(name: str, heading: Sequence[str], example: Sequence[str]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="relance-template-") as folder:
        path = Path(folder) / "template.xlsx"
        writer = xlsx_files.XlsxWriter(path, name, ZoneInfo("UTC"))
        writer.heading(heading, [28] * len(heading))
        writer.rows([example])
        writer.close()
        return path.read_bytes()


async def take_file(
    session: DbSession,
    runtime: Runtime,
    store: FileStore,
    created_by: UUID,
    file: UploadFile,
    columns: Sequence[ImportColumn],
) -> StoredFile:
    """Keep the file of an import whose header fits.

    Raises:
        TableUnreadable: neither CSV nor XLSX.
        FormulaCells: a workbook that computes what it says.
        HeaderMismatch: naming the differences.
    """
    with tempfile.TemporaryDirectory(prefix="relance-upload-") as folder:
        path = Path(folder) / "table"
        await save_upload(file, path)
        await run_in_threadpool(check_header, path, columns, runtime.settings.import_max_rows)
        name = (file.filename or "import")[:200]
        return await store.keep(session, created_by, path, name, "application/octet-stream")


def refused_rows(runtime: Runtime, job: Job, columns: Sequence[ImportColumn]) -> StreamingResponse:
    """The rows that an import refused, as they were in the file, with what is wrong beside them."""

    async def batches() -> AsyncIterator[Sequence[JobItem]]:
        async with runtime.db.transaction(job.workspace_id) as session:
            async for item in JobRepository(session).stream(job.id, (), failed=True):
                yield [item]

    pieces = csv_files.csv_pieces(refused_sheet(columns), batches(), current_locale(), ZoneInfo("UTC"))
    return StreamingResponse(pieces, media_type=csv_files.MEDIA_TYPE, headers=attachment("failed-rows.csv"))


def refused_sheet(columns: Sequence[ImportColumn]) -> Sheet[JobItem]:
    """The template's columns, the number of the row, its faults."""
    row, errors = REPORTED
    return Sheet(
        Text("Lignes refusées", "Refused rows"),
        (
            *(_cell(at, column) for at, column in enumerate(columns)),
            Column(row.key, row.label, lambda item, _locale: item.number),
            Column(errors.key, errors.label, lambda item, _locale: fault_words(item)),
        ),
    )


def _cell(at: int, column: ImportColumn) -> Column[JobItem]:
    """The column of the file, as it was."""

    def shown(item: JobItem, _locale: Locale) -> Cell:
        cell: str = item.cells[at] if item.cells and at < len(item.cells) else ""
        return cell

    return Column(column.key, column.label, shown)
