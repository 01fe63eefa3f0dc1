"""Events as an iCalendar object. A calendar knows an event again by its UID, and a change of it by its SEQUENCE."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

_PRODUCT = "-//Relance//Relance//FR"
_MARGIN = timedelta(days=366)


class Method(StrEnum):
    """What the object asks of a calendar (RFC 5546)."""

    #: Take note. Nothing is to be answered by calendar: answers are given on the page of the link.
    PUBLISH = "PUBLISH"
    #: What was published is off.
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One event. Instants are aware; they are written in `zone`, so that a calendar keeps them through a DST change."""

    #: Of the row that it stands for; the same for ever.
    id: UUID
    #: Counts the changes of date, place or state.
    sequence: int
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    summary: str
    #: When the row was last changed.
    changed_at: datetime
    location: str | None = None
    description: str | None = None
    cancelled: bool = False

    @property
    def uid(self) -> str:
        """By which calendars know it."""
        return f"{self.id}@relance"

    @property
    def component(self) -> Event:
        """As a VEVENT."""
        event = Event()
        event.add("uid", self.uid)
        event.add("sequence", self.sequence)
        event.add("dtstamp", self.changed_at.astimezone(UTC))
        event.add("last-modified", self.changed_at.astimezone(UTC))
        event.add("dtstart", self.starts_at.astimezone(self.zone))
        event.add("dtend", self.ends_at.astimezone(self.zone))
        event.add("summary", self.summary)
        for name, value in (("location", self.location), ("description", self.description)):
            if value:
                event.add(name, value)
        event.add("status", "CANCELLED" if self.cancelled else "CONFIRMED")
        event.add("transp", "TRANSPARENT" if self.cancelled else "OPAQUE")
        return event


def calendar(events: Sequence[CalendarEvent], method: Method | None = None, name: str | None = None) -> str:
    """The events as one object, with the rules of every zone that they are in.

    Args:
        events: at least one for an object with a method; RFC 5546 knows no empty ones.
        method: of an object that is sent; None for a feed that is fetched.
        name: what the calendar is called where it is subscribed to.
    """
    found = Calendar()
    found.add("prodid", _PRODUCT)
    found.add("version", "2.0")
    found.add("calscale", "GREGORIAN")
    if method is not None:
        found.add("method", method.value)
    if name is not None:
        found.add("name", name)
        found.add("x-wr-calname", name)
    for event in events:
        found.add_component(event.component)
    if events:
        # A year before and after is enough for any calendar, and a hundredth of all that is known.
        first, last = min(one.starts_at for one in events), max(one.ends_at for one in events)
        found.add_missing_timezones(first.date() - _MARGIN, last.date() + _MARGIN)
    return str(found.to_ical().decode())
