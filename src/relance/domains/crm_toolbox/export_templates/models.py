"""The table of export templates."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Index
from sqlalchemy.orm import Mapped, mapped_column

from relance.core.db import Base, Versioned, WorkspaceOwned, owned_reference
from relance.core.search import folded


class ExportTemplate(WorkspaceOwned, Versioned, Base):
    """What a profile looks like as a PDF. The pictures in it are files that it holds."""

    __tablename__ = "export_templates"
    __table_args__ = (
        owned_reference("created_by", "users"),
        owned_reference("changed_by", "users"),
        CheckConstraint("locale IN ('fr', 'en')", name="locale"),
    )

    name: Mapped[str]
    #: Of the document: its dates, its hyphens.
    locale: Mapped[str]
    #: Cleaned, its tags checked.
    html: Mapped[str]
    css: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    #: Null: the product brought it along.
    created_by: Mapped[UUID | None]
    created_at: Mapped[datetime]
    changed_by: Mapped[UUID | None]
    changed_at: Mapped[datetime]


TEMPLATE_NAME: ColumnElement[str] = folded(ExportTemplate.name)
Index("ix_export_templates_name", ExportTemplate.workspace_id, TEMPLATE_NAME, ExportTemplate.id)
