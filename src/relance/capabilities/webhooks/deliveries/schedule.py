"""When a delivery is tried again, and when it or its endpoint is given up. No I/O."""

import random
from datetime import datetime, timedelta
from typing import Final

#: After the first attempt, the second, and so on: over three days, as Standard Webhooks advises.
BACKOFF: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
MOST_ATTEMPTS: Final = len(BACKOFF) + 1
#: An endpoint that takes nothing for this long is disabled.
FAILING_FOR: Final = timedelta(days=5)
#: Longer than the longest wait between two attempts: failures further apart say nothing about the time between them.
QUIET: Final = timedelta(days=2)
#: A delivery that so many processes died with.
MOST_LOST_LEASES: Final = 10
#: So many failures in a row, and the endpoint is asked by one conversation at a time, with pauses.
PATIENCE: Final = 5
_LONGEST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_RETRY_AFTER: Final = timedelta(hours=24)
_JITTER: Final = 0.2


def next_attempt(attempts: int, now: datetime, retry_after: timedelta | None) -> datetime | None:
    """When to try again after `attempts` failures; None where that was the last.

    Args:
        attempts: how many there have been, from 1.
        now: in business time.
        retry_after: what the endpoint asked for; honoured up to a day, never to be sooner.
    """
    if attempts >= MOST_ATTEMPTS:
        return None
    spread = BACKOFF[attempts - 1] * (1 + _JITTER * random.random())  # noqa: S311 - spreads load, hides nothing
    return now + max(spread, min(retry_after or timedelta(), _LONGEST_RETRY_AFTER))


def pause(failures: int) -> timedelta:
    """How long an endpoint is left alone after so many failures in a row."""
    if failures < PATIENCE:
        return timedelta()
    return min(timedelta(seconds=2 ** min(failures - PATIENCE, 10)), _LONGEST_PAUSE)
