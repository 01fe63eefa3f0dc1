"""Lanes: how fast, and whether at all, mail goes to one relay account or one recipient domain. Pure."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from relance.core.settings import Settings

_FIRST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(minutes=5)
#: Credentials do not heal by themselves: ask again rarely, so that the account is not locked out.
AUTH_PAUSE = timedelta(minutes=5)
SLOW_FOR = timedelta(minutes=10)
_FIRST_SLOW_RATE = 1.0
_SLOWEST_RATE = 1 / 60


@dataclass(frozen=True, slots=True)
class LaneState:
    """A lane as the claim reads it; every time is on the database's clock."""

    name: str
    rate: float | None
    burst: int
    arrival_at: datetime | None
    paused_until: datetime | None
    faults: int
    slow_rate: float | None
    slow_until: datetime | None

    def paused(self, now: datetime) -> bool:
        """Whether nothing may go."""
        return self.paused_until is not None and self.paused_until > now

    def slowed(self, now: datetime) -> bool:
        """Whether the relay said lately that we are too fast."""
        return self.slow_rate is not None and self.slow_until is not None and self.slow_until > now

    def current_rate(self, now: datetime) -> float | None:
        """Mails per second allowed; None for no limit."""
        rates = [rate for rate in (self.rate, self.slow_rate if self.slowed(now) else None) if rate is not None]
        return min(rates) if rates else None

    def capacity(self, now: datetime, wanted: int) -> int:
        """How many of `wanted` mails may go now (GCRA: the generic cell rate algorithm)."""
        if self.paused(now):
            return 0
        rate = self.current_rate(now)
        if rate is None:
            return wanted
        interval = 1 / rate
        ahead = max((self.arrival_at - now).total_seconds(), 0.0) if self.arrival_at else 0.0
        burst = 1 if self.slowed(now) else self.burst
        # The small addend keeps ten intervals of 0.1 s from counting as nine.
        return max(0, min(wanted, int((burst * interval - ahead) / interval + 1e-9)))

    def arrival_after(self, now: datetime, used: int) -> datetime | None:
        """The theoretical arrival time once `used` mails went; None where there is no limit to keep."""
        rate = self.current_rate(now)
        if rate is None or not used:
            return None
        start = max(self.arrival_at, now) if self.arrival_at else now
        return start + timedelta(seconds=used / rate)

    def slower(self, now: datetime) -> float:
        """The rate after the relay said once more that we are too fast."""
        rate = self.current_rate(now)
        return max(_SLOWEST_RATE, min(_FIRST_SLOW_RATE, rate / 2 if rate else _FIRST_SLOW_RATE))


@dataclass(frozen=True, slots=True)
class LaneChange:
    """What a conversation taught about a lane."""

    lane: str
    pause: bool = False
    credentials: bool = False
    slow: bool = False
    healthy: bool = False
    fault: str | None = None


def pause_after(faults: int, jitter: Callable[[], float] = random.random) -> timedelta:
    """How long to leave a relay alone after `faults` faults in a row: doubled each time, half of it jitter."""
    longest: timedelta = min(_LONGEST_PAUSE, _FIRST_PAUSE * int(2 ** min(max(faults, 1) - 1, 20)))
    return longest * (0.5 + jitter() / 2)


def relay_lane(settings: Settings) -> str:
    """The name of the lane to the configured relay account; the password is not part of it."""
    scheme, _, rest = settings.smtp_url.partition("://")
    credentials, at, host = rest.rpartition("@")
    user = credentials.partition(":")[0]
    return f"relay:{scheme}://{user}{at}{host.rstrip('/')}"


def domain_lane(domain: str) -> str:
    """The name of the lane to a recipient domain, in force where an operator made a row for it."""
    return f"domain:{domain}"
