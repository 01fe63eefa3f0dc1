"""What the outbox and the lanes look like to whoever watches over them."""

from collections.abc import Sequence

from relance.capabilities.messaging.metrics.repository import OutboxMeasures
from relance.capabilities.messaging.models import MessageState
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.telemetry import Measured, single

_COUNTED = (
    MessageState.QUEUED,
    MessageState.SENDING,
    MessageState.UNCERTAIN,
    MessageState.FAILED,
    MessageState.DEAD,
    MessageState.BOUNCED,
    MessageState.SUPPRESSED,
)
_LEASE = "lease_"
_OUTCOMES = ("sent", "deferred", "uncertain", "failed", "dead", "cancelled", "suppressed", "bounced")
_LOST = ("queued", "uncertain", "dead")


class OutboxProbe:
    """Measures delivery, over all workspaces."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def measure(self, session: DbSession) -> Sequence[Measured]:
        """See `Probe`."""
        rows = OutboxMeasures(session)
        queue = await rows.queue(self._clock.now())
        states = await rows.states()
        totals = await rows.totals()
        lanes = await rows.lanes()
        return [
            single(
                "relance_outbox_oldest_seconds",
                "How long the oldest mail that is due has been waiting; 0 when none is.",
                queue.oldest_seconds,
            ),
            single("relance_outbox_due", "Mails that are due and not yet claimed.", queue.due),
            Measured(
                "relance_messages",
                "Mails that are on their way or went wrong, by state.",
                labels=("state",),
                values={(state.value,): states.get(state.value, 0) for state in _COUNTED},
            ),
            Measured(
                "relance_messages_outcomes",
                "What came of delivery since the beginning; `deferred` is a refusal for now.",
                "counter",
                ("outcome",),
                {(name,): totals.get(name, 0) for name in _OUTCOMES},
            ),
            Measured(
                "relance_leases_lost",
                "Workers that died with a mail in hand, by what became of the mail.",
                "counter",
                ("state",),
                {(name,): totals.get(f"{_LEASE}{name}", 0) for name in _LOST},
            ),
            single("relance_leases_overdue", "Leases that have run out and wait for a sweep.", queue.overdue),
            Measured(
                "relance_lane_paused_seconds",
                "For how long nothing goes on this lane; 0 when it is open.",
                labels=("lane",),
                values={(lane.name,): lane.paused_seconds for lane in lanes},
            ),
            Measured(
                "relance_lane_slowed",
                "Whether the relay has said lately that we are too fast.",
                labels=("lane",),
                values={(lane.name,): float(lane.slowed) for lane in lanes},
            ),
            Measured(
                "relance_lane_faults",
                "Faults of the lane in a row.",
                labels=("lane",),
                values={(lane.name,): lane.faults for lane in lanes},
            ),
        ]
