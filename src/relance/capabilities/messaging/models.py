"""Tables of messaging: see docs/adr and the module docstrings of `outbox` and `deliverer` for the protocol."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from relance.core.db import Base, WorkspaceOwned, owned_reference
from relance.core.subjects import SubjectRef


class MessageState(StrEnum):
    """Where a message stands."""

    QUEUED = "queued"
    #: Claimed by a worker under a lease.
    SENDING = "sending"
    SENT = "sent"
    #: The relay took it or not: nobody can know. Held until a person, a late answer or a report settles it.
    UNCERTAIN = "uncertain"
    #: Refused for good, or refused until it expired.
    FAILED = "failed"
    #: It cannot be rendered, or it kills the process that handles it.
    DEAD = "dead"
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"
    #: Reported undeliverable after the relay had taken it.
    BOUNCED = "bounced"


_STATES = ", ".join(f"'{state}'" for state in MessageState)

#: A queue's rows are rewritten four times in a second of life: leave room on the page for HOT-pruned versions,
#: and let vacuum come by rows, not by a share of a table that only grows.
_QUEUE_STORAGE = {
    "fillfactor": 70,
    "autovacuum_vacuum_scale_factor": 0,
    "autovacuum_vacuum_threshold": 5000,
    "autovacuum_analyze_scale_factor": 0,
    "autovacuum_analyze_threshold": 5000,
}


class Message(WorkspaceOwned, Base):
    """One mail to one recipient. Narrow, because every step of delivery rewrites it."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("workspace_id", "dedupe_key"),
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        # The claim: what is due, by priority and age; nothing else is ever read on that path.
        Index("ix_messages_due", "priority", "not_before", "id", postgresql_where=text("state = 'queued'")),
        # One message at a time for one recipient, the oldest first.
        Index(
            "ix_messages_recipient_live",
            "workspace_id",
            "recipient",
            "id",
            postgresql_where=text("state IN ('queued', 'sending')"),
        ),
        Index("ix_messages_lease", "lease_until", postgresql_where=text("state = 'sending'")),
        Index(
            "ix_messages_expiry",
            "expires_at",
            postgresql_where=text("state = 'queued' AND expires_at IS NOT NULL"),
        ),
        Index("ix_messages_subject", "workspace_id", "subject_kind", "subject_id", "id"),
        # The list of the API: newest first, in a period, or to one address.
        Index("ix_messages_created", "workspace_id", "created_at", "id"),
        Index("ix_messages_recipient", "workspace_id", "recipient", "created_at", "id"),
        # What went wrong is looked for by state, and is rare; the metrics count it here too.
        Index(
            "ix_messages_troubled",
            "workspace_id",
            "state",
            "created_at",
            "id",
            postgresql_where=text("state IN ('uncertain', 'failed', 'dead', 'bounced', 'suppressed')"),
        ),
        # A delivery report names the Message-ID, whose left part is this id, and no workspace.
        Index("ix_messages_id", "id"),
        {"postgresql_with": _QUEUE_STORAGE},
    )

    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    #: The mail's key in the catalogue, "invitations.reminder".
    mail_key: Mapped[str]
    link_bearing: Mapped[bool]
    link_id: Mapped[UUID | None]
    cycle: Mapped[int]
    ordinal: Mapped[int]
    locale: Mapped[str]
    #: The address, in lower case.
    recipient: Mapped[str]
    #: The part of the address after the @.
    domain: Mapped[str]
    #: Lower goes first.
    priority: Mapped[int]
    dedupe_key: Mapped[str]
    state: Mapped[str] = mapped_column(default=MessageState.QUEUED)
    #: Why it was cancelled, failed or is dead: a stable code.
    reason: Mapped[str | None]
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    #: Attempts that reached the relay; a fault of the connection is given back.
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    lease_owner: Mapped[UUID | None]
    lease_epoch: Mapped[int] = mapped_column(default=0, server_default="0")
    #: On the database's clock, which all processes share.
    lease_until: Mapped[datetime | None]
    #: Leases that ended with their process before the hand-off.
    lost_leases: Mapped[int] = mapped_column(default=0, server_default="0")
    #: Renderings begun and never ended; counted only once a lease was lost.
    lost_renders: Mapped[int] = mapped_column(default=0, server_default="0")
    #: From here on the relay may have it; on the database's clock.
    handoff_at: Mapped[datetime | None]
    last_code: Mapped[int | None]
    last_enhanced: Mapped[str | None]
    last_error: Mapped[str | None]
    sent_at: Mapped[datetime | None]

    @property
    def subject(self) -> SubjectRef:
        """What this mail is about."""
        return SubjectRef(self.subject_kind, self.subject_id)


class MessageBody(WorkspaceOwned, Base):
    """What a message says, apart from the row that delivery rewrites; the id is the message's.

    Placeholders until it is rendered; from then on the rendering, so that every attempt carries the same bytes.
    The address of the link is a marker in both: tokens are never stored.
    """

    __tablename__ = "message_bodies"
    __table_args__ = (owned_reference("id", "messages", ondelete="CASCADE"),)

    sender_name: Mapped[str | None]
    reply_to: Mapped[str | None]
    list_unsubscribe: Mapped[bool]
    #: In whose name it is sent; decides the words and the look when it is rendered.
    organisation_id: Mapped[UUID | None]
    #: The one version of an edited template to use, of a test mail; else the one in use is taken.
    wording_id: Mapped[UUID | None]
    #: The words that a person wrote for this one mail, checked as an edited template is; null for the template's.
    words: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    #: See `attachments.Attachment`.
    attachments: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    placeholders: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    #: A digest of the shipped templates; `+<version id>/<number>` of an edited one; `~` and its branding.
    template_version: Mapped[str | None]
    rendered_at: Mapped[datetime | None]
    #: Name and value pairs, in order.
    headers: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    subject: Mapped[str | None]
    text: Mapped[str | None]
    html: Mapped[str | None]


class MessageAttempt(WorkspaceOwned, Base):
    """What happened to a message at a relay. Rows are written once and never changed."""

    __tablename__ = "message_attempts"
    __table_args__ = (
        owned_reference("message_id", "messages", ondelete="CASCADE"),
        Index("ix_message_attempts_message", "workspace_id", "message_id", "id"),
    )

    message_id: Mapped[UUID]
    epoch: Mapped[int]
    #: `connect`, `mail`, `rcpt`, `data`, `payload`, `render`, `lease`, `report`.
    phase: Mapped[str]
    code: Mapped[int | None]
    enhanced: Mapped[str | None]
    reply: Mapped[str | None]
    at: Mapped[datetime]


class DeliveryLane(Base):
    """The way to one relay account, or to one recipient domain where an operator made a row for it.

    Belongs to no workspace: a relay's patience is shared by all of them. Times are on the database's clock.
    """

    __tablename__ = "delivery_lanes"

    #: `relay:<address>` or `domain:<name>`.
    name: Mapped[str] = mapped_column(primary_key=True)
    #: Mails per second allowed; null for no limit.
    rate: Mapped[float | None]
    #: How many may go at once after a silence.
    burst: Mapped[int] = mapped_column(default=10, server_default="10")
    #: GCRA's theoretical arrival time: when the lane is back at rest.
    arrival_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    #: Faults in a row; each doubles the pause.
    faults: Mapped[int] = mapped_column(default=0, server_default="0")
    last_fault: Mapped[str | None]
    #: Mails per second while the relay says that we are too fast.
    slow_rate: Mapped[float | None]
    slow_until: Mapped[datetime | None]


class DeliveryTotal(Base):
    """How often something came of a message, since the beginning; for the metrics.

    Written in the transaction of what it counts, so that it is exact whatever process dies. Several shards a count,
    since concurrent transactions would wait for one row; their sum is the total. Belongs to no workspace.
    """

    __tablename__ = "delivery_totals"

    #: A state, `deferred`, or `lease_` and what became of a lost lease.
    outcome: Mapped[str] = mapped_column(primary_key=True)
    shard: Mapped[int] = mapped_column(primary_key=True)
    total: Mapped[int] = mapped_column(BigInteger)


class Suppression(WorkspaceOwned, Base):
    """An address that gets no mail: a keyed hash, so that the list tells nobody who is on it."""

    __tablename__ = "suppressions"
    __table_args__ = (UniqueConstraint("workspace_id", "address_hash"),)

    address_hash: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[str]
    created_at: Mapped[datetime]
    #: Null for ever.
    until: Mapped[datetime | None]
