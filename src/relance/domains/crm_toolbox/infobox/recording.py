"""Writing to the infobox: one entry for all those that an action was done with, in the action's own transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from relance.capabilities.directory.models import Company, Contact
from relance.capabilities.files.attachments import Attachments
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.journal.service import Journal
from relance.capabilities.messaging.outbox import Outbox
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.errors import NotFound, ValidationFailed
from relance.core.i18n import Text
from relance.core.ids import new_id
from relance.core.security import Caller
from relance.core.subjects import SYSTEM, ActorRef, SubjectRef
from relance.domains.crm_toolbox.errors import EntrySettled, TargetsDeleted
from relance.domains.crm_toolbox.infobox.outcomes import OUTCOME_LABELS, Outcome
from relance.domains.crm_toolbox.infobox.repository import InfoboxRepository
from relance.domains.crm_toolbox.models import InfoboxEntry
from relance.domains.crm_toolbox.rich_text import RichText

KIND = "infobox_entry"
_UNKNOWN_USER = Text("Cet utilisateur est inconnu ou inactif.", "This user is not known, or not active.")
_UNKNOWN_FILE = Text(
    "Ce fichier est inconnu, ou quelque chose l’utilise déjà.", "This file is not known, or something holds it already."
)


def subject_of(entry_id: UUID) -> SubjectRef:
    """How the capabilities name an entry."""
    return SubjectRef(KIND, entry_id)


@dataclass(frozen=True, slots=True)
class Target:
    """A company, or a contact with the company where they work now."""

    company_id: UUID
    contact_id: UUID | None = None

    @classmethod
    def of(cls, row: Company | Contact) -> Self:
        """The target that `row` is."""
        return cls(row.company_id, row.id) if isinstance(row, Contact) else cls(row.id)

    @property
    def id(self) -> UUID:
        """Of the contact where it is one, else of the company."""
        return self.contact_id or self.company_id


@dataclass(frozen=True, slots=True)
class NewEntry:
    """What is to be recorded.

    Attributes:
        type: the key of the action.
        targets: at least one; each once.
        description: as `RichText.read` gives it.
        content: what the action was given besides; JSON. It is emptied with `description` where somebody's data are.
        action_at: when it happened or is to happen; now where unset.
        outcome: what has become of it; where unset, it is done, or planned where `action_at` is to come.
        participants: users who take part, as `Participants.expand` gives them; they are checked.
        file_ids: what is attached; files of the author that nothing else holds.
    """

    type: str
    targets: Sequence[Target]
    description: RichText | None = None
    content: Mapping[str, Any] = field(default_factory=dict)
    action_at: datetime | None = None
    outcome: Outcome | None = None
    participants: Sequence[UUID] = ()
    file_ids: Sequence[UUID] = ()


class Infobox:
    """Writes the infobox of the session's workspace. `author_id` is the user who acts; None for the worker."""

    def __init__(
        self, session: DbSession, clock: Clock, actor: ActorRef = SYSTEM, author_id: UUID | None = None
    ) -> None:
        self._session = session
        self._clock = clock
        self._actor = actor
        self._author_id = author_id
        self._rows = InfoboxRepository(session)
        self._journal = Journal(session, clock)

    @classmethod
    def of(cls, session: DbSession, clock: Clock, caller: Caller) -> Self:
        """On behalf of the caller of a request."""
        return cls(session, clock, ActorRef.of(caller), caller.user_id)

    async def record(self, wanted: NewEntry) -> InfoboxEntry:
        """Make one entry with all its targets.

        Raises:
            ValidationFailed: a participant is not known (at `/participants/user_ids/…`), or a file (at `/file_ids/…`).
        """
        now = self._clock.now()
        at = wanted.action_at or now
        people = list(dict.fromkeys(wanted.participants))
        await self.check_people(people)
        entry = InfoboxEntry(
            id=new_id(),
            workspace_id=self._session.workspace_id,
            type=wanted.type,
            author_id=self._author_id,
            action_at=at,
            description_html=wanted.description.html if wanted.description else None,
            description_text=wanted.description.text if wanted.description else None,
            outcome=wanted.outcome or (Outcome.PLANNED if at > now else Outcome.DONE),
            content=dict(wanted.content),
            created_at=now,
        )
        self._session.add(entry)
        await self._session.flush()
        targets = list(dict.fromkeys(wanted.targets))
        await self._rows.add_targets(entry, [(one.company_id, one.contact_id) for one in targets])
        await self._rows.add_participants(entry.id, people, now)
        await self._attach(entry.id, wanted.file_ids)
        if entry.outcome == Outcome.DONE:
            await self._rows.mark_acted([one.contact_id for one in targets if one.contact_id is not None], at)
        self._tell("recorded", entry, targets)
        return entry

    async def lock(self, entry_id: UUID) -> InfoboxEntry:
        """The entry, locked until the transaction ends.

        Raises:
            NotFound: there is none in this workspace.
        """
        found = await self._rows.entry(entry_id, lock=True)
        if found is None:
            raise NotFound()
        return found

    async def require_open(self, entry: InfoboxEntry) -> None:
        """Make sure that something may be added to an entry.

        Raises:
            TargetsDeleted: all that it is about is deleted.
        """
        if all(one.deleted for one in (await self._rows.named_targets([entry.id]))[entry.id]):
            raise TargetsDeleted()

    async def change(self, entry: InfoboxEntry, description: RichText | None) -> None:
        """Give a locked entry other words."""
        entry.description_html = description.html if description else None
        entry.description_text = description.text if description else None
        self._tell("changed", entry, await self._targets(entry))
        await self._session.flush()

    async def remove(self, entry: InfoboxEntry) -> None:
        """Delete a locked entry with all that belongs to it."""
        self._tell("deleted", entry, await self._targets(entry))
        await Attachments(self._session).hold(subject_of(entry.id), ())
        await Outbox(self._session, self._clock).cancel(subject_of(entry.id), "deleted")
        await self._rows.remove(entry)

    async def told(self, verb: str, entry: InfoboxEntry) -> None:
        """Write to the journal what was done with the entry itself: that it was commented on, for one."""
        self._tell(verb, entry, await self._targets(entry))

    async def _targets(self, entry: InfoboxEntry) -> list[Target]:
        return [Target(*row) for row in await self._rows.targets_of(entry.id)]

    async def complete(self, entry: InfoboxEntry, content: Mapping[str, Any] | None = None) -> None:
        """What was to come is done, now.

        Raises:
            EntrySettled: it is not to come any more.
        """
        await self.settle(entry, Outcome.DONE, content=content)

    async def cancel(self, entry: InfoboxEntry, reason: str | None = None) -> None:
        """What was to come is not done; `reason` is a code.

        Raises:
            EntrySettled: it is not to come any more.
        """
        await self.settle(entry, Outcome.CANCELLED, reason)

    async def settle(
        self,
        entry: InfoboxEntry,
        outcome: Outcome,
        reason: str | None = None,
        content: Mapping[str, Any] | None = None,
    ) -> None:
        """Say what has become of a locked entry that was to come; `content` replaces what it holds under its names.

        What is done before its time stands in the timeline at the instant at which it was done.

        Raises:
            EntrySettled: it is not to come any more.
        """
        if entry.outcome != Outcome.PLANNED:
            known = Outcome(entry.outcome)
            raise EntrySettled(known, OUTCOME_LABELS[known].in_locale())
        entry.outcome, entry.outcome_reason = outcome, reason
        entry.content = {**entry.content, **(content or {})}
        targets = await self._targets(entry)
        if outcome is Outcome.DONE:
            at = min(entry.action_at, self._clock.now())
            await self._rows.move(entry, at)
            await self._rows.mark_acted([one.contact_id for one in targets if one.contact_id is not None], at)
        verb = {Outcome.DONE: "completed", Outcome.FAILED: "failed"}.get(outcome, "cancelled")
        self._tell(verb, entry, targets, {"outcome": Outcome.PLANNED.value})
        await self._session.flush()

    def _tell(
        self, verb: str, entry: InfoboxEntry, targets: Sequence[Target], before: Mapping[str, object] | None = None
    ) -> None:
        companies = {one.company_id for one in targets}
        contacts = {one.contact_id for one in targets}
        self._journal.record(
            f"{KIND}.{verb}",
            subject_of(entry.id),
            self._actor,
            # Named where there is one: an entry with many is one event.
            company_id=companies.pop() if len(companies) == 1 else None,
            contact_id=contacts.pop() if len(contacts) == 1 else None,
            before=before,
            after={
                "type": entry.type,
                "outcome": str(entry.outcome),
                "reason": entry.outcome_reason,
                "targets": len(targets),
            },
        )

    async def check_people(self, ids: Collection[UUID]) -> None:
        """Make sure that these are active users of the workspace.

        Raises:
            ValidationFailed: one of them is not, named at its place.
        """
        known = await IdentityRepository(self._session).active_users(ids)
        for index, one in enumerate(ids):
            if one not in known:
                raise ValidationFailed.at(f"/participants/user_ids/{index}", "unknown_user", _UNKNOWN_USER)

    async def check_files(self, ids: Sequence[UUID]) -> None:
        """Make sure that these are files of the author that nothing holds.

        Raises:
            ValidationFailed: one of them is not, named at its place.
        """
        attachments = Attachments(self._session)
        known = await attachments.nameable_by(ids, self._author_id, []) if self._author_id is not None else {}
        for index, one in enumerate(ids):
            if one not in known:
                raise ValidationFailed.at(f"/file_ids/{index}", "file_not_available", _UNKNOWN_FILE)

    async def _attach(self, entry_id: UUID, ids: Sequence[UUID]) -> None:
        if ids:
            await self.check_files(ids)
            await Attachments(self._session).hold(subject_of(entry_id), list(ids))
