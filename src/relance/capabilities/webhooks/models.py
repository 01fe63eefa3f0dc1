"""Tables of the feed and of the webhooks: see docs/adr/0016 and docs/adr/0017."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from relance.core.db import Base, Versioned, WorkspaceOwned, owned_reference


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    #: Claimed by a worker under a lease.
    SENDING = "sending"
    DELIVERED = "delivered"
    #: Given up after the last attempt; a replay makes a new delivery.
    DEAD = "dead"


class Trigger(StrEnum):
    """Why a delivery was made."""

    EVENT = "event"
    REPLAY = "replay"


_STATES = ", ".join(f"'{state}'" for state in DeliveryState)
_OPEN = text("state IN ('pending', 'sending')")
_PENDING = text("state = 'pending'")

#: As for the outbox: rows that are rewritten and settle, in a table that only grows.
_QUEUE_STORAGE = {
    "fillfactor": 70,
    "autovacuum_vacuum_scale_factor": 0,
    "autovacuum_vacuum_threshold": 5000,
    "autovacuum_analyze_scale_factor": 0,
    "autovacuum_analyze_threshold": 5000,
}


class FeedState(Base):
    """What the feed has placed so far: a snapshot of PostgreSQL. One row, of no workspace."""

    __tablename__ = "feed_state"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    #: Whatever transaction this snapshot sees, its entries have their places.
    snapshot: Mapped[str]
    #: Transaction ids are counted by one cluster; in another one (a restored dump) they mean nothing.
    cluster: Mapped[str]


class Event(WorkspaceOwned, Base):
    """The place of a journal entry in the feed of its workspace; the id is the entry's. Written once.

    No foreign key to the journal: the one statement that writes here reads there, and the journal loses no rows.
    """

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("workspace_id", "position"),
        Index("ix_events_type", "workspace_id", "type", "position", "id"),
        Index("ix_events_subject", "workspace_id", "subject_id", "position", "id"),
        Index("ix_events_at", "workspace_id", "at"),
    )

    #: From 1, in the order in which readers see them; a greater one never becomes visible before a smaller one.
    position: Mapped[int] = mapped_column(BigInteger)
    #: The journal's action, whether the catalogue has it or not: a later release may.
    type: Mapped[str]
    at: Mapped[datetime]
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]


class WebhookEndpoint(Versioned, WorkspaceOwned, Base):
    """An address to which the events of a workspace are sent."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (Index("ix_webhook_endpoints_created", "workspace_id", "created_at", "id"),)

    url: Mapped[str]
    description: Mapped[str]
    #: Types of event that it gets; empty for all of them.
    types: Mapped[list[str]]
    enabled: Mapped[bool]
    #: Why it was disabled: `by_user`, `gone` (it answered 410), `failing`; null while it is enabled.
    disabled_reason: Mapped[str | None]
    created_at: Mapped[datetime]


class WebhookLane(WorkspaceOwned, Base):
    """How the conversations with an endpoint go; the id is the endpoint's. Locked by whoever claims its deliveries.

    Apart from the endpoint, so that the worker's bookkeeping changes no ETag.
    """

    __tablename__ = "webhook_lanes"
    __table_args__ = (owned_reference("id", "webhook_endpoints", ondelete="CASCADE"),)

    #: Failures in a row, of whatever delivery.
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    #: Since when nothing succeeds; null while the last conversation did.
    failing_since: Mapped[datetime | None]
    #: Set at each failure, to that instant where there is no pause.
    paused_until: Mapped[datetime | None]


class WebhookSecret(WorkspaceOwned, Base):
    """A secret that signs for an endpoint, sealed with the deployment's own."""

    __tablename__ = "webhook_secrets"
    __table_args__ = (
        owned_reference("endpoint_id", "webhook_endpoints", ondelete="CASCADE"),
        Index("ix_webhook_secrets_endpoint", "workspace_id", "endpoint_id", "id"),
    )

    endpoint_id: Mapped[UUID]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    #: On the machine's clock, like every lifetime of a secret; null for the newest.
    expires_at: Mapped[datetime | None]


class WebhookDelivery(WorkspaceOwned, Base):
    """One event for one endpoint. Narrow, because every step of delivery rewrites it."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        owned_reference("endpoint_id", "webhook_endpoints", ondelete="CASCADE"),
        owned_reference("event_id", "events"),
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        # An event is under way to an endpoint once at most, however often it is replayed.
        Index(
            "uq_webhook_deliveries_open", "workspace_id", "endpoint_id", "event_id", unique=True, postgresql_where=_OPEN
        ),
        # The claim: whether anything of an endpoint is due, then the first of each of its subjects.
        Index("ix_webhook_deliveries_due", "workspace_id", "endpoint_id", "not_before", postgresql_where=_PENDING),
        Index("ix_webhook_deliveries_next", "workspace_id", "endpoint_id", "position", postgresql_where=_PENDING),
        Index(
            "ix_webhook_deliveries_subject",
            "workspace_id",
            "endpoint_id",
            "subject_id",
            "position",
            postgresql_where=_OPEN,
        ),
        Index("ix_webhook_deliveries_lease", "lease_until", postgresql_where=text("state = 'sending'")),
        Index("ix_webhook_deliveries_finished", "finished_at", postgresql_where=text("finished_at IS NOT NULL")),
        # The log: newest first, of all endpoints, of one, of one event.
        Index("ix_webhook_deliveries_created", "workspace_id", "created_at", "id"),
        Index("ix_webhook_deliveries_endpoint", "workspace_id", "endpoint_id", "created_at", "id"),
        Index("ix_webhook_deliveries_event", "workspace_id", "event_id", "created_at", "id"),
        {"postgresql_with": _QUEUE_STORAGE},
    )

    endpoint_id: Mapped[UUID]
    event_id: Mapped[UUID]
    type: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    #: The event's place in the feed: within a subject nothing overtakes.
    position: Mapped[int] = mapped_column(BigInteger)
    trigger: Mapped[str]
    state: Mapped[str]
    #: Why it is dead, or what went wrong last: a stable code.
    reason: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    last_status: Mapped[int | None]
    lease_owner: Mapped[UUID | None]
    lease_epoch: Mapped[int] = mapped_column(default=0, server_default="0")
    #: On the database's clock, which all processes share.
    lease_until: Mapped[datetime | None]
    #: Leases that ended with their process: a delivery that kills processes is given up.
    lost_leases: Mapped[int] = mapped_column(default=0, server_default="0")


class WebhookAttempt(WorkspaceOwned, Base):
    """One conversation about one delivery. Rows are written once and never changed."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (
        owned_reference("delivery_id", "webhook_deliveries", ondelete="CASCADE"),
        Index("ix_webhook_attempts_delivery", "workspace_id", "delivery_id", "id"),
    )

    delivery_id: Mapped[UUID]
    at: Mapped[datetime]
    url: Mapped[str]
    #: The headers sent, without the signature.
    request_headers: Mapped[dict[str, Any]]
    #: The answer: null where there was none.
    status: Mapped[int | None]
    response_headers: Mapped[dict[str, Any]]
    #: The beginning of the body, as text.
    response_body: Mapped[str | None]
    #: What went wrong: a stable code; null where the endpoint took the event.
    reason: Mapped[str | None]
    milliseconds: Mapped[int]


class WebhookTotal(Base):
    """How often something came of an attempt, since the beginning; for the metrics. Belongs to no workspace."""

    __tablename__ = "webhook_totals"

    #: `delivered`, `deferred`, `dead`, `lease_lost`, `endpoint_disabled`.
    outcome: Mapped[str] = mapped_column(primary_key=True)
    shard: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    total: Mapped[int] = mapped_column(BigInteger)
