"""The test clock: one offset in the database that moves the business time of every process."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from relance.capabilities.sandbox.errors import ClockTooFar
from relance.capabilities.sandbox.repository import ClockRepository
from relance.core.clock import OffsetClock, system_now
from relance.core.db import Database, DbSession
from relance.core.durations import after
from relance.core.errors import ValidationFailed
from relance.core.i18n import Text

#: The bells of what may be due once time has moved.
BELLS = ("sweep_follow_ups", "deliver_messages")
_LONGEST_STEP = timedelta(days=3660)
_FURTHEST = timedelta(days=36600)


def sandbox_clock(db: Database) -> tuple[OffsetClock, Callable[[], Awaitable[None]]]:
    """The clock that the sandbox moves, and what brings it up to date: any process may have moved it."""
    clock = OffsetClock()

    async def refresh() -> None:
        async with db.reading(None) as session:
            clock.offset = await ClockRepository(session).offset()

    return clock, refresh


async def advance(session: DbSession, by: str) -> tuple[datetime, timedelta]:
    """Move the test clock of the whole deployment forward by an ISO 8601 duration; the sweeps run after the commit.

    Returns:
        The business time, and how far it is ahead of the machine's.

    Raises:
        ValidationFailed: the duration is empty.
        ClockTooFar: beyond what dates can bear.
    """
    row = await ClockRepository(session).lock()
    machine = system_now()
    before = machine + row.offset
    try:
        step = after(before, by) - before
    except (OverflowError, ValueError):
        step = timedelta.max
    if step <= timedelta():
        raise ValidationFailed.at(
            "/by", "not_positive", Text("La durée doit être positive.", "The duration must be positive.")
        )
    if step > _LONGEST_STEP or row.offset + step > _FURTHEST:
        raise ClockTooFar(longest_step=duration_text(_LONGEST_STEP), furthest=duration_text(_FURTHEST))
    row.offset += step
    for bell in BELLS:
        session.ring(bell)
    return machine + row.offset, row.offset


def duration_text(span: timedelta) -> str:
    """`span`, which is not negative, as an ISO 8601 duration of days and less."""
    hours, rest = divmod(span.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    days = f"{span.days}D" if span.days else ""
    time = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if count)
    return f"P{days}{'T' + time if time else ''}" if days or time else "PT0S"
