"""Tables of the follow-ups."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from relance.core.db import Base, WorkspaceOwned


class FollowUpKind(StrEnum):
    """What happens when it is due."""

    REMINDER = "reminder"
    EXPIRY = "expiry"


class FollowUpState(StrEnum):
    """Where a planned follow-up stands."""

    PENDING = "pending"
    SUSPENDED = "suspended"
    DONE = "done"
    CANCELLED = "cancelled"
    #: Missed during an outage; a later one, or the expiry, stood for it.
    COLLAPSED = "collapsed"
    DROPPED = "dropped"


class FollowUp(WorkspaceOwned, Base):
    """One planned reminder or expiry of one cycle of one subject."""

    __tablename__ = "follow_ups"
    __table_args__ = (
        UniqueConstraint("workspace_id", "subject_kind", "subject_id", "cycle", "kind", "ordinal"),
        CheckConstraint("kind IN ('reminder', 'expiry')", name="kind"),
        CheckConstraint("state IN ('pending', 'suspended', 'done', 'cancelled', 'collapsed', 'dropped')", name="state"),
        # The sweep's only path: due rows across workspaces, oldest first, whatever is not due never read.
        Index("ix_follow_ups_due", "due_at", postgresql_where=text("state = 'pending'")),
    )

    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    cycle: Mapped[int]
    kind: Mapped[str]
    ordinal: Mapped[int]
    #: When it acts; moves when a gap makes it wait.
    due_at: Mapped[datetime]
    #: When the policy wanted it.
    planned_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default=FollowUpState.PENDING)
    reason: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")


class FollowUpPolicy(Base):
    """When a domain of a workspace reminds and expires: ISO 8601 durations from the start of the cycle."""

    __tablename__ = "follow_up_policies"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"), primary_key=True)
    domain: Mapped[str] = mapped_column(primary_key=True)
    reminders: Mapped[list[str]]
    expires_after: Mapped[str]
