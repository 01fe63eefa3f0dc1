"""When a workspace lets reminders leave: quiet hours and working days, in its own zone. Pure: no I/O."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_SATURDAY = 5
_MIDNIGHT = time()


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` (included) to `end` (excluded) on the clocks of the zone, over midnight where `end` is earlier."""

    start: time
    end: time

    def hold(self, at: time) -> bool:
        """Whether `at` lies within."""
        if self.start < self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which instants are allowed. Without quiet hours and working days, all of them are."""

    zone: ZoneInfo
    quiet: QuietHours | None = None
    working_days_only: bool = False
    #: ISO 3166-1 code of the country whose public holidays and weekends count; None: Saturday and Sunday.
    holidays: str | None = None

    def next_allowed(self, at: datetime, before: datetime) -> datetime | None:
        """The first allowed instant from `at` on; None where there is none before `before`."""
        while at < before:
            later = self._blocked_until(at)
            if later is None:
                return at
            at = later
        return None

    def _blocked_until(self, at: datetime) -> datetime | None:
        """The end of what forbids `at`, which may be forbidden by something else again; None where nothing does."""
        local = at.astimezone(self.zone)
        if self.working_days_only and not _works(self.holidays)(local.date()):
            return self._instant(local.date() + timedelta(days=1), _MIDNIGHT, at)
        if self.quiet is None or not self.quiet.hold(local.time()):
            return None
        over_midnight = self.quiet.end <= local.time()
        return self._instant(local.date() + timedelta(days=over_midnight), self.quiet.end, at)

    def _instant(self, day: date, clock: time, after: datetime) -> datetime:
        """The instant after `after` at which the zone's clocks show `clock`.

        A time that the clocks skip is read with the offset before the change (RFC 5545, 3.3.5); of a time that they
        show twice, it is the first that is not over.
        """
        first = datetime.combine(day, clock, self.zone).astimezone(UTC)
        if first > after:
            return first
        return datetime.combine(day, clock.replace(fold=1), self.zone).astimezone(UTC)


@lru_cache(maxsize=64)
def _works(country: str | None) -> Callable[[date], bool]:
    if country is None:
        return lambda day: day.weekday() < _SATURDAY
    # Half a second to import, and only where a workspace asks for it.
    from holidays import country_holidays

    known = country_holidays(country)
    return known.is_working_day


def has_holidays(country: str) -> bool:
    """Whether the public holidays of `country` (ISO 3166-1, two letters) are known."""
    from holidays import list_supported_countries

    return country in list_supported_countries(include_aliases=False)
