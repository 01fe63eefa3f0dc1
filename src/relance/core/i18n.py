"""Two languages, French by default: texts that carry both, and the language of the current request."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale as BabelLocale
from babel.core import negotiate_locale
from babel.dates import format_date

Locale = Literal["fr", "en"]
LOCALES: tuple[Locale, ...] = ("fr", "en")
DEFAULT_LOCALE: Locale = "fr"

_current: ContextVar[Locale] = ContextVar("relance_locale", default=DEFAULT_LOCALE)


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence or label in every language of the product. `{name}` marks are filled by `format`."""

    fr: str
    en: str

    def in_locale(self, locale: Locale | None = None) -> str:
        """The text in `locale`, or in the language of the current request."""
        return self.en if (locale or current_locale()) == "en" else self.fr

    def format(self, values: Mapping[str, object], locale: Locale | None = None) -> str:
        """The text with its marks filled from `values`."""
        return self.in_locale(locale).format_map(values)


def current_locale() -> Locale:
    """The language negotiated for the current request, French outside of one."""
    return _current.get()


def use_locale(locale: Locale) -> None:
    """Set the language for the rest of the current task."""
    _current.set(locale)


def negotiate(accept_language: str | None) -> Locale:
    """The supported language that an `Accept-Language` header prefers; French where it names none."""
    if not accept_language:
        return DEFAULT_LOCALE
    weighted: list[tuple[float, int, str]] = []
    for position, part in enumerate(accept_language.split(",")[:20]):
        name, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        if name and weight > 0:
            weighted.append((-weight, position, name.replace("-", "_")))
    found = negotiate_locale([name for _, _, name in sorted(weighted)], LOCALES)
    return as_locale(found)


def as_locale(value: str | None) -> Locale:
    """`value` as a supported language, French for anything else."""
    return "en" if value == "en" else "fr"


@lru_cache(maxsize=4096)
def long_date(value: date, locale: Locale) -> str:
    """A date in words: "23 novembre 2026", "November 23, 2026"."""
    return format_date(value, format="long", locale=BabelLocale(locale))


def long_datetime(value: datetime, zone: ZoneInfo, locale: Locale) -> str:
    """An instant in words, in `zone`, with the zone named: a deadline without its zone is no deadline."""
    local = value.astimezone(zone)
    joined = "à" if locale == "fr" else "at"
    return f"{long_date(local.date(), locale)} {joined} {local.hour:02d}:{local.minute:02d} ({zone.key})"
