"""Rates and pauses, without a clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from relance.capabilities.messaging.lanes import LaneState, pause_after, relay_lane
from relance.core.settings import Settings

_NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
_FREE = LaneState("relay:x", None, 10, None, None, 0, None, None)


def test_no_rate_no_limit() -> None:
    assert _FREE.capacity(_NOW, 500) == 500
    assert _FREE.arrival_after(_NOW, 500) is None


def test_a_pause_lets_nothing_go() -> None:
    assert replace(_FREE, paused_until=_NOW + timedelta(seconds=1)).capacity(_NOW, 5) == 0
    assert replace(_FREE, paused_until=_NOW).capacity(_NOW, 5) == 5


def test_a_rate_is_kept_over_time() -> None:
    lane, sent, now = replace(_FREE, rate=2.0, burst=4), 0, _NOW
    for _ in range(600):
        now += timedelta(milliseconds=100)
        room = lane.capacity(now, 100)
        sent += room
        lane = replace(lane, arrival_at=lane.arrival_after(now, room) or lane.arrival_at)
    assert 120 <= sent <= 124, "sixty seconds at two a second, and the first burst"


def test_a_slowed_lane_has_no_burst_and_halves_its_rate() -> None:
    lane = replace(_FREE, rate=100.0, slow_rate=1.0, slow_until=_NOW + timedelta(minutes=1))
    assert lane.capacity(_NOW, 50) == 1
    assert lane.slower(_NOW) == 0.5
    assert lane.capacity(_NOW + timedelta(minutes=2), 50) == 10
    assert replace(_FREE).slower(_NOW) == 1.0


def test_pauses_double_up_to_five_minutes() -> None:
    assert [pause_after(faults, lambda: 1.0).total_seconds() for faults in (1, 2, 3, 9, 50)] == [1, 2, 4, 256, 300]
    assert pause_after(3, lambda: 0.0).total_seconds() == 2


def test_the_name_of_a_lane_holds_no_password() -> None:
    settings = Settings(environment="development", smtp_url="smtps://user:pass@word@relay.example:465/")
    assert relay_lane(settings) == "relay:smtps://user@relay.example:465"
