"""Quiet hours and working days on the clocks of the zone, the changes of daylight saving time included."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relance.capabilities.followups.calendar import Calendar, QuietHours, has_holidays

PARIS = ZoneInfo("Europe/Paris")
NIGHT = QuietHours(time(20), time(8))
NOON = QuietHours(time(12), time(14))


def paris(text: str) -> datetime:
    """`text`, on a clock in Paris."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


def moved(calendar: Calendar, at: datetime) -> datetime:
    found = calendar.next_allowed(at, at + timedelta(days=400))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("quiet", "at", "allowed"),
    [
        (NIGHT, "2026-11-23T12:00", "2026-11-23T12:00"),
        (NIGHT, "2026-11-23T20:00", "2026-11-24T08:00"),
        (NIGHT, "2026-11-23T19:59:59", "2026-11-23T19:59:59"),
        (NIGHT, "2026-11-24T00:00", "2026-11-24T08:00"),
        (NIGHT, "2026-11-24T07:59:59", "2026-11-24T08:00"),
        (NIGHT, "2026-11-24T08:00", "2026-11-24T08:00"),
        (NOON, "2026-11-24T12:00", "2026-11-24T14:00"),
        (NOON, "2026-11-24T14:00", "2026-11-24T14:00"),
        (QuietHours(time(18), time(0)), "2026-11-24T18:30", "2026-11-25T00:00"),
        (QuietHours(time(0), time(6)), "2026-11-24T00:00", "2026-11-24T06:00"),
        # The last night of winter time has seven hours, the last one of summer time nine.
        (NIGHT, "2027-03-27T21:00", "2027-03-28T08:00"),
        (NIGHT, "2026-10-24T21:00", "2026-10-25T08:00"),
        # 02:30 does not exist on 28 March 2027: the clocks go from 02:00 to 03:00.
        (QuietHours(time(22), time(2, 30)), "2027-03-28T01:00", "2027-03-28T03:30"),
    ],
)
def test_quiet_hours(quiet: QuietHours, at: str, allowed: str) -> None:
    assert moved(Calendar(PARIS, quiet), paris(at)) == paris(allowed)


def test_nights_of_daylight_saving_time_have_their_own_length() -> None:
    winter, spring, autumn = (paris(f"{day}T21:00") for day in ("2027-01-10", "2027-03-27", "2026-10-24"))
    calendar = Calendar(PARIS, NIGHT)
    lengths = [moved(calendar, evening) - evening for evening in (winter, spring, autumn)]
    assert lengths == [timedelta(hours=11), timedelta(hours=10), timedelta(hours=12)]


def test_an_hour_that_comes_twice() -> None:
    calendar = Calendar(PARIS, QuietHours(time(22), time(2, 30)))
    summer, winter = (datetime(2026, 10, 25, hour, 10, tzinfo=UTC) for hour in (0, 1))  # 02:10, and 02:10 again
    assert moved(calendar, summer) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert moved(calendar, winter) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("country", "at", "allowed"),
    [
        (None, "2026-11-27T23:59", "2026-11-27T23:59"),
        (None, "2026-11-28T10:00", "2026-11-30T00:00"),  # a Saturday
        (None, "2026-12-25T10:00", "2026-12-25T10:00"),  # Christmas, a Friday, without a country
        ("FR", "2026-12-25T10:00", "2026-12-28T00:00"),
        ("FR", "2027-05-17T09:00", "2027-05-18T00:00"),  # Whit Monday
        ("DE", "2026-10-03T10:00", "2026-10-05T00:00"),
        ("AE", "2026-11-27T10:00", "2026-11-27T10:00"),
    ],
)
def test_working_days(country: str | None, at: str, allowed: str) -> None:
    assert moved(Calendar(PARIS, working_days_only=True, holidays=country), paris(at)) == paris(allowed)


def test_both_together_across_the_change_of_the_clocks() -> None:
    # Saturday evening before the change; the Sunday has 23 hours, and the Monday after it is Easter Monday.
    saturday = paris("2027-03-27T21:00")
    assert moved(Calendar(PARIS, NIGHT, working_days_only=True), saturday) == paris("2027-03-29T08:00")
    assert moved(Calendar(PARIS, NIGHT, working_days_only=True, holidays="FR"), saturday) == paris("2027-03-30T08:00")


def test_never_past_the_limit() -> None:
    calendar = Calendar(PARIS, NIGHT)
    evening, morning = paris("2026-11-23T21:00"), paris("2026-11-24T08:00")
    assert calendar.next_allowed(evening, morning) is None
    assert calendar.next_allowed(evening, morning + timedelta(microseconds=1)) == morning
    assert calendar.next_allowed(morning, morning) is None


def test_another_zone_has_another_night() -> None:
    at = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)  # 07:30 in Paris, 15:30 in Tokyo
    assert moved(Calendar(PARIS, NIGHT), at) == datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert moved(Calendar(ZoneInfo("Asia/Tokyo"), NIGHT), at) == at


def test_known_countries() -> None:
    assert has_holidays("FR")
    assert not has_holidays("FRA")
    assert not has_holidays("ZZ")


_clocks = st.times(max_value=time(23, 59)).map(lambda found: found.replace(second=0, microsecond=0))
_zones = st.sampled_from(["Europe/Paris", "Africa/Cairo", "America/St_Johns", "Australia/Lord_Howe", "UTC"])


@given(
    _zones,
    st.tuples(_clocks, _clocks).filter(lambda pair: pair[0] != pair[1]),
    st.booleans(),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001 - hypothesis adds the zone
)
def test_what_is_found_is_allowed_and_not_before(
    zone: str, quiet: tuple[time, time], working: bool, naive: datetime
) -> None:
    at, hours, here = naive.replace(tzinfo=UTC), QuietHours(*quiet), ZoneInfo(zone)
    found = moved(Calendar(here, hours, working), at)
    local = found.astimezone(here)
    assert found >= at
    assert not hours.hold(local.time())
    assert not working or local.weekday() < 5
    if found > at:
        # Nothing earlier was allowed: the minute before is not, unless the clocks skipped it.
        before = (found - timedelta(minutes=1)).astimezone(here)
        skipped = before.utcoffset() != local.utcoffset() or (
            (found - timedelta(hours=1)).astimezone(here).utcoffset() != local.utcoffset()
        )
        weekend = working and date.weekday(before.date()) >= 5
        assert found - timedelta(minutes=1) < at or hours.hold(before.time()) or weekend or skipped
