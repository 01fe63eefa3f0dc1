"""What a domain does when a follow-up is due."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from relance.core.db import DbSession


@dataclass(frozen=True, slots=True)
class Due:
    """A follow-up that is due: of its row, what acting on it takes."""

    workspace_id: UUID
    id: UUID
    subject_kind: str
    subject_id: UUID
    #: Whose policy planned it; None where no policy did.
    domain: str | None
    cycle: int
    kind: str
    ordinal: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """It was acted upon."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """It no longer makes sense: answered, archived, undeliverable…"""

    reason: str


@dataclass(frozen=True, slots=True)
class Postponed:
    """It waits: the last mail to this address is too recent."""

    until: datetime


Outcome = Done | Dropped | Postponed


class FollowUpHandler(Protocol):
    """Answers for one subject kind; registered by the composition root."""

    kind: str

    async def follow_up(self, session: DbSession, due: Sequence[Due]) -> Mapping[UUID, Outcome]:
        """Act on due follow-ups, one a subject, in the caller's transaction, the session in their workspace.

        Subjects are locked with SKIP LOCKED: a subject that somebody else holds is left out of the result,
        and its follow-up stays pending for the next sweep.

        Returns:
            The outcome of each follow-up by its id.
        """
        ...
