"""The end of a completed form: its validity is over, or its partner is not who answered it any more."""

from relance.capabilities.directory.watchers import IdentityChange
from relance.capabilities.followups.service import FollowUps
from relance.capabilities.journal.service import Journal
from relance.core.db import DbSession
from relance.core.runtime import Runtime
from relance.core.subjects import ActorRef, SubjectRef
from relance.domains.invitations.lifecycle import ExpiryReason, FormStatus
from relance.domains.invitations.models import Prequalification
from relance.domains.invitations.repository import InvitationRepository, PrequalificationRepository

PREQUALIFICATION = "prequalification"


def expire_form(
    session: DbSession, runtime: Runtime, row: Prequalification, why: ExpiryReason, actor: ActorRef
) -> None:
    """The completed form, which is locked, is valid no longer. Rows that it closed stay closed."""
    before, row.form_status = row.form_status, FormStatus.EXPIRED
    row.expiry_reason = why
    Journal(session, runtime.clock).record(
        "prequalification.expired",
        SubjectRef(PREQUALIFICATION, row.id),
        actor,
        company_id=row.company_id,
        before={"form_status": before},
        after={"form_status": row.form_status, "reason": why},
    )


class PartnerIdentities:
    """An `IdentityWatcher`, registered by the composition root: the answers were those of somebody else."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def identity_changed(self, session: DbSession, change: IdentityChange, actor: ActorRef) -> None:
        """Expire the partner's form, where it is completed. What is asked of the partner meanwhile stays asked."""
        row = await PrequalificationRepository(session).lock_known(change.company_id)
        if row is None or row.form_status != FormStatus.COMPLETED:
            return
        row.valid_until = self._runtime.clock.now()
        await FollowUps(session, self._runtime.clock).cancel(SubjectRef(PREQUALIFICATION, row.id), "identity_changed")
        expire_form(session, self._runtime, row, ExpiryReason.IDENTITY_CHANGED, actor)
        await session.flush()
        await InvitationRepository(session).spread_form_status([row.company_id], FormStatus.EXPIRED)
