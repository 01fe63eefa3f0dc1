"""A desk that is reminded: the smallest domain there can be, on real rows, so that what is tested is the capability."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from tests.plugins.product import Office, Product

from relance.capabilities.followups.handlers import Done, Due, Outcome
from relance.capabilities.followups.service import FollowUps, Policy
from relance.capabilities.followups.sweeper import Sweeper
from relance.core.db import DbSession
from relance.core.ids import new_id
from relance.core.runtime import Runtime
from relance.core.subjects import SubjectRef

KIND = "errand"
START = datetime(2026, 11, 2, 9, tzinfo=UTC)  # a Monday, 10:00 in Paris
DAY = timedelta(days=1)
THREE = Policy(("P7D", "P14D", "P21D"), "P30D")


@dataclass
class StillClock:
    """Moves when it is told to."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at


@dataclass
class Desk:
    """A handler whose subjects are organisations: it locks them, writes down what it was asked, and says `Done`."""

    runtime: Runtime
    clock: StillClock
    workspace_id: UUID
    kind: str = KIND
    acted: list[tuple[UUID, str, int]] = field(default_factory=list)
    #: What it answers instead of `Done`, or the fault that it raises, by subject.
    answers: dict[UUID, Outcome | Exception] = field(default_factory=dict)

    async def follow_up(self, session: DbSession, due: Sequence[Due]) -> Mapping[UUID, Outcome]:
        assert session.workspace_id == due[0].workspace_id
        found = await session.execute(
            text("SELECT id FROM organisations WHERE id = ANY(:ids) FOR UPDATE SKIP LOCKED"),
            {"ids": [row.subject_id for row in due]},
        )
        free = set(found.scalars())
        outcomes: dict[UUID, Outcome] = {}
        acted: list[tuple[UUID, str, int]] = []
        for row in due:
            if row.subject_id not in free:
                continue
            answer = self.answers.get(row.subject_id, Done())
            if isinstance(answer, Exception):
                raise answer
            outcomes[row.id] = answer
            if answer == Done():
                acted.append((row.subject_id, row.kind, row.ordinal))
        self.acted += acted
        return outcomes

    def sweeper(self) -> Sweeper:
        """One more worker."""
        return Sweeper(self.runtime, {KIND: self})

    async def subject(self, policy: Policy = THREE, cycle: int = 1) -> SubjectRef:
        """A subject whose cycle begins now."""
        async with self.runtime.db.transaction(self.workspace_id) as session:
            subject = SubjectRef(KIND, new_id())
            await session.execute(
                text(
                    "INSERT INTO organisations (workspace_id, id, name, active, created_at, version)"
                    " VALUES (:workspace, :id, :name, true, :at, 1)"
                ),
                {"workspace": self.workspace_id, "id": subject.id, "name": str(subject.id), "at": self.clock.at},
            )
            await FollowUps(session, self.clock).plan(subject, cycle, policy, self.clock.at)
        return subject

    async def states(self, subject: SubjectRef) -> list[tuple[str, str]]:
        """What became of each follow-up: `reminder 1`, `expiry 1`… in the order of the plan."""
        rows = await self.rows(subject)
        return [(f"{row['kind']} {row['ordinal']}", row["state"]) for row in rows]

    async def rows(self, subject: SubjectRef) -> list[dict[str, Any]]:
        """The follow-ups of `subject`, in the order of the plan."""
        async with self.runtime.db.engine.connect() as connection:
            found = await connection.execute(
                text("SELECT * FROM follow_ups WHERE subject_id = :id ORDER BY cycle, planned_at"), {"id": subject.id}
            )
            return [dict(row) for row in found.mappings()]


@pytest.fixture
def desk(product: Product, office: Office) -> Desk:
    clock = StillClock()
    runtime = Runtime(product.runtime.settings, product.runtime.db, product.runtime.keys, clock)
    return Desk(runtime, clock, office.workspace_id)
