"""What a domain says about the mails of its subjects; registered by the composition root."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from relance.capabilities.messaging.mails import Mail
from relance.capabilities.messaging.outcomes import Reply
from relance.core.db import DbSession
from relance.core.i18n import Locale
from relance.core.security import Caller
from relance.core.subjects import SubjectRef

#: The reason of a mail that waited until it was too late: the relay was away, or slow, for the whole of its lifetime.
EXPIRED = "expired"
#: The relay was asked again and again, and said "not now" until it was too late.
REFUSED_UNTIL_EXPIRY = "refused_until_expiry"


class Told(Protocol):
    """What a fact is taken from: a claimed message, or the row itself."""

    @property
    def id(self) -> UUID: ...
    @property
    def workspace_id(self) -> UUID: ...
    @property
    def subject(self) -> SubjectRef: ...
    @property
    def mail_key(self) -> str: ...
    @property
    def cycle(self) -> int: ...
    @property
    def ordinal(self) -> int: ...
    @property
    def recipient(self) -> str: ...
    @property
    def link_bearing(self) -> bool: ...
    @property
    def link_id(self) -> UUID | None: ...


@dataclass(frozen=True, slots=True)
class MailFact:
    """A message as its domain sees it, at the moment something is asked or told about it."""

    id: UUID
    workspace_id: UUID
    subject: SubjectRef
    mail_key: str
    cycle: int
    ordinal: int
    recipient: str
    link_bearing: bool
    link_id: UUID | None
    #: The business time of the event: of the hand-off for `sent`.
    at: datetime
    #: The relay's reply code and its enhanced form, "5.1.1"; None where no relay was asked.
    code: int | None = None
    enhanced: str | None = None
    #: `refused`, `expired`, `suppressed`…: why it failed; None otherwise.
    reason: str | None = None

    @property
    def never_left(self) -> bool:
        """Whether it failed without a relay refusing it: nothing is known against its address."""
        return self.reason == EXPIRED

    @property
    def out_of_time(self) -> bool:
        """Whether it failed because its lifetime is over: what it asked for cannot be answered any more."""
        return self.reason in {EXPIRED, REFUSED_UNTIL_EXPIRY}

    @classmethod
    def of(cls, message: Told, at: datetime, reply: Reply | None = None, reason: str | None = None) -> "MailFact":
        """`message` at the instant `at`, with what a relay or a report said about it."""
        return cls(
            id=message.id,
            workspace_id=message.workspace_id,
            subject=message.subject,
            mail_key=message.mail_key,
            cycle=message.cycle,
            ordinal=message.ordinal,
            recipient=message.recipient,
            link_bearing=message.link_bearing,
            link_id=message.link_id,
            at=at,
            code=reply.code if reply else None,
            enhanced=reply.enhanced if reply else None,
            reason=reason,
        )


class MailSubject(Protocol):
    """Answers for one subject kind.

    Lock order: a handler locks its subjects, in the order of their ids, before anything of messaging is touched.
    """

    kind: str

    async def wanted(self, session: DbSession, messages: Sequence[MailFact]) -> set[UUID]:
        """Which messages, by id, are still to be sent. A plain read: it takes no locks.

        Asked in the transaction that commits the hand-off intent, the session in their workspace.
        """
        ...

    async def sent(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """Record that the relay took `messages`, in the transaction that writes it. Called once for each."""
        ...

    async def failed(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """Record that `messages` will never arrive, in the transaction that writes it. Called once for each.

        Refused for good, suppressed, bounced; or out of time (`out_of_time`), and then its subject must not wait for
        it any longer. A mail that `never_left` says nothing about its address.
        """
        ...


MailSubjects = Mapping[str, MailSubject]


class MailExamples(Protocol):
    """Fills the mails of one subject kind from a real row, for previews; registered by the composition root."""

    #: The mails it can fill.
    keys: frozenset[str]

    async def example(
        self, session: DbSession, caller: Caller, key: str, subject_id: UUID, locale: Locale
    ) -> tuple[Mail, str | None, str | None]:
        """The mail `key` about a subject, with its sender's name and its Reply-To.

        Raises:
            NotFound: there is no such subject, or the caller may not read it.
        """
        ...


class Notices:
    """A `MailSubject` of mails that only tell something: always wanted, and nothing depends on them."""

    def __init__(self, kind: str) -> None:
        """
        Args:
            kind: the subject kind of the mails.
        """
        self.kind = kind

    async def wanted(self, session: DbSession, messages: Sequence[MailFact]) -> set[UUID]:
        """All of them."""
        return {message.id for message in messages}

    async def sent(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """The message's own row says so."""

    async def failed(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """The message's own row says so."""
