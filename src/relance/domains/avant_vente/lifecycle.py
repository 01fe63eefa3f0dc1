"""A request from its draft to an agreed slot, as data. No I/O."""

from collections.abc import Callable

from relance.capabilities.cycles.lifecycle import GAP_OVER
from relance.core.i18n import Text
from relance.core.lifecycle import Actor, Lifecycle, Transition
from relance.domains.avant_vente.guards import (
    ANSWERABLE,
    COMPLETE,
    CURRENT_ROUND,
    SLOT_CHOSEN,
    STILL_FUTURE,
    THREE_DISTINCT,
    Facts,
)
from relance.domains.avant_vente.permissions import HANDLE, REQUEST
from relance.domains.avant_vente.states import OPEN, STATUS_LABELS, RequestStatus

_DRAFT = frozenset({RequestStatus.DRAFT})
_SCHEDULED = frozenset({RequestStatus.SCHEDULED})
_AWAITING = frozenset({RequestStatus.AWAITING_INFO})
_HANDLED = OPEN - _DRAFT
_USER = frozenset({Actor.USER})
_ANY_HAND = frozenset({Actor.USER, Actor.RECIPIENT})
_REFUSALS = (SLOT_CHOSEN, CURRENT_ROUND, STILL_FUTURE)


def _goes_back_to(status: RequestStatus) -> Callable[[Facts], bool]:
    return lambda facts: facts.returns_to is status


def _answer(target: RequestStatus) -> Transition[Facts]:
    """The answer to a request for information, as it leads back to `target`."""
    return Transition(
        "answer-info",
        _AWAITING,
        target,
        _ANY_HAND,
        "avant_vente_request.info_answered",
        REQUEST,
        mail="avant_vente.info_answered",
        text=Text("Transmettre les informations", "Give the information"),
        applies=_goes_back_to(target),
    )


def _cancel(sources: frozenset[RequestStatus], permission: str, *, staff: bool) -> Transition[Facts]:
    return Transition(
        "cancel",
        frozenset(sources),
        RequestStatus.CANCELLED,
        _USER,
        "avant_vente_request.cancelled",
        permission,
        mail="avant_vente.cancelled",
        text=Text("Annuler", "Cancel"),
        applies=lambda facts: facts.staff is staff,
    )


LIFECYCLE: Lifecycle[Facts] = Lifecycle(
    kind="avant_vente_request",
    initial=RequestStatus.DRAFT,
    states={status.value: label for status, label in STATUS_LABELS.items()},
    transitions=(
        Transition(
            "update",
            _DRAFT,
            None,
            _USER,
            "avant_vente_request.changed",
            REQUEST,
            text=Text("Modifier", "Change"),
        ),
        Transition(
            "submit",
            _DRAFT,
            RequestStatus.TO_PROCESS,
            _USER,
            "avant_vente_request.submitted",
            REQUEST,
            (COMPLETE,),
            "avant_vente.submitted",
            Text("Soumettre", "Submit"),
        ),
        Transition(
            "accept",
            frozenset({RequestStatus.TO_PROCESS}),
            RequestStatus.IN_PROGRESS,
            _USER,
            "avant_vente_request.accepted",
            HANDLE,
            mail="avant_vente.accepted",
            text=Text("Accepter la demande", "Accept the request"),
        ),
        Transition(
            "propose",
            frozenset({RequestStatus.IN_PROGRESS}),
            RequestStatus.SCHEDULED,
            _USER,
            "avant_vente_request.proposed",
            HANDLE,
            (THREE_DISTINCT,),
            "avant_vente.proposed",
            Text("Envoyer les propositions", "Send the proposals"),
        ),
        Transition(
            "choose-slot",
            _SCHEDULED,
            None,
            _USER,
            "avant_vente_request.slot_chosen",
            REQUEST,
            _REFUSALS,
            text=Text("Sélectionner le créneau retenu", "Choose a slot"),
        ),
        Transition(
            "accept-proposal",
            _SCHEDULED,
            RequestStatus.COMPLETED,
            _ANY_HAND,
            "avant_vente_request.slot_accepted",
            REQUEST,
            _REFUSALS,
            "avant_vente.slot_accepted",
            Text("Accepter la proposition", "Accept the proposal"),
        ),
        Transition(
            "ask-other-slots",
            _SCHEDULED,
            RequestStatus.IN_PROGRESS,
            _ANY_HAND,
            "avant_vente_request.other_slots_asked",
            REQUEST,
            mail="avant_vente.other_slots_asked",
            text=Text("Demander d’autres propositions de dates", "Ask for other dates"),
        ),
        Transition(
            "ask-info",
            frozenset({RequestStatus.TO_PROCESS, RequestStatus.IN_PROGRESS, RequestStatus.SCHEDULED}),
            RequestStatus.AWAITING_INFO,
            _USER,
            "avant_vente_request.info_asked",
            HANDLE,
            mail="avant_vente.info_asked",
            text=Text("Demander des informations", "Ask for information"),
        ),
        _answer(RequestStatus.TO_PROCESS),
        _answer(RequestStatus.IN_PROGRESS),
        _answer(RequestStatus.SCHEDULED),
        Transition(
            "remind",
            _SCHEDULED | _AWAITING,
            None,
            frozenset({Actor.USER, Actor.WORKER}),
            "avant_vente_request.reminded",
            HANDLE,
            (ANSWERABLE, GAP_OVER),
            "avant_vente.reminder",
            Text("Relancer le partenaire", "Remind the partner"),
        ),
        Transition(
            "refuse",
            _HANDLED,
            RequestStatus.REFUSED,
            _USER,
            "avant_vente_request.refused",
            HANDLE,
            mail="avant_vente.refused",
            text=Text("Refuser", "Refuse"),
        ),
        _cancel(_HANDLED, HANDLE, staff=True),
        _cancel(frozenset({RequestStatus.TO_PROCESS}), REQUEST, staff=False),
        Transition(
            "change-intervention",
            frozenset({RequestStatus.COMPLETED}),
            None,
            _USER,
            "avant_vente_request.intervention_changed",
            HANDLE,
            mail="avant_vente.intervention_changed",
            text=Text("Modifier le lieu ou l’intervenant", "Change the place or the speaker"),
        ),
        Transition(
            "delete",
            _DRAFT,
            None,
            _USER,
            "avant_vente_request.deleted",
            REQUEST,
            text=Text("Supprimer", "Delete"),
        ),
    ),
)
