"""Follow-ups hold nothing of people, but act upon them: what is planned for an erased person is cancelled."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from relance.capabilities.followups.service import FollowUps
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.i18n import Text
from relance.core.personal import Person

#: Why a follow-up does not act any more.
ERASED = "person_erased"


class PlannedForPeople:
    """A `Keeper` that tells nothing."""

    section = "follow_ups"
    label = Text("Relances prévues", "Planned follow-ups")
    asked: str | None = None
    near: str | None = None
    files: str | None = None

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def find(self, session: DbSession, person: Person, *, lock: bool) -> Sequence[UUID]:
        """By subject: see `erase`."""
        return ()

    async def tell(self, session: DbSession, person: Person, ids: Sequence[UUID]) -> Sequence[Mapping[str, Any]]:
        """Nothing."""
        return ()

    async def erase(self, session: DbSession, person: Person, ids: Sequence[UUID]) -> None:
        """Cancel what is planned about what the person is asked by."""
        subjects = sorted(person.asked, key=lambda one: (one.kind, one.id))
        if subjects:
            await FollowUps(session, self._clock).cancel_many(subjects, ERASED)
