"""The filters of the reduced language: each with its words, the arguments it takes, and what it does."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from babel import Locale as BabelLocale
from babel.dates import format_date
from jinja2 import pass_context
from jinja2.runtime import Context

from relance.capabilities.messaging.catalogue.placeholders import Kind
from relance.core.i18n import Text, as_locale

#: Items of a list that a mail shows; a longer one is a fault, and the shipped words go out.
MOST_ITEMS = 200
DATE_FORMATS = ("short", "medium", "long", "full", "iso")
_LONGEST_LITERAL = 200
_WORD_START = re.compile(r"(?:^|(?<=[\s\-]))\w")


class ListTooLong(ValueError):
    """A list has more items than a mail shows."""


def _title(value: object) -> str:
    return _WORD_START.sub(lambda found: found.group(0).upper(), _written(value).lower())


def _default(value: object, otherwise: str = "") -> object:
    return value if value not in (None, "") else otherwise


@pass_context
def _date(context: Context, value: object, format: str = "long") -> str:
    """`value`, a date or an instant as JSON has it, in words."""
    if value is None:
        return ""
    day = value if isinstance(value, date) else datetime.fromisoformat(str(value)).date()
    if format == "iso":
        return day.isoformat()
    return format_date(day, format=format, locale=BabelLocale(as_locale(context.get("locale"))))


def bounded(items: object) -> Sequence[Any]:
    """What a loop runs over; put there by the compiler, not by the editor of a template.

    Raises:
        ListTooLong: there are too many.
    """
    found = list(items) if isinstance(items, list | tuple) else []
    if len(found) > MOST_ITEMS:
        raise ListTooLong(f"{len(found)} items")
    return found


def _written(value: object) -> str:
    return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter."""

    description: Text
    apply: Callable[..., object]
    example: str
    #: Kinds it takes.
    kinds: frozenset[Kind]
    #: Whether it takes the one literal argument that `accepts` admits; None: it takes none.
    accepts: Callable[[object], bool] | None = None
    required: bool = False


_WORDS = frozenset({Kind.TEXT, Kind.NUMBER})
_DAYS = frozenset({Kind.DATE, Kind.INSTANT})

FILTERS: Mapping[str, Filter] = {
    "upper": Filter(
        Text("En majuscules.", "In upper case."), lambda value: _written(value).upper(), "{{ name|upper }}", _WORDS
    ),
    "lower": Filter(
        Text("En minuscules.", "In lower case."), lambda value: _written(value).lower(), "{{ name|lower }}", _WORDS
    ),
    "capitalize": Filter(
        Text("Première lettre en majuscule.", "First letter in upper case."),
        lambda value: _written(value)[:1].upper() + _written(value)[1:],
        "{{ name|capitalize }}",
        _WORDS,
    ),
    "title": Filter(
        Text("Une majuscule à chaque mot.", "Each word in upper case."), _title, "{{ name|title }}", _WORDS
    ),
    "trim": Filter(
        Text("Sans espaces autour.", "Without spaces around."),
        lambda value: _written(value).strip(),
        "{{ name|trim }}",
        _WORDS,
    ),
    "default": Filter(
        Text("Un autre texte si la valeur est vide.", "Another text where the value is empty."),
        _default,
        '{{ name|default("Madame, Monsieur") }}',
        _WORDS | _DAYS,
        accepts=lambda value: isinstance(value, str) and len(value) <= _LONGEST_LITERAL and not set(value) & set("{}"),
        required=True,
    ),
    "date": Filter(
        Text(
            "Une date en toutes lettres : short, medium, long, full ou iso.",
            "A date in words: short, medium, long, full or iso.",
        ),
        _date,
        '{{ due_on|date("long") }}',
        _DAYS,
        accepts=lambda value: value in DATE_FORMATS,
    ),
}
