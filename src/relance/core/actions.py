"""`available_actions`: what the caller may do with a resource now, computed from the table that enforces it."""

from typing import TypeVar
from uuid import UUID

from pydantic import Field

from relance.core.errors import PermissionDenied, RelanceError
from relance.core.lifecycle import Actor, Lifecycle
from relance.core.schemas import Output
from relance.core.security import Caller

FactsT = TypeVar("FactsT")


class Refusal(Output):
    """Why an action is not allowed."""

    code: str = Field(description="The code of the error that the action would answer.")
    message: str = Field(description="In the caller's language.")


class AvailableAction(Output):
    """One action of the lifecycle, for this caller, now."""

    action: str = Field(description="Name of the action: `POST …/{id}/<action>`.")
    allowed: bool
    reason: Refusal | None = Field(description="Null where it is allowed.")


def available_actions(
    lifecycle: Lifecycle[FactsT], state: str, facts: FactsT, caller: Caller, owner_id: UUID | None
) -> list[AvailableAction]:
    """Every action of `lifecycle` that a user has, allowed or refused with the reason, in the table's order."""
    found: list[AvailableAction] = []
    for action in lifecycle.actions(Actor.USER):
        refused = lifecycle.refusal(state, action, Actor.USER, facts)
        if refused is None:
            row = lifecycle.find(state, action, Actor.USER, facts)
            if row is not None and row.permission and not caller.reaches(row.permission, owner_id):
                refused = PermissionDenied(row.permission)
        found.append(
            AvailableAction(action=action, allowed=refused is None, reason=_words(refused) if refused else None)
        )
    return found


def _words(error: RelanceError) -> Refusal:
    return Refusal(code=error.code, message=error.detail.format(error.data))
