"""Slots on the clocks of a session's zone, the instants behind them, and the simple planning. No I/O.

A slot is said in local time, because that is what people agree on: when the law moves the clocks, the course still
begins at nine. The instants are computed from it, once, and are what is compared.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale as BabelLocale
from babel.dates import format_date

from relance.core.errors import FieldError, ValidationFailed
from relance.core.i18n import Locale, Text

#: Slots of one session.
MOST_SLOTS = 200
#: Days that the simple planning looks at.
LONGEST_PERIOD = 731
#: Within these, the public holidays are known.
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2099, 12, 31)

_INVERTED = Text("Un créneau finit après son début.", "A slot ends after it begins.")
_SKIPPED = Text(
    "Ce jour-là, les horloges de {zone} ne montrent pas cette heure.",
    "On that day the clocks of {zone} do not show this time.",
)
_OVERLAP = Text("Ce créneau en chevauche un autre.", "This slot overlaps another one.")
_MONTHS = Text("dd/MM/yyyy", "MMM d, yyyy")


@dataclass(frozen=True, slots=True)
class SlotTimes:
    """One slot: a day and its hours in local time."""

    day: date
    starts_at: time
    ends_at: time
    place: str | None = None

    def begins(self, zone: ZoneInfo) -> datetime:
        """The instant at which it begins."""
        return instant(self.day, self.starts_at, zone)

    def ends(self, zone: ZoneInfo) -> datetime:
        """The instant at which it ends. Of an hour that the clocks show twice, the one that makes the slot last."""
        first = instant(self.day, self.ends_at, zone)
        return first if first > self.begins(zone) else instant(self.day, self.ends_at, zone, fold=1)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A day that the simple planning left out."""

    day: date
    reason: str


def is_zone(name: str) -> bool:
    """Whether `name` is a time zone that people live in: an IANA name."""
    return name in _zones()


@lru_cache(maxsize=1)
def _zones() -> Collection[str]:
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")


def instant(day: date, clock: time, zone: ZoneInfo, fold: int = 0) -> datetime:
    """When the clocks of `zone` show this, in UTC."""
    return datetime.combine(day, clock.replace(fold=fold), zone).astimezone(UTC)


def due_end(due_on: date, zone: ZoneInfo) -> datetime:
    """The first instant that is too late: the midnight after the due day, which counts to its last second."""
    return instant(due_on + timedelta(days=1), time(), zone)


def _exists(day: date, clock: time, zone: ZoneInfo) -> bool:
    return instant(day, clock, zone).astimezone(zone).replace(tzinfo=None) == datetime.combine(day, clock)


def check(slots: Sequence[SlotTimes], zone: ZoneInfo, pointer: str) -> list[SlotTimes]:
    """`slots` in the order of time.

    Args:
        slots: as they were given.
        zone: whose clocks they speak of.
        pointer: where they were given; each one's position is put behind it.

    Raises:
        ValidationFailed: one ends before it begins, at a time that is skipped, or while another one lasts.
    """
    errors: list[FieldError] = []
    for position, slot in enumerate(slots):
        at = f"{pointer}/{position}"
        if slot.ends_at <= slot.starts_at:
            errors.append(FieldError(f"{at}/ends_at", "not_after_start", _INVERTED.in_locale()))
            continue
        for name in ("starts_at", "ends_at"):
            if not _exists(slot.day, getattr(slot, name), zone):
                words = _SKIPPED.format({"zone": zone.key})
                errors.append(FieldError(f"{at}/{name}", "nonexistent_time", words))
    if not errors:
        errors.extend(_overlaps(slots, zone, pointer))
    if errors:
        raise ValidationFailed(errors)
    return sorted(slots, key=lambda slot: slot.begins(zone))


def _overlaps(slots: Sequence[SlotTimes], zone: ZoneInfo, pointer: str) -> Iterator[FieldError]:
    ordered = sorted(range(len(slots)), key=lambda position: slots[position].begins(zone))
    for before, after in pairwise(ordered):
        if slots[after].begins(zone) < slots[before].ends(zone):
            yield FieldError(f"{pointer}/{after}", "overlapping", _OVERLAP.in_locale())


def generate(
    days: Collection[int], hours: Sequence[tuple[time, time]], start: date, end: date, place: str | None, locale: Locale
) -> tuple[list[SlotTimes], list[Skipped]]:
    """The simple planning: on these days of the week (Monday is 0), at these hours, from `start` to `end` included.

    Public holidays of France are left out; they are told with their names.
    """
    found: list[SlotTimes] = []
    skipped: list[Skipped] = []
    holidays = french_holidays(tuple(range(start.year, end.year + 1)), locale)
    for offset in range((end - start).days + 1):
        day = start + timedelta(days=offset)
        if day.weekday() not in days:
            continue
        if day in holidays:
            skipped.append(Skipped(day, holidays[day]))
            continue
        found.extend(SlotTimes(day, begins, ends, place) for begins, ends in hours)
    return found, skipped


@lru_cache(maxsize=64)
def french_holidays(years: tuple[int, ...], locale: Locale) -> dict[date, str]:
    """The public holidays of France in those years, with their names."""
    # Half a second to import, and only where somebody plans.
    from holidays import country_holidays

    known = country_holidays("FR", years=list(years), language="fr" if locale == "fr" else "en_US")
    return {day: str(name) for day, name in known.items()}


# --- words -----------------------------------------------------------------------------------------------------------


def short_date(day: date, locale: Locale) -> str:
    """A day as the labels write it: 28/12/2022, in English Dec 28, 2022."""
    return format_date(day, format=_MONTHS.in_locale(locale), locale=BabelLocale(locale))


def day_in_words(day: date, locale: Locale) -> str:
    """A day with its name: Lundi 28 décembre 2026."""
    words = format_date(day, format="full", locale=BabelLocale(locale))
    return words[:1].upper() + words[1:]


def hours_in_words(slot: SlotTimes) -> str:
    """09:00 – 12:30."""
    return f"{slot.starts_at:%H:%M} – {slot.ends_at:%H:%M}"


def zone_in_words(zone: ZoneInfo, slots: Iterable[SlotTimes], locale: Locale) -> str:
    """The zone by its name, and what its clocks are ahead of UTC on the days of the slots."""
    offsets = dict.fromkeys(f"UTC{slot.begins(zone).astimezone(zone):%z}" for slot in slots)
    shown = ", ".join(f"{name[:-2]}:{name[-2:]}" for name in offsets)
    words = Text("heure locale {zone}", "{zone} time").format({"zone": zone.key}, locale)
    return f"{words} ({shown})" if shown else words


def dates_in_words(slots: Sequence[SlotTimes], zone: ZoneInfo, locale: Locale) -> str:
    """Every slot in one sentence."""
    shown = (
        f"{day_in_words(slot.day, locale)} {hours_in_words(slot)}" + (f", {slot.place}" if slot.place else "")
        for slot in slots
    )
    return f"{' ; '.join(shown)} ({zone.key})"
