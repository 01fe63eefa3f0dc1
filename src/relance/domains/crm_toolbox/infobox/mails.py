"""The mails about entries: one place builds them for every action."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from relance.capabilities.calendars.events import CalendarEvent, Method, calendar
from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.identity.models import User, Workspace
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.messaging.attachments import Attachment
from relance.capabilities.messaging.mails import Mail
from relance.capabilities.messaging.outbox import Envelope, Outbox
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.i18n import Locale, as_locale, long_datetime
from relance.core.subjects import SubjectRef
from relance.domains.crm_toolbox.actions.declared import entry_label
from relance.domains.crm_toolbox.emails import AssignedMail, CalendarMail, CommentMail, EntryFacts, EntryMail
from relance.domains.crm_toolbox.infobox.recording import subject_of
from relance.domains.crm_toolbox.infobox.repository import InfoboxRepository, TargetRow
from relance.domains.crm_toolbox.models import InfoboxComment, InfoboxEntry

#: The subject kind of the mails about one comment.
COMMENT_KIND = "infobox_comment"
_MOST_NAMES = 5
_MOST_WORDS = 2_000


def comment_subject(comment_id: UUID) -> SubjectRef:
    """How the capabilities name a comment."""
    return SubjectRef(COMMENT_KIND, comment_id)


Builder = Callable[[User, Locale], Mail]


@dataclass(frozen=True, slots=True)
class _Around:
    """What every mail about an entry says."""

    entry: InfoboxEntry
    author: User | None
    workspace: Workspace
    customers: str

    @property
    def author_name(self) -> str:
        return self.author.name if self.author is not None else self.workspace.name

    def facts(self, locale: Locale) -> EntryFacts:
        entry = self.entry
        return EntryFacts(
            action=entry_label(entry.type, entry.content).in_locale(locale),
            customers=self.customers,
            at=long_datetime(entry.action_at, ZoneInfo(self.workspace.zone), locale),
            description=_cut(entry.description_text or ""),
        )


class EntryMails:
    """Queues the mails about entries, in one session."""

    def __init__(self, session: DbSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._rows = InfoboxRepository(session)
        self._identity = IdentityRepository(session)
        self._outbox = Outbox(session, clock)

    async def tell(self, entry: InfoboxEntry, user_ids: Iterable[UUID]) -> None:
        """The participants read what was done; its author knows."""
        around = await self._around(entry)

        def build(to: User, locale: Locale) -> Mail:
            return EntryMail(
                recipient_email=to.email,
                addressee=to.name,
                author=around.author_name,
                workspace=around.workspace.name,
                entry=around.facts(locale),
            )

        await self._send(around, [one for one in user_ids if one != entry.author_id], build)

    async def tell_comment(self, entry: InfoboxEntry, comment: InfoboxComment, user_ids: Iterable[UUID]) -> None:
        """The participants read what was said, but for whoever has said it."""
        around = await self._around(entry)
        said_by = (await DirectoryRepository(self._session).people([comment.author_id])).get(comment.author_id, "")

        def build(to: User, locale: Locale) -> Mail:
            return CommentMail(
                recipient_email=to.email,
                addressee=to.name,
                author=said_by,
                workspace=around.workspace.name,
                entry=around.facts(locale),
                comment=_cut(comment.body_text),
            )

        people = [one for one in user_ids if one != comment.author_id]
        await self._send(around, people, build, subject=comment_subject(comment.id))

    async def tell_assigned(self, entry: InfoboxEntry, owner_id: UUID) -> None:
        """Whoever looks after the customers from now on reads it."""
        around = await self._around(entry)

        def build(to: User, locale: Locale) -> Mail:
            return AssignedMail(
                recipient_email=to.email,
                addressee=to.name,
                author=around.author_name,
                workspace=around.workspace.name,
                entry=around.facts(locale),
                owner=to.name,
            )

        await self._send(around, [owner_id], build)

    async def send_calendar(self, entry: InfoboxEntry, lasts: timedelta) -> None:
        """The author, and nobody else, gets the entry for a calendar."""
        around = await self._around(entry)
        if around.author is None:
            return
        locale = as_locale(around.author.locale)
        facts = around.facts(locale)
        event = CalendarEvent(
            id=entry.id,
            sequence=0,
            starts_at=entry.action_at,
            ends_at=entry.action_at + lasts,
            zone=ZoneInfo(around.workspace.zone),
            summary=f"{facts.action} – {facts.customers}",
            changed_at=self._clock.now(),
            description=entry.description_text,
        )
        file = Attachment.calendar(calendar([event], Method.PUBLISH), Method.PUBLISH.value, "info.ics")

        def build(to: User, _locale: Locale) -> Mail:
            return CalendarMail(
                recipient_email=to.email,
                addressee=to.name,
                author=around.author_name,
                workspace=around.workspace.name,
                entry=facts,
            )

        await self._send(around, [around.author.id], build, files=(file,))

    async def _around(self, entry: InfoboxEntry) -> _Around:
        author = await self._identity.user(entry.author_id) if entry.author_id is not None else None
        targets = (await self._rows.named_targets([entry.id]))[entry.id]
        return _Around(entry, author, await self._identity.workspace(), _names(targets))

    async def _send(
        self,
        around: _Around,
        user_ids: Sequence[UUID],
        build: Builder,
        *,
        subject: SubjectRef | None = None,
        files: Sequence[Attachment] = (),
    ) -> None:
        people = await self._identity.active_users(user_ids)
        envelopes = []
        for one in dict.fromkeys(user_ids):
            to = people.get(one)
            if to is None:
                continue
            locale = as_locale(to.locale)
            author = around.author
            envelopes.append(
                Envelope(
                    subject=subject or subject_of(around.entry.id),
                    mail=build(to, locale),
                    recipient=to.email,
                    locale=locale,
                    sender_name=around.author_name,
                    reply_to=author.email if author is not None and author.id != to.id else None,
                    priority=150,
                    attachments=files,
                )
            )
        await self._outbox.enqueue_all(envelopes)


def _names(targets: Sequence[TargetRow]) -> str:
    names = [
        f"{one.contact_name} ({one.company_name})" if one.contact_name else (one.company_name or "–")
        for one in targets[:_MOST_NAMES]
    ]
    more = len(targets) - len(names)
    return ", ".join(names) + (f" (+{more})" if more else "")


def _cut(words: str) -> str:
    return words if len(words) <= _MOST_WORDS else f"{words[:_MOST_WORDS]}…"
