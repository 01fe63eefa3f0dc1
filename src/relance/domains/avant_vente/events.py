"""The events of this domain: codes and ids only. An internal comment is no event: the team alone knows of it."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from relance.capabilities.webhooks.catalogue import Codes, EventData, EventType
from relance.core.i18n import Text


class RequestCodes(Codes):
    """What a request shows of itself."""

    status: str | None = Field(description="See the lifecycle `avant_vente_request`.")
    number: str | None = Field(description="Of what was submitted: the number it has from then on.")
    round: int | None = Field(description="Of a proposal, and of what is asked for after it.")
    slot_id: UUID | None = Field(description="Of a slot that was chosen or accepted.")
    intervention_at: datetime | None = Field(description="Of an accepted slot.")
    by: str | None = Field(description="Of a cancellation: `partner` or `team`.")


class RequestEventData(EventData):
    """`data` of the events of a request."""

    before: RequestCodes | None
    after: RequestCodes | None


class OpportunityCodes(Codes):
    """What an opportunity shows of itself."""

    kind: str | None = Field(description="`primo` or `other`.")
    open: bool | None = Field(description="Whether it is open.")
    fields: list[str] | None = Field(description="Of a change: what was changed.")


class OpportunityEventData(EventData):
    """`data` of the events of an opportunity."""

    before: OpportunityCodes | None
    after: OpportunityCodes | None


def _event(action: str, title: Text, before: str | None, after: str) -> EventType:
    return EventType(
        f"avant_vente_request.{action}",
        "avant_vente_request",
        title,
        RequestEventData,
        before={"status": before} if before else None,
        after={"status": after},
    )


EVENTS = (
    _event("created", Text("Demande avant-vente créée", "Pre-sales request made"), None, "draft"),
    _event("changed", Text("Demande avant-vente modifiée", "Pre-sales request changed"), "draft", "draft"),
    _event("submitted", Text("Demande avant-vente soumise", "Pre-sales request submitted"), "draft", "to_process"),
    _event("accepted", Text("Demande avant-vente acceptée", "Pre-sales request accepted"), "to_process", "in_progress"),
    _event("proposed", Text("Créneaux proposés", "Slots proposed"), "in_progress", "scheduled"),
    _event("slot_chosen", Text("Créneau sélectionné", "Slot chosen"), "scheduled", "scheduled"),
    _event("slot_accepted", Text("Proposition acceptée", "Proposal accepted"), "scheduled", "completed"),
    _event("other_slots_asked", Text("Autres dates demandées", "Other dates asked for"), "scheduled", "in_progress"),
    _event("info_asked", Text("Informations demandées", "Information asked for"), "to_process", "awaiting_info"),
    _event("info_answered", Text("Informations reçues", "Information received"), "awaiting_info", "to_process"),
    _event("reminded", Text("Partenaire relancé", "Partner reminded"), "scheduled", "scheduled"),
    _event("refused", Text("Demande avant-vente refusée", "Pre-sales request refused"), "to_process", "refused"),
    _event("cancelled", Text("Demande avant-vente annulée", "Pre-sales request cancelled"), "to_process", "cancelled"),
    _event("intervention_changed", Text("Intervention modifiée", "Intervention changed"), "completed", "completed"),
    _event("deleted", Text("Brouillon supprimé", "Draft deleted"), "draft", "draft"),
    _event(
        "commented", Text("Demande avant-vente commentée", "Pre-sales request commented"), "to_process", "to_process"
    ),
    _event("undeliverable", Text("Partenaire injoignable", "Partner unreachable"), "scheduled", "scheduled"),
    EventType(
        "opportunity.created",
        "opportunity",
        Text("Opportunité créée", "Opportunity added"),
        OpportunityEventData,
        after={"kind": "primo", "open": True},
    ),
    EventType(
        "opportunity.changed",
        "opportunity",
        Text("Opportunité modifiée", "Opportunity changed"),
        OpportunityEventData,
        before={"kind": "primo", "open": True},
        after={"kind": "primo", "open": False, "fields": ["closed_at"]},
    ),
)
