"""Tables of this domain."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    TIMESTAMP,
    CheckConstraint,
    ColumnElement,
    Computed,
    Index,
    SmallInteger,
    UniqueConstraint,
    func,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from relance.core.db import Base, Versioned, WorkspaceOwned, owned_reference
from relance.core.facets import Axis, Facets
from relance.core.kept_counts import Counting, KeptCounts
from relance.core.search import follow_name
from relance.domains.invitations.lifecycle import ExpiryReason, FormStatus, Status

#: The axes that the dashboard filters and counts by, as one number a row.
FACETS = Facets(Axis.present("archived", "archived_at"), Axis.of("form_status", FormStatus), Axis.of("status", Status))


def _one_of(column: str, values: type[Status] | type[FormStatus] | type[ExpiryReason]) -> CheckConstraint:
    listed = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class PrequalificationForm(WorkspaceOwned, Base):
    """One version of the workspace's form: a JSON Schema with sections, and how long an answer stays valid."""

    __tablename__ = "prequalification_forms"
    __table_args__ = (UniqueConstraint("workspace_id", "form_version"),)

    form_version: Mapped[int]
    title_fr: Mapped[str]
    title_en: Mapped[str]
    #: JSON and not JSONB: the order of the fields is the order of the page.
    json_schema: Mapped[dict[str, Any]] = mapped_column(JSON)
    #: ISO 8601, `P2Y`.
    validity: Mapped[str]
    created_at: Mapped[datetime]


class Prequalification(Versioned, WorkspaceOwned, Base):
    """What a partner has answered: one row a partner and workspace, shared by all its invitations."""

    __tablename__ = "prequalifications"
    __table_args__ = (
        owned_reference("company_id", "companies"),
        UniqueConstraint("workspace_id", "company_id"),
        _one_of("form_status", FormStatus),
        _one_of("expiry_reason", ExpiryReason),
    )

    company_id: Mapped[UUID]
    form_status: Mapped[str] = mapped_column(default=FormStatus.TO_COMPLETE)
    form_version: Mapped[int | None]
    answers: Mapped[dict[str, Any] | None]
    #: What the partner has saved and not submitted; shared by all who were asked.
    draft: Mapped[dict[str, Any] | None]
    draft_saved_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    valid_until: Mapped[datetime | None]
    #: Set where the form is expired.
    expiry_reason: Mapped[str | None]
    #: How often it was completed: numbers the cycles of its validity.
    completions: Mapped[int] = mapped_column(default=0, server_default="0")


class Invitation(Versioned, WorkspaceOwned, Base):
    """One partner asked at one address by one organisation."""

    __tablename__ = "invitations"
    __table_args__ = (
        owned_reference("company_id", "companies"),
        owned_reference("issuing_organisation_id", "organisations"),
        owned_reference("requested_by", "users"),
        _one_of("status", Status),
        _one_of("form_status", FormStatus),
        # The rule « no two open rows for one address », held by the database under any concurrency.
        Index(
            "uq_invitations_open",
            "workspace_id",
            "issuing_organisation_id",
            "company_id",
            "email_key",
            unique=True,
            postgresql_where=text("status IN ('queued', 'sent')"),
        ),
        Index("ix_invitations_company", "workspace_id", "company_id"),
        Index("ix_invitations_requester", "workspace_id", "requested_by", "id"),
        Index("ix_invitations_organisation", "workspace_id", "issuing_organisation_id", "id"),
    )

    company_id: Mapped[UUID]
    issuing_organisation_id: Mapped[UUID]
    requested_by: Mapped[UUID]
    email: Mapped[str]
    #: The address as it is compared: case folded.
    email_key: Mapped[str]
    #: The partner's name, folded; the database keeps it in step, see `follow_name`.
    company_key: Mapped[str] = mapped_column(server_default=text("''"), deferred=True)
    locale: Mapped[str]
    status: Mapped[str] = mapped_column(default=Status.QUEUED)
    #: Of the partner's prequalification, kept in step by whoever changes it, so that one index serves both axes.
    form_status: Mapped[str] = mapped_column(default=FormStatus.TO_COMPLETE)
    facet: Mapped[int] = mapped_column(SmallInteger, Computed(FACETS.sql, persisted=True), deferred=True)
    reason: Mapped[str]
    cycle: Mapped[int] = mapped_column(default=1)
    expires_at: Mapped[datetime | None]
    #: The last link-bearing mail that the relay took, and the last one that was asked for: the gap counts from it.
    last_sent_at: Mapped[datetime | None]
    last_asked_at: Mapped[datetime | None]
    reminders_count: Mapped[int] = mapped_column(default=0)
    #: How many reminders were ever asked for: numbers them, so that each has a dedupe key of its own.
    reminders_asked: Mapped[int] = mapped_column(default=0)
    delivery: Mapped[str | None]
    declined_at: Mapped[datetime | None]
    decline_reason: Mapped[str | None]
    closed_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class InvitationCount(Counting, Base):
    """How many invitations there are of each kind that the dashboard counts."""

    __tablename__ = "invitation_counts"

    issuing_organisation_id: Mapped[UUID]
    requested_by: Mapped[UUID]
    facet: Mapped[int] = mapped_column(SmallInteger)


follow_name(Invitation, "company_key", "companies", "company_id")
COUNTS = KeptCounts(Invitation, InvitationCount, ("issuing_organisation_id", "requested_by", "facet"))

#: What a missing instant sorts as: before everything. A constant of the statement, so that an index can hold it.
_NEVER = literal_column("'1970-01-01 00:00:00+00'::timestamptz", TIMESTAMP(timezone=True))
#: What the dashboard is sorted by; never null.
SORTS: Mapping[str, ColumnElement[Any]] = {
    "last_sent_at": func.coalesce(Invitation.last_sent_at, _NEVER),
    "created_at": Invitation.created_at.expression,
    "partner_name": Invitation.company_key.expression,
    "expires_at": func.coalesce(Invitation.expires_at, _NEVER),
}
for _name, _sort in SORTS.items():
    # What the caller's organisations have asked for, and what one person has; see core/hot_lists.py.
    for _scope, _columns in (
        ("organisation", (Invitation.issuing_organisation_id,)),
        ("requester", (Invitation.requested_by, Invitation.issuing_organisation_id)),
    ):
        Index(
            f"ix_invitations_{_scope}_{_name}",
            Invitation.workspace_id,
            *_columns,
            Invitation.facet,
            _sort,
            Invitation.id,
        )
Index(
    "ix_invitations_email_trigrams",
    Invitation.email_key,
    postgresql_using="gin",
    postgresql_ops={"email_key": "gin_trgm_ops"},
)
