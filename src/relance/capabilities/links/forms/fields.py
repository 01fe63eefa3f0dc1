"""A JSON Schema turned into sections and fields that can be shown and read back."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeGuard

from relance.capabilities.files.kinds import KINDS
from relance.capabilities.links.errors import FormNotSupported
from relance.core.i18n import Locale, Text

ROOT = "answers"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}\Z")
_MAX_DEPTH = 4
#: Up to here every choice is seen at a glance as a button; beyond, a list is shorter than the page.
_MOST_RADIOS = 5

Widget = Literal[
    "text",
    "textarea",
    "email",
    "url",
    "date",
    "password",
    "integer",
    "number",
    "select",
    "radios",
    "yes_no",
    "accept",
    "checkboxes",
    "file",
    "files",
]
#: By the widget, or by what the browser is told to fill in.
_WIDTHS: Mapping[str | None, str] = {
    "date": "short",
    "integer": "short",
    "number": "short",
    "postal-code": "short",
    "tel": "middle",
    "country-name": "middle",
    "bday": "short",
}
Schema = Mapping[str, object]
Scalar = str | int | float | bool

_YES = Text("Oui", "Yes")
_NO = Text("Non", "No")
_BY_FORMAT: Mapping[object, Widget] = {
    "email": "email",
    "date": "date",
    "uri": "url",
    "password": "password",
}
_INPUT_MODES: Mapping[Widget, str] = {"integer": "numeric", "number": "decimal", "email": "email", "url": "url"}


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that may be chosen."""

    value: str
    constant: Scalar
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One question."""

    path: tuple[str, ...]
    label: str
    hint: str | None
    required: bool
    widget: Widget
    choices: tuple[Choice, ...] = ()
    autocomplete: str | None = None
    inputmode: str | None = None
    #: Of a file: the codes of the kinds that are taken, and the most bytes; None for what the deployment takes.
    accept: tuple[str, ...] = ()
    max_bytes: int | None = None

    @property
    def is_file(self) -> bool:
        """Whether its answer is one or several files."""
        return self.widget in {"file", "files"}

    @property
    def extensions(self) -> str:
        """What a browser offers to choose from."""
        return ",".join(extension for code in self.accept for extension in KINDS[code].extensions)

    @property
    def width(self) -> str:
        """How much is expected: what the page makes its line of text as wide as."""
        return _WIDTHS.get(self.widget) or _WIDTHS.get(self.autocomplete) or "text"

    @property
    def removal_name(self) -> str:
        """The name under which the posted form says which files are removed."""
        return f"{self.name}.remove"

    @property
    def name(self) -> str:
        """Its name in the posted form, and its id in the page."""
        return ".".join((ROOT, *self.path))

    @property
    def pointer(self) -> str:
        """Its JSON pointer in the payload."""
        return "/".join(("", ROOT, *self.path))

    @property
    def first_id(self) -> str:
        """The id of the control that a link to this field goes to."""
        return f"{self.name}.0" if self.widget in {"radios", "yes_no", "checkboxes"} else self.name


@dataclass(frozen=True, slots=True)
class Section:
    """A group of questions; the form itself is the outermost one."""

    path: tuple[str, ...]
    label: str
    hint: str | None
    required: bool
    items: tuple["Field | Section", ...]

    @property
    def name(self) -> str:
        """Its id in the page."""
        return ".".join((ROOT, *self.path))

    @property
    def pointer(self) -> str:
        """Its JSON pointer in the payload."""
        return "/".join(("", ROOT, *self.path))

    def fields(self) -> Iterator[Field]:
        """Every question below, in the order of the page."""
        for item in self.items:
            if isinstance(item, Field):
                yield item
            else:
                yield from item.fields()

    def sections(self) -> Iterator["Section"]:
        """This section and every one below."""
        yield self
        for item in self.items:
            if isinstance(item, Section):
                yield from item.sections()


def build_form(schema: Schema, locale: Locale) -> Section:
    """The form of `schema`, in the words of `locale`.

    Raises:
        FormNotSupported: the schema uses what the pages cannot show.
    """
    if not is_object(schema):
        raise FormNotSupported("", "the outermost schema is no object")
    return _section(schema, (), True, locale)


def is_object(schema: Schema) -> bool:
    """Whether `schema` describes an object, and so a section."""
    return _type_of(schema) == "object" or "properties" in schema


def _section(schema: Schema, path: tuple[str, ...], required: bool, locale: Locale) -> Section:
    if len(path) > _MAX_DEPTH:
        raise FormNotSupported(_pointer(path), "sections are nested too deeply")
    demanded = schema.get("required", ())
    names = demanded if isinstance(demanded, list) else ()
    items: list[Field | Section] = []
    for name, below in _ordered_properties(schema, path):
        place = (*path, name)
        if is_object(below):
            items.append(_section(below, place, name in names, locale))
        else:
            items.append(_field(below, place, name in names, locale))
    label = words(schema, "x-title", "title", locale) or (_humanised(path[-1]) if path else "")
    return Section(path, label, words(schema, "x-hint", "description", locale), required, tuple(items))


def _ordered_properties(schema: Schema, path: tuple[str, ...]) -> Iterator[tuple[str, Schema]]:
    properties = schema.get("properties", {})
    if not is_mapping(properties):
        raise FormNotSupported(_pointer(path), "“properties” is no object")
    order = schema.get("x-order", [])
    first = [name for name in order if name in properties] if isinstance(order, list) else []
    for name in dict.fromkeys([*first, *properties]):
        below = properties[name]
        if not _NAME.match(name):
            raise FormNotSupported(_pointer(path), "a property's name is not a letter followed by letters and digits")
        if not is_mapping(below):
            raise FormNotSupported(_pointer((*path, name)), "a property is no schema object")
        yield name, below


def _field(schema: Schema, path: tuple[str, ...], required: bool, locale: Locale) -> Field:
    widget = _widget(schema, path)
    offered = schema
    if widget == "checkboxes":
        below = schema.get("items")
        offered = below if is_mapping(below) else {}
    choices: tuple[Choice, ...] = ()
    if widget in {"select", "radios", "checkboxes"}:
        labels = offered.get("x-enum-labels") or schema.get("x-enum-labels")
        choices = tuple(_choices(offered, labels, path, locale))
    elif widget in {"file", "files"}:
        return _file_field(schema, path, required, widget, locale)
    elif widget == "yes_no":
        choices = (Choice("true", True, _YES.in_locale(locale)), Choice("false", False, _NO.in_locale(locale)))
    return Field(
        path,
        words(schema, "x-title", "title", locale) or _humanised(path[-1]),
        words(schema, "x-hint", "description", locale),
        required,
        widget,
        choices,
        _text(schema.get("x-autocomplete")),
        _text(schema.get("x-inputmode")) or _INPUT_MODES.get(widget),
    )


def _file_field(schema: Schema, path: tuple[str, ...], required: bool, widget: Widget, locale: Locale) -> Field:
    below = schema.get("items")
    one = below if widget == "files" and is_mapping(below) else schema
    accept = one.get("x-accept", schema.get("x-accept", list(KINDS)))
    if not isinstance(accept, list) or not accept or any(code not in KINDS for code in accept):
        raise FormNotSupported(_pointer(path), f"“x-accept” is a list of some of {', '.join(KINDS)}")
    most = one.get("x-max-bytes", schema.get("x-max-bytes"))
    if most is not None and (not isinstance(most, int) or isinstance(most, bool) or most < 1):
        raise FormNotSupported(_pointer(path), "“x-max-bytes” is a whole number of bytes")
    return Field(
        path,
        words(schema, "x-title", "title", locale) or _humanised(path[-1]),
        words(schema, "x-hint", "description", locale),
        required,
        widget,
        accept=tuple(accept),
        max_bytes=most,
    )


def _is_file(schema: object) -> bool:
    return is_mapping(schema) and _type_of(schema) == "string" and schema.get("format") == "file"


def _widget(schema: Schema, path: tuple[str, ...]) -> Widget:
    kind, asked = _type_of(schema), schema.get("x-widget")
    if kind == "boolean" or isinstance(schema.get("const"), bool):
        return "accept" if schema.get("const") is True else "yes_no"
    if kind == "array":
        below = schema.get("items")
        if _is_file(below):
            return "files"
        if not is_mapping(below) or _raw_choices(below) is None:
            raise FormNotSupported(_pointer(path), "a list is shown only where its items are choices or files")
        return "checkboxes"
    if _is_file(schema):
        return "file"
    offered = _raw_choices(schema)
    if offered is not None:
        as_radios = asked == "radio" or (asked != "select" and len(offered) <= _MOST_RADIOS)
        return "radios" if as_radios else "select"
    if kind == "integer":
        return "integer"
    if kind == "number":
        return "number"
    if kind == "string":
        return "textarea" if asked == "textarea" else _BY_FORMAT.get(schema.get("format"), "text")
    raise FormNotSupported(_pointer(path), "no known type")


def _raw_choices(schema: Schema) -> list[object] | None:
    for keyword in ("enum", "oneOf"):
        offered = schema.get(keyword)
        if isinstance(offered, list) and offered:
            return offered
    return None


def _choices(schema: Schema, labels: object, path: tuple[str, ...], locale: Locale) -> Iterator[Choice]:
    for offered in _raw_choices(schema) or []:
        described: Schema = offered if is_mapping(offered) else {"const": offered}
        constant = described.get("const")
        if constant is None and None in (_raw_choices(schema) or []):
            continue  # null stands for "no answer", which an optional field says by its absence
        if not isinstance(constant, str | int | float) or isinstance(constant, bool):
            raise FormNotSupported(_pointer(path), "a choice is neither text nor number")
        value = str(constant)
        label = words(described, "x-title", "title", locale)
        if label is None and is_mapping(labels):
            label = localised(labels.get(value), locale)
        yield Choice(value, constant, label or _humanised(value))


def words(schema: Schema, both: str, single: str, locale: Locale) -> str | None:
    """The words of `schema` in `locale`: from the keyword that holds both languages, else from the standard one."""
    return localised(schema.get(both), locale) or _text(schema.get(single))


def localised(value: object, locale: Locale) -> str | None:
    """A text, or the one of `locale` where it comes as `{fr, en}` (the other language rather than none)."""
    if is_mapping(value):
        return _text(value.get(locale)) or _text(value.get("fr")) or _text(value.get("en"))
    return _text(value)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _type_of(schema: Schema) -> str | None:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((name for name in kind if name != "null"), None)
    return _text(kind)


def is_mapping(value: object) -> TypeGuard[Mapping[str, object]]:
    """Whether `value` is a JSON object."""
    return isinstance(value, Mapping)


def _humanised(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _pointer(path: tuple[str, ...]) -> str:
    return "".join(f"/properties/{name}" for name in path)
