"""The outbox: a mail is a row first, written in the transaction of what it announces."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson

from relance.capabilities.messaging.attachments import Attachment
from relance.capabilities.messaging.catalogue.styles import Wording
from relance.capabilities.messaging.mails import Mail, tame
from relance.capabilities.messaging.mime import header_text
from relance.capabilities.messaging.models import Message, MessageState
from relance.capabilities.messaging.repository import OutboxRepository
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.i18n import Locale
from relance.core.ids import new_id
from relance.core.subjects import SubjectRef, by_subject

#: The bell that wakes the deliverer: the name of the arq function.
BELL = "deliver_messages"


@dataclass(frozen=True, slots=True)
class Envelope:
    """A mail with everything that is not its words."""

    subject: SubjectRef
    mail: Mail
    recipient: str
    locale: Locale
    #: Which cycle of the subject, and which mail of its kind in it: with the rest, what makes a mail the same mail.
    cycle: int = 1
    ordinal: int = 0
    #: The link it bears.
    link_id: UUID | None = None
    #: Shown as "<name> via <product>".
    sender_name: str | None = None
    #: Where answers go; the product's own address where unset.
    reply_to: str | None = None
    #: Lower goes first.
    priority: int = 100
    #: Not sooner than this, in business time.
    not_before: datetime | None = None
    #: Not later than this, in business time.
    expires_at: datetime | None = None
    #: Carry the one-click form of RFC 8058; the link's page answers it.
    list_unsubscribe: bool = False
    #: In whose name: its edited templates and its branding are used.
    organisation_id: UUID | None = None
    #: One version of an edited template, for a test.
    wording_id: UUID | None = None
    #: What a person wrote for this one mail instead of its template: see `catalogue.drafts`.
    words: Wording | None = None
    attachments: Sequence[Attachment] = ()

    @property
    def dedupe_key(self) -> str:
        """The same for the same mail, however often it is asked for. The address is hashed: the key is not a list."""
        address = hashlib.blake2b(self.recipient.lower().encode(), digest_size=12).hexdigest()
        subject = f"{self.subject.kind}/{self.subject.id}"
        return f"{subject}/{self.cycle}/{self.mail.key}/{self.ordinal}/{address}"


class Outbox:
    """Queues mails of the session's workspace, and takes them back."""

    def __init__(self, session: DbSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._rows = OutboxRepository(session)

    async def enqueue(self, envelope: Envelope) -> UUID | None:
        """Queue one mail in this transaction, and wake the deliverer once it is committed.

        Returns:
            The id of the message, or None where this very mail was queued before.

        Raises:
            ValueError: the mail bears a link and the envelope has none.
        """
        return (await self.enqueue_all([envelope]))[0]

    async def enqueue_all(self, envelopes: Sequence[Envelope]) -> list[UUID | None]:
        """Queue many mails with two statements; the results are in the order of `envelopes`."""
        ids = [new_id() for _ in envelopes]
        own, now = {"workspace_id": self._session.workspace_id}, self._clock.now()
        # Whoever was erased has no address left: what is still asked of them goes nowhere.
        addressed = [(one, id_) for one, id_ in zip(envelopes, ids, strict=True) if one.recipient]
        if not addressed:
            return [None] * len(envelopes)
        messages = [own | _message(one, id_, now) for one, id_ in addressed]
        bodies = [own | _body(one, id_) for one, id_ in addressed]
        queued = await self._rows.insert(messages, bodies)
        if queued:
            self._session.ring(BELL)
        return [id_ if id_ in queued else None for id_ in ids]

    async def cancel(self, subject: SubjectRef, reason: str) -> int:
        """Take back what is still queued about `subject`; what a worker holds is asked for by `wanted`.

        Returns:
            How many mails will not go.
        """
        return await self.cancel_many([subject], reason)

    async def cancel_many(self, subjects: Sequence[SubjectRef], reason: str) -> int:
        """`cancel` for many subjects, with one statement."""
        return await self._rows.cancel_queued(subjects, reason) if subjects else 0

    async def pending(self, subject: SubjectRef) -> Sequence[Message]:
        """What is queued or being sent about `subject`, soonest first."""
        return (await self.pending_many(subject.kind, [subject.id]))[subject.id]

    async def pending_many(self, kind: str, ids: Collection[UUID]) -> Mapping[UUID, Sequence[Message]]:
        """`pending` for many subjects of one kind, with one statement."""
        found = await self._rows.with_states(kind, ids, (MessageState.QUEUED, MessageState.SENDING))
        return by_subject(ids, found)

    async def latest(self, subject: SubjectRef, *, link_bearing: bool, recipient: str | None = None) -> Message | None:
        """The last mail about `subject` that went, may have gone or is on its way; for the gap between two.

        Args:
            subject: what the mail is about.
            link_bearing: whether to look at mails that bear a link, or at the others.
            recipient: only mails to this address; None for any.
        """
        return await self._rows.latest(subject, link_bearing, recipient.lower() if recipient else None)


def _message(envelope: Envelope, id_: UUID, now: datetime) -> dict[str, Any]:
    recipient = envelope.recipient.lower()
    return {
        "id": id_,
        "subject_kind": envelope.subject.kind,
        "subject_id": envelope.subject.id,
        "mail_key": envelope.mail.key,
        "link_bearing": envelope.mail.link_bearing,
        "link_id": envelope.link_id,
        "cycle": envelope.cycle,
        "ordinal": envelope.ordinal,
        "locale": envelope.locale,
        "recipient": recipient,
        "domain": recipient.rpartition("@")[2],
        "priority": envelope.priority,
        "dedupe_key": envelope.dedupe_key,
        "state": MessageState.QUEUED,
        "created_at": now,
        "not_before": envelope.not_before or now,
        "expires_at": envelope.expires_at,
    }


def _body(envelope: Envelope, id_: UUID) -> dict[str, Any]:
    return {
        "id": id_,
        "sender_name": _sender(envelope.sender_name) if envelope.sender_name else None,
        "reply_to": envelope.reply_to,
        "list_unsubscribe": envelope.list_unsubscribe and envelope.link_id is not None,
        "organisation_id": envelope.organisation_id,
        "wording_id": envelope.wording_id,
        "words": envelope.words.stored if envelope.words else None,
        "attachments": [one.stored for one in envelope.attachments] or None,
        "placeholders": orjson.Fragment(envelope.mail.with_link(envelope.link_id).model_dump_json()),
    }


@lru_cache(maxsize=1024)
def _sender(name: str) -> str:
    return header_text(tame(name))
