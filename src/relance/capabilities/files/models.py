"""The table of files; their bytes are in the store."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from relance.core.db import Base, WorkspaceOwned, owned_reference


class StoredFile(WorkspaceOwned, Base):
    """A file that a user made or gave, or that somebody outside sent through a link.

    A file is deleted at `expires_at`; one that a subject holds is kept for as long as it is held (see `Attachments`).
    Times are on the machine's clock.
    """

    __tablename__ = "files"
    __table_args__ = (
        owned_reference("created_by", "users"),
        owned_reference("link_id", "action_links"),
        CheckConstraint("num_nonnulls(created_by, link_id) = 1", name="origin"),
        CheckConstraint("(subject_kind IS NULL) = (subject_id IS NULL)", name="subject"),
        # Held or going to be deleted: nothing is kept that nobody asks for.
        CheckConstraint("subject_kind IS NOT NULL OR expires_at IS NOT NULL", name="kept"),
        Index("ix_files_creator", "workspace_id", "created_by", "id"),
        Index("ix_files_expiry", "expires_at"),
        Index("ix_files_link", "workspace_id", "link_id", postgresql_where=text("link_id IS NOT NULL")),
        Index(
            "ix_files_subject",
            "workspace_id",
            "subject_kind",
            "subject_id",
            postgresql_where=text("subject_id IS NOT NULL"),
        ),
    )

    #: The user, or null where it came through a link.
    created_by: Mapped[UUID | None]
    #: The link through which it came.
    link_id: Mapped[UUID | None]
    #: What holds it: an answer, a draft, a delivery.
    subject_kind: Mapped[str | None]
    subject_id: Mapped[UUID | None]
    #: As it is offered for download.
    name: Mapped[str]
    media_type: Mapped[str]
    #: Bytes.
    size: Mapped[int] = mapped_column(BigInteger)
    #: SHA-256 in hexadecimal.
    digest: Mapped[str]
    created_at: Mapped[datetime]
    #: When it is deleted; null while it is held.
    expires_at: Mapped[datetime | None]
