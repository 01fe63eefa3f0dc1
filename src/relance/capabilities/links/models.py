"""The table of action links."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from relance.core.db import Base, WorkspaceOwned
from relance.core.subjects import SubjectRef


class ActionLink(WorkspaceOwned, Base):
    """The right of one address to read and answer one subject. The token is derived from the id, never stored."""

    __tablename__ = "action_links"
    __table_args__ = (
        # Only live rows are unique: a revoked link stays revoked, and a new one is made beside it.
        Index(
            "uq_action_links_live",
            "workspace_id",
            "subject_kind",
            "subject_id",
            "recipient",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
        # A token names an id alone: its workspace is known only once the row is found.
        Index("ix_action_links_id", "id"),
        # All links of one person, for whoever tells or erases them.
        Index("ix_action_links_recipient", "workspace_id", "recipient"),
    )

    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    #: The e-mail address in lower case, as mails to it are compared.
    recipient: Mapped[str]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def subject(self) -> SubjectRef:
        """What this link is about."""
        return SubjectRef(self.subject_kind, self.subject_id)
