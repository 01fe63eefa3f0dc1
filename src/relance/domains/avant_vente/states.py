"""The states of a request and of what hangs on it, with their labels. Source: « Demandes avant-vente », verbatim."""

from enum import StrEnum

from relance.core.i18n import Text


class RequestStatus(StrEnum):
    """Where the request stands."""

    DRAFT = "draft"
    TO_PROCESS = "to_process"
    IN_PROGRESS = "in_progress"
    SCHEDULED = "scheduled"
    AWAITING_INFO = "awaiting_info"
    COMPLETED = "completed"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class SlotState(StrEnum):
    """What a slot does to its speaker's calendar."""

    HELD = "held"
    ACCEPTED = "accepted"
    RELEASED = "released"


class InfoState(StrEnum):
    """Where a request for information stands."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class Visibility(StrEnum):
    """Who reads a comment: everybody who sees the request, or those who handle it."""

    PUBLIC = "public"
    INTERNAL = "internal"


STATUS_LABELS = {
    RequestStatus.DRAFT: Text("Brouillon", "Draft"),
    RequestStatus.TO_PROCESS: Text("A traiter", "To process"),
    RequestStatus.IN_PROGRESS: Text("En cours", "In progress"),
    RequestStatus.SCHEDULED: Text("Planifiée", "Scheduled"),
    RequestStatus.AWAITING_INFO: Text("En attente info", "Awaiting information"),
    RequestStatus.COMPLETED: Text("Terminé", "Completed"),
    RequestStatus.REFUSED: Text("Refusée", "Refused"),
    RequestStatus.CANCELLED: Text("Annulée", "Cancelled"),
}
SLOT_LABELS = {
    SlotState.HELD: Text("Proposé", "Proposed"),
    SlotState.ACCEPTED: Text("Retenu", "Accepted"),
    SlotState.RELEASED: Text("Libéré", "Released"),
}
INFO_LABELS = {
    InfoState.OPEN: Text("En attente de réponse", "Waiting for an answer"),
    InfoState.ANSWERED: Text("Répondue", "Answered"),
    InfoState.CLOSED: Text("Close sans réponse", "Closed without an answer"),
}
VISIBILITY_LABELS = {
    Visibility.PUBLIC: Text("Public", "Public"),
    Visibility.INTERNAL: Text("Interne", "Internal"),
}
#: Not settled: what « Demandes avant-vente en cours » lists.
OPEN = frozenset(
    {
        RequestStatus.DRAFT,
        RequestStatus.TO_PROCESS,
        RequestStatus.IN_PROGRESS,
        RequestStatus.SCHEDULED,
        RequestStatus.AWAITING_INFO,
    }
)
SETTLED = frozenset(RequestStatus) - OPEN
