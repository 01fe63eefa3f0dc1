"""What the feed and the webhooks look like to whoever watches over them."""

from collections.abc import Sequence

from relance.capabilities.webhooks.metrics.repository import WebhookMeasures
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.telemetry import Measured, single

_OUTCOMES = ("delivered", "deferred", "dead", "lease_lost")


class WebhookProbe:
    """Measures events and their deliveries, over all workspaces."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def measure(self, session: DbSession) -> Sequence[Measured]:
        """See `Probe`."""
        rows = WebhookMeasures(session)
        waiting = await rows.waiting(self._clock.now())
        totals = await rows.totals()
        return [
            single(
                "relance_webhooks_pending", "Deliveries to enabled endpoints that wait or are tried again.", waiting[0]
            ),
            single(
                "relance_webhooks_oldest_seconds",
                "How long the oldest of them has been waiting; 0 when there is none.",
                waiting[1],
            ),
            single(
                "relance_webhook_endpoints_failing", "Enabled endpoints whose last conversation failed.", waiting[2]
            ),
            Measured(
                "relance_webhook_outcomes",
                "What came of conversations since the beginning; `deferred` is tried again.",
                "counter",
                ("outcome",),
                {(name,): totals.get(name, 0) for name in _OUTCOMES},
            ),
            single(
                "relance_events_lag_seconds",
                "How long the oldest journal entry has been waiting for its place in the feed; 0 when none does.",
                await rows.feed_lag(self._clock.now()),
            ),
        ]
