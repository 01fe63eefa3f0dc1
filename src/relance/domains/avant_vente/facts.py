"""What the lifecycle's guards are told about a request: one place reads it off the rows. No I/O."""

from dataclasses import replace
from datetime import datetime

from relance.capabilities.cycles.lifecycle import Pace
from relance.core.security import Caller, Level
from relance.domains.avant_vente.guards import Facts, SlotFact
from relance.domains.avant_vente.models import AvantVenteRequest, AvantVenteSlot
from relance.domains.avant_vente.permissions import HANDLE
from relance.domains.avant_vente.repository import RequestRow
from relance.domains.avant_vente.states import RequestStatus


def slot_fact(slot: AvantVenteSlot) -> SlotFact:
    """The slot as the guards see it."""
    return SlotFact(slot.id, slot.round, slot.rank, slot.starts_at, slot.ends_at, slot.zone)


def is_staff(caller: Caller) -> bool:
    """Whether the caller handles requests for the vendor: what a partner never reads is for them."""
    return caller.level(HANDLE) > Level.NONE


def missing_of(request: AvantVenteRequest) -> tuple[str, ...]:
    """What the request lacks to be submitted."""
    needed = {
        "description": request.description,
        "intervention_type": request.intervention_type_id,
        "wanted_date": request.wanted_date,
        "place": request.place or not request.on_site,
        "confirmed": request.confirmed,
    }
    return tuple(name for name, value in needed.items() if not value)


def facts_of(row: RequestRow, now: datetime, *, staff: bool = False, forced: bool = False) -> Facts:
    """What is so; the slot that was saved is the one that is meant."""
    request = row.request
    asked = max(filter(None, (request.last_asked_at, request.last_sent_at)), default=None)
    chosen = row.slot(request.chosen_slot_id)
    return Facts(
        Pace(now, asked, request.undeliverable, forced),
        request.round,
        missing_of(request),
        tuple(slot_fact(one.slot) for one in row.slots),
        slot_fact(chosen.slot) if chosen is not None else None,
        before_info=RequestStatus(request.status_before_info) if request.status_before_info else None,
        staff=staff,
    )


def possible(facts: Facts) -> Facts:
    """What could be: any slot still to come could be named, which is all that a screen has to know."""
    if facts.chosen is not None or not facts.slots:
        return facts
    return replace(facts, chosen=facts.future[0] if facts.future else facts.slots[0])
