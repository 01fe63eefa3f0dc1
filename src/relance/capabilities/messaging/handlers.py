"""What a domain says about the mails of its subjects; registered by the composition root."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from relance.core.db import DbSession
from relance.core.subjects import SubjectRef


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
        """Record that `messages` will never arrive, in the transaction that writes it. Called once for each."""
        ...


MailSubjects = Mapping[str, MailSubject]
