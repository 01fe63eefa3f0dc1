"""HTTP of opportunities."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response, status

from relance.core.by_reference import BY_REFERENCE, ExternalIdPath, answer_put, put_responses
from relance.core.errors import (
    DuplicateResource,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    Unauthenticated,
    ValidationFailed,
)
from relance.core.etag import IfMatch, IfMatchOrNone, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires
from relance.domains.avant_vente.opportunities.schemas import (
    OpportunityCreate,
    OpportunityQuery,
    OpportunityRead,
    OpportunityReplace,
    OpportunityUpdate,
)
from relance.domains.avant_vente.opportunities.service import Opportunities, OpportunitiesByReference
from relance.domains.avant_vente.permissions import OPPORTUNITIES, READ

router = APIRouter(
    prefix="/v1/avant-vente/opportunities",
    tags=["avant-vente"],
    route_class=StrictRoute,
    responses=problem_responses(Unauthenticated, PermissionDenied, ValidationFailed),
)

Reader = Annotated[Caller, Depends(requires(READ))]
Writer = Annotated[Caller, Depends(requires(OPPORTUNITIES))]


async def reading(session: ReadDep, runtime: RuntimeDep, caller: Reader) -> Opportunities:
    """The service on a read session."""
    return Opportunities(session, runtime, caller)


async def writing(session: WriteDep, runtime: RuntimeDep, caller: Reader, _writer: Writer) -> Opportunities:
    """The service in the transaction of this request."""
    return Opportunities(session, runtime, caller)


Reading = Annotated[Opportunities, Depends(reading)]
Writing = Annotated[Opportunities, Depends(writing)]


@router.get("", operation_id="opportunities_list", summary="Opportunities (suivi opportunités)")
async def list_opportunities(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    service: Reading,
    query: Annotated[OpportunityQuery, Query()],
) -> Page[OpportunityRead]:
    """Those of the partners that the caller works for; all of them at level `all`."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    items, next_cursor = await service.page(query, asked)
    link_next(request, runtime, response, next_cursor)
    return Page(items=items, next_cursor=next_cursor)


@router.post(
    "",
    operation_id="opportunities_create",
    summary="Add an opportunity",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(DuplicateResource),
)
async def create(payload: OpportunityCreate, service: Writing, response: Response) -> OpportunityRead:
    """A sale that a partner follows. The customer is found by its identifier, or added to the directory."""
    row = await service.create(payload)
    response.headers["Location"] = f"/v1/avant-vente/opportunities/{row.opportunity.id}"
    set_etag(response, row.opportunity.version)
    return service.read(row)


@router.get(
    "/{opportunity_id}",
    operation_id="opportunities_get",
    summary="Read an opportunity",
    responses=problem_responses(NotFound),
)
async def get(opportunity_id: UUID, service: Reading, response: Response) -> OpportunityRead:
    """One opportunity; `requestable` says whether an intervention can be asked for on it."""
    row = await service.get(opportunity_id)
    set_etag(response, row.opportunity.version)
    return service.read(row)


@router.patch(
    "/{opportunity_id}",
    operation_id="opportunities_update",
    summary="Change an opportunity",
    responses=problem_responses(NotFound, PreconditionFailed, DuplicateResource),
)
async def update(
    opportunity_id: UUID, payload: OpportunityUpdate, service: Writing, response: Response, precondition: IfMatch
) -> OpportunityRead:
    """JSON merge patch; `closed_at` closes it, null opens it again. Its requests go on, with a warning."""
    row = await service.writable(opportunity_id)
    precondition.check(row.opportunity.version)
    row = await service.update(row, payload)
    set_etag(response, row.opportunity.version)
    return service.read(row)


@router.get(
    BY_REFERENCE,
    operation_id="opportunities_get_by_reference",
    summary="Read an opportunity by your own key",
    responses=problem_responses(NotFound),
)
async def get_by_reference(
    external_id: ExternalIdPath, session: ReadDep, runtime: RuntimeDep, caller: Reader, response: Response
) -> OpportunityRead:
    """The opportunity whose `external_id` this is."""
    found = await OpportunitiesByReference(session, runtime, caller).get(external_id)
    set_etag(response, found.version)
    service = Opportunities(session, runtime, caller)
    return service.read(await service.get(found.id))


@router.put(
    BY_REFERENCE,
    operation_id="opportunities_put_by_reference",
    summary="Create or replace an opportunity by your own key",
    responses=put_responses(OpportunityRead, DuplicateResource),
)
async def put_by_reference(
    external_id: ExternalIdPath,
    payload: OpportunityReplace,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Writer,
    _reader: Reader,
    response: Response,
    precondition: IfMatchOrNone,
) -> OpportunityRead:
    """The opportunity with this `external_id` is what the body says. Sent again, it changes nothing."""
    done = await OpportunitiesByReference(session, runtime, caller).put(external_id, payload, precondition)
    service = Opportunities(session, runtime, caller)
    row = await service.get(done.row.id)
    answer_put(response, replace(done, row=row.opportunity), f"/v1/avant-vente/opportunities/{row.opportunity.id}")
    return service.read(row)
