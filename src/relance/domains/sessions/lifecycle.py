"""How a client stands to the dates of a session, and a session itself, as data. No I/O.

Source: « La confirmation de participation à la session par le client »; labels are verbatim. Its first list of
definitions is displaced by a line; its section on manual validation settles what is meant.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from relance.capabilities.cycles.lifecycle import DELIVERABLE, GAP_OVER, Pace
from relance.core.errors import RelanceError
from relance.core.i18n import Text
from relance.core.lifecycle import Actor, Guard, Lifecycle, Transition
from relance.domains.sessions.errors import ProposalOverdue, SessionBegun, SessionCancelled, SessionNotPlanned


class SessionStatus(StrEnum):
    """Where a session stands: with at least one slot it is planned."""

    UNPLANNED = "unplanned"
    PLANNED = "planned"
    CANCELLED = "cancelled"


class Confirmation(StrEnum):
    """How one client stands to the dates (Etat confirmation)."""

    NOT_SENT = "not_sent"
    AWAITING = "awaiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    MANUAL = "manual"


class SessionConfirmation(StrEnum):
    """How the clients of a session stand, the worst of them: the column « confirmation dates Client »."""

    DECLINED = "declined"
    TO_CONFIRM = "to_confirm"
    AWAITING = "awaiting"
    CONFIRMED = "confirmed"


STATUS_LABELS = {
    SessionStatus.UNPLANNED: Text("Non planifiée", "Not planned"),
    SessionStatus.PLANNED: Text("Planifiée", "Planned"),
    SessionStatus.CANCELLED: Text("Annulée", "Cancelled"),
}
#: Marks: the days of the sending, of the due date, of the answer.
CONFIRMATION_LABELS = {
    Confirmation.NOT_SENT: Text("", ""),
    Confirmation.AWAITING: Text(
        "Date(s) en attente de confirmation - Envoyé le {sent} - {due}",
        "Date(s) awaiting confirmation - Sent on {sent} - {due}",
    ),
    Confirmation.ACCEPTED: Text("Date(s) acceptée(s) le {answered}", "Date(s) accepted on {answered}"),
    Confirmation.DECLINED: Text("Date(s) déclinée(s) le {answered}", "Date(s) declined on {answered}"),
    Confirmation.MANUAL: Text("Date(s) validée(s) manuellement", "Date(s) validated manually"),
}
SESSION_LABELS = {
    SessionConfirmation.DECLINED: Text("Décliné", "Declined"),
    SessionConfirmation.TO_CONFIRM: Text("A confirmer", "To confirm"),
    SessionConfirmation.AWAITING: Text("En attente de confirmation", "Awaiting confirmation"),
    SessionConfirmation.CONFIRMED: Text("Confirmé", "Confirmed"),
}
#: What each client's state is in the list of sessions.
COLUMN: Mapping[Confirmation, SessionConfirmation] = {
    Confirmation.NOT_SENT: SessionConfirmation.TO_CONFIRM,
    Confirmation.AWAITING: SessionConfirmation.AWAITING,
    Confirmation.ACCEPTED: SessionConfirmation.CONFIRMED,
    Confirmation.DECLINED: SessionConfirmation.DECLINED,
    Confirmation.MANUAL: SessionConfirmation.CONFIRMED,
}


def worst(states: Iterable[Confirmation]) -> SessionConfirmation | None:
    """What a session shows of its clients: the members of `SessionConfirmation` stand from the worst on."""
    shown = {COLUMN[state] for state in states}
    return next((one for one in SessionConfirmation if one in shown), None)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the guards ask about a client. `prior`: where it stood before it was validated by hand."""

    pace: Pace
    status: SessionStatus
    overdue: bool = False
    begun: bool = False
    prior: Confirmation | None = None


def _planned(facts: Facts) -> RelanceError | None:
    return SessionNotPlanned() if facts.status is SessionStatus.UNPLANNED else None


def _standing(facts: Facts) -> RelanceError | None:
    return SessionCancelled() if facts.status is SessionStatus.CANCELLED else None


def _in_time(facts: Facts) -> RelanceError | None:
    return ProposalOverdue() if facts.overdue else None


def _not_begun(facts: Facts) -> RelanceError | None:
    return SessionBegun() if facts.begun else None


STANDING = Guard[Facts]("session_standing", Text("session non annulée", "session not cancelled"), _standing)
PLANNED = Guard[Facts]("session_planned", Text("session planifiée", "session planned"), _planned)
IN_TIME = Guard[Facts]("before_due", Text("avant la fin du jour d’échéance", "before the end of the due day"), _in_time)
NOT_BEGUN = Guard[Facts]("not_begun", Text("session non commencée", "session not begun"), _not_begun)

WRITE = "sessions:write"
PROPOSE = "sessions:propose"
CANCEL = "sessions:cancel"
DELETE = "sessions:delete"

_STAFF = frozenset({Actor.USER})
_SYSTEM = frozenset({Actor.WORKER})
_CLIENT = frozenset({Actor.RECIPIENT})
_BUT_MANUAL = frozenset(Confirmation) - {Confirmation.MANUAL}


def _of(*states: Confirmation) -> frozenset[str]:
    return frozenset(states)


def _answer(action: str, first: Confirmation, other: Confirmation, text: Text) -> tuple[Transition[Facts], ...]:
    """An answer to what is awaited, and the same answer in place of the other one."""
    mail = f"sessions.{first.value}"
    return (
        Transition(
            action,
            _of(Confirmation.AWAITING),
            first,
            _CLIENT,
            f"session.dates_{first.value}",
            guards=(STANDING, IN_TIME),
            mail=mail,
            text=text,
        ),
        Transition(
            action,
            _of(other),
            first,
            _CLIENT,
            "session.answer_changed",
            guards=(STANDING, IN_TIME, NOT_BEGUN),
            mail=mail,
            text=Text("Changer sa réponse", "Change the answer"),
        ),
    )


def _back_to(state: Confirmation) -> Transition[Facts]:
    return Transition(
        "unvalidate",
        _of(Confirmation.MANUAL),
        state,
        _STAFF,
        "session.validation_undone",
        WRITE,
        (STANDING,),
        text=Text("Désactiver la validation manuelle", "Undo the manual validation"),
        applies=lambda facts: (facts.prior or Confirmation.NOT_SENT) is state,
    )


#: The lifecycle of a client of a session; its kind is that of the links and mails as well.
LIFECYCLE: Lifecycle[Facts] = Lifecycle(
    kind="session_client",
    initial=Confirmation.NOT_SENT,
    states={state.value: CONFIRMATION_LABELS[state] for state in Confirmation},
    transitions=(
        Transition(
            "propose",
            _of(Confirmation.NOT_SENT, Confirmation.DECLINED, Confirmation.AWAITING),
            Confirmation.AWAITING,
            _STAFF,
            "session.dates_proposed",
            PROPOSE,
            (STANDING, PLANNED, NOT_BEGUN),
            "sessions.proposal",
            Text("Proposer les dates", "Propose the dates"),
        ),
        *_answer("accept", Confirmation.ACCEPTED, Confirmation.DECLINED, Text("Accepter les dates", "Accept")),
        *_answer("decline", Confirmation.DECLINED, Confirmation.ACCEPTED, Text("Décliner les dates", "Decline")),
        Transition(
            "remind",
            _of(Confirmation.AWAITING),
            None,
            _STAFF | _SYSTEM,
            "session.dates_reminded",
            PROPOSE,
            (STANDING, IN_TIME, DELIVERABLE, GAP_OVER),
            "sessions.reminder",
            Text("Relancer", "Remind"),
        ),
        Transition(
            "extend",
            _of(Confirmation.AWAITING),
            None,
            _STAFF,
            "session.due_extended",
            PROPOSE,
            (STANDING, NOT_BEGUN),
            text=Text("Reporter l’échéance", "Extend the due date"),
        ),
        Transition(
            "validate",
            frozenset(_BUT_MANUAL),
            Confirmation.MANUAL,
            _STAFF,
            "session.validated",
            WRITE,
            (STANDING, PLANNED),
            text=Text("Validation manuelle", "Validate manually"),
        ),
        *(_back_to(state) for state in Confirmation if state is not Confirmation.MANUAL),
        Transition(
            "change_dates",
            frozenset(_BUT_MANUAL | {Confirmation.MANUAL}) - {Confirmation.NOT_SENT},
            Confirmation.NOT_SENT,
            _SYSTEM,
            "session.dates_changed",
            mail="sessions.dates_changed",
            text=Text("Créneaux ou lieu modifiés", "Slots or place changed"),
        ),
        Transition(
            "remove",
            frozenset(Confirmation),
            None,
            _STAFF,
            "session.client_removed",
            WRITE,
            text=Text("Retirer de la session", "Remove from the session"),
        ),
    ),
)

_ALIVE = frozenset({SessionStatus.UNPLANNED, SessionStatus.PLANNED})

#: A session itself. It knows few things that happen to it: slots come, and one day it is held or cancelled.
SESSION_LIFECYCLE: Lifecycle[None] = Lifecycle(
    kind="session",
    initial=SessionStatus.UNPLANNED,
    states={status.value: label for status, label in STATUS_LABELS.items()},
    transitions=(
        Transition(
            "plan",
            _ALIVE,
            SessionStatus.PLANNED,
            _STAFF,
            "session.planned",
            WRITE,
            text=Text("Planifier", "Plan"),
        ),
        Transition(
            "clear",
            _ALIVE,
            SessionStatus.UNPLANNED,
            _SYSTEM,
            "session.unplanned",
            text=Text("Retirer tous les créneaux", "Take all slots away"),
        ),
        Transition(
            "cancel",
            _ALIVE,
            SessionStatus.CANCELLED,
            _STAFF,
            "session.cancelled",
            CANCEL,
            mail="sessions.cancelled",
            text=Text("Annuler", "Cancel"),
        ),
        Transition(
            "delete",
            frozenset({SessionStatus.UNPLANNED, SessionStatus.CANCELLED}),
            None,
            _STAFF,
            "session.deleted",
            DELETE,
            text=Text("Supprimer", "Delete"),
        ),
    ),
)
