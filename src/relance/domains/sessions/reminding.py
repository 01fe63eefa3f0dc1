"""When a client who has not answered is reminded by the worker: once, where the session says so."""

from datetime import UTC, datetime, time, timedelta

from relance.capabilities.followups.service import FollowUps, Policy
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.domains.sessions.asking import subject_of
from relance.domains.sessions.repository import ClientRow, SessionRow

_AFTER_MAIL = timedelta(days=7)
_BEFORE_DUE = timedelta(days=2)
#: On the clocks of the session's zone: a reminder leaves in working hours.
_HOUR = time(9)


def reminder_at(row: SessionRow, found: ClientRow) -> datetime | None:
    """Seven days after the mail or two days before the due date, the earlier; None before the mail has left."""
    client = found.client
    if client.sent_at is None or client.due_on is None:
        return None
    before_due = datetime.combine(client.due_on - _BEFORE_DUE, _HOUR, row.zone).astimezone(UTC)
    return min(client.sent_at + _AFTER_MAIL, before_due)


class Reminding:
    """Plans automatic reminders."""

    def __init__(self, session: DbSession, clock: Clock) -> None:
        self._follow_ups = FollowUps(session, clock)
        self._session = session
        self._clock = clock

    async def arm(self, row: SessionRow, found: ClientRow) -> None:
        """Plan the reminder of a client who is waited for; what was planned before is forgotten.

        One that would have left before now, or was sent already, is not planned.
        """
        client, subject = found.client, subject_of(found.client)
        await self._follow_ups.cancel(subject, "replanned")
        at = reminder_at(row, found) if row.session.automatic_reminders else None
        if at is None or at <= self._clock.now() or client.delivery is not None:
            return
        # Every planning is a cycle of follow-ups of its own: an extension plans anew within one proposal.
        client.plans += 1
        await self._session.flush()
        await self._follow_ups.plan_at(subject, client.plans, Policy(), [at], None)
