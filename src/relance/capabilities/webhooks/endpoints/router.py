"""HTTP of the endpoints."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from relance.capabilities.webhooks.deliveries.service import Deliveries
from relance.capabilities.webhooks.endpoints.schemas import (
    EndpointCreate,
    EndpointCreated,
    EndpointQuery,
    EndpointRead,
    EndpointUpdate,
    Replayed,
    ReplayPeriod,
    SecretRotate,
    Tested,
)
from relance.capabilities.webhooks.endpoints.service import Endpoints
from relance.capabilities.webhooks.endpoints.views import read_endpoints
from relance.capabilities.webhooks.errors import EndpointDisabled, ReplayTooLarge
from relance.capabilities.webhooks.feed.router import CatalogueDep
from relance.capabilities.webhooks.models import WebhookEndpoint
from relance.capabilities.webhooks.permissions import READ, WRITE
from relance.core.db import DbSession
from relance.core.errors import (
    Conflict,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    Unauthenticated,
)
from relance.core.etag import IfMatch, set_etag
from relance.core.http import DryRun, ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires

router = APIRouter(
    prefix="/v1/webhook-endpoints",
    tags=["webhook-endpoints"],
    route_class=StrictRoute,
    responses=problem_responses(Unauthenticated, PermissionDenied),
)
Reader = Annotated[Caller, Depends(requires(READ))]
Writer = Annotated[Caller, Depends(requires(WRITE))]
_ACTION = (NotFound, PreconditionFailed, Conflict)


async def reading(session: ReadDep, runtime: RuntimeDep, catalogue: CatalogueDep, caller: Reader) -> Endpoints:
    """The service on a read session."""
    return Endpoints(session, runtime, catalogue, caller)


async def writing(session: WriteDep, runtime: RuntimeDep, catalogue: CatalogueDep, caller: Writer) -> Endpoints:
    """The service in the transaction of this request."""
    return Endpoints(session, runtime, catalogue, caller)


Reading = Annotated[Endpoints, Depends(reading)]
Writing = Annotated[Endpoints, Depends(writing)]


async def changeable(webhook_endpoint_id: UUID, service: Writing, precondition: IfMatch) -> WebhookEndpoint:
    """The endpoint of the address, locked, at a version that the caller has seen."""
    endpoint = await service.get(webhook_endpoint_id, lock=True)
    precondition.check(endpoint.version)
    return endpoint


Changeable = Annotated[WebhookEndpoint, Depends(changeable)]


async def _shown(session: DbSession, endpoint: WebhookEndpoint, response: Response) -> EndpointRead:
    set_etag(response, endpoint.version)
    return (await read_endpoints(session, [endpoint]))[0]


async def _with_secret(
    session: DbSession, endpoint: WebhookEndpoint, secret: str, response: Response
) -> EndpointCreated:
    response.headers["Location"] = f"/v1/webhook-endpoints/{endpoint.id}"
    response.headers["Cache-Control"] = "no-store"
    return EndpointCreated(**dict(await _shown(session, endpoint, response)), secret=secret)


@router.get("", operation_id="webhook_endpoints_list", summary="List webhook endpoints")
async def list_webhook_endpoints(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    service: Reading,
    query: Annotated[EndpointQuery, Query()],
) -> Page[EndpointRead]:
    """The endpoints of the workspace, with how they fare."""
    page = await service.page(query.enabled, page_request(runtime, query.limit, query.sort, query.cursor))
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=await read_endpoints(session, page.rows), next_cursor=next_cursor)


@router.post("", operation_id="webhook_endpoints_create", summary="Add a webhook endpoint", status_code=201)
async def create_webhook_endpoint(
    body: EndpointCreate, response: Response, session: WriteDep, service: Writing
) -> EndpointCreated:
    """Sends events to this address from now on. The secret that signs them is in this answer only."""
    endpoint, secret = await service.create(body)
    return await _with_secret(session, endpoint, secret, response)


@router.get(
    "/{webhook_endpoint_id}",
    operation_id="webhook_endpoints_get",
    summary="Read a webhook endpoint",
    responses=problem_responses(NotFound),
)
async def get_webhook_endpoint(
    webhook_endpoint_id: UUID, response: Response, session: ReadDep, service: Reading
) -> EndpointRead:
    """One endpoint, with how it fares; its `ETag` goes into the `If-Match` of a change."""
    return await _shown(session, await service.get(webhook_endpoint_id), response)


@router.patch(
    "/{webhook_endpoint_id}",
    operation_id="webhook_endpoints_update",
    summary="Change a webhook endpoint",
    responses=problem_responses(*_ACTION),
)
async def update_webhook_endpoint(
    body: EndpointUpdate, endpoint: Changeable, response: Response, session: WriteDep, service: Writing
) -> EndpointRead:
    """Changes the fields that are sent (JSON merge patch). Filters hold for what happens from now on."""
    await service.update(endpoint, body)
    return await _shown(session, endpoint, response)


@router.delete(
    "/{webhook_endpoint_id}",
    operation_id="webhook_endpoints_delete",
    summary="Delete a webhook endpoint",
    status_code=204,
    responses=problem_responses(*_ACTION),
)
async def delete_webhook_endpoint(endpoint: Changeable, service: Writing) -> None:
    """Sends nothing more to it, and forgets its secrets and its log."""
    await service.delete(endpoint)


@router.post(
    "/{webhook_endpoint_id}/enable",
    operation_id="webhook_endpoints_enable",
    summary="Enable a webhook endpoint",
    responses=problem_responses(*_ACTION),
)
async def enable_webhook_endpoint(
    endpoint: Changeable, response: Response, session: WriteDep, service: Writing
) -> EndpointRead:
    """Sends what is still queued, then what happens. What happened meanwhile was not queued: replay the period."""
    await service.enable(endpoint)
    return await _shown(session, endpoint, response)


@router.post(
    "/{webhook_endpoint_id}/disable",
    operation_id="webhook_endpoints_disable",
    summary="Disable a webhook endpoint",
    responses=problem_responses(*_ACTION),
)
async def disable_webhook_endpoint(
    endpoint: Changeable, response: Response, session: WriteDep, service: Writing
) -> EndpointRead:
    """Sends nothing more to it; what is queued waits."""
    await service.disable(endpoint)
    return await _shown(session, endpoint, response)


@router.post(
    "/{webhook_endpoint_id}/rotate-secret",
    operation_id="webhook_endpoints_rotate_secret",
    summary="Replace the secret of a webhook endpoint",
    status_code=201,
    responses=problem_responses(*_ACTION),
)
async def rotate_webhook_secret(
    body: SecretRotate, endpoint: Changeable, response: Response, session: WriteDep, service: Writing
) -> EndpointCreated:
    """Signs with both secrets for `overlap`, then with the new one alone. A third one ends at once."""
    secret = await service.rotate(endpoint, body.overlap)
    return await _with_secret(session, endpoint, secret, response)


@router.post(
    "/{webhook_endpoint_id}/test",
    operation_id="webhook_endpoints_test",
    summary="Send a test event",
    status_code=202,
    responses=problem_responses(*_ACTION, EndpointDisabled),
)
async def test_webhook_endpoint(endpoint: Changeable, response: Response, service: Writing) -> Tested:
    """Sends `webhook_endpoint.tested` to this endpoint, whatever its filters; `Location` is its place in the log."""
    event_id = await service.test(endpoint)
    response.headers["Location"] = f"/v1/webhook-deliveries?event_id={event_id}"
    return Tested(event_id=event_id)


@router.post(
    "/{webhook_endpoint_id}/replay",
    operation_id="webhook_endpoints_replay",
    summary="Send the events of a period again",
    responses=problem_responses(*_ACTION, EndpointDisabled, ReplayTooLarge),
)
async def replay_webhook_period(
    body: ReplayPeriod,
    endpoint: Changeable,
    session: WriteDep,
    runtime: RuntimeDep,
    catalogue: CatalogueDep,
    dry_run: DryRun = False,
) -> Replayed:
    """Queues what the endpoint's filters let through, in the order of the feed, each with the id it always has."""
    deliveries = Deliveries(session, runtime.clock, catalogue)
    if dry_run:
        async with session.rehearsal():
            return Replayed(queued=await deliveries.replay_period(endpoint, body.since, body.until))
    return Replayed(queued=await deliveries.replay_period(endpoint, body.since, body.until))
