"""From rows to responses: names beside ids, labels beside codes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.files.attachments import Attachments
from relance.capabilities.journal.models import JournalEntry
from relance.capabilities.journal.timeline import Timeline
from relance.core.db import DbSession
from relance.core.i18n import Text
from relance.core.schemas import Reference
from relance.domains.crm_toolbox.actions.declared import entry_label
from relance.domains.crm_toolbox.infobox.outcomes import OUTCOME_LABELS, Outcome
from relance.domains.crm_toolbox.infobox.recording import KIND, subject_of
from relance.domains.crm_toolbox.infobox.repository import InfoboxRepository, TargetRow
from relance.domains.crm_toolbox.infobox.schemas import EntryRead, FileRead, ParticipantRead, TargetRead, TimelineItem
from relance.domains.crm_toolbox.models import InfoboxEntry


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a timeline, and what it is called in every language."""

    item: TimelineItem
    title: Text


class Views:
    """Shows entries and events of one session as they are at `now`."""

    def __init__(self, session: DbSession, now: datetime) -> None:
        self._session = session
        self._now = now
        self._rows = InfoboxRepository(session)
        self._directory = DirectoryRepository(session)

    async def items(self, ids: Collection[UUID]) -> dict[UUID, Line]:
        """Entries as lines of a timeline."""
        entries = await self._rows.entries(ids)
        targets = await self._rows.named_targets(ids)
        authors = await self._authors(entry.author_id for entry in entries.values())
        comments = await self._rows.comment_counts(ids)
        files = await self._rows.file_counts(KIND, ids)
        found: dict[UUID, Line] = {}
        for entry in entries.values():
            title = entry_label(entry.type, entry.content)
            item = TimelineItem(
                id=entry.id,
                kind="entry",
                type=entry.type,
                type_label=title.in_locale(),
                at=entry.action_at,
                upcoming=self._upcoming(entry),
                author=_author(entry.author_id, authors),
                outcome=Outcome(entry.outcome),
                outcome_label=OUTCOME_LABELS[Outcome(entry.outcome)].in_locale(),
                description_html=entry.description_html,
                description_text=entry.description_text,
                targets=[_target(one) for one in targets[entry.id]],
                subject_kind=None,
                subject_id=None,
                comments=comments.get(entry.id, 0),
                files=files.get(entry.id, 0),
            )
            found[entry.id] = Line(item, title)
        return found

    async def events(self, events: Sequence[JournalEntry], timeline: Timeline) -> dict[UUID, Line]:
        """What the journal tells, as lines of a timeline."""
        authors = await self._authors(one.actor_id for one in events if one.actor_kind == "user")
        companies = await self._directory.company_names(
            {one.company_id for one in events if one.company_id is not None}
        )
        contacts = await self._directory.contacts({one.contact_id for one in events if one.contact_id is not None})
        names = {one.id: f"{one.first_name} {one.last_name}" for one in contacts.values()}
        return {one.id: self._event(one, timeline, authors, companies, names) for one in events}

    def _event(
        self,
        event: JournalEntry,
        timeline: Timeline,
        authors: Mapping[UUID, str],
        companies: Mapping[UUID, str],
        contacts: Mapping[UUID, str],
    ) -> Line:
        title = timeline.title(event.action) or Text(event.action, event.action)
        targets = []
        if event.company_id is not None:
            contact = contacts.get(event.contact_id) if event.contact_id is not None else None
            company = companies.get(event.company_id)
            row = TargetRow(event.id, event.company_id, event.contact_id, company, contact)
            targets.append(_target(row))
        item = TimelineItem(
            id=event.id,
            kind="event",
            type=event.action,
            type_label=title.in_locale(),
            at=event.at,
            upcoming=False,
            author=_author(event.actor_id, authors),
            outcome=Outcome.DONE,
            outcome_label=OUTCOME_LABELS[Outcome.DONE].in_locale(),
            description_html=None,
            description_text=None,
            targets=targets,
            subject_kind=event.subject_kind,
            subject_id=event.subject_id,
            comments=0,
            files=0,
        )
        return Line(item, title)

    async def detail(self, entry: InfoboxEntry) -> EntryRead:
        """One entry in full."""
        targets = (await self._rows.named_targets([entry.id]))[entry.id]
        authors = await self._authors([entry.author_id])
        files = await Attachments(self._session).held([subject_of(entry.id)])
        comments = await self._rows.comment_counts([entry.id])
        return EntryRead(
            id=entry.id,
            type=entry.type,
            type_label=entry_label(entry.type, entry.content).in_locale(),
            action_at=entry.action_at,
            upcoming=self._upcoming(entry),
            author=_author(entry.author_id, authors),
            outcome=Outcome(entry.outcome),
            outcome_label=OUTCOME_LABELS[Outcome(entry.outcome)].in_locale(),
            outcome_reason=entry.outcome_reason,
            description_html=entry.description_html,
            description_text=entry.description_text,
            content=entry.content,
            targets=[_target(one) for one in targets],
            participants=[
                ParticipantRead(
                    user=Reference(id=one.participant.user_id, name=one.name),
                    added_at=one.participant.added_at,
                    muted=one.participant.muted_at is not None,
                )
                for one in await self._rows.participants(entry.id)
            ],
            files=[FileRead(id=one.id, name=one.name, media_type=one.media_type, size=one.size) for one in files],
            comments=comments.get(entry.id, 0),
            read_only=all(one.deleted for one in targets),
            created_at=entry.created_at,
            version=entry.version,
        )

    def _upcoming(self, entry: InfoboxEntry) -> bool:
        return entry.outcome == Outcome.PLANNED and entry.action_at > self._now

    async def _authors(self, ids: Iterable[UUID | None]) -> Mapping[UUID, str]:
        return await self._directory.people({one for one in ids if one is not None})


def _author(user_id: UUID | None, names: Mapping[UUID, str]) -> Reference | None:
    name = names.get(user_id) if user_id is not None else None
    return Reference(id=user_id, name=name) if user_id is not None and name is not None else None


def _target(row: TargetRow) -> TargetRead:
    return TargetRead(
        company_id=row.company_id,
        company_name=row.company_name,
        contact_id=row.contact_id,
        contact_name=row.contact_name,
        deleted=row.deleted,
    )
