"""What travels through delivery: a claimed message, the same ready to go, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from relance.capabilities.messaging.attachments import Attachment
from relance.capabilities.messaging.catalogue.styles import SHIPPED, Style, Wording
from relance.capabilities.messaging.handlers import EXPIRED, MailFact
from relance.capabilities.messaging.mime import Header
from relance.capabilities.messaging.models import MessageState
from relance.capabilities.messaging.outcomes import Phase, Reply
from relance.core.i18n import Locale
from relance.core.subjects import SubjectRef


@dataclass(frozen=True, slots=True)
class Body:
    """A mail as it is stored once rendered: encoded headers and two parts, links as markers."""

    headers: Sequence[Header]
    subject: str
    text: str
    html: str
    version: str
    rendered_at: datetime


# Not frozen, as the others are: so many fields would cost three times as much to fill, for every mail.
@dataclass(slots=True, eq=False)
class Claimed:
    """A message under this process's lease."""

    workspace_id: UUID
    id: UUID
    epoch: int
    subject: SubjectRef
    mail_key: str
    link_bearing: bool
    link_id: UUID | None
    cycle: int
    ordinal: int
    locale: Locale
    recipient: str
    domain: str
    attempts: int
    lost_leases: int
    lost_renders: int
    created_at: datetime
    expires_at: datetime | None
    sender_name: str | None
    reply_to: str | None
    list_unsubscribe: bool
    placeholders: dict[str, Any] | None
    #: The rendering of an earlier attempt, which this one repeats.
    body: Body | None
    #: In whose name it is sent: decides the words and the look.
    organisation_id: UUID | None = None
    #: The one version of an edited template to use: of a test mail.
    wording_id: UUID | None = None
    #: The words of this one mail, where a person wrote them.
    words: Wording | None = None
    attachments: Sequence[Attachment] = ()
    style: Style = SHIPPED

    @property
    def file_ids(self) -> Sequence[UUID]:
        """The stored files that it carries."""
        return [one.file_id for one in self.attachments if one.file_id is not None]

    def fact(self, at: datetime, reply: Reply | None = None, reason: str | None = None) -> MailFact:
        """This message as its domain sees it."""
        return MailFact.of(self, at, reply, reason)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message ready to go."""

    message: Claimed
    body: Body
    sender: str
    recipient: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a message in this attempt."""

    message: Claimed
    state: MessageState
    at: datetime
    reason: str | None = None
    phase: Phase | None = None
    reply: Reply | None = None
    #: When it is due again, in business time; None leaves it as it was.
    due: datetime | None = None
    #: The attempt did not count.
    refund: bool = False
    suppress: bool = False

    @property
    def tells_arrival(self) -> bool | None:
        """What its domain hears: that it was handed over, that it never will be; None for nothing."""
        if self.state is MessageState.SENT:
            return True
        failed = self.state in {MessageState.FAILED, MessageState.SUPPRESSED}
        return False if failed or (self.state is MessageState.CANCELLED and self.reason == EXPIRED) else None

    @property
    def told(self) -> MailFact:
        """What its domain hears."""
        return self.message.fact(self.at, self.reply, self.reason)

    @property
    def kept_reply(self) -> str | None:
        """The relay's words, as long as the log keeps them, without what PostgreSQL cannot store."""
        return self.reply.kept if self.reply else None
