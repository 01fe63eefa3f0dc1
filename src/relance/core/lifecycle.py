"""A lifecycle is data: states, labels and transitions in one table, asked by whoever needs to know.

The service enforces it, `available_actions` is computed from it, `GET /v1/meta/lifecycles` prints it. There is no
second copy of a state machine anywhere. Pure: no I/O.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from relance.core.errors import RelanceError
from relance.core.i18n import Text

FactsT = TypeVar("FactsT")
#: A guard that asks little holds for every subject that knows as much.
AskedT = TypeVar("AskedT", contravariant=True)


class Actor(StrEnum):
    """Who may set off a transition."""

    USER = "user"
    WORKER = "worker"
    RECIPIENT = "recipient"


class TransitionNotAllowed(RelanceError):
    """The table has no such action from this state, or not for this actor."""

    code = "transition_not_allowed"
    status = 409
    title = Text("Action impossible dans cet état", "Action not possible in this state")
    detail = Text(
        "L’action « {action} » n’est pas possible dans l’état « {state} ».",
        "The action “{action}” is not possible in the state “{state}”.",
    )

    def __init__(self, action: str, state: str, allowed_actions: Sequence[str]) -> None:
        super().__init__(action=action, state=state, allowed_actions=list(allowed_actions))


@dataclass(frozen=True)
class Guard(Generic[AskedT]):
    """A named condition on the facts of a subject; `check` returns the refusal, or None where it holds."""

    code: str
    text: Text
    check: Callable[[AskedT], RelanceError | None]


@dataclass(frozen=True)
class Transition(Generic[FactsT]):
    """One row of the table. `target` None leaves the state as it is."""

    action: str
    sources: frozenset[str]
    target: str | None
    actors: frozenset[Actor]
    journal: str
    permission: str | None = None
    guards: tuple[Guard[FactsT], ...] = ()
    mail: str | None = None
    text: Text = field(default=Text("", ""))
    #: Where one action has several rows from one state: which of them is meant. None: this one, whatever the facts.
    applies: Callable[[FactsT], bool] | None = None


@dataclass(frozen=True)
class Lifecycle(Generic[FactsT]):
    """States with their labels, and the transitions between them, of one kind of subject."""

    kind: str
    initial: str
    states: Mapping[str, Text]
    transitions: tuple[Transition[FactsT], ...]

    def __post_init__(self) -> None:
        known = set(self.states)
        for row in self.transitions:
            unknown = (set(row.sources) | ({row.target} if row.target else set())) - known
            if unknown:
                raise ValueError(f"{self.kind}.{row.action} names unknown states: {sorted(unknown)}")

    def label(self, state: str) -> Text:
        """The words of `state`."""
        return self.states[state]

    def actions(self, actor: Actor) -> list[str]:
        """Every action that `actor` has somewhere in the table, in its order."""
        return list(dict.fromkeys(row.action for row in self.transitions if actor in row.actors))

    def find(self, state: str, action: str, actor: Actor, facts: FactsT | None = None) -> Transition[FactsT] | None:
        """The row for `action` from `state` by `actor`, guards not asked; without `facts` the first of several."""
        for row in self.transitions:
            if row.action != action or state not in row.sources or actor not in row.actors:
                continue
            if facts is None or row.applies is None or row.applies(facts):
                return row
        return None

    def refusal(self, state: str, action: str, actor: Actor, facts: FactsT) -> RelanceError | None:
        """Why `action` is not possible now, or None where it is."""
        row = self.find(state, action, actor, facts)
        if row is None:
            allowed = [name for name in self.actions(actor) if self.find(state, name, actor)]
            return TransitionNotAllowed(action, state, allowed)
        for guard in row.guards:
            refused = guard.check(facts)
            if refused is not None:
                return refused
        return None

    def require(self, state: str, action: str, actor: Actor, facts: FactsT) -> Transition[FactsT]:
        """The row for `action`, all guards holding.

        Raises:
            TransitionNotAllowed: the table has no such row.
            RelanceError: the refusal of the first guard that does not hold.
        """
        refused = self.refusal(state, action, actor, facts)
        if refused is not None:
            raise refused
        row = self.find(state, action, actor, facts)
        assert row is not None  # refusal() has just found it
        return row

    def target(self, row: Transition[FactsT], state: str) -> str:
        """The state after `row`, taken from `state`."""
        return row.target or state
