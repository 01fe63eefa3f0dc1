"""HTTP of imports: template, upload, commit, the rows that failed, taking back."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, File, Form, Query, Response, UploadFile, status
from fastapi.responses import StreamingResponse

from relance.capabilities.directory.bulk.wanted import Mode
from relance.capabilities.files.router import FileStoreDep
from relance.capabilities.jobs.import_files import FAILED_ROWS, XLSX_OR_CSV, refused_rows, take_file, template_file
from relance.capabilities.jobs.models import Job
from relance.capabilities.jobs.router import JobKindsDep, accepted
from relance.capabilities.jobs.router import readable as readable_job
from relance.capabilities.jobs.schemas import JobRead
from relance.capabilities.transfers.errors import FormulaCells, HeaderMismatch, TableUnreadable, TooManyRows
from relance.capabilities.transfers.uploads import UploadRoute
from relance.core.errors import (
    BodyTooLarge,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    Unauthenticated,
    ValidationFailed,
)
from relance.core.etag import IfMatch
from relance.core.http import DryRun, ReadDep, RuntimeDep, WriteDep
from relance.core.problems import problem_responses
from relance.core.security import Caller, requires
from relance.domains.crm_toolbox.imports.columns import NAMES, Record, columns_of
from relance.domains.crm_toolbox.imports.errors import AlreadyImported, NothingToCommit, NothingToRevert
from relance.domains.crm_toolbox.imports.service import Imports
from relance.domains.crm_toolbox.imports.source import RECORDS
from relance.domains.crm_toolbox.permissions import IMPORT

router = APIRouter(prefix="/v1/crm-toolbox/imports", tags=["crm-toolbox"], route_class=UploadRoute)

_ERRORS = (Unauthenticated, PermissionDenied, ValidationFailed)
_DONE = (*_ERRORS, NotFound)

Importing = Annotated[Caller, Depends(requires(IMPORT))]
ReadableJob = Annotated[Job, Depends(readable_job)]


@router.get(
    "/template",
    operation_id="crm_toolbox_import_template",
    summary="The file to fill for an import",
    response_class=Response,
    responses=problem_responses(*_ERRORS) | {200: {"description": "With an example.", "content": XLSX_OR_CSV}},
)
async def template(
    session: ReadDep,
    _caller: Importing,
    record: Annotated[Record, Query(description="What its rows are.")] = "contacts",
    format: Annotated[Literal["csv", "xlsx"], Query(description="Of the file.")] = "xlsx",
) -> Response:
    """The columns in the caller's language, those of the workspace's own fields last, and one row as an example."""
    columns = await columns_of(session, record, Mode.BOTH)
    return await template_file(columns, NAMES[record], format)


@router.post(
    "",
    operation_id="crm_toolbox_import",
    summary="Import contacts or companies from a file",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(
        *_ERRORS, AlreadyImported, BodyTooLarge, TableUnreadable, FormulaCells, HeaderMismatch, TooManyRows
    ),
)
async def import_file(
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Importing,
    store: FileStoreDep,
    kinds: JobKindsDep,
    response: Response,
    file: Annotated[UploadFile, File(description="CSV (`;` or `,`, UTF-8 or Windows-1252) or XLSX, header first.")],
    record: Annotated[Record, Form(description="What its rows are.")] = "contacts",
    mode: Annotated[Mode, Form(description="Whether rows may create entries, change known ones, or both.")] = Mode.BOTH,
    force: Annotated[bool, Form(description="Import a file that was imported before.")] = False,
    dry_run: DryRun = False,
) -> JobRead:
    """A job with a result per row. A header that does not fit is refused at once, and says how.

    A row is found by its id, else its external id, else its address (a company: its identifier). An empty cell leaves
    the value as it is. Rows that cannot be done never stop the others.
    """
    kept = await take_file(session, runtime, store, caller.user_id, file, await columns_of(session, record, mode))
    job = await Imports(session, runtime, caller).start(kept, record, mode, dry_run=dry_run, force=force)
    return await accepted(session, job, kinds, caller, response)


@router.post(
    "/{job_id}/commit",
    operation_id="crm_toolbox_import_commit",
    summary="Do what a dry run has shown",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(*_DONE, PreconditionFailed, NothingToCommit, AlreadyImported),
)
async def commit(
    job: ReadableJob,
    precondition: IfMatch,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Importing,
    kinds: JobKindsDep,
    response: Response,
) -> JobRead:
    """Imports the file of the dry run for good: another job."""
    precondition.check(job.version)
    made = await Imports(session, runtime, caller).confirm(job)
    return await accepted(session, made, kinds, caller, response)


@router.post(
    "/{job_id}/revert",
    operation_id="crm_toolbox_import_revert",
    summary="Take an import back",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(*_DONE, PreconditionFailed, NothingToRevert),
)
async def revert(
    job: ReadableJob,
    precondition: IfMatch,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Importing,
    kinds: JobKindsDep,
    response: Response,
    dry_run: DryRun = False,
) -> JobRead:
    """A job that deletes what the import has created, but for what somebody has changed or used since."""
    precondition.check(job.version)
    made = await Imports(session, runtime, caller).revert(job, dry_run=dry_run)
    return await accepted(session, made, kinds, caller, response)


@router.get(
    "/{job_id}/failed-rows.csv",
    operation_id="crm_toolbox_import_failed_rows",
    summary="The rows that an import refused",
    response_class=StreamingResponse,
    responses=problem_responses(*_DONE) | FAILED_ROWS,
)
async def failed_rows(job: ReadableJob, session: ReadDep, runtime: RuntimeDep, _caller: Importing) -> StreamingResponse:
    """As they were in the file, with what is wrong beside them: correct them and import this file again."""
    record = RECORDS.get(job.kind)
    if record is None:
        raise NotFound()
    return refused_rows(runtime, job, await columns_of(session, record, Mode.BOTH))
