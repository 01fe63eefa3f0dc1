"""The injected clock. Business time is asked here and nowhere else, so that tests and the sandbox can move it.

Security lifetimes (access tokens, leases of a claimed mail) run on the machine's clock instead: moving the
sandbox by seven days must not log a caller out, nor make a mail under way look abandoned. See docs/adr/0005.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol


def system_now() -> datetime:
    """The machine's time, in UTC: for token lifetimes and leases only."""
    return datetime.now(UTC)


class Clock(Protocol):
    """Anything that knows the business time."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        return system_now()


class OffsetClock:
    """The machine's time plus an offset that the sandbox moves; every process refreshes it from the database."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self.offset = offset

    def now(self) -> datetime:
        """The current instant of the sandbox, aware, in UTC."""
        return system_now() + self.offset
