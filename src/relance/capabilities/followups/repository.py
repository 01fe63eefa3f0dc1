"""Every query of the follow-ups."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert

from relance.capabilities.followups.models import FollowUp, FollowUpKind, FollowUpPolicy, FollowUpState
from relance.core.bulk import among, insert_all
from relance.core.driver import Statement, columns_of, read_as
from relance.core.ids import new_id
from relance.core.repository import Repository, affected
from relance.core.subjects import SubjectRef

_PENDING = Statement(f"""
SELECT {columns_of(FollowUp)} FROM follow_ups
WHERE workspace_id = :workspace AND subject_kind = :kind AND subject_id = ANY(CAST(:ids AS uuid[]))
  AND state = 'pending'
ORDER BY due_at
""")  # noqa: S608 - names of our models
# The zone, which the calendar of a policy needs, is of a table that belongs to a higher room.
_POLICY = Statement(f"""
SELECT w.zone, {columns_of(FollowUpPolicy, "p")}
FROM workspaces w LEFT JOIN follow_up_policies p ON p.workspace_id = w.id AND p.domain = :domain
WHERE w.id = :workspace
""")  # noqa: S608 - names of our models
_POLICIES = "follow_up_policies"


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
        own = self.session.workspace_id
        return await read_as(self.session, FollowUp, _PENDING, workspace=own, kind=kind, ids=list(ids))

    async def policy(self, domain: str) -> tuple[FollowUpPolicy | None, str]:
        """The policy of `domain` in the session's workspace, where it has one, and the workspace's zone."""
        # Read once a transaction, which needs it more than once.
        known: dict[tuple[UUID, str], tuple[FollowUpPolicy | None, str]]
        known, own = self.session.info.setdefault(_POLICIES, {}), (self.session.workspace_id, domain)
        if own not in known:
            row = await _POLICY.row(self.session, workspace=self.session.workspace_id, domain=domain)
            assert row is not None  # the session's own workspace
            values = dict(row.items())
            zone: str = values.pop("zone")
            known[own] = FollowUpPolicy(**values) if values["id"] is not None else None, zone
        return known[own]

    async def lock_policy(self, domain: str, values: Mapping[str, Any]) -> FollowUpPolicy:
        """The policy of `domain`, made at version 0 of `values` where there is none, and locked."""
        self.session.info.pop(_POLICIES, None)
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
