"""Tables of the sendings of profiles."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from relance.core.db import Base, Versioned, WorkspaceOwned, owned_reference


class ProfileSending(WorkspaceOwned, Versioned, Base):
    """Profiles that one entry of the infobox sends to its targets. Its lock is that of its recipients.

    Its files are held by the entry: copies, so that what is sent is what was chosen, whatever becomes of the profiles.
    """

    __tablename__ = "profile_sendings"
    __table_args__ = (
        # Whoever deletes the entry takes back what is still to come.
        owned_reference("entry_id", "infobox_entries", ondelete="CASCADE"),
        owned_reference("created_by", "users"),
        UniqueConstraint("workspace_id", "entry_id"),
        Index("ix_profile_sendings_send_at", "workspace_id", "send_at", "id"),
    )

    entry_id: Mapped[UUID]
    send_at: Mapped[datetime]
    #: Counts the instants that it was planned for.
    plans: Mapped[int] = mapped_column(default=0)
    #: `id`, `title`, `summary` as they were.
    profiles: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    #: What was written for this mail instead of its template, and in which language; null: the template.
    words: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    locale: Mapped[str | None]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]


class ProfileRecipient(WorkspaceOwned, Versioned, Base):
    """One contact of a sending. No foreign key to the contact: what was sent outlives it."""

    __tablename__ = "profile_recipients"
    __table_args__ = (
        owned_reference("sending_id", "profile_sendings", ondelete="CASCADE"),
        UniqueConstraint("workspace_id", "sending_id", "contact_id"),
        CheckConstraint("status IN ('planned', 'sending', 'sent', 'failed', 'cancelled')", name="status"),
        Index("ix_profile_recipients_contact", "workspace_id", "contact_id", "id"),
    )

    sending_id: Mapped[UUID]
    contact_id: Mapped[UUID]
    company_id: Mapped[UUID]
    status: Mapped[str]
    #: Why it was cancelled or has failed: a code.
    reason: Mapped[str | None]
    sent_at: Mapped[datetime | None]
