"""What a due reminder or expiry does."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from relance.capabilities.followups.handlers import Done, Dropped, Due, Outcome, Postponed
from relance.capabilities.followups.models import FollowUpKind
from relance.capabilities.journal.service import Entry, Journal
from relance.capabilities.messaging.outbox import Outbox
from relance.core.db import DbSession
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.subjects import SYSTEM
from relance.domains.invitations.asked import KIND, Asked
from relance.domains.invitations.asked.repository import AskedRepository
from relance.domains.invitations.asking import Asking
from relance.domains.invitations.errors import TooRecent
from relance.domains.invitations.expiry import PREQUALIFICATION, expire_form
from relance.domains.invitations.lifecycle import LIFECYCLE, ExpiryReason, FormStatus
from relance.domains.invitations.repository import InvitationRepository, PrequalificationRepository


class InvitationFollowUps:
    """Registered for the subject kind `invitation` by the composition root."""

    kind = KIND

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def follow_up(self, session: DbSession, due: Sequence[Due]) -> Mapping[UUID, Outcome]:
        """Remind or expire; see `FollowUpHandler`."""
        rows = await AskedRepository(session).lock_free([follow_up.subject_id for follow_up in due])
        outcomes: dict[UUID, Outcome] = {}
        chased: list[Asked] = []
        expired: list[Asked] = []
        for follow_up in due:
            row = rows.get(follow_up.subject_id)
            if row is None:
                continue
            if follow_up.cycle != row.cycle:
                outcomes[follow_up.id] = Dropped("earlier_cycle")
                continue
            expiry = follow_up.kind == FollowUpKind.EXPIRY
            outcomes[follow_up.id] = outcome = self._may_expire(row) if expiry else self._may_remind(row)
            if isinstance(outcome, Done):
                (expired if expiry else chased).append(row)
        await self._remind(session, chased)
        await self._expire(session, expired)
        return outcomes

    def _may_remind(self, row: Asked) -> Outcome:
        facts = row.facts(self._runtime.clock.now())
        refused = LIFECYCLE.refusal(row.status, "remind", Actor.WORKER, facts)
        if isinstance(refused, TooRecent):
            until = facts.gap_ends_at
            if until is None or (row.expires_at is not None and until >= row.expires_at):
                return Dropped("gap_past_expiry")
            return Postponed(until)
        return Done() if refused is None else Dropped(refused.code)

    def _may_expire(self, row: Asked) -> Outcome:
        facts = row.facts(self._runtime.clock.now())
        refused = LIFECYCLE.refusal(row.status, "expire", Actor.WORKER, facts)
        return Done() if refused is None else Dropped(refused.code)

    async def _remind(self, session: DbSession, rows: Sequence[Asked]) -> None:
        await Asking(session, self._runtime).remind(rows)
        await self._record(session, "invitation.reminded", [(row, row.status) for row in rows])

    async def _expire(self, session: DbSession, rows: Sequence[Asked]) -> None:
        if not rows:
            return
        now, before = self._runtime.clock.now(), [(row, row.status) for row in rows]
        steps = [LIFECYCLE.require(row.status, "expire", Actor.WORKER, row.facts(now)) for row in rows]
        for row, step in zip(rows, steps, strict=True):
            row.status = LIFECYCLE.target(step, row.status)
        await AskedRepository(session).write_cycles(rows)
        await Outbox(session, self._runtime.clock).cancel_many([row.subject for row in rows], "expired")
        await Asking(session, self._runtime).tell_expired([row for row in rows if row.facts(now).chased])
        await self._record(session, steps[0].journal, before)

    async def _record(self, session: DbSession, action: str, rows: Sequence[tuple[Asked, str]]) -> None:
        entries = [
            Entry(action, row.subject, row.company_id, before={"status": before}, after={"status": row.status})
            for row, before in rows
        ]
        await Journal(session, self._runtime.clock).record_all(entries, SYSTEM)


class PrequalificationFollowUps:
    """The end of a form's validity; registered for the subject kind `prequalification`."""

    kind = PREQUALIFICATION

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def follow_up(self, session: DbSession, due: Sequence[Due]) -> Mapping[UUID, Outcome]:
        """Expire the form; rows that it closed stay closed."""
        locked = await PrequalificationRepository(session).lock_free([follow_up.subject_id for follow_up in due])
        by_id = {row.id: row for row in locked}
        outcomes: dict[UUID, Outcome] = {}
        expired: set[UUID] = set()
        for follow_up in due:
            row = by_id.get(follow_up.subject_id)
            if row is None:
                continue
            if row.form_status != FormStatus.COMPLETED or follow_up.cycle != row.completions:
                outcomes[follow_up.id] = Dropped("answered_again")
                continue
            expire_form(session, self._runtime, row, ExpiryReason.VALIDITY_OVER, SYSTEM)
            expired.add(row.company_id)
            outcomes[follow_up.id] = Done()
        await session.flush()
        await InvitationRepository(session).spread_form_status(expired, FormStatus.EXPIRED)
        return outcomes
