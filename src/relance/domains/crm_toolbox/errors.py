"""Errors of this domain."""

from collections.abc import Sequence
from types import MappingProxyType
from uuid import UUID

from relance.core.errors import RelanceError
from relance.core.i18n import Text

_ID = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"


class TargetsNotAllowed(RelanceError):
    """The caller's right does not reach some of the targets; nothing was done with any of them."""

    code = "targets_not_allowed"
    status = 403
    title = Text("Cibles non permises", "Targets not allowed")
    detail = Text(
        "Le droit « {permission} » ne couvre pas {count} des cibles ; rien n’a été fait. Voir « target_ids ».",
        "The permission “{permission}” does not reach {count} of the targets; nothing was done. See `target_ids`.",
    )
    example = MappingProxyType({"permission": "crm-toolbox:note", "count": 1, "target_ids": [_ID]})

    def __init__(self, permission: str, target_ids: Sequence[UUID]) -> None:
        super().__init__(permission=permission, count=len(target_ids), target_ids=[str(one) for one in target_ids])


class EntrySettled(RelanceError):
    """The entry is not to come any more: it was done, cancelled, or has failed."""

    code = "entry_settled"
    status = 409
    title = Text("Action déjà terminée", "Action already settled")
    detail = Text(
        "Cette action n’est plus à venir : {outcome_label}.", "This action is not to come any more: {outcome_label}."
    )
    example = MappingProxyType({"outcome": "done", "outcome_label": "Effectuée"})

    def __init__(self, outcome: str, label: str) -> None:
        super().__init__(outcome=outcome, outcome_label=label)


class TargetsDeleted(RelanceError):
    """Everything that the entry is about is deleted; it can be read, and nothing is added to it."""

    code = "targets_deleted"
    status = 409
    title = Text("Cible supprimée", "Target deleted")
    detail = Text(
        "La société ou le contact de cette entrée est supprimé : elle est en lecture seule.",
        "The company or contact of this entry is deleted: it can only be read.",
    )


class EntryRunsItself(RelanceError):
    """What is to come is done by the service; it is cancelled where it was asked for."""

    code = "entry_runs_itself"
    status = 409
    title = Text("Action automatique", "Automatic action")
    detail = Text(
        "Cette action s’exécute d’elle-même : annulez-la là où elle a été demandée.",
        "This action runs by itself: cancel it where it was asked for.",
    )
    example = MappingProxyType({"type": "send_profile"})

    def __init__(self, type_: str) -> None:
        super().__init__(type=type_)
