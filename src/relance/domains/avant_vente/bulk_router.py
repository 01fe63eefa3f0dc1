"""HTTP of requests, as to many at once: counts and exports."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Response, status
from fastapi.responses import StreamingResponse

from relance.capabilities.jobs.router import JobKindsDep, accepted
from relance.capabilities.jobs.schemas import JobRead
from relance.capabilities.jobs.service import Jobs
from relance.capabilities.transfers.csv_files import MEDIA_TYPE, csv_pieces
from relance.core.downloads import attachment
from relance.core.errors import PermissionDenied, Unauthenticated, ValidationFailed
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep
from relance.core.i18n import current_locale
from relance.core.problems import problem_responses
from relance.domains.avant_vente.exports.repository import ExportedRequest, RequestExportRepository
from relance.domains.avant_vente.list_schemas import (
    RequestCounts,
    RequestExportCreate,
    RequestExportQuery,
    RequestFilter,
    RequestStatusCounts,
)
from relance.domains.avant_vente.repository import RequestRepository
from relance.domains.avant_vente.router import REQUESTS as PREFIX
from relance.domains.avant_vente.router import Reader
from relance.domains.avant_vente.states import RequestStatus
from relance.domains.avant_vente.transfers import EXPORT, REQUESTS, zone_of

router = APIRouter(prefix=PREFIX, tags=["avant-vente"], route_class=StrictRoute)

_ERRORS = (Unauthenticated, PermissionDenied, ValidationFailed)


@router.get(
    "/summary",
    operation_id="avant_vente_requests_summary",
    summary="Counts of the list",
    responses=problem_responses(*_ERRORS),
)
async def summary(session: ReadDep, caller: Reader, query: Annotated[RequestFilter, Query()]) -> RequestCounts:
    """By status, under the same filters as the list."""
    counts = await RequestRepository(session).counts(query, caller)
    by_status = {status.value: counts.get(status.value, 0) for status in RequestStatus}
    return RequestCounts(total=sum(by_status.values()), status=RequestStatusCounts.model_validate(by_status))


@router.get(
    "/export.csv",
    operation_id="avant_vente_requests_export_csv",
    summary="The list as a CSV, streamed",
    response_class=StreamingResponse,
    responses=problem_responses(*_ERRORS)
    | {
        200: {
            "description": "UTF-8 with BOM; `;` in French, `,` in English.",
            "content": {"text/csv": {"schema": {"type": "string"}}},
        }
    },
)
async def export_csv(
    session: ReadDep, runtime: RuntimeDep, caller: Reader, query: Annotated[RequestExportQuery, Query()]
) -> StreamingResponse:
    """The same columns, filters and order as the screen, whatever the number of rows. No comment is in it."""

    async def batches() -> AsyncIterator[Sequence[ExportedRequest]]:
        async with runtime.db.transaction(caller.workspace_id) as snapshot:
            async for rows in RequestExportRepository(snapshot).exported(query, caller, query.sort):
                yield rows

    pieces = csv_pieces(REQUESTS, batches(), current_locale(), await zone_of(session))
    return StreamingResponse(pieces, media_type=MEDIA_TYPE, headers=attachment("demandes-avant-vente.csv"))


@router.post(
    "/exports",
    operation_id="avant_vente_requests_export",
    summary="Export the list to a file",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(*_ERRORS),
)
async def export(
    payload: RequestExportCreate,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Reader,
    kinds: JobKindsDep,
    response: Response,
) -> JobRead:
    """A job that makes a CSV or an XLSX: follow `Location` until `done`, then fetch its `file`."""
    job = await Jobs(session, runtime.clock).start(EXPORT, caller, payload.model_dump(mode="json"))
    return await accepted(session, job, kinds, caller, response)
