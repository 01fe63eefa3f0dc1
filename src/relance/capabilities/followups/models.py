"""Tables of the follow-ups."""

from datetime import datetime, time
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from relance.core.db import Base, Versioned, WorkspaceOwned


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
    #: Whose policy planned it, and says when it may act; null where no policy did.
    domain: Mapped[str | None]
    cycle: Mapped[int]
    kind: Mapped[str]
    ordinal: Mapped[int]
    #: When it acts; moves when quiet hours, a day off or a gap make it wait.
    due_at: Mapped[datetime]
    #: When the policy wanted it.
    planned_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(default=FollowUpState.PENDING)
    reason: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")


class FollowUpPolicy(Versioned, WorkspaceOwned, Base):
    """When a domain of a workspace reminds and expires, and when its reminders may leave."""

    __tablename__ = "follow_up_policies"
    __table_args__ = (UniqueConstraint("workspace_id", "domain"),)

    domain: Mapped[str]
    #: ISO 8601 durations from the start of the cycle, ascending.
    reminders: Mapped[list[str]]
    expires_after: Mapped[str]
    #: On the clocks of the workspace's zone; both or neither.
    quiet_from: Mapped[time | None]
    quiet_to: Mapped[time | None]
    working_days_only: Mapped[bool] = mapped_column(default=False)
    #: ISO 3166-1 code of the country whose public holidays are no working days.
    holidays: Mapped[str | None]
