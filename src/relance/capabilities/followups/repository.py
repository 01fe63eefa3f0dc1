"""Every query of the follow-ups."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from relance.capabilities.followups.models import FollowUp, FollowUpKind, FollowUpPolicy, FollowUpState
from relance.core.repository import Repository, affected
from relance.core.subjects import SubjectRef

SubjectKey = tuple[UUID, str, UUID]


class FollowUpRepository(Repository):
    """Follow-ups of the session's workspace, or of all of them in the sweep's system session."""

    async def insert(self, rows: Sequence[dict[str, Any]]) -> None:
        """Plan `rows`; one that is planned already is left as it is."""
        if rows:
            await self.session.execute(insert(FollowUp).values(list(rows)).on_conflict_do_nothing())

    async def settle_pending(
        self,
        subject: SubjectRef,
        state: FollowUpState,
        reason: str,
        at: datetime,
        kinds: Collection[FollowUpKind],
        sources: Collection[FollowUpState],
    ) -> int:
        """Move what is still planned for `subject` to `state`."""
        return await affected(
            self.session,
            update(FollowUp)
            .where(
                FollowUp.subject_kind == subject.kind,
                FollowUp.subject_id == subject.id,
                FollowUp.state.in_(list(sources)),
                FollowUp.kind.in_(list(kinds)),
            )
            .values(state=state, reason=reason, settled_at=at),
        )

    async def resume(self, subject: SubjectRef, now: datetime) -> None:
        """Put back what was suspended and is not yet due."""
        await affected(
            self.session,
            update(FollowUp)
            .where(
                FollowUp.subject_kind == subject.kind,
                FollowUp.subject_id == subject.id,
                FollowUp.state == FollowUpState.SUSPENDED,
                FollowUp.due_at > now,
            )
            .values(state=FollowUpState.PENDING, reason=None, settled_at=None),
        )

    async def pending(self, subject: SubjectRef) -> Sequence[FollowUp]:
        """What is still planned for `subject`, soonest first."""
        found = await self.session.scalars(
            select(FollowUp)
            .where(
                FollowUp.subject_kind == subject.kind,
                FollowUp.subject_id == subject.id,
                FollowUp.state == FollowUpState.PENDING,
            )
            .order_by(FollowUp.due_at)
        )
        return found.all()

    async def claim_due(self, now: datetime, limit: int, kinds: Iterable[str]) -> Sequence[FollowUp]:
        """Lock due follow-ups, oldest first; those that another sweep holds are passed over."""
        found = await self.session.scalars(
            select(FollowUp)
            .where(
                FollowUp.state == FollowUpState.PENDING,
                FollowUp.due_at <= now,
                FollowUp.subject_kind.in_(list(kinds)),
            )
            .order_by(FollowUp.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return found.all()

    async def due_siblings(self, subjects: Collection[SubjectKey], now: datetime) -> Sequence[FollowUp]:
        """Lock everything due of `subjects`: after an outage several follow-ups of one subject are due at once."""
        found = await self.session.scalars(
            select(FollowUp)
            .where(
                tuple_(FollowUp.workspace_id, FollowUp.subject_kind, FollowUp.subject_id).in_(list(subjects)),
                FollowUp.state == FollowUpState.PENDING,
                FollowUp.due_at <= now,
            )
            .with_for_update(skip_locked=True)
        )
        return found.all()

    async def collapse_before(self, acted: Sequence[FollowUp], at: datetime) -> None:
        """Mark the pending reminders that `acted` stand for: the earlier ones, or all of them at an expiry."""
        for row in acted:
            earlier = and_(FollowUp.kind == FollowUpKind.REMINDER, FollowUp.id != row.id)
            if row.kind == FollowUpKind.REMINDER:
                earlier = and_(earlier, FollowUp.ordinal < row.ordinal)
            await affected(
                self.session,
                update(FollowUp)
                .where(
                    FollowUp.workspace_id == row.workspace_id,
                    FollowUp.subject_kind == row.subject_kind,
                    FollowUp.subject_id == row.subject_id,
                    FollowUp.cycle == row.cycle,
                    FollowUp.state == FollowUpState.PENDING,
                    earlier,
                )
                .values(state=FollowUpState.COLLAPSED, settled_at=at),
            )

    async def delay(self, ids: Sequence[UUID], until: datetime) -> int:
        """Try `ids` again at `until`: acting on them failed."""
        return await affected(
            self.session,
            update(FollowUp)
            .where(FollowUp.id.in_(ids), FollowUp.state == FollowUpState.PENDING)
            .values(due_at=until, attempts=FollowUp.attempts + 1),
        )

    async def policy(self, domain: str) -> FollowUpPolicy | None:
        """The policy of `domain` in the session's workspace."""
        return await self.session.get(FollowUpPolicy, (self.session.workspace_id, domain))
