"""HTTP of imports of opportunities: template, upload, the rows that failed."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Query, Response, UploadFile, status
from fastapi.responses import StreamingResponse

from relance.capabilities.files.router import FileStoreDep
from relance.capabilities.jobs.import_files import FAILED_ROWS, XLSX_OR_CSV, refused_rows, take_file, template_file
from relance.capabilities.jobs.models import Job
from relance.capabilities.jobs.router import JobKindsDep, accepted
from relance.capabilities.jobs.router import readable as readable_job
from relance.capabilities.jobs.schemas import JobRead
from relance.capabilities.jobs.service import Jobs
from relance.capabilities.transfers.errors import HeaderMismatch, TableUnreadable, TooManyRows
from relance.capabilities.transfers.uploads import UploadRoute
from relance.core.errors import BodyTooLarge, NotFound, PermissionDenied, Unauthenticated, ValidationFailed
from relance.core.http import DryRun, RuntimeDep, WriteDep
from relance.core.i18n import Text
from relance.core.problems import problem_responses
from relance.domains.avant_vente.opportunities.imports import COLUMNS, IMPORT
from relance.domains.avant_vente.opportunities.router import Reader, Writer
from relance.domains.avant_vente.opportunities.service import Opportunities

router = APIRouter(
    prefix="/v1/avant-vente/opportunities/imports",
    tags=["avant-vente"],
    route_class=UploadRoute,
    responses=problem_responses(Unauthenticated, PermissionDenied, ValidationFailed),
)


@router.get(
    "/template",
    operation_id="opportunities_import_template",
    summary="The file to fill for an import of opportunities",
    response_class=Response,
    responses={200: {"description": "With an example.", "content": XLSX_OR_CSV}},
)
async def template(
    _caller: Writer,
    format: Annotated[Literal["csv", "xlsx"], Query(description="Of the file.")] = "xlsx",
) -> Response:
    """The columns in the caller's language, and one row as an example."""
    return await template_file(COLUMNS, Text("Opportunités", "Opportunities"), format)


@router.post(
    "",
    operation_id="opportunities_import",
    summary="Import opportunities from a file",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(BodyTooLarge, TableUnreadable, HeaderMismatch, TooManyRows),
)
async def import_file(
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Writer,
    _reader: Reader,
    store: FileStoreDep,
    kinds: JobKindsDep,
    response: Response,
    file: Annotated[UploadFile, File(description="CSV (`;` or `,`, UTF-8 or Windows-1252) or XLSX, header first.")],
    partner_organisation_id: Annotated[
        UUID | None, Form(description="The partner of rows that name none; absent: the caller's only one.")
    ] = None,
    dry_run: DryRun = False,
) -> JobRead:
    """A job with a result per row: added, brought up to date by its reference, unchanged, or refused."""
    if partner_organisation_id is not None:
        await Opportunities(session, runtime, caller).require_partner(partner_organisation_id)
    kept = await take_file(session, runtime, store, caller.user_id, file, COLUMNS)
    partner = str(partner_organisation_id) if partner_organisation_id else None
    parameters = {"file_id": str(kept.id), "partner_organisation_id": partner}
    job = await Jobs(session, runtime.clock).start(IMPORT, caller, parameters, dry_run=dry_run)
    return await accepted(session, job, kinds, caller, response)


@router.get(
    "/{job_id}/failed-rows.csv",
    operation_id="opportunities_import_failed_rows",
    summary="The rows that an import of opportunities refused",
    response_class=StreamingResponse,
    responses=problem_responses(NotFound) | FAILED_ROWS,
)
async def failed_rows(
    job: Annotated[Job, Depends(readable_job)], runtime: RuntimeDep, _caller: Writer
) -> StreamingResponse:
    """As they were in the file, with what is wrong beside them: correct them and import this file again."""
    if job.kind != IMPORT:
        raise NotFound()
    return refused_rows(runtime, job, COLUMNS)
