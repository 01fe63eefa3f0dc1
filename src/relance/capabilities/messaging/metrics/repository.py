"""Every query of the metrics of messaging. Each reads an index of what is open, never the whole table."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from relance.core.repository import Repository

_QUEUE = text("""
SELECT count(*) AS due, COALESCE(EXTRACT(EPOCH FROM :now - min(not_before)), 0) AS oldest,
       (SELECT count(*) FROM messages WHERE state = 'sending' AND lease_until < clock_timestamp()) AS overdue
FROM messages WHERE state = 'queued' AND not_before <= :now
""")
# One statement a partial index: PostgreSQL does not join their conditions by itself.
_STATES = text("""
SELECT 'queued' AS state, count(*) AS messages FROM messages WHERE state = 'queued'
UNION ALL SELECT 'sending', count(*) FROM messages WHERE state = 'sending'
UNION ALL SELECT state, count(*) FROM messages
WHERE state IN ('uncertain', 'failed', 'dead', 'bounced', 'suppressed') GROUP BY state
""")
_TOTALS = text("SELECT outcome, sum(total)::bigint AS total FROM delivery_totals GROUP BY outcome")
_LANES = text("""
SELECT name, faults, COALESCE(slow_until > clock_timestamp(), false) AS slowed,
       GREATEST(COALESCE(EXTRACT(EPOCH FROM paused_until - clock_timestamp()), 0), 0) AS paused
FROM delivery_lanes ORDER BY name
""")


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits."""

    due: int
    oldest_seconds: float
    overdue: int


@dataclass(frozen=True, slots=True)
class Lane:
    """One lane."""

    name: str
    faults: int
    slowed: bool
    paused_seconds: float


class OutboxMeasures(Repository):
    """Figures over all workspaces."""

    async def queue(self, now: datetime) -> Queue:
        """What is due at `now`, in business time, and leases that ran out."""
        row = (await self.session.execute(_QUEUE, {"now": now})).one()
        return Queue(row.due, max(float(row.oldest), 0.0), row.overdue)

    async def states(self) -> dict[str, int]:
        """Messages that are open or went wrong, by state."""
        return {row.state: row.messages for row in await self.session.execute(_STATES)}

    async def totals(self) -> dict[str, int]:
        """What came of messages since the beginning."""
        return {row.outcome: row.total for row in await self.session.execute(_TOTALS)}

    async def lanes(self) -> list[Lane]:
        """Every lane."""
        rows = await self.session.execute(_LANES)
        return [Lane(row.name, row.faults, row.slowed, float(row.paused)) for row in rows]
