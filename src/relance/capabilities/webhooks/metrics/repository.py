"""Every query of the metrics of webhooks."""

from datetime import datetime

from sqlalchemy import text

from relance.core.repository import Repository

_WAITING = text("""
SELECT count(*) AS pending, COALESCE(EXTRACT(EPOCH FROM :now - min(d.created_at)), 0) AS oldest,
       (SELECT count(*) FROM webhook_lanes l JOIN webhook_endpoints w
        ON w.workspace_id = l.workspace_id AND w.id = l.id WHERE w.enabled AND l.failures > 0) AS failing
FROM webhook_deliveries d JOIN webhook_endpoints e ON e.workspace_id = d.workspace_id AND e.id = d.endpoint_id
WHERE d.state IN ('pending', 'sending') AND e.enabled
""")
_TOTALS = text("SELECT outcome, sum(total)::bigint AS total FROM webhook_totals GROUP BY outcome")
# Of what the last pass had not seen, the oldest: a handful of rows while the sequencer lives.
_LAG = text("""
SELECT COALESCE(EXTRACT(EPOCH FROM :now - min(j.at)), 0)
FROM feed_state s JOIN journal_entries j
  ON j.transaction_id >= CAST(CAST(pg_snapshot_xmin(CAST(s.snapshot AS pg_snapshot)) AS text) AS bigint)
WHERE NOT pg_visible_in_snapshot(CAST(CAST(j.transaction_id AS text) AS xid8), CAST(s.snapshot AS pg_snapshot))
""")


class WebhookMeasures(Repository):
    """Figures over all workspaces."""

    async def waiting(self, now: datetime) -> tuple[int, float, int]:
        """Deliveries under way, the age of the oldest in seconds, and endpoints in trouble."""
        row = (await self.session.execute(_WAITING, {"now": now})).one()
        return row.pending, max(float(row.oldest), 0.0), row.failing

    async def totals(self) -> dict[str, int]:
        """What came of conversations since the beginning."""
        return {row.outcome: row.total for row in await self.session.execute(_TOTALS)}

    async def feed_lag(self, now: datetime) -> float:
        """How long the oldest entry without a place has been waiting, in seconds."""
        return max(float(await self.session.scalar(_LAG, {"now": now}) or 0), 0.0)
