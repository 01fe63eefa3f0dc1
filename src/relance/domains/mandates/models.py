"""Tables of this domain."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from relance.capabilities.cycles.models import Chased
from relance.core.db import Base, Versioned, WorkspaceOwned, owned_reference
from relance.domains.mandates.deliveries.lifecycle import Channel, DeliveryStatus
from relance.domains.mandates.lifecycle import MandateKind, MandateStatus, Passthrough, TeamRole


def _one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Invitee(Chased):
    """Mixin of whoever is asked to join: the main contact, on the mandate itself, or a further one."""

    #: Civility: `mr` or `mrs`.
    contact_title: Mapped[str | None]
    contact_first_name: Mapped[str | None]
    contact_last_name: Mapped[str | None]
    contact_email: Mapped[str | None]
    #: The address as it is compared: case folded.
    contact_email_key: Mapped[str | None]
    #: E.164.
    contact_phone: Mapped[str | None]
    #: The contact in the directory, from the submission on.
    contact_id: Mapped[UUID | None]
    #: The account with which the contact accepted.
    contact_user_id: Mapped[UUID | None]
    accepted_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    decline_reason: Mapped[str | None]


class Mandate(Invitee, Versioned, WorkspaceOwned, Base):
    """A firm acts for a small company, once its contact has accepted."""

    __tablename__ = "mandates"
    __table_args__ = (
        owned_reference("company_id", "companies"),
        owned_reference("issuing_organisation_id", "organisations"),
        owned_reference("created_by", "users"),
        owned_reference("submitted_by", "users"),
        owned_reference("contact_id", "contacts"),
        owned_reference("contact_user_id", "users"),
        _one_of("status", MandateStatus),
        _one_of("kind", MandateKind),
        _one_of("passthrough", Passthrough),
        Index(
            "uq_mandates_external_id",
            "workspace_id",
            "external_id",
            unique=True,
            postgresql_where=text("external_id IS NOT NULL"),
        ),
        Index("ix_mandates_created", "workspace_id", "created_at", "id"),
        Index("ix_mandates_organisation", "workspace_id", "issuing_organisation_id", "created_at", "id"),
        Index("ix_mandates_company", "workspace_id", "company_id"),
        Index("ix_mandates_contact_user", "workspace_id", "contact_user_id"),
        Index("ix_mandates_created_by", "workspace_id", "created_by"),
        Index("ix_mandates_contact", "workspace_id", "contact_id"),
        Index("ix_mandates_submitted_by", "workspace_id", "submitted_by"),
    )

    company_id: Mapped[UUID]
    #: The firm's organisation in whose name the company is asked.
    issuing_organisation_id: Mapped[UUID]
    external_id: Mapped[str | None]
    kind: Mapped[str] = mapped_column(default=MandateKind.EXTERNAL)
    status: Mapped[str] = mapped_column(default=MandateStatus.DRAFT)
    locale: Mapped[str]
    schedule: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    passthrough: Mapped[str] = mapped_column(default=Passthrough.DISABLED)
    next_delivery_on: Mapped[date | None]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]
    submitted_by: Mapped[UUID | None]
    submitted_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]


class MandateMember(WorkspaceOwned, Base):
    """A user of the firm in the team of a mandate."""

    __tablename__ = "mandate_members"
    __table_args__ = (
        owned_reference("mandate_id", "mandates", ondelete="CASCADE"),
        owned_reference("user_id", "users"),
        _one_of("role", TeamRole),
        Index("uq_mandate_members", "workspace_id", "mandate_id", "user_id", "role", unique=True),
        Index("ix_mandate_members_user", "workspace_id", "user_id", "mandate_id"),
    )

    mandate_id: Mapped[UUID]
    user_id: Mapped[UUID]
    role: Mapped[str]


class MandateContact(Invitee, Versioned, WorkspaceOwned, Base):
    """A further contact of the company, who gains access to the mandate by registering."""

    __tablename__ = "mandate_contacts"
    __table_args__ = (
        owned_reference("mandate_id", "mandates", ondelete="CASCADE"),
        owned_reference("contact_id", "contacts"),
        owned_reference("contact_user_id", "users"),
        owned_reference("created_by", "users"),
        CheckConstraint(
            "status IN ('invited', 'active', 'invitation_expired', 'declined', 'cancelled')", name="status"
        ),
        # A person is asked once for a mandate; who was removed may be asked again.
        Index(
            "uq_mandate_contacts_email",
            "workspace_id",
            "mandate_id",
            "contact_email_key",
            unique=True,
            postgresql_where=text("status <> 'cancelled'"),
        ),
        Index("ix_mandate_contacts_mandate", "workspace_id", "mandate_id", "id"),
        Index("ix_mandate_contacts_contact_user", "workspace_id", "contact_user_id"),
        Index("ix_mandate_contacts_contact", "workspace_id", "contact_id"),
        Index("ix_mandate_contacts_created_by", "workspace_id", "created_by"),
    )

    mandate_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(default=MandateStatus.INVITED)
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]


class MandateDelivery(Versioned, WorkspaceOwned, Base):
    """What is due on one date of an active mandate's schedule. The lock of the mandate's row is its lock."""

    __tablename__ = "mandate_deliveries"
    __table_args__ = (
        owned_reference("mandate_id", "mandates", ondelete="CASCADE"),
        owned_reference("received_by", "users"),
        _one_of("status", DeliveryStatus),
        _one_of("channel", Channel),
        CheckConstraint(
            "(status = 'received') = (received_at IS NOT NULL) AND (status = 'received') = (channel IS NOT NULL)",
            name="received",
        ),
        Index("uq_mandate_deliveries_due", "workspace_id", "mandate_id", "due_on", unique=True),
        Index("ix_mandate_deliveries_received_by", "workspace_id", "received_by"),
    )

    mandate_id: Mapped[UUID]
    #: Inclusive: to the last second of the day on the clocks of the workspace's zone.
    due_on: Mapped[date]
    status: Mapped[str] = mapped_column(default=DeliveryStatus.DUE)
    received_at: Mapped[datetime | None]
    channel: Mapped[str | None]
    #: The account that handed in, or noted the receipt; null where it came by the link.
    received_by: Mapped[UUID | None]
    #: Of whoever handed in.
    comment: Mapped[str | None]
    #: Counts the plans of its reminders: what an earlier one planned does not act any more.
    cycle: Mapped[int] = mapped_column(default=0)
    last_sent_at: Mapped[datetime | None]
    last_asked_at: Mapped[datetime | None]
    #: Mails that asked for the documents, by occasion, however many people read each.
    reminders_count: Mapped[int] = mapped_column(default=0)
    #: Whether mail to one of those who are asked was refused for good.
    undeliverable: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
