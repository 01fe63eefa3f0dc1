"""Every query of the follow-ups."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, Uuid, and_, column, exists, or_, select, table, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from relance.capabilities.followups.models import FollowUp, FollowUpKind, FollowUpPolicy, FollowUpState
from relance.core.bulk import among, insert_all
from relance.core.ids import new_id
from relance.core.repository import Repository, affected
from relance.core.subjects import SubjectRef

SubjectKey = tuple[UUID, str, UUID]
CycleKey = tuple[UUID, str, UUID, int]

_CYCLE_COLUMNS = (FollowUp.workspace_id, FollowUp.subject_kind, FollowUp.subject_id, FollowUp.cycle)
_CYCLE = tuple_(*_CYCLE_COLUMNS)

#: What the calendar of a policy needs of a table that belongs to a higher room.
_WORKSPACES = table("workspaces", column("id", Uuid()), column("zone", Text()))


def cycle_key(row: FollowUp) -> CycleKey:
    """The cycle of the subject that a follow-up belongs to."""
    return row.workspace_id, row.subject_kind, row.subject_id, row.cycle


class FollowUpRepository(Repository):
    """Follow-ups of the session's workspace, or of all of them in the sweep's system session."""

    async def insert(self, rows: Sequence[dict[str, Any]]) -> None:
        """Plan `rows`; one that is planned already is left as it is."""
        await insert_all(self.session, FollowUp, rows, unless="")

    async def settle_pending(
        self,
        subjects: Sequence[SubjectRef],
        state: FollowUpState,
        reason: str,
        at: datetime,
        kinds: Collection[FollowUpKind],
        sources: Collection[FollowUpState],
    ) -> int:
        """Move what is still planned for `subjects` to `state`."""
        moved = 0
        for kind, ids in _by_kind(subjects).items():
            moved += await affected(
                self.session,
                update(FollowUp)
                .where(
                    FollowUp.subject_kind == kind,
                    among(FollowUp.subject_id, ids),
                    FollowUp.state.in_(list(sources)),
                    FollowUp.kind.in_(list(kinds)),
                )
                .values(state=state, reason=reason, settled_at=at),
            )
        return moved

    async def planned_cycles(self, subjects: Sequence[SubjectRef]) -> set[tuple[SubjectRef, int]]:
        """Which cycles of `subjects` have something pending."""
        found: set[tuple[SubjectRef, int]] = set()
        for kind, ids in _by_kind(subjects).items():
            rows = await self.session.execute(
                select(FollowUp.subject_id, FollowUp.cycle).where(
                    FollowUp.subject_kind == kind,
                    among(FollowUp.subject_id, ids),
                    FollowUp.state == FollowUpState.PENDING,
                )
            )
            found |= {(SubjectRef(kind, row[0]), row[1]) for row in rows}
        return found

    async def resume(self, subject: SubjectRef, now: datetime) -> None:
        """Put back what was suspended: the expiry always, a reminder unless it has fallen due meanwhile."""
        suspended = (
            FollowUp.subject_kind == subject.kind,
            FollowUp.subject_id == subject.id,
            FollowUp.state == FollowUpState.SUSPENDED,
        )
        live = or_(FollowUp.kind == FollowUpKind.EXPIRY, FollowUp.due_at > now)
        await affected(
            self.session,
            update(FollowUp).where(*suspended, live).values(state=FollowUpState.PENDING, reason=None, settled_at=None),
        )
        missed = {"state": FollowUpState.DROPPED, "reason": "missed_while_suspended", "settled_at": now}
        await affected(self.session, update(FollowUp).where(*suspended).values(**missed))

    async def pending(self, kind: str, ids: Collection[UUID]) -> Sequence[FollowUp]:
        """What is still planned for those subjects of one kind, soonest first."""
        found = await self.session.scalars(
            select(FollowUp)
            .where(FollowUp.subject_kind == kind, FollowUp.subject_id.in_(ids), FollowUp.state == FollowUpState.PENDING)
            .order_by(FollowUp.due_at)
        )
        return found.all()

    async def claim_due(
        self, now: datetime, limit: int, kinds: Iterable[str], without: Collection[UUID] = ()
    ) -> Sequence[FollowUp]:
        """Lock due follow-ups, oldest first; those that another sweep holds, or in `without`, are passed over.

        Only the oldest of each subject: whoever holds it holds the subject among sweeps. Two of them that each held
        a part of what is due would both act.
        """
        older = aliased(FollowUp)
        oldest = ~exists().where(
            older.workspace_id == FollowUp.workspace_id,
            older.subject_kind == FollowUp.subject_kind,
            older.subject_id == FollowUp.subject_id,
            older.state == FollowUpState.PENDING,
            tuple_(older.due_at, older.id) < tuple_(FollowUp.due_at, FollowUp.id),
        )
        found = await self.session.scalars(
            select(FollowUp)
            .where(
                FollowUp.state == FollowUpState.PENDING,
                FollowUp.due_at <= now,
                FollowUp.subject_kind.in_(list(kinds)),
                FollowUp.id.not_in(list(without)),
                oldest,
            )
            .order_by(FollowUp.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True, of=FollowUp)
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
        by_limit: dict[int | None, list[FollowUp]] = defaultdict(list)
        for row in acted:
            by_limit[row.ordinal if row.kind == FollowUpKind.REMINDER else None].append(row)
        for ordinal, rows in by_limit.items():
            statement = update(FollowUp).where(
                _CYCLE.in_([cycle_key(row) for row in rows]),
                FollowUp.kind == FollowUpKind.REMINDER,
                FollowUp.state == FollowUpState.PENDING,
            )
            if ordinal is not None:
                statement = statement.where(FollowUp.ordinal < ordinal)
            await affected(self.session, statement.values(state=FollowUpState.COLLAPSED, settled_at=at))

    async def expiries(self, rows: Sequence[FollowUp]) -> dict[CycleKey, datetime]:
        """When the cycles of `rows` end, where an end is planned."""
        found = await self.session.execute(
            select(*_CYCLE_COLUMNS, FollowUp.due_at).where(
                _CYCLE.in_([cycle_key(row) for row in rows]),
                FollowUp.kind == FollowUpKind.EXPIRY,
                FollowUp.state == FollowUpState.PENDING,
            )
        )
        return {(row[0], row[1], row[2], row[3]): row[4] for row in found}

    async def delay(self, ids: Sequence[UUID], until: datetime) -> int:
        """Try `ids` again at `until`: acting on them failed."""
        return await affected(
            self.session,
            update(FollowUp)
            .where(FollowUp.id.in_(ids), FollowUp.state == FollowUpState.PENDING)
            .values(due_at=until, attempts=FollowUp.attempts + 1),
        )

    async def policy(self, domain: str) -> tuple[FollowUpPolicy | None, str]:
        """The policy of `domain` in the session's workspace, where it has one, and the workspace's zone."""
        same = and_(FollowUpPolicy.workspace_id == _WORKSPACES.c.id, FollowUpPolicy.domain == domain)
        found = await self.session.execute(
            select(FollowUpPolicy, _WORKSPACES.c.zone)
            .select_from(_WORKSPACES)
            .outerjoin(FollowUpPolicy, same)
            .where(_WORKSPACES.c.id == self.session.workspace_id)
        )
        row, zone = found.one()
        return row, zone

    async def lock_policy(self, domain: str, values: Mapping[str, Any]) -> FollowUpPolicy:
        """The policy of `domain`, made at version 0 of `values` where there is none, and locked."""
        new = {"workspace_id": self.session.workspace_id, "id": new_id(), "domain": domain, "version": 0, **values}
        await self.session.execute(insert(FollowUpPolicy).values(new).on_conflict_do_nothing())
        found = await self.session.scalars(
            select(FollowUpPolicy)
            .where(FollowUpPolicy.domain == domain)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return found.one()


def _by_kind(subjects: Sequence[SubjectRef]) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = defaultdict(list)
    for subject in subjects:
        found[subject.kind].append(subject.id)
    return found
