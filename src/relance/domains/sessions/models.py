"""Tables of this domain."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from relance.core.db import Base, Versioned, WorkspaceOwned, owned_reference
from relance.core.search import folded, trigram_index
from relance.domains.sessions.lifecycle import Confirmation, SessionConfirmation, SessionStatus


def _one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class TrainingSession(Versioned, WorkspaceOwned, Base):
    """A training session. The lock of its row is the lock of its slots, clients and proposals."""

    __tablename__ = "sessions"
    __table_args__ = (
        owned_reference("organisation_id", "organisations"),
        owned_reference("responsible_id", "users"),
        owned_reference("created_by", "users"),
        _one_of("status", SessionStatus),
        _one_of("confirmation", SessionConfirmation),
        Index(
            "uq_sessions_external_id",
            "workspace_id",
            "external_id",
            unique=True,
            postgresql_where=text("external_id IS NOT NULL"),
        ),
        Index("ix_sessions_created", "workspace_id", "created_at", "id"),
        Index("ix_sessions_organisation", "workspace_id", "organisation_id", "created_at", "id"),
        Index("ix_sessions_begin", "workspace_id", "begins_at", "id"),
        Index("ix_sessions_responsible", "workspace_id", "responsible_id", "id"),
        Index("ix_sessions_created_by", "workspace_id", "created_by"),
    )

    #: The training organisation in whose name clients are asked.
    organisation_id: Mapped[UUID]
    #: Whose session it is, and who is told of the answers.
    responsible_id: Mapped[UUID]
    external_id: Mapped[str | None]
    title: Mapped[str]
    trainer: Mapped[str | None]
    capacity: Mapped[int | None]
    #: IANA name: on whose clocks the slots are said.
    zone: Mapped[str]
    status: Mapped[str] = mapped_column(default=SessionStatus.UNPLANNED)
    #: Whether the worker reminds clients who have not answered.
    automatic_reminders: Mapped[bool] = mapped_column(default=False)
    #: Counts the changes of slots and places.
    dates_version: Mapped[int] = mapped_column(default=0)
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]

    # What the list shows and filters by, kept here by whoever changes slots or clients, under the lock of this row.
    first_on: Mapped[date | None]
    last_on: Mapped[date | None]
    begins_at: Mapped[datetime | None]
    finishes_at: Mapped[datetime | None]
    #: The worst of the clients; null without clients.
    confirmation: Mapped[str | None]
    not_sent_count: Mapped[int] = mapped_column(default=0)
    awaiting_count: Mapped[int] = mapped_column(default=0)
    accepted_count: Mapped[int] = mapped_column(default=0)
    declined_count: Mapped[int] = mapped_column(default=0)
    manual_count: Mapped[int] = mapped_column(default=0)
    #: The first due date that has passed, or will pass, without an answer.
    due_at: Mapped[datetime | None]


SESSION_TITLE = folded(TrainingSession.title)
trigram_index("ix_sessions_title", SESSION_TITLE)


class SessionSlot(WorkspaceOwned, Base):
    """One slot of a session: local time on the clocks of the session's zone, and the instants behind it."""

    __tablename__ = "session_slots"
    __table_args__ = (
        owned_reference("session_id", "sessions", ondelete="CASCADE"),
        CheckConstraint("ends_at > starts_at AND finishes_at > begins_at", name="lasts"),
        Index("ix_session_slots_session", "workspace_id", "session_id", "begins_at"),
        Index("ix_session_slots_begin", "workspace_id", "begins_at"),
    )

    session_id: Mapped[UUID]
    day: Mapped[date]
    starts_at: Mapped[time]
    ends_at: Mapped[time]
    place: Mapped[str | None]
    begins_at: Mapped[datetime]
    finishes_at: Mapped[datetime]
    #: Counts the changes of this slot: the SEQUENCE of its calendar event.
    sequence: Mapped[int] = mapped_column(default=0)


class SessionClient(Versioned, WorkspaceOwned, Base):
    """A client company of a session, with its main contact and how it stands to the dates."""

    __tablename__ = "session_clients"
    __table_args__ = (
        owned_reference("session_id", "sessions", ondelete="CASCADE"),
        owned_reference("company_id", "companies"),
        owned_reference("contact_id", "contacts"),
        _one_of("confirmation", Confirmation),
        CheckConstraint("prior IS NULL OR confirmation = 'manual'", name="prior"),
        UniqueConstraint("workspace_id", "session_id", "company_id"),
        Index("ix_session_clients_company", "workspace_id", "company_id"),
        Index("ix_session_clients_contact", "workspace_id", "contact_id"),
    )

    session_id: Mapped[UUID]
    company_id: Mapped[UUID]
    #: To whom proposals go unless somebody says otherwise.
    contact_id: Mapped[UUID | None]
    confirmation: Mapped[str] = mapped_column(default=Confirmation.NOT_SENT)
    #: Where it stood before it was validated by hand.
    prior: Mapped[str | None]
    #: Of the last proposal; 0 before the first one.
    proposal_version: Mapped[int] = mapped_column(default=0)
    due_on: Mapped[date | None]
    #: The first instant that is too late.
    due_at: Mapped[datetime | None]
    #: Of the answer in force, and by which address it was given.
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None]
    comment: Mapped[str | None]
    #: When the proposal in force was handed to the relay.
    sent_at: Mapped[datetime | None]
    #: The last link-bearing mail that the relay took, and the last one that was asked for: the gap counts from it.
    last_sent_at: Mapped[datetime | None]
    last_asked_at: Mapped[datetime | None]
    #: Reminders that were sent, and that were ever asked for.
    reminders_count: Mapped[int] = mapped_column(default=0)
    reminders_asked: Mapped[int] = mapped_column(default=0)
    #: How often an automatic reminder was planned: numbers the cycles of its follow-ups.
    plans: Mapped[int] = mapped_column(default=0)
    #: `undeliverable`, or null as far as anybody knows that the address works.
    delivery: Mapped[str | None]
    created_at: Mapped[datetime]


class DateProposal(WorkspaceOwned, Base):
    """Dates as they were proposed to a client: a copy of the slots, and to whom it went."""

    __tablename__ = "date_proposals"
    __table_args__ = (
        owned_reference("session_client_id", "session_clients", ondelete="CASCADE"),
        owned_reference("created_by", "users"),
        UniqueConstraint("workspace_id", "session_client_id", "version"),
        Index("ix_date_proposals_created_by", "workspace_id", "created_by"),
    )

    session_client_id: Mapped[UUID]
    version: Mapped[int]
    dates_version: Mapped[int]
    zone: Mapped[str]
    #: As they were; with the ids and the sequences of their calendar events.
    slots: Mapped[list[Any]] = mapped_column(JSONB)
    due_on: Mapped[date]
    recipient: Mapped[str]
    cc: Mapped[list[str]]
    bcc: Mapped[list[str]]
    locale: Mapped[str]
    #: As the caller edited it; null for the template's own words.
    subject: Mapped[str | None]
    body: Mapped[str | None]
    #: Of the files that went with it; the session holds them.
    file_ids: Mapped[list[str]]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class DateAnswer(WorkspaceOwned, Base):
    """One answer of a client, the later ones beside the earlier ones."""

    __tablename__ = "date_answers"
    __table_args__ = (
        owned_reference("session_client_id", "session_clients", ondelete="CASCADE"),
        CheckConstraint("decision IN ('accepted', 'declined')", name="decision"),
        Index("ix_date_answers_client", "workspace_id", "session_client_id", "id"),
    )

    session_client_id: Mapped[UUID]
    #: Of the proposal that it answers.
    proposal_version: Mapped[int]
    decision: Mapped[str]
    comment: Mapped[str | None]
    answered_at: Mapped[datetime]
    answered_by: Mapped[str]


class CalendarFeed(WorkspaceOwned, Base):
    """The right of whoever knows a token to read the sessions that a user may see, as a calendar."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (
        owned_reference("user_id", "users"),
        UniqueConstraint("workspace_id", "user_id"),
        # A token names no workspace: it is known only once the row is found.
        Index("uq_calendar_feeds_hash", "token_hash", unique=True),
    )

    user_id: Mapped[UUID]
    #: Keyed hash; the clear form is shown once.
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    rotated_at: Mapped[datetime | None]
