"""What a due reminder or expiry of a user's invitation does."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from relance.capabilities.followups.handlers import Done, Dropped, Due, FollowUpHandler, Outcome, Postponed
from relance.capabilities.followups.models import FollowUpKind
from relance.capabilities.identity.accounts.asking import KIND, Asking, subject_of
from relance.capabilities.identity.accounts.invitations import facts_of
from relance.capabilities.identity.accounts.lifecycle import INVITATION
from relance.capabilities.identity.accounts.repository import AccountRepository, InvitedUser
from relance.capabilities.journal.service import Journal
from relance.capabilities.messaging.gap import TooRecent, gap_ends_at
from relance.capabilities.messaging.outbox import Outbox
from relance.core.db import DbSession
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.subjects import SYSTEM


class UserInvitationFollowUps(FollowUpHandler):
    """Registered for the subject kind `user_invitation` by the composition root."""

    kind = KIND

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def follow_up(self, session: DbSession, due: Sequence[Due]) -> Mapping[UUID, Outcome]:
        """Remind or expire; see `FollowUpHandler`."""
        rows = await AccountRepository(session).lock_free([follow_up.subject_id for follow_up in due])
        outcomes: dict[UUID, Outcome] = {}
        for follow_up in due:
            row = rows.get(follow_up.subject_id)
            if row is None:
                continue
            if follow_up.cycle != row.invitation.cycle:
                outcomes[follow_up.id] = Dropped("earlier_cycle")
            else:
                act = self._expire if follow_up.kind == FollowUpKind.EXPIRY else self._remind
                outcomes[follow_up.id] = await act(session, row)
        await session.flush()
        return outcomes

    async def _remind(self, session: DbSession, row: InvitedUser) -> Outcome:
        invitation, clock = row.invitation, self._runtime.clock
        refused = INVITATION.refusal(invitation.status, "remind", Actor.WORKER, facts_of(invitation, clock))
        if isinstance(refused, TooRecent):
            until = gap_ends_at(invitation.last_asked_at, clock.now())
            if until is None or (invitation.expires_at is not None and until >= invitation.expires_at):
                return Dropped("gap_past_expiry")
            return Postponed(until)
        if refused is not None:
            return Dropped(refused.code)
        await Asking(session, clock).remind(row, invitation.expires_at or clock.now())
        self._record(session, row, "user_invitation.reminded", invitation.status)
        return Done()

    async def _expire(self, session: DbSession, row: InvitedUser) -> Outcome:
        invitation, clock = row.invitation, self._runtime.clock
        facts = facts_of(invitation, clock)
        refused = INVITATION.refusal(invitation.status, "expire", Actor.WORKER, facts)
        if refused is not None:
            return Dropped(refused.code)
        step = INVITATION.require(invitation.status, "expire", Actor.WORKER, facts)
        before, invitation.status = invitation.status, INVITATION.target(step, invitation.status)
        await Outbox(session, clock).cancel(subject_of(invitation), "expired")
        await Asking(session, clock).tell_expired(row)
        self._record(session, row, step.journal, before)
        return Done()

    def _record(self, session: DbSession, row: InvitedUser, action: str, before: str) -> None:
        Journal(session, self._runtime.clock).record(
            action,
            subject_of(row.invitation),
            SYSTEM,
            before={"status": before},
            after={"status": row.invitation.status, "user_id": str(row.user.id)},
        )
