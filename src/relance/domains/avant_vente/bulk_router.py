"""HTTP of requests, as to many at once: counts and exports."""

from typing import Annotated

from fastapi import APIRouter, Query

from relance.capabilities.exports.routes import add_export_routes
from relance.core.errors import PermissionDenied, Unauthenticated, ValidationFailed
from relance.core.http import ReadDep, StrictRoute
from relance.core.problems import problem_responses
from relance.domains.avant_vente.list_schemas import RequestCounts, RequestFilter, RequestStatusCounts
from relance.domains.avant_vente.repository import RequestRepository
from relance.domains.avant_vente.router import REQUESTS, Reader
from relance.domains.avant_vente.states import RequestStatus
from relance.domains.avant_vente.transfers import EXPORT

router = APIRouter(prefix=REQUESTS, tags=["avant-vente"], route_class=StrictRoute)


@router.get(
    "/summary",
    operation_id="avant_vente_requests_summary",
    summary="Counts of the list",
    responses=problem_responses(Unauthenticated, PermissionDenied, ValidationFailed),
)
async def summary(session: ReadDep, caller: Reader, query: Annotated[RequestFilter, Query()]) -> RequestCounts:
    """By status, under the same filters as the list."""
    counts = await RequestRepository(session).counts(query, caller)
    by_status = {status.value: counts.get(status.value, 0) for status in RequestStatus}
    return RequestCounts(total=sum(by_status.values()), status=RequestStatusCounts.model_validate(by_status))


add_export_routes(router, EXPORT)
