"""Who a person is, as far as texts can hold them. Pure: no I/O."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from relance.core.subjects import SubjectRef

#: What stands where a person was named.
GONE = "[…]"
#: Shorter names are words of the language as often as they are names.
_SHORTEST_NAME = 3
_BETWEEN_NAMES = r"(?:<[^<>]{0,80}>|&nbsp;|[\s.,;_\-\"']){1,8}"
#: Formatting that stands inside a name stays, so that what is left is whole.
_TAG = re.compile(r"<[^<>]*>")
_BETWEEN_FIGURES = r"[\s.()/\-]*"


@dataclass(frozen=True, slots=True)
class Person:
    """A contact as every room is asked about it.

    An address or a number that another contact or a company has too is not this person's alone: it says who is meant
    only in rows that are about this contact. `own_emails` and `own_phones` are those that nobody else has.
    """

    contact_id: UUID
    company_id: UUID
    company_name: str
    first_name: str
    last_name: str
    emails: frozenset[str]
    own_emails: frozenset[str]
    #: E.164.
    own_phones: frozenset[str]
    #: When this is asked.
    at: datetime
    #: What the person is asked by: its links, mails and follow-ups are theirs.
    asked: frozenset[SubjectRef] = frozenset()
    #: What is about the person among others: mails about it may name them.
    near: frozenset[SubjectRef] = frozenset()
    #: What holds files that are the person's.
    holders: frozenset[SubjectRef] = frozenset()

    @property
    def needles(self) -> list[str]:
        """What says that a row is about this person, wherever it stands: addresses, numbers, both names together."""
        names = [part for part in (self.first_name, self.last_name) if part]
        both = []
        if len(names) == 2:
            first, last = names
            both = [f"{first}{mark}{last}" for mark in (" ", '", "')] + [
                f"{last}{mark}{first}" for mark in (" ", '", "')
            ]
        return [*sorted(self.own_emails), *sorted(_forms(self.own_phones)), *both]

    @property
    def mentions(self) -> list[str]:
        """`needles`, and what says it where the row is known to be near the person: a last name alone."""
        alone = [self.last_name] if len(self.last_name) >= _SHORTEST_NAME else []
        return [*self.needles, *sorted(self.emails), *alone]

    def without(self, value: Any) -> Any:
        """`value`, a text or a JSON document, without this person in it."""
        found = _pattern(self)
        return value if found is None else _replaced(value, found)


def _forms(phones: Iterable[str]) -> set[str]:
    """Numbers as they are kept, and as people at home write them."""
    found: set[str] = set()
    for phone in phones:
        found.add(phone)
        if phone.startswith("+33"):
            figures = phone[3:]
            found.add(figures)
            for mark in " .-":
                found.add(mark.join([figures[0], *(figures[at : at + 2] for at in range(1, len(figures), 2))]))
    return found


@lru_cache(maxsize=64)
def _pattern(person: Person) -> re.Pattern[str] | None:
    parts = [re.escape(email) for email in sorted(person.emails, key=len, reverse=True)]
    for phone in sorted(person.own_phones):
        figures = phone.lstrip("+")
        national = figures[2:] if figures.startswith("33") else figures
        start = r"(?:\+|00)?33[\s.()/\-]*(?:\(0\))?" if figures.startswith("33") else r"(?:\+|00)?"
        body = _BETWEEN_FIGURES.join(national)
        parts.append(rf"(?<!\d)(?:{start}{_BETWEEN_FIGURES}|0{_BETWEEN_FIGURES}){body}(?!\d)")
    first, last = _loose(person.first_name), _loose(person.last_name)
    if first and last:
        parts.append(rf"(?<!\w){first}{_BETWEEN_NAMES}{last}(?!\w)")
        parts.append(rf"(?<!\w){last}{_BETWEEN_NAMES}{first}(?!\w)")
    # A name that is also the company's stays the company's.
    if len(person.last_name) >= _SHORTEST_NAME and _plain(person.last_name) not in _plain(person.company_name):
        parts.append(rf"(?<!\w){last}(?!\w)")
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None


def _replaced(value: Any, found: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return found.sub(lambda name: GONE + "".join(_TAG.findall(name.group())), value)
    if isinstance(value, list):
        return [_replaced(one, found) for one in value]
    if isinstance(value, Mapping):
        return {key: _replaced(one, found) for key, one in value.items()}
    return value


def _plain(text: str) -> str:
    """`text` without case and accents."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in folded if not unicodedata.combining(char))


@lru_cache(maxsize=1)
def _accented() -> Mapping[str, str]:
    """The letters with accents of each letter without."""
    found: dict[str, str] = {}
    for code in range(0xC0, 0x180):
        char = chr(code).lower()
        base = _plain(char)
        if len(base) == 1 and base != char and char not in found.get(base, ""):
            found[base] = found.get(base, "") + char
    return found


def _loose(name: str) -> str:
    """A pattern of `name` whatever its accents; and whatever stands between its words."""
    words = []
    for word in re.split(r"[\s\-]+", name.strip()):
        words.append(
            "".join(
                f"[{char}{_accented().get(char, '')}]" if char.isalpha() else re.escape(char) for char in _plain(word)
            )
        )
    return r"[\s\-]+".join(word for word in words if word)
