"""The journal's table."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from relance.core.db import Base, WorkspaceOwned

#: Which subjects are of accounts and rights. In SQL, so that the planner recognises the partial index by it.
SECURITY = text(
    "subject_kind IN ('user', 'user_invitation', 'role', 'api_key', 'organisation', 'workspace', 'password_reset')"
)


class JournalEntry(WorkspaceOwned, Base):
    """One thing that happened. Rows are written once and never changed."""

    __tablename__ = "journal_entries"
    __table_args__ = (
        Index("ix_journal_entries_subject", "workspace_id", "subject_kind", "subject_id", "id"),
        # The audit of accounts and rights, newest first, however much else the journal holds.
        Index("ix_journal_entries_security", "workspace_id", "at", "id", postgresql_where=SECURITY),
        # The history of a company and of a contact, in its order: see `timeline`.
        Index(
            "ix_journal_entries_company",
            "workspace_id",
            "company_id",
            "at",
            "id",
            postgresql_where=text("company_id IS NOT NULL"),
        ),
        Index(
            "ix_journal_entries_contact",
            "workspace_id",
            "contact_id",
            "at",
            "id",
            postgresql_where=text("contact_id IS NOT NULL"),
        ),
        # What the feed has not placed yet: see docs/adr/0016.
        Index("ix_journal_entries_transaction", "transaction_id"),
    )
    # Nobody asks for what the database fills in: without RETURNING, a bulk of entries goes in one round trip.
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012 - SQLAlchemy reads this name from the class

    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    company_id: Mapped[UUID | None]
    contact_id: Mapped[UUID | None]
    #: State codes and other codes before and after; never personal data, bodies or tokens.
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: The transaction that wrote the entry, so that the feed can tell what it has seen: see docs/adr/0016.
    transaction_id: Mapped[int] = mapped_column(
        BigInteger, server_default=text("((pg_current_xact_id())::text)::bigint"), deferred=True
    )
    #: Grows with each entry; whoever writes after a commit that they waited for has the greater number.
    sequence: Mapped[int] = mapped_column(BigInteger, Identity(always=True), deferred=True)
