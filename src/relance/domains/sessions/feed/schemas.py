"""Responses about calendar feeds."""

from pydantic import ConfigDict, Field

from relance.core.schemas import Instant, Output


class CalendarFeedRead(Output):
    """The caller's calendar feed, without its address."""

    model_config = ConfigDict(json_schema_extra={"example": {"created_at": "2026-11-23T09:00:01Z", "rotated_at": None}})

    created_at: Instant
    rotated_at: Instant | None = Field(description="When its address was last made anew.")


class CalendarFeedCreated(CalendarFeedRead):
    """The caller's calendar feed, with its address, which is shown once."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "created_at": "2026-11-23T09:00:01Z",
                "rotated_at": None,
                "url": "https://relance.example/v1/sessions/calendar.ics?token=rl_feed_4Kq0",
            }
        }
    )

    url: str = Field(description="To be subscribed to. Whoever knows it reads the sessions that you may see.")
