"""Writing to the journal, in the transaction of the change itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from relance.capabilities.journal.models import JournalEntry
from relance.capabilities.journal.repository import JournalRepository
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.ids import new_id
from relance.core.subjects import ActorRef, SubjectRef

#: The bell of whoever reads the journal as it grows.
BELL = "sequence_events"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, as `Journal.record_all` takes it; see `Journal.record`."""

    action: str
    subject: SubjectRef
    company_id: UUID | None = None
    contact_id: UUID | None = None
    before: Mapping[str, object] = field(default_factory=dict)
    after: Mapping[str, object] = field(default_factory=dict)


class Journal:
    """Appends entries to the journal of the session's workspace."""

    def __init__(self, session: DbSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    def record(
        self,
        action: str,
        subject: SubjectRef,
        actor: ActorRef,
        *,
        company_id: UUID | None = None,
        contact_id: UUID | None = None,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
    ) -> UUID:
        """Append one entry. `action` is `<subject>.<past participle>`; `before` and `after` hold codes only.

        Returns:
            Its id, which is the event's where the action is one.
        """
        entry_id = new_id()
        self._session.add(
            JournalEntry(
                id=entry_id,
                workspace_id=self._session.workspace_id,
                at=self._clock.now(),
                actor_kind=actor.kind,
                actor_id=actor.id,
                action=action,
                subject_kind=subject.kind,
                subject_id=subject.id,
                company_id=company_id,
                contact_id=contact_id,
                before=dict(before or {}),
                after=dict(after or {}),
            )
        )
        self._session.ring(BELL)
        return entry_id

    async def record_all(self, entries: Sequence[Entry], actor: ActorRef) -> None:
        """Append many entries of one actor with one statement, now."""
        if not entries:
            return
        if self._session.new:
            await self._session.flush()  # what was recorded before comes first
        common = {
            "workspace_id": self._session.workspace_id,
            "at": self._clock.now(),
            "actor_kind": actor.kind,
            "actor_id": actor.id,
        }
        rows = [
            {
                **common,
                "id": new_id(),
                "action": entry.action,
                "subject_kind": entry.subject.kind,
                "subject_id": entry.subject.id,
                "company_id": entry.company_id,
                "contact_id": entry.contact_id,
                "before": entry.before,
                "after": entry.after,
            }
            for entry in entries
        ]
        await JournalRepository(self._session).append(rows)
        self._session.ring(BELL)
