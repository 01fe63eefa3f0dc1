"""The table of profiles."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Computed, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from relance.core.db import Base, Versioned, WorkspaceOwned, owned_reference
from relance.core.search import folded


class ProfileKind(StrEnum):
    """What a profile is of."""

    PERSON = "person"
    OFFER = "offer"


class Profile(WorkspaceOwned, Versioned, Base):
    """A person's or an offer's profile. Its files are held by it; their bytes are in the store."""

    __tablename__ = "profiles"
    __table_args__ = (
        owned_reference("created_by", "users"),
        owned_reference("changed_by", "users"),
        CheckConstraint("kind IN ('person', 'offer')", name="kind"),
    )

    kind: Mapped[str]
    title: Mapped[str]
    summary: Mapped[str | None]
    #: Clean HTML, see `rich_text`; and the same as plain text.
    description: Mapped[str | None]
    description_text: Mapped[str | None]
    #: What the workspace tells of it, in its order: `label` and `value`.
    fields: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    archived_at: Mapped[datetime | None]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]
    changed_by: Mapped[UUID]
    changed_at: Mapped[datetime]

    @declared_attr
    def search_text(self) -> Mapped[str]:
        """What `q` searches, folded once when the row is written."""
        words = "relance_fold(title || ' ' || coalesce(summary, ''))"
        return mapped_column(Text(), Computed(words, persisted=True), deferred=True)


#: What lists are sorted by.
PROFILE_TITLE: ColumnElement[str] = folded(Profile.title)
Index("ix_profiles_title", Profile.workspace_id, PROFILE_TITLE, Profile.id)
Index("ix_profiles_changed", Profile.workspace_id, Profile.changed_at, Profile.id)
Index(
    "ix_profiles_search_trigrams",
    Profile.search_text,
    postgresql_using="gin",
    postgresql_ops={"search_text": "gin_trgm_ops"},
)
