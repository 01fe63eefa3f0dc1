"""Errors of this domain."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from relance.core.errors import RelanceError
from relance.core.i18n import Text

_ID = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"
_SLOT: Mapping[str, object] = {
    "id": _ID,
    "rank": 1,
    "starts_at": "2026-12-08T08:00:00Z",
    "ends_at": "2026-12-08T10:00:00Z",
    "zone": "Europe/Paris",
}
SlotData = Mapping[str, object]


class OpportunityNotEligible(RelanceError):
    """An intervention is asked for on an open opportunity of the kind `primo`."""

    code = "opportunity_not_eligible"
    status = 409
    title = Text("Opportunité non éligible", "Opportunity not eligible")
    detail = Text(
        "Une intervention se demande sur une opportunité Primo ouverte ({reason}).",
        "An intervention is asked for on an open opportunity of the kind Primo ({reason}).",
    )
    example = MappingProxyType({"reason": "closed"})

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class RequestIncomplete(RelanceError):
    """Something is missing before the request can be submitted."""

    code = "request_incomplete"
    status = 409
    title = Text("Demande incomplète", "Request incomplete")
    detail = Text("Il manque encore : {missing}.", "Still missing: {missing}.")
    example = MappingProxyType({"missing": ["description", "wanted_date"]})

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(missing=list(missing))


class NoSlotChosen(RelanceError):
    """A proposal is accepted by one of its slots."""

    code = "no_slot_chosen"
    status = 409
    title = Text("Aucun créneau retenu", "No slot chosen")
    detail = Text("Choisissez d’abord un des créneaux proposés.", "Choose one of the proposed slots first.")
    example = MappingProxyType({"current_slots": [_SLOT]})

    def __init__(self, current_slots: Sequence[SlotData]) -> None:
        super().__init__(current_slots=list(current_slots))


class SlotNotCurrent(RelanceError):
    """The slot was proposed in a round that is over."""

    code = "slot_not_current"
    status = 409
    title = Text("Créneau d’un tour précédent", "Slot of an earlier round")
    detail = Text(
        "Ce créneau n’est plus proposé ; voir « current_slots » pour ceux qui le sont.",
        "This slot is not offered any more; see `current_slots` for those that are.",
    )
    example = MappingProxyType({"current_slots": [_SLOT]})

    def __init__(self, current_slots: Sequence[SlotData]) -> None:
        super().__init__(current_slots=list(current_slots))


class SlotPassed(RelanceError):
    """The slot has begun; nobody can come to it any more."""

    code = "slot_passed"
    status = 409
    title = Text("Créneau passé", "Slot passed")
    detail = Text(
        "Ce créneau est passé : choisissez-en un autre, ou demandez d’autres dates.",
        "This slot has passed: choose another one, or ask for other dates.",
    )
    example = MappingProxyType({"current_slots": [_SLOT]})

    def __init__(self, current_slots: Sequence[SlotData]) -> None:
        super().__init__(current_slots=list(current_slots))


class ProposalSettled(RelanceError):
    """Somebody has answered the proposal before; the outcome is told."""

    code = "proposal_settled"
    status = 409
    title = Text("Proposition déjà acceptée", "Proposal already accepted")
    detail = Text(
        "Un créneau a déjà été accepté pour cette demande ; voir « accepted_slot ».",
        "A slot has been accepted for this request already; see `accepted_slot`.",
    )
    example = MappingProxyType({"outcome": "completed", "accepted_slot": _SLOT})

    def __init__(self, outcome: str, accepted_slot: SlotData) -> None:
        super().__init__(outcome=outcome, accepted_slot=accepted_slot)


class RequestClosed(RelanceError):
    """The answer comes after the end of the request; its text is kept as a comment."""

    code = "request_closed"
    status = 409
    title = Text("Demande close", "Request closed")
    detail = Text(
        "Cette demande n’attend plus d’information : elle est close. Votre texte est conservé en commentaire.",
        "This request does not wait for information any more: it is closed. Your text is kept as a comment.",
    )
    example = MappingProxyType({"outcome": "cancelled", "comment_id": _ID})
    kept = True

    def __init__(self, outcome: str, comment_id: str) -> None:
        super().__init__(outcome=outcome, comment_id=comment_id)


class NotAskedAnyMore(RelanceError):
    """The link asks for nothing now: somebody has answered, or the vendor has gone on."""

    code = "request_not_asking"
    status = 409
    title = Text("Plus rien n’est demandé", "Nothing is asked any more")
    detail = Text(
        "Cette demande n’attend pas cette réponse : elle est au statut « {status_label} ».",
        "This request does not wait for this answer: its status is “{status_label}”.",
    )
    example = MappingProxyType({"outcome": "in_progress", "status_label": "En cours"})

    def __init__(self, outcome: str, status_label: str) -> None:
        super().__init__(outcome=outcome, status_label=status_label)
