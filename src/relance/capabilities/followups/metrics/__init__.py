"""How far the follow-ups are behind."""

from collections.abc import Sequence

from relance.capabilities.followups.metrics.repository import FollowUpMeasures
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.telemetry import Measured, single


class FollowUpProbe:
    """Measures reminders and expiries, over all workspaces."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def measure(self, session: DbSession) -> Sequence[Measured]:
        """See `Probe`."""
        due, oldest = await FollowUpMeasures(session).due(self._clock.now())
        return [
            single("relance_follow_ups_due", "Reminders and expiries that are due and not yet acted on.", due),
            single(
                "relance_follow_up_lag_seconds", "How long the oldest of them has been due; 0 when none is.", oldest
            ),
        ]
