"""HTTP of imports: template, upload, the rows that failed."""

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
from relance.capabilities.transfers.errors import FormulaCells, HeaderMismatch, TableUnreadable, TooManyRows
from relance.capabilities.transfers.uploads import UploadRoute
from relance.core.errors import BodyTooLarge, NotFound, PermissionDenied, Unauthenticated, ValidationFailed
from relance.core.http import DryRun, RuntimeDep, WriteDep
from relance.core.i18n import Text
from relance.core.problems import problem_responses
from relance.core.security import Caller, requires
from relance.domains.invitations.creation import UNKNOWN_ORGANISATION
from relance.domains.invitations.imports import COLUMNS, IMPORT
from relance.domains.invitations.permissions import CREATE, READ

router = APIRouter(prefix="/v1/invitations/imports", tags=["invitations"], route_class=UploadRoute)

_ERRORS = (Unauthenticated, PermissionDenied, ValidationFailed)

Reader = Annotated[Caller, Depends(requires(READ))]
Creator = Annotated[Caller, Depends(requires(CREATE))]


@router.get(
    "/template",
    operation_id="invitations_import_template",
    summary="The file to fill for an import",
    response_class=Response,
    responses=problem_responses(*_ERRORS) | {200: {"description": "With an example.", "content": XLSX_OR_CSV}},
)
async def template(
    _caller: Creator,
    format: Annotated[Literal["csv", "xlsx"], Query(description="Of the file.")] = "xlsx",
) -> Response:
    """The columns in the caller's language, and one row as an example."""
    return await template_file(COLUMNS, Text("Invitations", "Invitations"), format)


@router.post(
    "",
    operation_id="invitations_import",
    summary="Import invitations from a file",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(*_ERRORS, BodyTooLarge, TableUnreadable, FormulaCells, HeaderMismatch, TooManyRows),
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
    kept = await take_file(session, runtime, store, caller.user_id, file, COLUMNS)
    parameters = {"file_id": str(kept.id), "issuing_organisation_id": str(issuing_organisation_id)}
    job = await Jobs(session, runtime.clock).start(IMPORT, caller, parameters, dry_run=dry_run)
    return await accepted(session, job, kinds, caller, response)


@router.get(
    "/{job_id}/failed-rows.csv",
    operation_id="invitations_import_failed_rows",
    summary="The rows that an import refused",
    response_class=StreamingResponse,
    responses=problem_responses(*_ERRORS, NotFound) | FAILED_ROWS,
)
async def failed_rows(
    job: Annotated[Job, Depends(readable_job)], runtime: RuntimeDep, _caller: Creator
) -> StreamingResponse:
    """As they were in the file, with what is wrong beside them: correct them and import this file again."""
    if job.kind != IMPORT:
        raise NotFound()
    return refused_rows(runtime, job, COLUMNS)
