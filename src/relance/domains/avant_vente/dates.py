"""Slots in words. No I/O."""

from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale as BabelLocale
from babel.dates import format_date, format_time

from relance.core.i18n import Locale, current_locale, long_datetime

_DAY = {"fr": "EEEE d MMMM y", "en": "EEEE, MMMM d, y"}
#: Read once: the list is made from files.
ZONES = frozenset(available_timezones())


def period_words(starts_at: datetime, ends_at: datetime, zone: str, locale: Locale | None = None) -> str:
    """“mardi 8 décembre 2026, 09:00 – 11:00 (Europe/Paris)”: a slot without its zone is no slot."""
    locale, place = locale or current_locale(), ZoneInfo(zone)
    start, end = starts_at.astimezone(place), ends_at.astimezone(place)
    if start.date() != end.date():
        return f"{long_datetime(starts_at, place, locale)} – {long_datetime(ends_at, place, locale)}"
    spoken = BabelLocale(locale)
    hours = " – ".join(format_time(one, "HH:mm", locale=spoken, tzinfo=place) for one in (start, end))
    return f"{format_date(start.date(), _DAY[locale], locale=spoken)}, {hours} ({zone})"
