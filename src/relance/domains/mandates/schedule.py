"""Planification de téléchargement: a recurrence rule (RFC 5545) and the dates that it gives. No I/O."""

from collections.abc import Iterator
from datetime import date, datetime, time
from enum import StrEnum
from itertools import islice

from dateutil.rrule import rrulestr

from relance.core.i18n import Text


class ScheduleKind(StrEnum):
    """What is planned; each is a feature of the subscription."""

    DATA_REFRESH = "data_refresh"
    UPLOAD_REMINDER = "upload_reminder"


class Frequency(StrEnum):
    """How often."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"


SCHEDULE_LABELS = {
    ScheduleKind.DATA_REFRESH: Text("Actualisation des Données", "Data refresh"),
    ScheduleKind.UPLOAD_REMINDER: Text("Téléchargement de Rappels", "Upload reminders"),
}
FREQUENCY_LABELS = {
    Frequency.WEEKLY: Text("Hebdomadaire", "Weekly"),
    Frequency.MONTHLY: Text("Mensuelle", "Monthly"),
    Frequency.QUARTERLY: Text("Trimestrielle", "Quarterly"),
    Frequency.YEARLY: Text("Annuelle", "Yearly"),
}

_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
#: Every month has this many days.
_COMMON_DAYS = 28


def rule(frequency: Frequency, starts_on: date) -> str:
    """The recurrence rule: the 31st of a month that has none is its last day."""
    if frequency is Frequency.WEEKLY:
        return f"FREQ=WEEKLY;BYDAY={_DAYS[starts_on.weekday()]}"
    day = str(starts_on.day)
    if starts_on.day > _COMMON_DAYS:
        days = ",".join(str(one) for one in range(_COMMON_DAYS, starts_on.day + 1))
        day = f"{days};BYSETPOS=-1"
    if frequency is Frequency.MONTHLY:
        return f"FREQ=MONTHLY;BYMONTHDAY={day}"
    if frequency is Frequency.QUARTERLY:
        return f"FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY={day}"
    return f"FREQ=YEARLY;BYMONTH={starts_on.month};BYMONTHDAY={day}"


def due_dates(frequency: Frequency, starts_on: date, after: date | None = None) -> Iterator[date]:
    """The dates of the schedule from `starts_on` on, without end; with `after`, only those later than it."""
    dates = rrulestr(rule(frequency, starts_on), dtstart=datetime.combine(starts_on, time()))
    found = dates if after is None else dates.xafter(datetime.combine(after, time()))
    return (at.date() for at in found)


def preview(frequency: Frequency, starts_on: date, count: int) -> list[date]:
    """The first `count` dates."""
    return list(islice(due_dates(frequency, starts_on), count))
