"""What a due reminder or expiry does."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from relance.capabilities.followups.handlers import Done, Dropped, Outcome, Postponed
from relance.capabilities.followups.models import FollowUp, FollowUpKind
from relance.capabilities.journal.service import Journal
from relance.capabilities.messaging.outbox import Outbox
from relance.core.db import DbSession
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.subjects import SYSTEM
from relance.domains.invitations import views
from relance.domains.invitations.asking import KIND, Asking, subject_of
from relance.domains.invitations.errors import TooRecent
from relance.domains.invitations.expiry import PREQUALIFICATION, expire_form
from relance.domains.invitations.lifecycle import LIFECYCLE, ExpiryReason, FormStatus
from relance.domains.invitations.repository import InvitationRepository, InvitationRow, PrequalificationRepository


class InvitationFollowUps:
    """Registered for the subject kind `invitation` by the composition root."""

    kind = KIND

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def follow_up(self, session: DbSession, due: Sequence[FollowUp]) -> Mapping[UUID, Outcome]:
        """Remind or expire; see `FollowUpHandler`."""
        rows = await InvitationRepository(session).lock_free([follow_up.subject_id for follow_up in due])
        outcomes: dict[UUID, Outcome] = {}
        chased: list[InvitationRow] = []
        for follow_up in due:
            row = rows.get(follow_up.subject_id)
            if row is None:
                continue
            if follow_up.cycle != row.invitation.cycle:
                outcomes[follow_up.id] = Dropped("earlier_cycle")
            elif follow_up.kind == FollowUpKind.EXPIRY:
                outcomes[follow_up.id] = await self._expire(session, row)
            else:
                outcomes[follow_up.id] = outcome = self._may_remind(row)
                if isinstance(outcome, Done):
                    chased.append(row)
        await Asking(session, self._runtime).remind(chased)
        for row in chased:
            self._record(session, row, "invitation.reminded", row.invitation.status)
        await session.flush()
        return outcomes

    def _may_remind(self, row: InvitationRow) -> Outcome:
        invitation, now = row.invitation, self._runtime.clock.now()
        facts = views.facts_of(row, now)
        refused = LIFECYCLE.refusal(invitation.status, "remind", Actor.WORKER, facts)
        if isinstance(refused, TooRecent):
            until = facts.gap_ends_at
            if until is None or (invitation.expires_at is not None and until >= invitation.expires_at):
                return Dropped("gap_past_expiry")
            return Postponed(until)
        if refused is not None:
            return Dropped(refused.code)
        return Done()

    async def _expire(self, session: DbSession, row: InvitationRow) -> Outcome:
        invitation, now = row.invitation, self._runtime.clock.now()
        facts = views.facts_of(row, now)
        refused = LIFECYCLE.refusal(invitation.status, "expire", Actor.WORKER, facts)
        if refused is not None:
            return Dropped(refused.code)
        step = LIFECYCLE.require(invitation.status, "expire", Actor.WORKER, facts)
        before, invitation.status = invitation.status, LIFECYCLE.target(step, invitation.status)
        await Outbox(session, self._runtime.clock).cancel(subject_of(invitation), "expired")
        if facts.chased:
            await Asking(session, self._runtime).tell_expired(row)
        self._record(session, row, step.journal, before)
        return Done()

    def _record(self, session: DbSession, row: InvitationRow, action: str, before: str) -> None:
        Journal(session, self._runtime.clock).record(
            action,
            subject_of(row.invitation),
            SYSTEM,
            company_id=row.invitation.company_id,
            before={"status": before},
            after={"status": row.invitation.status},
        )


class PrequalificationFollowUps:
    """The end of a form's validity; registered for the subject kind `prequalification`."""

    kind = PREQUALIFICATION

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def follow_up(self, session: DbSession, due: Sequence[FollowUp]) -> Mapping[UUID, Outcome]:
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
