"""Which journal entries are events: each with its payload, its words and an example. No I/O.

A domain lists its types in its `events.py`, and the composition root lists the domains. The payload model is an
allow-list: what a journal entry holds beyond its fields never leaves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from relance.core.errors import ValidationFailed
from relance.core.i18n import Text
from relance.core.lifecycle import Lifecycle
from relance.core.schemas import Output


class Codes(Output):
    """Base of what a subject shows of itself before or after a change: codes and ids, never personal data."""

    model_config = ConfigDict(extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _absent_is_null(cls, value: Any) -> Any:
        return {**dict.fromkeys(cls.model_fields), **value} if isinstance(value, dict) else value


class EventData(Output):
    """Base of the `data` of an event; a subclass narrows `before` and `after` to the codes of its subject."""

    before: Codes | None = Field(description="The subject's codes before the change; null where nothing was before.")
    after: Codes | None = Field(description="Its codes after it; null where the event says all.")
    company_id: UUID | None = Field(description="The company concerned, where there is one.")
    contact_id: UUID | None = Field(description="The contact concerned, where there is one.")


#: Named, because a field of the class below hides `type`.
Payload = type[EventData]


@dataclass(frozen=True)
class EventType:
    """One type of event: the journal's action, who it happens to, and what its payload looks like.

    `version` grows when the payload changes in a way that a receiver would notice; added fields are not such a change.
    """

    type: str
    subject_kind: str
    title: Text
    data: Payload
    before: Mapping[str, object] | None = None
    after: Mapping[str, object] | None = None
    version: int = 1

    @property
    def name(self) -> str:
        """A name for types in generated clients: `InvitationSent`."""
        return "".join(part.title() for part in self.type.replace(".", "_").split("_"))

    def payload(
        self,
        before: Mapping[str, object],
        after: Mapping[str, object],
        company_id: UUID | None = None,
        contact_id: UUID | None = None,
    ) -> dict[str, Any]:
        """The `data` of an event of this type, from what the journal holds."""
        found = {
            "before": dict(before) or None,
            "after": dict(after) or None,
            "company_id": company_id,
            "contact_id": contact_id,
        }
        return self.data.model_validate(found).model_dump(mode="json")

    def example(self) -> dict[str, Any]:
        """The `data` of an example."""
        return self.payload(self.before or {}, self.after or {})


class Catalogue:
    """Every type of event of the product, by name."""

    def __init__(self, types: Iterable[EventType]) -> None:
        """
        Raises:
            ValueError: two types have one name.
        """
        listed = tuple(types)
        self._types = {one.type: one for one in listed}
        if len(self._types) != len(listed):
            raise ValueError("two types of event have one name")

    @classmethod
    def complete(cls, types: Iterable[EventType], lifecycles: Iterable[Lifecycle[Any]]) -> Self:
        """The catalogue, which holds an event for each transition of each lifecycle.

        Raises:
            ValueError: a transition has no event.
        """
        made = cls(types)
        silent = {row.journal for one in lifecycles for row in one.transitions} - made.names
        if silent:
            raise ValueError(f"transitions without an event: {sorted(silent)}")
        return made

    @property
    def names(self) -> frozenset[str]:
        """The name of every type."""
        return frozenset(self._types)

    def __iter__(self) -> Any:
        return iter(self._types.values())

    def __getitem__(self, name: str) -> EventType:
        return self._types[name]

    def require(self, names: Iterable[str], pointer: str) -> list[str]:
        """`names` without repeats.

        Raises:
            ValidationFailed: one of them is no type of event.
        """
        wanted = list(dict.fromkeys(names))
        for name in wanted:
            if name not in self._types:
                raise ValidationFailed.at(
                    pointer,
                    "unknown_event_type",
                    Text(
                        f"Le type d’événement « {name} » n’existe pas ; voir /v1/meta/event-types.",
                        f"There is no type of event “{name}”; see /v1/meta/event-types.",
                    ),
                )
        return wanted
