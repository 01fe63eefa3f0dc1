"""HTTP of the deliveries."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from relance.capabilities.webhooks.deliveries import views
from relance.capabilities.webhooks.deliveries.schemas import DeliveryListed, DeliveryQuery, DeliveryRead
from relance.capabilities.webhooks.deliveries.service import Deliveries, version_of
from relance.capabilities.webhooks.errors import DeliveryUnderWay, EndpointDisabled
from relance.capabilities.webhooks.feed.router import CatalogueDep
from relance.capabilities.webhooks.permissions import READ, WRITE
from relance.core.errors import (
    Conflict,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    Unauthenticated,
    ValidationFailed,
)
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires

router = APIRouter(
    prefix="/v1/webhook-deliveries",
    tags=["webhook-deliveries"],
    route_class=StrictRoute,
    responses=problem_responses(Unauthenticated, PermissionDenied, ValidationFailed),
)
Reader = Annotated[Caller, Depends(requires(READ))]
Writer = Annotated[Caller, Depends(requires(WRITE))]


async def reading(session: ReadDep, runtime: RuntimeDep, catalogue: CatalogueDep, _caller: Reader) -> Deliveries:
    """The service on a read session."""
    return Deliveries(session, runtime.clock, catalogue)


async def writing(session: WriteDep, runtime: RuntimeDep, catalogue: CatalogueDep, _caller: Writer) -> Deliveries:
    """The service in the transaction of this request."""
    return Deliveries(session, runtime.clock, catalogue)


Reading = Annotated[Deliveries, Depends(reading)]
Writing = Annotated[Deliveries, Depends(writing)]


@router.get("", operation_id="webhook_deliveries_list", summary="What was sent to webhooks, and what came of it")
async def list_webhook_deliveries(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    service: Reading,
    query: Annotated[DeliveryQuery, Query()],
) -> Page[DeliveryListed]:
    """The log, a page at a time. `state=dead` is the list that needs a person; it is kept for thirty days."""
    page = await service.page(query, page_request(runtime, query.limit, query.sort, query.cursor))
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=[views.listed(one) for one in page.rows], next_cursor=next_cursor)


@router.get(
    "/{webhook_delivery_id}",
    operation_id="webhook_deliveries_get",
    summary="One delivery in full",
    responses=problem_responses(NotFound),
)
async def get_webhook_delivery(webhook_delivery_id: UUID, service: Reading, response: Response) -> DeliveryRead:
    """The event, and every attempt with its request and its answer."""
    delivery = await service.get(webhook_delivery_id)
    set_etag(response, version_of(delivery))
    return views.detail(delivery, await service.event(delivery), await service.attempts(delivery))


@router.post(
    "/{webhook_delivery_id}/replay",
    operation_id="webhook_deliveries_replay",
    summary="Send an event again",
    status_code=201,
    responses=problem_responses(NotFound, PreconditionFailed, Conflict, DeliveryUnderWay, EndpointDisabled),
)
async def replay_webhook_delivery(
    webhook_delivery_id: UUID, service: Writing, precondition: IfMatch, response: Response
) -> DeliveryListed:
    """Makes a new delivery of the same event, with the same `webhook-id`: a receiver that has it may ignore it."""
    delivery = await service.get(webhook_delivery_id)
    precondition.check(version_of(delivery))
    again = await service.replay(delivery)
    set_etag(response, version_of(again))
    response.headers["Location"] = f"/v1/webhook-deliveries/{again.id}"
    return views.listed(again)
