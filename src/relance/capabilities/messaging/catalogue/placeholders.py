"""What a mail's typed model offers to whoever edits its template: one slot for each placeholder."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from types import MappingProxyType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from relance.capabilities.messaging.mails import Hint, Mail, Placeholders
from relance.core.i18n import Locale, Text


class Kind(StrEnum):
    """What a placeholder holds."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    INSTANT = "instant"
    #: The address of the mail's link.
    URL = "url"
    OBJECT = "object"
    LIST = "list"


PRINTABLE = frozenset({Kind.TEXT, Kind.NUMBER, Kind.DATE, Kind.INSTANT, Kind.URL})
_SAMPLES: Mapping[Kind, str] = {
    Kind.TEXT: "…",
    Kind.NUMBER: "3",
    Kind.BOOLEAN: "true",
    Kind.DATE: "2026-12-23",
    Kind.INSTANT: "2026-12-23T09:00:00Z",
    Kind.URL: "https://relance.example/r/…",
}
_WRITE_OUT: Mapping[Kind, Callable[[str], object]] = {Kind.NUMBER: int, Kind.BOOLEAN: lambda value: value == "true"}
_LINK = Hint(
    Text("Adresse personnelle du destinataire", "The recipient’s personal address"),
    Text("https://relance.example/r/…", "https://relance.example/r/…"),
)


@dataclass(frozen=True, slots=True)
class Slot:
    """One placeholder: a value, an object with slots of its own, or a list."""

    path: str
    kind: Kind
    hint: Hint
    #: Whether a person has described it.
    described: bool
    #: Whether it may be absent.
    optional: bool
    #: Of an object, or of the items of a list of objects.
    below: Mapping[str, "Slot"] = field(default_factory=lambda: MappingProxyType({}))
    #: What each item of a list is.
    item: "Slot | None" = None

    def sample(self, locale: Locale, *, full: bool) -> Any:
        """A value to show: with everything there is, or with as little as the model admits."""
        if self.optional and not full:
            return None
        if self.kind is Kind.OBJECT:
            return {name: slot.sample(locale, full=full) for name, slot in self.below.items()}
        if self.kind is Kind.LIST:
            assert self.item is not None  # `_slot` gives every list one
            return [self.item.sample(locale, full=True)] * 2 if full else []
        if self.kind is Kind.BOOLEAN and not full:
            return False
        written = self.hint.sample.in_locale(locale)
        return _WRITE_OUT.get(self.kind, str)(written)


Slots = Mapping[str, Slot]
ModelT = TypeVar("ModelT", bound=Placeholders)


@cache
def slots_of(model: type[Placeholders]) -> Slots:
    """The placeholders of a mail, or of another thing that templates are written for, by name.

    Raises:
        TypeError: a field has a type that no template can show.
    """
    links = model.link_fields() if issubclass(model, Mail) else frozenset[str]()
    return MappingProxyType(dict(_below(model, "", links)))


def sample_of(model: type[ModelT], locale: Locale, *, full: bool = True) -> ModelT:
    """A mail, or another thing that templates are written for, filled with samples."""
    return model.model_validate({name: slot.sample(locale, full=full) for name, slot in slots_of(model).items()})


def flat(slots: Slots) -> Iterator[Slot]:
    """Every slot, those of objects and items after the one that holds them."""
    for slot in slots.values():
        yield slot
        yield from flat(slot.below)


def _below(model: type[BaseModel], path: str, links: frozenset[str] = frozenset()) -> Iterator[tuple[str, Slot]]:
    for name, info in model.model_fields.items():
        if hasattr(dict, name):
            # Templates are given dictionaries, and Jinja looks at attributes first.
            raise TypeError(f"{model.__name__}.{name}: a placeholder cannot have the name of a dictionary's method")
        yield name, _slot(f"{path}{name}", info, is_link=name in links)


def _slot(path: str, info: FieldInfo, *, is_link: bool) -> Slot:
    annotation, optional = _without_none(info.annotation)
    found = next((one for one in info.metadata if isinstance(one, Hint)), None)
    kind = _kind(annotation)
    if is_link and kind is Kind.TEXT:
        kind, found = Kind.URL, found or _LINK
    below: Slots = MappingProxyType({})
    item: Slot | None = None
    if kind is Kind.OBJECT:
        below = MappingProxyType(dict(_below(annotation, f"{path}.")))
    if kind is Kind.LIST:
        item = _item(path, annotation)
        below = item.below
    default = Text(path, path)
    shown = found or Hint(default, Text(_SAMPLES.get(kind, ""), _SAMPLES.get(kind, "")))
    described = found is not None or kind is Kind.OBJECT
    return Slot(path, kind, shown, described, optional, below, item)


def _item(path: str, annotation: Any) -> Slot:
    (of,) = get_args(annotation)[:1]
    kind = _kind(of)
    if kind is Kind.LIST:
        raise TypeError(f"{path}: a list of lists cannot be shown")
    sample = _SAMPLES.get(kind, "")
    below = MappingProxyType(dict(_below(of, f"{path}[].")) if kind is Kind.OBJECT else {})
    return Slot(f"{path}[]", kind, Hint(Text(path, path), Text(sample, sample)), True, False, below)


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) in {Union, UnionType}:
        rest = [part for part in get_args(annotation) if part is not type(None)]
        return (rest[0] if len(rest) == 1 else str), len(rest) < len(get_args(annotation))
    return annotation, False


def _kind(annotation: Any) -> Kind:
    if get_origin(annotation) in {list, tuple, Sequence}:
        return Kind.LIST
    if get_origin(annotation) is Literal:
        return Kind.TEXT
    if not isinstance(annotation, type):
        raise TypeError(f"no template can show {annotation}")
    if issubclass(annotation, BaseModel):
        return Kind.OBJECT
    by_type = ((bool, Kind.BOOLEAN), (str, Kind.TEXT), (int, Kind.NUMBER), (datetime, Kind.INSTANT), (date, Kind.DATE))
    for known, kind in by_type:
        if issubclass(annotation, known):
            return kind
    raise TypeError(f"no template can show {annotation}")
