"""Every query of the metrics of the follow-ups."""

from datetime import datetime

from sqlalchemy import text

from relance.core.repository import Repository

_DUE = text("""
SELECT count(*) AS due, COALESCE(EXTRACT(EPOCH FROM :now - min(due_at)), 0) AS oldest
FROM follow_ups WHERE state = 'pending' AND due_at <= :now
""")


class FollowUpMeasures(Repository):
    """Figures over all workspaces."""

    async def due(self, now: datetime) -> tuple[int, float]:
        """How many follow-ups are due at `now`, and since when the oldest is, in seconds."""
        row = (await self.session.execute(_DUE, {"now": now})).one()
        return row.due, float(row.oldest)
