"""The instants of a due date, on the clocks of the workspace's zone. No I/O."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from relance.core.durations import parse_duration

#: From when on a due date's clocks durations before and after it are counted: a reminder leaves in working hours.
_HOUR = time(9)


def due_end(due_on: date, zone: ZoneInfo) -> datetime:
    """The first instant that is too late: the midnight after the due date, which counts to its last second."""
    return datetime.combine(due_on + timedelta(days=1), time(), zone).astimezone(UTC)


def reminders_before(due_on: date, durations: Iterable[str], zone: ZoneInfo) -> list[datetime]:
    """When reminders leave before the due date, soonest first; days are those of the calendar."""
    start = datetime.combine(due_on, _HOUR)
    found = {(start - parse_duration(one)).replace(tzinfo=zone).astimezone(UTC) for one in durations}
    return sorted(found)


def reminders_after(due_on: date, durations: Iterable[str], zone: ZoneInfo) -> list[datetime]:
    """When reminders leave after the due date, soonest first; none before it is over."""
    start, end = datetime.combine(due_on, _HOUR), due_end(due_on, zone)
    found = {max((start + parse_duration(one)).replace(tzinfo=zone).astimezone(UTC), end) for one in durations}
    return sorted(found)
