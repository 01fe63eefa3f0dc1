"""This domain's tables: what was done with customers, and what is to come."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from relance.core.db import Base, Versioned, WorkspaceOwned, owned_reference


class InfoboxEntry(WorkspaceOwned, Versioned, Base):
    """One action with all those that it was done with. Its content is its own: nothing else says it."""

    __tablename__ = "infobox_entries"
    __table_args__ = (
        owned_reference("author_id", "users"),
        CheckConstraint("outcome IN ('planned', 'done', 'cancelled', 'failed')", name="outcome"),
        Index("ix_infobox_entries_action_at", "workspace_id", "action_at", "id"),
        Index("ix_infobox_entries_author", "workspace_id", "author_id", "action_at", "id"),
        Index("ix_infobox_entries_type", "workspace_id", "type", "action_at", "id"),
    )

    #: The key of the action that wrote it.
    type: Mapped[str]
    #: Who acted; null where nobody of the workspace did, as where a contact answers.
    author_id: Mapped[UUID | None]
    #: When it happened, or is to happen.
    action_at: Mapped[datetime]
    #: Clean HTML, see `rich_text`; and the same as plain text.
    description_html: Mapped[str | None]
    description_text: Mapped[str | None]
    outcome: Mapped[str]
    #: Why it was cancelled or has failed: a code.
    outcome_reason: Mapped[str | None]
    #: What the action was given besides, by name.
    content: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]


class InfoboxTarget(WorkspaceOwned, Base):
    """One company or contact of an entry.

    No foreign keys: an entry outlives those that it was about, and whom it was about must not keep them from being
    deleted. `company_id` of a contact is where they worked at that time, so that the history of a contact who goes to
    another company stays visible at both.
    """

    __tablename__ = "infobox_targets"
    __table_args__ = (
        owned_reference("entry_id", "infobox_entries", ondelete="CASCADE"),
        Index("ix_infobox_targets_entry", "workspace_id", "entry_id", "id"),
        # The timeline of a company and of a contact, in its order.
        Index("ix_infobox_targets_company", "workspace_id", "company_id", "action_at", "entry_id"),
        Index(
            "ix_infobox_targets_contact",
            "workspace_id",
            "contact_id",
            "action_at",
            "entry_id",
            postgresql_where=text("contact_id IS NOT NULL"),
        ),
    )

    entry_id: Mapped[UUID]
    company_id: Mapped[UUID]
    contact_id: Mapped[UUID | None]
    #: The entry's.
    action_at: Mapped[datetime]


class InfoboxParticipant(WorkspaceOwned, Base):
    """A user who is told of an entry and of what is said about it, and who may read it for that."""

    __tablename__ = "infobox_participants"
    __table_args__ = (
        owned_reference("entry_id", "infobox_entries", ondelete="CASCADE"),
        owned_reference("user_id", "users"),
        UniqueConstraint("workspace_id", "entry_id", "user_id"),
        Index("ix_infobox_participants_user", "workspace_id", "user_id", "entry_id"),
    )

    entry_id: Mapped[UUID]
    user_id: Mapped[UUID]
    added_at: Mapped[datetime]
    #: Since when they want no more mails about it.
    muted_at: Mapped[datetime | None]


class InfoboxComment(WorkspaceOwned, Versioned, Base):
    """What somebody says about an entry."""

    __tablename__ = "infobox_comments"
    __table_args__ = (
        owned_reference("entry_id", "infobox_entries", ondelete="CASCADE"),
        owned_reference("author_id", "users"),
        Index("ix_infobox_comments_entry", "workspace_id", "entry_id", "created_at", "id"),
    )

    entry_id: Mapped[UUID]
    author_id: Mapped[UUID]
    body_html: Mapped[str]
    body_text: Mapped[str]
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]


class DistributionList(WorkspaceOwned, Versioned, Base):
    """Users who are told together. An entry takes who is on it at that time."""

    __tablename__ = "distribution_lists"
    __table_args__ = (
        owned_reference("created_by", "users"),
        UniqueConstraint("workspace_id", "name"),
        Index("ix_distribution_lists_name", "workspace_id", "name", "id"),
    )

    name: Mapped[str]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]


class DistributionListMember(WorkspaceOwned, Base):
    """A user on a list."""

    __tablename__ = "distribution_list_members"
    __table_args__ = (
        owned_reference("distribution_list_id", "distribution_lists", ondelete="CASCADE"),
        owned_reference("user_id", "users"),
        UniqueConstraint("workspace_id", "distribution_list_id", "user_id"),
    )

    distribution_list_id: Mapped[UUID]
    user_id: Mapped[UUID]


class CrmShortcut(WorkspaceOwned, Base):
    """An action in somebody's quick access. It stays while the right is lost, and is not shown."""

    __tablename__ = "crm_shortcuts"
    __table_args__ = (owned_reference("user_id", "users"), UniqueConstraint("workspace_id", "user_id", "key"))

    user_id: Mapped[UUID]
    key: Mapped[str]
    position: Mapped[int]


class CustomActionType(WorkspaceOwned, Versioned, Base):
    """An action of the workspace's own: « Actions spécifiques »."""

    __tablename__ = "custom_action_types"
    __table_args__ = (UniqueConstraint("workspace_id", "key"),)

    #: Part of the address and of the entries' type; it never changes.
    key: Mapped[str]
    label_fr: Mapped[str]
    label_en: Mapped[str]
    icon: Mapped[str]
    json_schema: Mapped[dict[str, Any]]
    several: Mapped[bool]
    #: Ids of the roles that may use it; empty for all that may run actions of the workspace's own.
    role_ids: Mapped[list[str]]
    active: Mapped[bool]
    created_at: Mapped[datetime]
