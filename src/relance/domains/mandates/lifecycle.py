"""A mandate from its draft to its acceptance, as data. Source: « Créer un Mandat »; labels are verbatim. No I/O."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from relance.capabilities.cycles.lifecycle import DELIVERABLE, GAP_OVER, Pace
from relance.core.errors import RelanceError
from relance.core.i18n import Text
from relance.core.lifecycle import Actor, Guard, Lifecycle, Transition
from relance.domains.mandates.errors import MandateIncomplete


class MandateStatus(StrEnum):
    """Where the mandate stands."""

    DRAFT = "draft"
    INVITED = "invited"
    ACTIVE = "active"
    INVITATION_EXPIRED = "invitation_expired"
    DECLINED = "declined"
    DISABLED = "disabled"
    CANCELLED = "cancelled"


class MandateKind(StrEnum):
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
    MandateStatus.DRAFT: Text("Brouillon", "Draft"),
    MandateStatus.INVITED: Text("Invitation envoyée", "Invitation sent"),
    MandateStatus.ACTIVE: Text("Actif", "Active"),
    MandateStatus.INVITATION_EXPIRED: Text("Invitation expirée", "Invitation expired"),
    MandateStatus.DECLINED: Text("Refusé", "Declined"),
    MandateStatus.DISABLED: Text("Désactivé", "Disabled"),
    MandateStatus.CANCELLED: Text("Annulé", "Cancelled"),
}
KIND_LABELS = {
    MandateKind.EXTERNAL: Text("Mandat externe", "External mandate"),
    MandateKind.INTERNAL: Text("Mandat interne", "Internal mandate"),
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
    kind: MandateKind = MandateKind.EXTERNAL
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

_DRAFT = frozenset({MandateStatus.DRAFT})
_INVITED = frozenset({MandateStatus.INVITED})
_STAFF = frozenset({Actor.USER})
_WORKER = frozenset({Actor.WORKER})
_CONTACT = frozenset({Actor.RECIPIENT})

LIFECYCLE: Lifecycle[Facts] = Lifecycle(
    kind="mandate",
    initial=MandateStatus.DRAFT,
    states={status.value: label for status, label in STATUS_LABELS.items()},
    transitions=(
        Transition(
            "submit",
            _DRAFT,
            MandateStatus.INVITED,
            _STAFF,
            "mandate.submitted",
            WRITE,
            (COMPLETE,),
            "mandates.invite",
            Text("Soumettre : inviter la PME", "Submit: invite the company"),
            applies=lambda facts: facts.kind is MandateKind.EXTERNAL,
        ),
        Transition(
            "submit",
            _DRAFT,
            MandateStatus.ACTIVE,
            _STAFF,
            "mandate.activated",
            WRITE,
            (COMPLETE,),
            text=Text("Soumettre un mandat interne", "Submit an internal mandate"),
            applies=lambda facts: facts.kind is MandateKind.INTERNAL,
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
            MandateStatus.INVITATION_EXPIRED,
            _WORKER,
            "mandate.expired",
            mail="mandates.expired",
            text=Text("Expirer faute de réponse", "Expire without an answer"),
        ),
        Transition(
            "renew",
            frozenset({MandateStatus.INVITATION_EXPIRED}),
            MandateStatus.INVITED,
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
            MandateStatus.ACTIVE,
            _CONTACT,
            "mandate.accepted",
            mail="mandates.accepted",
            text=Text("Accepter", "Accept"),
        ),
        Transition(
            "decline",
            _INVITED,
            MandateStatus.DECLINED,
            _CONTACT,
            "mandate.declined",
            mail="mandates.declined",
            text=Text("Refuser", "Decline"),
        ),
        Transition(
            "disable",
            frozenset({MandateStatus.ACTIVE}),
            MandateStatus.DISABLED,
            _STAFF,
            "mandate.disabled",
            WRITE,
            text=Text("Désactiver", "Disable"),
        ),
        Transition(
            "enable",
            frozenset({MandateStatus.DISABLED}),
            MandateStatus.ACTIVE,
            _STAFF,
            "mandate.enabled",
            WRITE,
            text=Text("Réactiver", "Enable"),
        ),
        Transition(
            "cancel",
            frozenset(
                {
                    MandateStatus.DRAFT,
                    MandateStatus.INVITED,
                    MandateStatus.INVITATION_EXPIRED,
                    MandateStatus.DECLINED,
                    MandateStatus.DISABLED,
                }
            ),
            MandateStatus.CANCELLED,
            _STAFF,
            "mandate.cancelled",
            "mandates:cancel",
            mail="mandates.cancelled",
            text=Text("Annuler", "Cancel"),
        ),
        Transition(
            "delete",
            frozenset({MandateStatus.DRAFT, MandateStatus.CANCELLED, MandateStatus.DECLINED, MandateStatus.DISABLED}),
            None,
            _STAFF,
            "mandate.deleted",
            "mandates:delete",
            text=Text("Supprimer", "Delete"),
        ),
    ),
)

_LIVE = frozenset(
    {MandateStatus.INVITED, MandateStatus.INVITATION_EXPIRED, MandateStatus.ACTIVE, MandateStatus.DECLINED}
)
_OF_CONTACTS = (
    MandateStatus.INVITED,
    MandateStatus.ACTIVE,
    MandateStatus.INVITATION_EXPIRED,
    MandateStatus.DECLINED,
    MandateStatus.CANCELLED,
)
_ROWS = {(row.action, row.target): row for row in LIFECYCLE.transitions}


def _same(action: str, target: MandateStatus | None, journal: str) -> Transition[Facts]:
    """The mandate's own row, recorded under another name."""
    return replace(_ROWS[action, target], journal=journal)


#: A further contact of the company runs through the same cycle; joining gives access, and removing takes it.
CONTACT_LIFECYCLE: Lifecycle[Facts] = Lifecycle(
    kind="mandate_contact",
    initial=MandateStatus.INVITED,
    states={status.value: STATUS_LABELS[status] for status in _OF_CONTACTS},
    transitions=(
        _same("remind", None, "mandate_contact.reminded"),
        _same("expire", MandateStatus.INVITATION_EXPIRED, "mandate_contact.expired"),
        _same("renew", MandateStatus.INVITED, "mandate_contact.renewed"),
        _same("accept", MandateStatus.ACTIVE, "mandate_contact.accepted"),
        _same("decline", MandateStatus.DECLINED, "mandate_contact.declined"),
        Transition(
            "remove",
            _LIVE,
            MandateStatus.CANCELLED,
            _STAFF,
            "mandate_contact.removed",
            WRITE,
            text=Text("Retirer", "Remove"),
        ),
    ),
)
