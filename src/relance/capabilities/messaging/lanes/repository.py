"""Every query of the lanes."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from relance.capabilities.messaging.lanes import AUTH_PAUSE, SLOW_FOR, LaneChange, LaneState, pause_after
from relance.core.repository import Repository

_NOW = text("SELECT clock_timestamp()")
_LANES = text("SELECT * FROM delivery_lanes")
_ADD_LANE = text("INSERT INTO delivery_lanes (name) VALUES (:name) ON CONFLICT (name) DO NOTHING")
_LOCK_LANE = text("SELECT * FROM delivery_lanes WHERE name = :name FOR UPDATE")
_ADVANCE_LANE = text("UPDATE delivery_lanes SET arrival_at = :arrival WHERE name = :name")
_PAUSE_LANE = text("""
UPDATE delivery_lanes SET faults = faults + 1, last_fault = :fault,
       paused_until = clock_timestamp() + make_interval(secs => :seconds)
WHERE name = :name
""")
_SLOW_LANE = text("""
UPDATE delivery_lanes SET slow_rate = :rate, last_fault = :fault,
       slow_until = clock_timestamp() + make_interval(secs => :seconds)
WHERE name = :name
""")
_HEAL_LANE = text("UPDATE delivery_lanes SET faults = 0, paused_until = NULL WHERE name = :name AND faults > 0")


class LaneRepository(Repository):
    """The lanes: shared by all workspaces."""

    async def all(self, relay: str) -> dict[str, LaneState]:
        """Every lane by name; the relay's own is made at the first look."""
        found = {row.name: _lane(row) for row in await self.session.execute(_LANES)}
        if relay not in found:
            await self.session.execute(_ADD_LANE, {"name": relay})
            found[relay] = LaneState(relay, None, 10, None, None, 0, None, None)
        return found

    async def advance(self, name: str, arrival: datetime) -> None:
        """Move the theoretical arrival time."""
        await self.session.execute(_ADVANCE_LANE, {"name": name, "arrival": arrival})

    async def change(self, change: LaneChange) -> None:
        """Pause, slow or heal a lane. Connections that fail together count as one fault."""
        if change.healthy:
            await self.session.execute(_HEAL_LANE, {"name": change.lane})
            return
        now: datetime = (await self.session.execute(_NOW)).scalar_one()
        row = (await self.session.execute(_LOCK_LANE, {"name": change.lane})).one_or_none()
        if row is None:
            return
        lane, fault = _lane(row), (change.fault or "")[:500].replace("\x00", " ")
        if change.pause and not lane.paused(now):
            pause = AUTH_PAUSE if change.credentials else pause_after(lane.faults + 1)
            values = {"name": lane.name, "fault": fault, "seconds": pause.total_seconds()}
            await self.session.execute(_PAUSE_LANE, values)
        elif change.slow:
            values = {"name": lane.name, "fault": fault, "seconds": SLOW_FOR.total_seconds(), "rate": lane.slower(now)}
            await self.session.execute(_SLOW_LANE, values)


def _lane(row: Row[Any]) -> LaneState:
    return LaneState(
        row.name, row.rate, row.burst, row.arrival_at, row.paused_until, row.faults, row.slow_rate, row.slow_until
    )
