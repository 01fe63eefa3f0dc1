"""A mandate from its draft to its acceptance, as data. Source: « Créer un Mandat »; labels are verbatim. No I/O."""

from dataclasses import dataclass, field
from enum import StrEnum

from relance.capabilities.cycles.lifecycle import DELIVERABLE, GAP_OVER, Pace
from relance.core.errors import RelanceError
from relance.core.i18n import Text
from relance.core.lifecycle import Actor, Guard, Lifecycle, Transition
from relance.domains.mandates.errors import MandateIncomplete


class Status(StrEnum):
    """Where the mandate stands."""

    DRAFT = "draft"
    INVITED = "invited"
    ACTIVE = "active"
    INVITATION_EXPIRED = "invitation_expired"
    DECLINED = "declined"
    DISABLED = "disabled"
    CANCELLED = "cancelled"


class Kind(StrEnum):
    """Who represents the company: its own contact, or the firm itself."""

    EXTERNAL = "external"
    INTERNAL = "internal"


class TeamRole(StrEnum):
    """What a user of the firm is to a mandate."""

    OWNER = "owner"
    AGENT = "agent"


class Passthrough(StrEnum):
    """Whether the option is used on this mandate."""

    ENABLED = "enabled"
    DISABLED = "disabled"


STATUS_LABELS = {
    Status.DRAFT: Text("Brouillon", "Draft"),
    Status.INVITED: Text("Invitation envoyée", "Invitation sent"),
    Status.ACTIVE: Text("Actif", "Active"),
    Status.INVITATION_EXPIRED: Text("Invitation expirée", "Invitation expired"),
    Status.DECLINED: Text("Refusé", "Declined"),
    Status.DISABLED: Text("Désactivé", "Disabled"),
    Status.CANCELLED: Text("Annulé", "Cancelled"),
}
KIND_LABELS = {
    Kind.EXTERNAL: Text("Mandat externe", "External mandate"),
    Kind.INTERNAL: Text("Mandat interne", "Internal mandate"),
}
ROLE_LABELS = {
    TeamRole.OWNER: Text("Propriétaire de mission", "Mission owner"),
    TeamRole.AGENT: Text("Agent de mission", "Mission agent"),
}
PASSTHROUGH_LABELS = {
    Passthrough.ENABLED: Text("Activé", "Enabled"),
    Passthrough.DISABLED: Text("Désactivé", "Disabled"),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the guards ask about a mandate. `missing` names what it lacks to be submitted."""

    pace: Pace
    kind: Kind = Kind.EXTERNAL
    missing: tuple[str, ...] = field(default=())


def _complete(facts: Facts) -> RelanceError | None:
    return MandateIncomplete(facts.missing) if facts.missing else None


COMPLETE = Guard[Facts](
    "complete",
    Text(
        "société, contact complet (mandat externe), au moins un propriétaire et un agent actifs",
        "company, complete contact (external mandate), at least one active owner and one active agent",
    ),
    _complete,
)

WRITE = "mandates:write"
REMIND = "mandates:remind"

_DRAFT = frozenset({Status.DRAFT})
_INVITED = frozenset({Status.INVITED})
_STAFF = frozenset({Actor.USER})
_WORKER = frozenset({Actor.WORKER})
_CONTACT = frozenset({Actor.RECIPIENT})

LIFECYCLE: Lifecycle[Facts] = Lifecycle(
    kind="mandate",
    initial=Status.DRAFT,
    states={status.value: label for status, label in STATUS_LABELS.items()},
    transitions=(
        Transition(
            "submit",
            _DRAFT,
            Status.INVITED,
            _STAFF,
            "mandate.submitted",
            WRITE,
            (COMPLETE,),
            "mandates.invite",
            Text("Soumettre : inviter la PME", "Submit: invite the company"),
            applies=lambda facts: facts.kind is Kind.EXTERNAL,
        ),
        Transition(
            "submit",
            _DRAFT,
            Status.ACTIVE,
            _STAFF,
            "mandate.activated",
            WRITE,
            (COMPLETE,),
            text=Text("Soumettre un mandat interne", "Submit an internal mandate"),
            applies=lambda facts: facts.kind is Kind.INTERNAL,
        ),
        Transition(
            "remind",
            _INVITED,
            None,
            _STAFF | _WORKER,
            "mandate.reminded",
            REMIND,
            (DELIVERABLE, GAP_OVER),
            "mandates.reminder",
            Text("Relancer", "Remind"),
        ),
        Transition(
            "expire",
            _INVITED,
            Status.INVITATION_EXPIRED,
            _WORKER,
            "mandate.expired",
            mail="mandates.expired",
            text=Text("Expirer faute de réponse", "Expire without an answer"),
        ),
        Transition(
            "renew",
            frozenset({Status.INVITATION_EXPIRED}),
            Status.INVITED,
            _STAFF,
            "mandate.renewed",
            REMIND,
            (DELIVERABLE, GAP_OVER),
            "mandates.invite",
            Text("Renvoyer", "Renew"),
        ),
        Transition(
            "accept",
            _INVITED,
            Status.ACTIVE,
            _CONTACT,
            "mandate.accepted",
            mail="mandates.accepted",
            text=Text("Accepter", "Accept"),
        ),
        Transition(
            "decline",
            _INVITED,
            Status.DECLINED,
            _CONTACT,
            "mandate.declined",
            mail="mandates.declined",
            text=Text("Refuser", "Decline"),
        ),
        Transition(
            "disable",
            frozenset({Status.ACTIVE}),
            Status.DISABLED,
            _STAFF,
            "mandate.disabled",
            WRITE,
            text=Text("Désactiver", "Disable"),
        ),
        Transition(
            "enable",
            frozenset({Status.DISABLED}),
            Status.ACTIVE,
            _STAFF,
            "mandate.enabled",
            WRITE,
            text=Text("Réactiver", "Enable"),
        ),
        Transition(
            "cancel",
            frozenset({Status.DRAFT, Status.INVITED, Status.INVITATION_EXPIRED, Status.DECLINED, Status.DISABLED}),
            Status.CANCELLED,
            _STAFF,
            "mandate.cancelled",
            "mandates:cancel",
            mail="mandates.cancelled",
            text=Text("Annuler", "Cancel"),
        ),
        Transition(
            "delete",
            frozenset({Status.DRAFT, Status.CANCELLED, Status.DECLINED, Status.DISABLED}),
            None,
            _STAFF,
            "mandate.deleted",
            "mandates:delete",
            text=Text("Supprimer", "Delete"),
        ),
    ),
)
