"""The states of a user and of their invitation, as data. No I/O."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from relance.capabilities.messaging.gap import TooRecent, gap_ends_at
from relance.core.errors import PermissionDenied, RelanceError
from relance.core.i18n import Text
from relance.core.lifecycle import Actor, Guard, Lifecycle, Transition

USERS_WRITE = "users:write"


class UserStatus(StrEnum):
    """Whether somebody may sign in."""

    INVITED = "invited"
    ACTIVE = "active"
    DEACTIVATED = "deactivated"


class InvitationStatus(StrEnum):
    """Where the invitation of a user stands."""

    QUEUED = "queued"
    SENT = "sent"
    EXPIRED = "expired"
    ACCEPTED = "accepted"
    CANCELLED = "cancelled"


USER_LABELS = {
    UserStatus.INVITED: Text("Invité", "Invited"),
    UserStatus.ACTIVE: Text("Actif", "Active"),
    UserStatus.DEACTIVATED: Text("Désactivé", "Deactivated"),
}
INVITATION_LABELS = {
    InvitationStatus.QUEUED: Text("En attente d’envoi", "Waiting to be sent"),
    InvitationStatus.SENT: Text("Envoyée", "Sent"),
    InvitationStatus.EXPIRED: Text("Expirée", "Expired"),
    InvitationStatus.ACCEPTED: Text("Acceptée", "Accepted"),
    InvitationStatus.CANCELLED: Text("Annulée", "Cancelled"),
}


@dataclass(frozen=True, slots=True)
class UserFacts:
    """What the guards ask about a user. `missing` is the right that the caller lacks to manage them, if any."""

    now: datetime
    missing: str | None = None
    last_asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class InvitationFacts:
    """What the guards ask about the invitation of a user."""

    now: datetime
    last_asked_at: datetime | None = None
    undeliverable: bool = False


def _manageable(facts: UserFacts) -> RelanceError | None:
    return PermissionDenied(facts.missing) if facts.missing else None


def _too_recent(last_asked_at: datetime | None, now: datetime) -> RelanceError | None:
    ends = gap_ends_at(last_asked_at, now)
    return TooRecent(ends) if ends else None


def _user_gap(facts: UserFacts) -> RelanceError | None:
    return _too_recent(facts.last_asked_at, facts.now)


def _invitation_gap(facts: InvitationFacts) -> RelanceError | None:
    return _too_recent(facts.last_asked_at, facts.now)


_GAP_WORDS = Text("24 h depuis le dernier envoi", "24 h since the last mail")
MANAGEABLE = Guard[UserFacts](
    "manageable", Text("pas plus de droits que l’appelant", "no more rights than the caller"), _manageable
)
USER_GAP = Guard[UserFacts]("gap", _GAP_WORDS, _user_gap)
INVITATION_GAP = Guard[InvitationFacts]("gap", _GAP_WORDS, _invitation_gap)

_INVITED = frozenset({UserStatus.INVITED})
_USER = frozenset({Actor.USER})
_WORKER = frozenset({Actor.WORKER})

USER: Lifecycle[UserFacts] = Lifecycle(
    kind="user",
    initial=UserStatus.INVITED,
    states={status.value: label for status, label in USER_LABELS.items()},
    transitions=(
        # By the link of the invitation, or by a first sign-in through an OpenID Connect issuer.
        Transition(
            "join",
            _INVITED,
            UserStatus.ACTIVE,
            frozenset({Actor.RECIPIENT, Actor.WORKER}),
            "user.joined",
            text=Text("Prendre possession du compte", "Take up the account"),
        ),
        Transition(
            "resend",
            _INVITED,
            None,
            _USER,
            "user.invited_again",
            USERS_WRITE,
            (MANAGEABLE, USER_GAP),
            "identity.reminder",
            Text("Renvoyer l’invitation", "Send the invitation again"),
        ),
        Transition(
            "deactivate",
            frozenset({UserStatus.INVITED, UserStatus.ACTIVE}),
            UserStatus.DEACTIVATED,
            _USER,
            "user.deactivated",
            USERS_WRITE,
            (MANAGEABLE,),
            text=Text("Désactiver", "Deactivate"),
        ),
        # Who never joined sets their first password by the password reset.
        Transition(
            "reactivate",
            frozenset({UserStatus.DEACTIVATED}),
            UserStatus.ACTIVE,
            _USER,
            "user.reactivated",
            USERS_WRITE,
            (MANAGEABLE,),
            text=Text("Réactiver", "Reactivate"),
        ),
    ),
)

_OPEN = frozenset({InvitationStatus.QUEUED, InvitationStatus.SENT})
_UNANSWERED = _OPEN | {InvitationStatus.EXPIRED}

INVITATION: Lifecycle[InvitationFacts] = Lifecycle(
    kind="user_invitation",
    initial=InvitationStatus.QUEUED,
    states={status.value: label for status, label in INVITATION_LABELS.items()},
    transitions=(
        Transition(
            "send",
            frozenset({InvitationStatus.QUEUED}),
            InvitationStatus.SENT,
            _WORKER,
            "user_invitation.sent",
            text=Text("Le relais a pris l’invitation en charge", "The relay has taken the invitation"),
        ),
        Transition(
            "remind",
            _OPEN,
            None,
            frozenset({Actor.USER, Actor.WORKER}),
            "user_invitation.reminded",
            USERS_WRITE,
            (INVITATION_GAP,),
            "identity.reminder",
            Text("Relancer", "Remind"),
        ),
        Transition(
            "renew",
            frozenset({InvitationStatus.EXPIRED}),
            InvitationStatus.QUEUED,
            _USER,
            "user_invitation.renewed",
            USERS_WRITE,
            (INVITATION_GAP,),
            "identity.invitation",
            Text("Renvoyer", "Renew"),
        ),
        # A queued one expires where its mail has waited until its deadline was over.
        Transition(
            "expire",
            _OPEN,
            InvitationStatus.EXPIRED,
            _WORKER,
            "user_invitation.expired",
            mail="identity.expired",
            text=Text("Expirer faute de réponse", "Expire without an answer"),
        ),
        Transition(
            "accept",
            _UNANSWERED,
            InvitationStatus.ACCEPTED,
            frozenset({Actor.RECIPIENT, Actor.WORKER}),
            "user_invitation.accepted",
            text=Text("Accepter", "Accept"),
        ),
        Transition(
            "cancel",
            _UNANSWERED,
            InvitationStatus.CANCELLED,
            _USER,
            "user_invitation.cancelled",
            USERS_WRITE,
            text=Text("Annuler", "Cancel"),
        ),
    ),
)
