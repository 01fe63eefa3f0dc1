"""What a change in bulk asks for, and what becomes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from relance.capabilities.directory.identifiers import NormalisedId
from relance.core.custom_fields import merged
from relance.core.errors import FieldError, ValidationFailed
from relance.core.i18n import Text


class Mode(StrEnum):
    """What is done with what is known, and with what is not."""

    CREATE = "create"
    UPDATE = "update"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class CompanyKey:
    """How a row names a company. The first key that is known decides: external id, identifier, name."""

    name: str | None = None
    identity: NormalisedId | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class WantedEntry:
    """An entry as a row asks for it: its keys, and the columns that the row fills. An empty cell asks for nothing."""

    id: UUID | None
    external_id: str | None
    email: str | None
    #: By the name of the model's column; the keys among them.
    values: Mapping[str, Any]
    #: Of a contact: where it works; of a company: itself, with its identifier.
    company: CompanyKey = field(default_factory=CompanyKey)
    #: Values of the workspace's own fields, to be merged with those that the entry has.
    custom_fields: Mapping[str, Any] = field(default_factory=dict)
    #: Of the workspace's own fields, those that a new entry must have and the row leaves out.
    lacking: Sequence[str] = ()


class Change(StrEnum):
    """What became of a row."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Done:
    """A row that is settled."""

    change: Change
    id: UUID


Outcome = Done | ValidationFailed

_FAULTS: Mapping[str, Text] = {
    "unknown_id": Text("Aucune fiche n’a cet identifiant.", "No entry has this id."),
    "not_found": Text("Aucune fiche ne correspond à cette ligne.", "No entry fits this row."),
    "no_key": Text(
        "Pour mettre à jour, la ligne doit avoir un id, une référence externe ou un e-mail.",
        "To update, the row needs an id, an external id or an e-mail address.",
    ),
    "already_known": Text("Cette fiche existe déjà.", "This entry exists already."),
    "ambiguous": Text(
        "Plusieurs fiches correspondent ; précisez l’id ou la référence externe.",
        "Several entries fit; give the id or the external id.",
    ),
    "ambiguous_company": Text(
        "Plusieurs sociétés ont ce nom ; précisez l’identifiant ou la référence externe.",
        "Several companies have this name; give the identifier or the external id.",
    ),
    "unknown_company": Text("Cette société est inconnue.", "This company is not known."),
    "missing": Text("Ce champ est obligatoire.", "This field is required."),
    "person_erased": Text(
        "Une personne connue par cette valeur a été effacée ; elle ne revient pas par un import.",
        "Somebody known by this value was erased; they do not come back by an import.",
    ),
    "contact_emptied": Text(
        "Ce contact a été vidé et ne peut plus être modifié.",
        "This contact was emptied and cannot be changed any more.",
    ),
    "duplicate": Text("Une autre fiche a déjà cette valeur.", "Another entry has this value already."),
}


class Pending:
    """What entries are to become: two rows about one entry, found by different keys, add up."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._states: dict[UUID, dict[str, Any]] = {}
        self.changed: dict[UUID, dict[str, Any]] = {}

    def change(self, row: Any, wanted: WantedEntry, more: Mapping[str, Any]) -> bool:
        """Note what a row asks for of an entry that exists; whether that is anything new."""
        state = self._states.get(row.id)
        if state is None:
            state = self._states[row.id] = {"id": row.id, **{name: getattr(row, name) for name in self._columns}}
        values = {**wanted.values, **more}
        if wanted.custom_fields:
            values["custom_fields"] = merged(state["custom_fields"], wanted.custom_fields)
        if all(state[name] == value for name, value in values.items()):
            return False
        state |= values
        self.changed[row.id] = state
        return True


def lacks(wanted: WantedEntry) -> ValidationFailed | None:
    """Why a row cannot be a new entry: a field of the workspace's own that it must have."""
    return next((fault(f"custom_fields.{name}", "missing") for name in wanted.lacking), None)


def fault(column: str, code: str) -> ValidationFailed:
    """A row that cannot be settled, and which column says why."""
    return ValidationFailed([FieldError(f"/{column}", code, _FAULTS[code].in_locale())])
