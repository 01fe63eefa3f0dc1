"""Tables of this domain."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from relance.core.db import Base, Versioned, WorkspaceOwned, owned_reference
from relance.core.search import folded, trigram_index
from relance.domains.avant_vente.opportunities.kinds import OpportunityKind
from relance.domains.avant_vente.states import InfoState, RequestStatus, SlotState, Visibility


def _one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Opportunity(Versioned, WorkspaceOwned, Base):
    """A sale that a partner follows."""

    __tablename__ = "opportunities"
    __table_args__ = (
        owned_reference("company_id", "companies"),
        owned_reference("partner_organisation_id", "organisations"),
        owned_reference("created_by", "users"),
        _one_of("kind", OpportunityKind),
        CheckConstraint("amount >= 0", name="amount"),
        Index(
            "uq_opportunities_external_id",
            "workspace_id",
            "external_id",
            unique=True,
            postgresql_where=text("external_id IS NOT NULL"),
        ),
        Index("ix_opportunities_created", "workspace_id", "created_at", "id"),
        Index("ix_opportunities_partner", "workspace_id", "partner_organisation_id", "created_at", "id"),
        Index("ix_opportunities_company", "workspace_id", "company_id"),
        Index("ix_opportunities_created_by", "workspace_id", "created_by"),
    )

    company_id: Mapped[UUID]
    partner_organisation_id: Mapped[UUID]
    external_id: Mapped[str | None]
    title: Mapped[str]
    kind: Mapped[str] = mapped_column(default=OpportunityKind.PRIMO)
    amount: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    stage: Mapped[str | None]
    #: When it was won, lost or given up; null while it is open.
    closed_at: Mapped[datetime | None]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]


class InterventionType(Versioned, WorkspaceOwned, Base):
    """One entry of the workspace's list of what its pre-sales team does."""

    __tablename__ = "intervention_types"
    __table_args__ = (Index("uq_intervention_types_label", "workspace_id", "label_fr", unique=True),)

    label_fr: Mapped[str]
    label_en: Mapped[str]
    #: Whether it can still be chosen.
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class RequestCounter(WorkspaceOwned, Base):
    """The last number of a workspace and year. Its row is locked from the number's taking to the commit."""

    __tablename__ = "avant_vente_counters"
    __table_args__ = (Index("uq_avant_vente_counters_year", "workspace_id", "year", unique=True),)

    year: Mapped[int]
    last: Mapped[int]


class AvantVenteRequest(Versioned, WorkspaceOwned, Base):
    """A partner asks for an intervention. The lock of this row is the lock of its slots and its questions."""

    __tablename__ = "avant_vente_requests"
    __table_args__ = (
        owned_reference("opportunity_id", "opportunities"),
        owned_reference("organisation_id", "organisations"),
        owned_reference("intervention_type_id", "intervention_types"),
        owned_reference("wanted_speaker_id", "users"),
        owned_reference("created_by", "users"),
        owned_reference("submitted_by", "users"),
        owned_reference("handled_by", "users"),
        _one_of("status", RequestStatus),
        CheckConstraint("(status = 'draft') = (number IS NULL)", name="number"),
        CheckConstraint("NOT on_site OR place IS NOT NULL", name="place"),
        CheckConstraint("confirmed", name="confirmed"),
        CheckConstraint("(status = 'awaiting_info') = (status_before_info IS NOT NULL)", name="before_info"),
        CheckConstraint(
            "(status = 'completed') = (accepted_slot_id IS NOT NULL) "
            "AND (status = 'completed') = (intervention_at IS NOT NULL)",
            name="completed",
        ),
        CheckConstraint("status NOT IN ('refused', 'cancelled') OR reason IS NOT NULL", name="reason"),
        Index("uq_avant_vente_requests_number", "workspace_id", "number", unique=True),
        Index("ix_avant_vente_requests_created", "workspace_id", "created_at", "id"),
        Index("ix_avant_vente_requests_organisation", "workspace_id", "organisation_id", "created_at", "id"),
        Index("ix_avant_vente_requests_opportunity", "workspace_id", "opportunity_id"),
        Index("ix_avant_vente_requests_type", "workspace_id", "intervention_type_id"),
        Index("ix_avant_vente_requests_wanted_speaker", "workspace_id", "wanted_speaker_id"),
        Index("ix_avant_vente_requests_created_by", "workspace_id", "created_by"),
        Index("ix_avant_vente_requests_submitted_by", "workspace_id", "submitted_by"),
        Index("ix_avant_vente_requests_handled_by", "workspace_id", "handled_by"),
    )

    #: `AV-2026-00042`, from the submission on: a draft has none, so that its deletion leaves no hole.
    number: Mapped[str | None]
    opportunity_id: Mapped[UUID]
    #: The partner, as the opportunity names it.
    organisation_id: Mapped[UUID]
    description: Mapped[str | None]
    intervention_type_id: Mapped[UUID | None]
    on_site: Mapped[bool] = mapped_column(default=False)
    place: Mapped[str | None]
    wanted_date: Mapped[date | None]
    wanted_speaker_id: Mapped[UUID | None]
    confirmed: Mapped[bool]
    status: Mapped[str] = mapped_column(default=RequestStatus.DRAFT)
    status_before_info: Mapped[str | None]
    round: Mapped[int] = mapped_column(default=1)
    #: Of a refusal or a cancellation.
    reason: Mapped[str | None]
    #: What the partner expects of other slots, of the last time they were asked for.
    expectations: Mapped[str | None]
    #: The slot that the partner has saved; of the present round.
    chosen_slot_id: Mapped[UUID | None]
    accepted_slot_id: Mapped[UUID | None]
    intervention_at: Mapped[datetime | None]
    #: Counts what the partner was asked: the cycle of mails and reminders, and the version of a question's page.
    cycle: Mapped[int] = mapped_column(default=0)
    #: The cycle in which the slots of the present round were proposed: the version of their page.
    proposal_cycle: Mapped[int] = mapped_column(default=0)
    reminders_asked: Mapped[int] = mapped_column(default=0)
    last_asked_at: Mapped[datetime | None]
    last_sent_at: Mapped[datetime | None]
    undeliverable: Mapped[bool] = mapped_column(default=False)
    #: Of the calendar entry: grows with each change that calendars are told.
    calendar_sequence: Mapped[int] = mapped_column(default=0)
    #: What was last done, as the journal calls it; what only the team may know is not in it.
    last_action: Mapped[str]
    last_action_at: Mapped[datetime]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]
    submitted_by: Mapped[UUID | None]
    submitted_at: Mapped[datetime | None]
    handled_by: Mapped[UUID | None]
    closed_at: Mapped[datetime | None]


class AvantVenteSlot(WorkspaceOwned, Base):
    """One of the three slots of a round."""

    __tablename__ = "avant_vente_slots"
    __table_args__ = (
        owned_reference("request_id", "avant_vente_requests", ondelete="CASCADE"),
        owned_reference("speaker_id", "users"),
        _one_of("state", SlotState),
        CheckConstraint("ends_at > starts_at", name="period"),
        CheckConstraint("rank BETWEEN 1 AND 3", name="rank"),
        Index("uq_avant_vente_slots_rank", "workspace_id", "request_id", "round", "rank", unique=True),
        # At most one slot of a request is agreed, whatever its round.
        Index(
            "uq_avant_vente_slots_accepted",
            "workspace_id",
            "request_id",
            unique=True,
            postgresql_where=text("state = 'accepted'"),
        ),
        Index("ix_avant_vente_slots_speaker", "workspace_id", "speaker_id", "starts_at"),
    )

    request_id: Mapped[UUID]
    round: Mapped[int]
    rank: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    #: IANA name of the zone in which it was proposed.
    zone: Mapped[str]
    speaker_id: Mapped[UUID | None]
    state: Mapped[str] = mapped_column(default=SlotState.HELD)


class AvantVenteInfoRequest(WorkspaceOwned, Base):
    """The team asks the partner for information."""

    __tablename__ = "avant_vente_info_requests"
    __table_args__ = (
        owned_reference("request_id", "avant_vente_requests", ondelete="CASCADE"),
        owned_reference("asked_by", "users"),
        owned_reference("answered_by", "users"),
        _one_of("state", InfoState),
        CheckConstraint("(state = 'answered') = (answer IS NOT NULL)", name="answer"),
        Index(
            "uq_avant_vente_info_requests_open",
            "workspace_id",
            "request_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_avant_vente_info_requests_request", "workspace_id", "request_id", "id"),
        Index("ix_avant_vente_info_requests_asked_by", "workspace_id", "asked_by"),
        Index("ix_avant_vente_info_requests_answered_by", "workspace_id", "answered_by"),
    )

    request_id: Mapped[UUID]
    question: Mapped[str]
    answer: Mapped[str | None]
    state: Mapped[str] = mapped_column(default=InfoState.OPEN)
    asked_by: Mapped[UUID]
    asked_at: Mapped[datetime]
    answered_by: Mapped[UUID | None]
    answered_at: Mapped[datetime | None]


class AvantVenteComment(WorkspaceOwned, Base):
    """A comment on a request. An internal one is shown to those who handle requests, and to nobody else."""

    __tablename__ = "avant_vente_comments"
    __table_args__ = (
        owned_reference("request_id", "avant_vente_requests", ondelete="CASCADE"),
        owned_reference("author_id", "users"),
        _one_of("visibility", Visibility),
        Index("ix_avant_vente_comments_request", "workspace_id", "request_id", "created_at", "id"),
        Index("ix_avant_vente_comments_author", "workspace_id", "author_id"),
    )

    request_id: Mapped[UUID]
    visibility: Mapped[str]
    body: Mapped[str]
    author_id: Mapped[UUID]
    #: Whether it is an answer that came after the end of the request.
    late_answer: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


OPPORTUNITY_TITLE = folded(Opportunity.title)
trigram_index("ix_opportunities_title_trigrams", OPPORTUNITY_TITLE)
