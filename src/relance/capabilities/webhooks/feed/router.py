"""HTTP of the feed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from relance.capabilities.webhooks.catalogue import Catalogue
from relance.capabilities.webhooks.feed.schemas import EventQuery, EventRead
from relance.capabilities.webhooks.feed.service import Feed
from relance.capabilities.webhooks.permissions import EVENTS_READ
from relance.core.errors import NotFound, PermissionDenied, Unauthenticated, ValidationFailed
from relance.core.etag import set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, link_next, page_request
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires

router = APIRouter(
    prefix="/v1/events",
    tags=["events"],
    route_class=StrictRoute,
    responses=problem_responses(Unauthenticated, PermissionDenied, ValidationFailed),
)
Reader = Annotated[Caller, Depends(requires(EVENTS_READ))]


async def get_catalogue(request: Request) -> Catalogue:
    """The events of the product."""
    catalogue: Catalogue = request.app.state.event_types
    return catalogue


CatalogueDep = Annotated[Catalogue, Depends(get_catalogue)]


async def feed(session: ReadDep, catalogue: CatalogueDep, _caller: Reader) -> Feed:
    """The feed of the caller's workspace."""
    return Feed(session, catalogue)


FeedDep = Annotated[Feed, Depends(feed)]


@router.get("", operation_id="events_list", summary="The feed of events")
async def list_events(
    request: Request, response: Response, runtime: RuntimeDep, events: FeedDep, query: Annotated[EventQuery, Query()]
) -> Page[EventRead]:
    """What happened, in one order that holds for every reader: no event ever appears before one that you have read.

    Keep the id of the last event that you have worked off, and give it as `after` next time.
    """
    page = await events.page(query, page_request(runtime, query.limit, query.sort, query.cursor))
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=list(page.rows), next_cursor=next_cursor)


@router.get("/{event_id}", operation_id="events_get", summary="One event", responses=problem_responses(NotFound))
async def get_event(event_id: UUID, response: Response, events: FeedDep) -> EventRead:
    """The event as every delivery of it carries it."""
    event = await events.get(event_id)
    set_etag(response, event.version)
    return event
