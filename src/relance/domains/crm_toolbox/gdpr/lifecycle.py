"""A contact's consent from its asking to its emptying, as data. No I/O."""

from dataclasses import dataclass
from enum import StrEnum

from relance.capabilities.directory.consent import STATUS_LABELS, ConsentStatus
from relance.capabilities.privacy.people import EMPTIED
from relance.core.errors import RelanceError
from relance.core.i18n import Text
from relance.core.lifecycle import Actor, Guard, Lifecycle, Transition
from relance.domains.crm_toolbox.gdpr.errors import GdprSwitchedOff, NothingPlanned
from relance.domains.crm_toolbox.gdpr.permissions import EMPTY, WRITE


class Template(StrEnum):
    """The mails that are proposed with a status."""

    REQUEST = "crm_toolbox.consent_request"
    RECORDED = "crm_toolbox.consent_recorded"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the guards ask: whether the workspace uses consents, and whether an emptying is planned."""

    enabled: bool
    planned: bool


def _enabled(facts: Facts) -> RelanceError | None:
    return None if facts.enabled else GdprSwitchedOff()


def _planned(facts: Facts) -> RelanceError | None:
    return None if facts.planned else NothingPlanned()


ENABLED = Guard[Facts]("gdpr_enabled", Text("RGPD activé", "GDPR switched on"), _enabled)
PLANNED = Guard[Facts]("emptying_planned", Text("vidage prévu", "emptying planned"), _planned)

_NONE, _PENDING, _ACCEPTED = ConsentStatus.NONE, ConsentStatus.PENDING, ConsentStatus.ACCEPTED
_REFUSED = ConsentStatus.REFUSED
_USER, _RECIPIENT = frozenset({Actor.USER}), frozenset({Actor.RECIPIENT})

LIFECYCLE: Lifecycle[Facts] = Lifecycle(
    kind="consent",
    initial=_NONE,
    states={status.value: label for status, label in STATUS_LABELS.items()},
    transitions=(
        Transition(
            "ask",
            frozenset({_NONE, _ACCEPTED, _REFUSED}),
            _PENDING,
            _USER,
            "consent.asked",
            WRITE,
            (ENABLED,),
            Template.REQUEST,
            Text("Demander le consentement", "Ask for the consent"),
        ),
        Transition(
            "accept",
            frozenset({_NONE, _PENDING, _REFUSED}),
            _ACCEPTED,
            _USER,
            "consent.accepted",
            WRITE,
            (ENABLED,),
            Template.RECORDED,
            Text("Noter l’accord", "Note the consent"),
        ),
        Transition(
            "accept",
            frozenset({_PENDING, _REFUSED}),
            _ACCEPTED,
            _RECIPIENT,
            "consent.accepted",
            text=Text("Accepter", "Accept"),
        ),
        Transition(
            "refuse",
            frozenset({_NONE, _PENDING, _ACCEPTED}),
            _REFUSED,
            _USER,
            "consent.refused",
            WRITE,
            (ENABLED,),
            Template.RECORDED,
            Text("Noter le refus", "Note the refusal"),
        ),
        Transition(
            "refuse",
            frozenset({_PENDING}),
            _REFUSED,
            _RECIPIENT,
            "consent.refused",
            text=Text("Refuser", "Refuse"),
        ),
        Transition(
            "withdraw",
            frozenset({_ACCEPTED}),
            _REFUSED,
            _RECIPIENT,
            "consent.withdrawn",
            text=Text("Retirer mon accord", "Withdraw my consent"),
        ),
        Transition(
            "keep",
            frozenset({_PENDING, _ACCEPTED, _REFUSED}),
            None,
            _USER,
            "consent.kept",
            EMPTY,
            (PLANNED,),
            text=Text("Annuler le vidage prévu", "Cancel the planned emptying"),
        ),
        Transition(
            "empty",
            frozenset({_NONE, _PENDING, _ACCEPTED, _REFUSED}),
            ConsentStatus.EMPTIED,
            frozenset({Actor.USER, Actor.WORKER}),
            EMPTIED,
            EMPTY,
            text=Text("Vider", "Empty"),
        ),
    ),
)
#: Which action gives a status when somebody of the workspace sets it.
ACTIONS = {_PENDING: "ask", _ACCEPTED: "accept", _REFUSED: "refuse"}
#: Which mails may go with it.
PROPOSED = {_PENDING: (Template.REQUEST,), _ACCEPTED: (Template.RECORDED,), _REFUSED: (Template.RECORDED,)}
