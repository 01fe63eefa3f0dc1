"""Every query of the sweep. They run in system sessions, across workspaces, and name rows by their whole key."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from relance.capabilities.followups.handlers import Done, Dropped, Due, Outcome, Postponed
from relance.capabilities.followups.models import FollowUpKind, FollowUpState
from relance.core.driver import Statement
from relance.core.repository import Repository

SubjectKey = tuple[UUID, str, UUID]
CycleKey = tuple[UUID, str, UUID, int]

# The order of the columns is the one of the fields of `Due`.
_DUE = "f.workspace_id, f.id, f.subject_kind, f.subject_id, f.domain, f.cycle, f.kind, f.ordinal, f.due_at"
# The claim must walk its index in order and stop at the limit, whatever the statistics say: after a burst they lag
# behind, and the planner would rather read and sort all that is due for each batch. Whether a row is the oldest of its
# subject is asked of each by itself: OFFSET 0 keeps that from becoming a join of everything that is planned, COALESCE
# from being looked up by due_at.
_WALK = Statement("""
SELECT set_config('enable_sort', :how, true), set_config('enable_bitmapscan', :how, true),
       set_config('enable_seqscan', :how, true)
""")
_CLAIM = Statement(f"""
SELECT {_DUE} FROM follow_ups f
WHERE f.state = 'pending' AND f.due_at <= :now AND f.due_at >= :since
  AND f.subject_kind = ANY(CAST(:kinds AS text[])) AND f.id <> ALL(CAST(:without AS uuid[]))
  AND NOT EXISTS (
    SELECT 1 FROM follow_ups o
    WHERE o.workspace_id = f.workspace_id AND o.subject_kind = f.subject_kind AND o.subject_id = f.subject_id
      AND o.state = 'pending' AND COALESCE(o.due_at < f.due_at OR (o.due_at = f.due_at AND o.id < f.id), FALSE)
    OFFSET 0)
ORDER BY f.due_at LIMIT :most FOR UPDATE OF f SKIP LOCKED
""")  # noqa: S608 - constants of this file
_SIBLINGS = Statement(f"""
SELECT {_DUE}
FROM unnest(CAST(:workspaces AS uuid[]), CAST(:kinds AS text[]), CAST(:subjects AS uuid[]))
     AS k(workspace, kind, subject)
JOIN follow_ups f ON f.workspace_id = k.workspace AND f.subject_kind = k.kind AND f.subject_id = k.subject
WHERE f.state = 'pending' AND f.due_at <= :now FOR UPDATE OF f SKIP LOCKED
""")  # noqa: S608 - constants of this file
_SETTLE = Statement("""
UPDATE follow_ups f
SET state = k.state, reason = COALESCE(k.reason, f.reason), due_at = COALESCE(k.due, f.due_at),
    settled_at = CASE WHEN k.state = 'pending' THEN f.settled_at ELSE CAST(:now AS timestamptz) END
FROM unnest(CAST(:ids AS uuid[]), CAST(:states AS text[]), CAST(:reasons AS text[]), CAST(:dues AS timestamptz[]))
     AS k(id, state, reason, due)
WHERE f.workspace_id = :workspace AND f.id = k.id
""")
_CYCLES = "unnest(CAST(:subjects AS uuid[]), CAST(:cycles AS int[])"
_COLLAPSE = Statement(f"""
UPDATE follow_ups f SET state = 'collapsed', settled_at = :now
FROM {_CYCLES}, CAST(:before AS int[])) AS k(subject, cycle, before)
WHERE f.workspace_id = :workspace AND f.subject_kind = :kind AND f.subject_id = k.subject AND f.cycle = k.cycle
  AND f.kind = 'reminder' AND f.state = 'pending' AND (k.before IS NULL OR f.ordinal < k.before)
""")  # noqa: S608 - constants of this file
_EXPIRIES = Statement(f"""
SELECT f.workspace_id, f.subject_kind, f.subject_id, f.cycle, f.due_at
FROM {_CYCLES}, CAST(:workspaces AS uuid[]), CAST(:kinds AS text[])) AS k(subject, cycle, workspace, kind)
JOIN follow_ups f ON f.workspace_id = k.workspace AND f.subject_kind = k.kind AND f.subject_id = k.subject
     AND f.cycle = k.cycle AND f.kind = 'expiry' AND f.state = 'pending'
""")  # noqa: S608 - constants of this file
_DELAY = Statement("""
UPDATE follow_ups f SET due_at = :until, attempts = f.attempts + 1
FROM unnest(CAST(:workspaces AS uuid[]), CAST(:ids AS uuid[])) AS k(workspace, id)
WHERE f.workspace_id = k.workspace AND f.id = k.id AND f.state = 'pending'
""")


def subject_key(row: Due) -> SubjectKey:
    """Whose follow-up it is."""
    return row.workspace_id, row.subject_kind, row.subject_id


def cycle_key(row: Due) -> CycleKey:
    """The cycle of the subject that a follow-up belongs to."""
    return row.workspace_id, row.subject_kind, row.subject_id, row.cycle


def _written(outcome: Outcome) -> tuple[FollowUpState, str | None, datetime | None]:
    match outcome:
        case Done():
            return FollowUpState.DONE, None, None
        case Dropped(reason):
            return FollowUpState.DROPPED, reason, None
        case Postponed(until):
            return FollowUpState.PENDING, None, until


class SweepRepository(Repository):
    """Follow-ups of all workspaces."""

    async def claim_due(
        self, now: datetime, since: datetime, most: int, kinds: Iterable[str], without: Collection[UUID] = ()
    ) -> list[Due]:
        """Lock due follow-ups, oldest first; those that another sweep holds, or in `without`, are passed over.

        Only the oldest of each subject: whoever holds it holds the subject among sweeps. Two of them that each held
        a part of what is due would both act.

        Args:
            now: business time.
            since: nothing that was due before: what this sweep has been through leaves dead entries in the index.
            most: how many at most.
            kinds: of which subjects.
            without: ids to leave alone.
        """
        await _WALK.run(self.session, how="off")
        found = await _CLAIM.rows(
            self.session, now=now, since=since, most=most, kinds=list(kinds), without=list(without)
        )
        await _WALK.run(self.session, how="on")
        return [Due(*row) for row in found]

    async def due_siblings(self, subjects: Collection[SubjectKey], now: datetime) -> list[Due]:
        """Lock everything due of `subjects`: after an outage several follow-ups of one subject are due at once."""
        found = await _SIBLINGS.rows(
            self.session,
            now=now,
            workspaces=[workspace for workspace, _, _ in subjects],
            kinds=[kind for _, kind, _ in subjects],
            subjects=[subject for _, _, subject in subjects],
        )
        return [Due(*row) for row in found]

    async def settle(self, rows: Sequence[Due], outcomes: Mapping[UUID, Outcome], now: datetime) -> None:
        """Write what became of `rows`, all of the session's workspace; one without an outcome stays as it is."""
        settled = [(row.id, *_written(outcomes[row.id])) for row in rows if row.id in outcomes]
        if settled:
            ids, states, reasons, dues = zip(*settled, strict=True)
            await _SETTLE.run(
                self.session,
                workspace=self.session.workspace_id,
                now=now,
                ids=ids,
                states=states,
                reasons=reasons,
                dues=dues,
            )

    async def collapse_before(self, acted: Sequence[Due], at: datetime) -> None:
        """Mark the pending reminders that `acted` stand for: the earlier ones, or all of them at an expiry.

        All of `acted` are of the session's workspace and of one kind of subject.
        """
        if acted:
            await _COLLAPSE.run(
                self.session,
                workspace=self.session.workspace_id,
                kind=acted[0].subject_kind,
                now=at,
                subjects=[row.subject_id for row in acted],
                cycles=[row.cycle for row in acted],
                before=[row.ordinal if row.kind == FollowUpKind.REMINDER else None for row in acted],
            )

    async def expiries(self, rows: Sequence[Due]) -> dict[CycleKey, datetime]:
        """When the cycles of `rows` end, where an end is planned."""
        found = await _EXPIRIES.rows(
            self.session,
            workspaces=[row.workspace_id for row in rows],
            kinds=[row.subject_kind for row in rows],
            subjects=[row.subject_id for row in rows],
            cycles=[row.cycle for row in rows],
        )
        return {(row[0], row[1], row[2], row[3]): row[4] for row in found}

    async def delay(self, rows: Sequence[Due], until: datetime) -> int:
        """Try `rows` again at `until`: acting on them failed."""
        return await _DELAY.run(
            self.session, until=until, workspaces=[row.workspace_id for row in rows], ids=[row.id for row in rows]
        )
