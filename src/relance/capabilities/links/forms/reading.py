"""From a posted form to typed answers, and from answers back to what the form and its summary show."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from relance.capabilities.links.forms.fields import Field, Section, Widget, is_mapping
from relance.core.i18n import Locale, Text, long_date

Values = Mapping[str, list[str]]

_SPACES = re.compile(r"[\s\u00a0\u202f]")
_INTEGER = re.compile(r"[+-]?\d{1,18}\Z", re.ASCII)
_DECIMAL = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?\Z", re.ASCII)
_FRENCH_DATE = re.compile(r"(\d{1,2})[/. ](\d{1,2})[/. ](\d{4})\Z", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_DOMAIN = re.compile(r"[^\s/@]+\.[^\s/@.]{2,}(/.*)?\Z")
_ACCEPTED = Text("Oui", "Yes")
#: What is never filled in for somebody.
_SAID_ANEW = frozenset({"accept", "password"})


def read_answers(form: Section, posted: Values) -> dict[str, object]:
    """The typed answers of a posted form.

    An empty optional field is absent; so is an optional section with nothing in it. What cannot be read as its type
    stays the text that was typed, for the validation to refuse by name.
    """
    answers: dict[str, object] = {}
    for item in form.items:
        if isinstance(item, Field):
            value = _read_field(item, _without_removed(item, posted) if item.is_file else posted.get(item.name, []))
            if value is not None:
                answers[item.path[-1]] = value
        else:
            below = read_answers(item, posted)
            if below or item.required:
                answers[item.path[-1]] = below
    return answers


def _without_removed(field: Field, posted: Values) -> list[str]:
    removed = posted.get(field.removal_name, [])
    return [id_ for id_ in posted.get(field.name, []) if id_ not in removed]


def _read_field(field: Field, raw: list[str]) -> object | None:
    if field.widget == "password":
        # As it was typed: it is compared to the last character, and never shown.
        return raw[0] if raw and raw[0] else None
    given = [text.strip() for text in raw if text.strip()]
    if not given:
        return None
    if field.widget == "files":
        return list(dict.fromkeys(given))
    if field.widget == "checkboxes":
        return [_constant(field, text) for text in given]
    reader = _READERS.get(field.widget)
    return reader(given[0]) if reader else _constant(field, given[0])


def _constant(field: Field, text: str) -> object:
    for choice in field.choices:
        if choice.value == text:
            return choice.constant
    return text


def _integer(text: str) -> object:
    plain = _SPACES.sub("", text)
    return int(plain) if _INTEGER.match(plain) else text


def _number(text: str) -> object:
    plain = _SPACES.sub("", text).replace(",", ".")
    if not _DECIMAL.match(plain):
        return text
    return float(plain) if "." in plain else int(plain)


def _date(text: str) -> object:
    """A date as the picker gives it, or as people write it where there is no picker."""
    french = _FRENCH_DATE.match(text)
    if french is None:
        return text
    day, month, year = (int(part) for part in french.groups())
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return text


def _url(text: str) -> object:
    """An address, its scheme added where only the host was typed."""
    return f"https://{text}" if not _SCHEME.match(text) and _DOMAIN.match(text) else text


def _accept(text: str) -> object:
    return True if text == "true" else text


_READERS: Mapping[Widget, Callable[[str], object]] = {
    "integer": _integer,
    "number": _number,
    "date": _date,
    "url": _url,
    "accept": _accept,
}


def form_values(form: Section, answers: Mapping[str, object]) -> Values:
    """What the fields of the form show for `answers`, by name."""
    values: dict[str, list[str]] = {}
    for field in form.fields():
        found = value_at(answers, field.path)
        if found is not None:
            items = found if isinstance(found, list) else [found]
            values[field.name] = [_shown(item) for item in items]
    return values


def value_at(answers: Mapping[str, object], path: tuple[str, ...]) -> object | None:
    """The answer at `path`, None where there is none."""
    found: object = answers
    for name in path:
        if not is_mapping(found):
            return None
        found = found.get(name)
    return found


def carried_over(form: Section, answers: Mapping[str, object]) -> dict[str, object]:
    """What of earlier answers a form can begin with: what it still asks, without what was certified."""
    found: dict[str, object] = {}
    for field in form.fields():
        value = None if field.widget in _SAID_ANEW else value_at(answers, field.path)
        if value is None:
            continue
        section = found
        for name in field.path[:-1]:
            section = section.setdefault(name, {})  # type: ignore[assignment]  # no field is a section
        section[field.path[-1]] = value
    return found


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the summary of what was answered."""

    label: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of one section."""

    label: str
    lines: tuple[Line, ...]


def display_answers(
    form: Section, answers: Mapping[str, object], locale: Locale, file_names: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Block]:
    """What was answered, in words, section by section; what was left out is left out, files are named."""
    for section in form.sections():
        fields = [item for item in section.items if isinstance(item, Field)]
        lines = tuple(
            Line(field.label, shown)
            for field in fields
            if (shown := _displayed(field, value_at(answers, field.path), locale, file_names))
        )
        if lines:
            yield Block(section.label, lines)


def _displayed(field: Field, value: object | None, locale: Locale, file_names: Mapping[str, str]) -> tuple[str, ...]:
    if value is None:
        return ()
    if field.is_file:
        named = value if isinstance(value, list) else [value]
        return tuple(file_names[str(one)] for one in named if str(one) in file_names)
    labels = {choice.value: choice.label for choice in field.choices}
    items = value if isinstance(value, list) else [value]
    return tuple(_in_words(field, item, labels, locale) for item in items)


def _in_words(field: Field, item: object, labels: Mapping[str, str], locale: Locale) -> str:
    text = _shown(item)
    if field.widget == "date":
        try:
            return long_date(date.fromisoformat(text), locale)
        except ValueError:
            return text
    if field.widget == "accept" and item is True:
        return _ACCEPTED.in_locale(locale)
    if field.widget == "number" and locale == "fr":
        return text.replace(".", ",")
    return labels.get(text, text)
