"""HTTP of this domain, as to the calendar that a user subscribes to."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response, status

from relance.core.errors import NotFound, PermissionDenied, TooManyRequests, Unauthenticated, ValidationFailed
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep
from relance.core.problems import problem_responses
from relance.core.rate_limits import limited
from relance.core.security import Caller, requires
from relance.domains.sessions.errors import FeedExists
from relance.domains.sessions.feed.schemas import CalendarFeedCreated, CalendarFeedRead
from relance.domains.sessions.feed.service import CalendarFeeds, feed_content
from relance.domains.sessions.permissions import READ

router = APIRouter(prefix="/v1/sessions", tags=["sessions"], route_class=StrictRoute)

_ERRORS = (Unauthenticated, PermissionDenied)
_MEDIA = "text/calendar"

Reader = Annotated[Caller, Depends(requires(READ))]


@router.get(
    "/calendar.ics",
    operation_id="sessions_calendar",
    summary="Sessions as a calendar to subscribe to",
    response_class=Response,
    dependencies=[Depends(limited("recipient"))],
    responses={
        200: {
            "description": "An iCalendar object (RFC 5545): an event for each slot, from 90 days ago on.",
            "content": {_MEDIA: {"schema": {"type": "string"}}},
        },
        **problem_responses(NotFound, ValidationFailed, TooManyRequests),
    },
)
async def calendar(
    runtime: RuntimeDep, token: Annotated[str, Query(max_length=200, description="Of the address of the feed.")]
) -> Response:
    """What the owner of the feed may see now. The token in the address is the credential; revoke it by its feed."""
    async with runtime.db.reading(None) as session:
        content = await feed_content(session, runtime, token)
    headers = {"Cache-Control": "private, max-age=300", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
    return Response(content, media_type=_MEDIA, headers=headers)


router.head("/calendar.ics", include_in_schema=False)(calendar)


@router.get(
    "/calendar-feed",
    operation_id="sessions_calendar_feed_get",
    summary="Your calendar feed",
    responses=problem_responses(*_ERRORS, NotFound),
)
async def get(session: ReadDep, runtime: RuntimeDep, caller: Reader) -> CalendarFeedRead:
    """Since when there is one. Its address is shown when it is made, and never again."""
    return CalendarFeedRead.model_validate(await CalendarFeeds(session, runtime, caller).get())


@router.post(
    "/calendar-feed",
    operation_id="sessions_calendar_feed_create",
    summary="Create your calendar feed",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(*_ERRORS, FeedExists),
)
async def create(session: WriteDep, runtime: RuntimeDep, caller: Reader, response: Response) -> CalendarFeedCreated:
    """An address that a calendar program subscribes to. Whoever knows it reads what you may see of the sessions."""
    response.headers["Location"] = "/v1/sessions/calendar-feed"
    return await CalendarFeeds(session, runtime, caller).create()


@router.post(
    "/calendar-feed/rotate",
    operation_id="sessions_calendar_feed_rotate",
    summary="Make the address of your calendar feed anew",
    responses=problem_responses(*_ERRORS, NotFound),
)
async def rotate(session: WriteDep, runtime: RuntimeDep, caller: Reader) -> CalendarFeedCreated:
    """The address before answers no more."""
    return await CalendarFeeds(session, runtime, caller).rotate()


@router.delete(
    "/calendar-feed",
    operation_id="sessions_calendar_feed_revoke",
    summary="Revoke your calendar feed",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(*_ERRORS, NotFound),
)
async def revoke(session: WriteDep, runtime: RuntimeDep, caller: Reader) -> None:
    """Its address answers no more."""
    await CalendarFeeds(session, runtime, caller).revoke()
