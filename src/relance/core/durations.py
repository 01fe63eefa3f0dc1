"""ISO 8601 durations, as policies and validities are written: `P7D`, `PT12H`, `P2Y`."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated

from dateutil.relativedelta import relativedelta
from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

_FORM = re.compile(
    r"P(?=\d|T\d)(?:(?P<years>\d{1,3})Y)?(?:(?P<months>\d{1,4})M)?(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,7})M)?(?:(?P<seconds>\d{1,8})S)?)?"
)


def parse_duration(text: str) -> relativedelta:
    """The duration behind `text`: days and hours are exact, months and years follow the calendar.

    Raises:
        ValueError: it is not an ISO 8601 duration of whole numbers.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"not an ISO 8601 duration: {text[:40]!r}")
    given = {name: int(value) for name, value in found.groupdict().items() if value is not None}
    return relativedelta(
        years=given.get("years", 0),
        months=given.get("months", 0),
        weeks=given.get("weeks", 0),
        days=given.get("days", 0),
        hours=given.get("hours", 0),
        minutes=given.get("minutes", 0),
        seconds=given.get("seconds", 0),
    )


def after(start: datetime, duration: str) -> datetime:
    """The instant `duration` after `start`. A day is 24 hours here: `start` is in UTC."""
    return start + _span(duration)


@lru_cache(maxsize=256)
def _span(duration: str) -> relativedelta | timedelta:
    """`duration`, exact where no month and no year is in it: planning adds the same few to thousands of instants."""
    found = parse_duration(duration)
    if found.years or found.months:
        return found
    return timedelta(days=found.days, hours=found.hours, minutes=found.minutes, seconds=found.seconds)


def _checked(value: str) -> str:
    try:
        parse_duration(value)
    except ValueError:
        raise PydanticCustomError("time_delta_parsing", "an ISO 8601 duration is expected") from None
    return value


Duration = Annotated[
    str,
    StringConstraints(max_length=40),
    AfterValidator(_checked),
    Field(description="ISO 8601 duration.", examples=["P7D"], json_schema_extra={"format": "duration"}),
]


def _positive(value: str) -> str:
    start = datetime(2000, 1, 1, tzinfo=UTC)
    if after(start, value) <= start:
        raise PydanticCustomError("not_positive", "a duration longer than nothing is expected")
    return value


PositiveDuration = Annotated[Duration, AfterValidator(_positive)]
