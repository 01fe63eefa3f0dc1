"""The two axes of an invitation, as data. Source: the dashboard « Invitations »; labels are verbatim. No I/O."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from relance.capabilities.cycles.lifecycle import DELIVERY_LABELS as DELIVERY_LABELS
from relance.capabilities.cycles.lifecycle import Delivery as Delivery
from relance.capabilities.messaging.gap import gap_ends_at
from relance.core.errors import RelanceError
from relance.core.i18n import Text
from relance.core.lifecycle import Actor, Guard, Lifecycle, Transition
from relance.domains.invitations.errors import (
    AddressUndeliverable,
    AlreadyArchived,
    InvitationArchived,
    NotArchived,
    PrequalificationValid,
    RecipientDeclined,
    TooRecent,
)


class Status(StrEnum):
    """Where the invitation stands."""

    QUEUED = "queued"
    SENT = "sent"
    EXPIRED = "expired"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class FormStatus(StrEnum):
    """Where the partner's prequalification stands, whoever invited it."""

    TO_COMPLETE = "to_complete"
    COMPLETED = "completed"
    EXPIRED = "expired"


class Reason(StrEnum):
    """Why the partner is invited; computed when the invitation is sent."""

    NOT_REGISTERED = "not_registered"
    FORM_NOT_VALIDATED = "form_not_validated"
    UPDATE_REQUESTED = "update_requested"


class ExpiryReason(StrEnum):
    """Why a completed form is valid no longer."""

    VALIDITY_OVER = "validity_over"
    IDENTITY_CHANGED = "identity_changed"


STATUS_LABELS = {
    Status.QUEUED: Text("En attente d'envoi", "Waiting to be sent"),
    Status.SENT: Text("Envoyée", "Sent"),
    Status.EXPIRED: Text("Expirée", "Expired"),
    Status.CLOSED: Text("Close", "Closed"),
    Status.CANCELLED: Text("Annulée", "Cancelled"),
}
FORM_STATUS_LABELS = {
    FormStatus.TO_COMPLETE: Text("À compléter", "To complete"),
    FormStatus.COMPLETED: Text("Complétée", "Completed"),
    FormStatus.EXPIRED: Text("Expirée", "Expired"),
}
REASON_LABELS = {
    Reason.NOT_REGISTERED: Text("Organisation non inscrite", "Organisation not registered"),
    Reason.FORM_NOT_VALIDATED: Text(
        "Organisation inscrite, formulaire non validé", "Organisation registered, form not validated"
    ),
    Reason.UPDATE_REQUESTED: Text("Formulaire expiré, mise à jour demandée", "Form expired, update requested"),
}
EXPIRY_REASON_LABELS = {
    ExpiryReason.VALIDITY_OVER: Text("Durée de validité dépassée", "Validity over"),
    ExpiryReason.IDENTITY_CHANGED: Text("Identité du partenaire modifiée", "Identity of the partner changed"),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the guards ask about an invitation. `forced` lifts the gap for one manual reminder."""

    now: datetime
    form_status: FormStatus
    archived: bool = False
    declined: bool = False
    undeliverable: bool = False
    last_asked_at: datetime | None = None
    forced: bool = False

    @property
    def gap_ends_at(self) -> datetime | None:
        """When the next link-bearing mail may be asked for; None where it may be now."""
        return gap_ends_at(self.last_asked_at, self.now)

    @property
    def quiet(self) -> bool:
        """Whether somebody wants the partner left alone."""
        return self.archived or self.declined

    @property
    def chased(self) -> bool:
        """Whether the partner hears of the invitation without anybody asking for it."""
        return not (self.quiet or self.undeliverable or self.form_status is FormStatus.COMPLETED)


def _form_open(facts: Facts) -> RelanceError | None:
    return PrequalificationValid() if facts.form_status is FormStatus.COMPLETED else None


def _not_archived(facts: Facts) -> RelanceError | None:
    return InvitationArchived() if facts.archived else None


def _archived(facts: Facts) -> RelanceError | None:
    return None if facts.archived else NotArchived()


def _unarchived(facts: Facts) -> RelanceError | None:
    return AlreadyArchived() if facts.archived else None


def _not_declined(facts: Facts) -> RelanceError | None:
    return RecipientDeclined() if facts.declined else None


def _deliverable(facts: Facts) -> RelanceError | None:
    return AddressUndeliverable() if facts.undeliverable else None


def _gap(facts: Facts) -> RelanceError | None:
    ends = None if facts.forced else facts.gap_ends_at
    return TooRecent(retry_at=ends) if ends else None


FORM_OPEN = Guard[Facts]("form_open", Text("formulaire non complété", "form not completed"), _form_open)
NOT_ARCHIVED = Guard[Facts]("not_archived", Text("non archivée", "not archived"), _not_archived)
NOT_DECLINED = Guard[Facts]("not_declined", Text("non déclinée", "not declined"), _not_declined)
DELIVERABLE = Guard[Facts]("deliverable", Text("adresse joignable", "address reachable"), _deliverable)
GAP_OVER = Guard[Facts]("gap", Text("24 h depuis le dernier envoi", "24 h since the last mail"), _gap)

_REACHABLE = (FORM_OPEN, NOT_ARCHIVED, NOT_DECLINED, DELIVERABLE, GAP_OVER)
_ANY = frozenset(Status)
_OPEN = frozenset({Status.QUEUED, Status.SENT})
_USER = frozenset({Actor.USER})
_WORKER = frozenset({Actor.WORKER})

LIFECYCLE: Lifecycle[Facts] = Lifecycle(
    kind="invitation",
    initial=Status.QUEUED,
    states={status.value: label for status, label in STATUS_LABELS.items()},
    transitions=(
        Transition(
            "send",
            frozenset({Status.QUEUED}),
            Status.SENT,
            _WORKER,
            "invitation.sent",
            text=Text("Le relais a pris l’invitation en charge", "The relay has taken the invitation"),
        ),
        Transition(
            "remind",
            frozenset({Status.SENT}),
            None,
            frozenset({Actor.USER, Actor.WORKER}),
            "invitation.reminded",
            "invitations:remind",
            _REACHABLE,
            "invitations.reminder",
            Text("Relancer", "Remind"),
        ),
        # A queued one expires where its mail has waited until its deadline was over.
        Transition(
            "expire",
            _OPEN,
            Status.EXPIRED,
            _WORKER,
            "invitation.expired",
            mail="invitations.expired",
            text=Text("Expirer faute de réponse", "Expire without an answer"),
        ),
        Transition(
            "renew",
            frozenset({Status.EXPIRED}),
            Status.SENT,
            _USER,
            "invitation.renewed",
            "invitations:remind",
            _REACHABLE,
            "invitations.invitation",
            Text("Renvoyer", "Renew"),
        ),
        Transition(
            "submit",
            _OPEN,
            Status.CLOSED,
            frozenset({Actor.RECIPIENT}),
            "prequalification.completed",
            mail="invitations.completed",
            text=Text("Envoyer le formulaire", "Submit the form"),
        ),
        Transition(
            "decline",
            _OPEN,
            None,
            frozenset({Actor.RECIPIENT}),
            "invitation.declined",
            mail="invitations.declined",
            text=Text("Ne plus être sollicité", "Not to be contacted any more"),
        ),
        # Completing through one invitation closes every other row of the partner, the expired ones included.
        Transition(
            "close",
            frozenset({Status.QUEUED, Status.SENT, Status.EXPIRED}),
            Status.CLOSED,
            _WORKER,
            "invitation.closed",
            text=Text("Clore : le partenaire a répondu par ailleurs", "Close: the partner answered elsewhere"),
        ),
        # `PATCH` of `email`: the links of the old address end, and a new cycle begins once the new one was written to.
        Transition(
            "correct",
            frozenset({Status.QUEUED, Status.SENT, Status.EXPIRED}),
            Status.QUEUED,
            _USER,
            "invitation.address_corrected",
            "invitations:create",
            (FORM_OPEN, NOT_ARCHIVED, NOT_DECLINED),
            "invitations.invitation",
            Text("Corriger l’adresse", "Correct the address"),
        ),
        Transition(
            "cancel",
            frozenset({Status.QUEUED, Status.SENT, Status.EXPIRED}),
            Status.CANCELLED,
            _USER,
            "invitation.cancelled",
            "invitations:cancel",
            text=Text("Annuler", "Cancel"),
        ),
        Transition(
            "archive",
            _ANY,
            None,
            _USER,
            "invitation.archived",
            "invitations:archive",
            (Guard("not_archived", Text("non archivée", "not archived"), _unarchived),),
            text=Text("Archiver", "Archive"),
        ),
        Transition(
            "unarchive",
            _ANY,
            None,
            _USER,
            "invitation.unarchived",
            "invitations:archive",
            (Guard("archived", Text("archivée", "archived"), _archived),),
            text=Text("Désarchiver", "Unarchive"),
        ),
        Transition(
            "reassign",
            _ANY,
            None,
            _USER,
            "invitation.reassigned",
            "invitations:reassign",
            text=Text("Réattribuer à un autre demandeur", "Reassign to another requester"),
        ),
    ),
)


def is_open(status: Status) -> bool:
    """Whether an invitation in `status` still waits for its partner."""
    return status in _OPEN
