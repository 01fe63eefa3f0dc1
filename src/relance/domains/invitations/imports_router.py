"""HTTP of imports: template, upload, the rows that failed."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, File, Form, Query, Response, UploadFile, status
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from relance.capabilities.files.router import FileStoreDep
from relance.capabilities.files.uploads import save_upload
from relance.capabilities.jobs.models import Job, JobItem
from relance.capabilities.jobs.repository import JobRepository
from relance.capabilities.jobs.router import JobKindsDep, accepted
from relance.capabilities.jobs.router import readable as readable_job
from relance.capabilities.jobs.schemas import JobRead
from relance.capabilities.jobs.service import Jobs
from relance.capabilities.jobs.sheets import fault_words
from relance.capabilities.transfers import csv_files, xlsx_files
from relance.capabilities.transfers.cells import Cell, Column, Sheet
from relance.capabilities.transfers.errors import HeaderMismatch, TableUnreadable, TooManyRows
from relance.capabilities.transfers.reading import ImportColumn
from relance.capabilities.transfers.uploads import UploadRoute
from relance.core.downloads import attachment
from relance.core.errors import BodyTooLarge, NotFound, PermissionDenied, Unauthenticated, ValidationFailed
from relance.core.http import DryRun, RuntimeDep, WriteDep
from relance.core.i18n import Locale, Text, current_locale
from relance.core.problems import problem_responses
from relance.core.security import Caller, requires
from relance.domains.invitations.creation import UNKNOWN_ORGANISATION
from relance.domains.invitations.imports import COLUMNS, IMPORT, check_header
from relance.domains.invitations.permissions import CREATE, READ

router = APIRouter(prefix="/v1/invitations/imports", tags=["invitations"], route_class=UploadRoute)

_ERRORS = (Unauthenticated, PermissionDenied, ValidationFailed)
_XLSX_OR_CSV = {
    csv_files.MEDIA_TYPE.partition(";")[0]: {"schema": {"type": "string"}},
    xlsx_files.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}},
}

Reader = Annotated[Caller, Depends(requires(READ))]
Creator = Annotated[Caller, Depends(requires(CREATE))]


@router.get(
    "/template",
    operation_id="invitations_import_template",
    summary="The file to fill for an import",
    response_class=Response,
    responses=problem_responses(*_ERRORS) | {200: {"description": "With an example.", "content": _XLSX_OR_CSV}},
)
async def template(
    _caller: Creator,
    format: Annotated[Literal["csv", "xlsx"], Query(description="Of the file.")] = "xlsx",
) -> Response:
    """The columns in the caller's language, and one row as an example."""
    locale = current_locale()
    heading, example = [column.label.in_locale(locale) for column in COLUMNS], [column.example for column in COLUMNS]
    if format == "csv":
        writer = csv_files.CsvWriter(locale, ZoneInfo("UTC"))
        content = writer.heading(heading) + writer.rows([example])
        return Response(content, media_type=csv_files.MEDIA_TYPE, headers=attachment("invitations.csv"))
    content = await run_in_threadpool(_workbook, heading, example)
    return Response(content, media_type=xlsx_files.MEDIA_TYPE, headers=attachment("invitations.xlsx"))


def _workbook(heading: Sequence[str], example: Sequence[str]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="relance-template-") as folder:
        path = Path(folder) / "template.xlsx"
        writer = xlsx_files.XlsxWriter(path, "Invitations", ZoneInfo("UTC"))
        writer.heading(heading, [28] * len(heading))
        writer.rows([example])
        writer.close()
        return path.read_bytes()


@router.post(
    "",
    operation_id="invitations_import",
    summary="Import invitations from a file",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(*_ERRORS, BodyTooLarge, TableUnreadable, HeaderMismatch, TooManyRows),
)
async def import_file(
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Creator,
    _reader: Reader,
    store: FileStoreDep,
    kinds: JobKindsDep,
    response: Response,
    file: Annotated[UploadFile, File(description="CSV (`;` or `,`, UTF-8 or Windows-1252) or XLSX, header first.")],
    issuing_organisation_id: Annotated[UUID, Form(description="The organisation that asks, where a row names none.")],
    dry_run: DryRun = False,
) -> JobRead:
    """A job with a result per row of the file. A header that does not fit is refused at once, and says how."""
    if issuing_organisation_id not in caller.organisation_ids:
        raise ValidationFailed.at("/issuing_organisation_id", "unknown_organisation", UNKNOWN_ORGANISATION)
    with tempfile.TemporaryDirectory(prefix="relance-upload-") as folder:
        path = Path(folder) / "table"
        await save_upload(file, path)
        await run_in_threadpool(check_header, path, runtime.settings.import_max_rows)
        name = (file.filename or "import")[:200]
        kept = await store.keep(session, caller.user_id, path, name, "application/octet-stream")
    parameters = {"file_id": str(kept.id), "issuing_organisation_id": str(issuing_organisation_id)}
    job = await Jobs(session, runtime.clock).start(IMPORT, caller, parameters, dry_run=dry_run)
    return await accepted(session, job, kinds, caller, response)


def _cell(at: int, column: ImportColumn) -> Column[JobItem]:
    """The column of the file, as it was."""

    def shown(item: JobItem, _locale: Locale) -> Cell:
        cell: str = item.cells[at] if item.cells else ""
        return cell

    return Column(column.key, column.label, shown)


_FAILED_ROWS: Sheet[JobItem] = Sheet(
    Text("Lignes refusées", "Refused rows"),
    (
        *(_cell(at, column) for at, column in enumerate(COLUMNS)),
        Column("row", Text("Ligne", "Row"), lambda item, _locale: item.number),
        Column("errors", Text("Erreurs", "Errors"), lambda item, _locale: fault_words(item)),
    ),
)


@router.get(
    "/{job_id}/failed-rows.csv",
    operation_id="invitations_import_failed_rows",
    summary="The rows that an import refused",
    response_class=StreamingResponse,
    responses=problem_responses(*_ERRORS, NotFound)
    | {200: {"description": "The template's columns.", "content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def failed_rows(
    job: Annotated[Job, Depends(readable_job)], runtime: RuntimeDep, _caller: Creator
) -> StreamingResponse:
    """As they were in the file, with what is wrong beside them: correct them and import this file again."""
    if job.kind != IMPORT:
        raise NotFound()

    async def batches() -> AsyncIterator[Sequence[JobItem]]:
        async with runtime.db.transaction(job.workspace_id) as session:
            async for item in JobRepository(session).stream(job.id, (), failed=True):
                yield [item]

    pieces = csv_files.csv_pieces(_FAILED_ROWS, batches(), current_locale(), ZoneInfo("UTC"))
    return StreamingResponse(pieces, media_type=csv_files.MEDIA_TYPE, headers=attachment("failed-rows.csv"))
