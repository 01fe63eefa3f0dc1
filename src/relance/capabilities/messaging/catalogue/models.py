"""Tables of edited templates and of branding."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from relance.core.db import Base, WorkspaceOwned, owned_reference


class TemplateOverride(WorkspaceOwned, Base):
    """The words of one mail in one language, for a workspace or for one of its organisations.

    The row stays when the shipped words come back: its versions can be restored.
    """

    __tablename__ = "template_overrides"
    __table_args__ = (
        owned_reference("organisation_id", "organisations"),
        Index(
            "uq_template_overrides_place",
            "workspace_id",
            "mail_key",
            "locale",
            "organisation_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_template_overrides_organisation", "workspace_id", "organisation_id"),
    )

    #: Null: for the whole workspace.
    organisation_id: Mapped[UUID | None]
    mail_key: Mapped[str]
    locale: Mapped[str]
    #: The version in use; null while the shipped words are.
    current_id: Mapped[UUID | None]
    #: Counts the changes; the ETag.
    number: Mapped[int]
    changed_at: Mapped[datetime]


class TemplateVersion(WorkspaceOwned, Base):
    """What an override said at one time, or a draft that a test mail was made of. Written once, never changed."""

    __tablename__ = "template_versions"
    __table_args__ = (
        owned_reference("override_id", "template_overrides"),
        CheckConstraint("action IN ('saved', 'restored', 'reset', 'tested')", name="action"),
        UniqueConstraint("workspace_id", "override_id", "number"),
    )

    #: Null for the draft of a test.
    override_id: Mapped[UUID | None]
    number: Mapped[int]
    action: Mapped[str]
    #: Null for a reset.
    subject: Mapped[str | None]
    html: Mapped[str | None]
    text: Mapped[str | None]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]


class MailBranding(WorkspaceOwned, Base):
    """The look of the mails of a workspace or of one of its organisations; what is null is inherited."""

    __tablename__ = "mail_brandings"
    __table_args__ = (
        owned_reference("organisation_id", "organisations"),
        owned_reference("logo_id", "mail_logos"),
        Index(
            "uq_mail_brandings_place",
            "workspace_id",
            "organisation_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_mail_brandings_logo", "workspace_id", "logo_id"),
    )

    organisation_id: Mapped[UUID | None]
    sender_name: Mapped[str | None]
    reply_to: Mapped[str | None]
    colour: Mapped[str | None]
    logo_id: Mapped[UUID | None]
    number: Mapped[int]


class MailLogo(WorkspaceOwned, Base):
    """A picture at a public address that never changes: sent mails go on showing it, so it is never deleted."""

    __tablename__ = "mail_logos"
    __table_args__ = (
        UniqueConstraint("workspace_id", "digest"),
        # The public address names the digest alone.
        Index("ix_mail_logos_digest", "digest"),
    )

    #: SHA-256 in hexadecimal.
    digest: Mapped[str]
    media_type: Mapped[str]
    #: CSS pixels, as the mail shows it.
    width: Mapped[int]
    height: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime]
