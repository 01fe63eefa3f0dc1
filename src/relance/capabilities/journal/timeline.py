"""What each domain lets the history of a company or a contact tell: declared by the domain, listed in wiring.

The journal names the company and the contact that an entry concerns, so that a history is read from it without knowing
the domains; which entries are worth telling, in which words, and whose they are to read, is the domain's to say.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from relance.capabilities.journal.models import JournalEntry
from relance.capabilities.journal.repository import HistoryFilter, JournalRepository
from relance.core.db import DbSession
from relance.core.i18n import Text
from relance.core.pagination import AnySelect, PageRequest
from relance.core.security import Caller

#: By subject kind, the ids of the subjects that a caller may read; None for all of them. A kind that is absent is not
#: to be read at all.
Readable = Mapping[str, AnySelect | None]


class Titled(Protocol):
    """What a domain says about an action: its `EventType`, for one."""

    @property
    def type(self) -> str: ...
    @property
    def subject_kind(self) -> str: ...
    @property
    def title(self) -> Text: ...


@dataclass(frozen=True)
class TimelineSource:
    """The entries of one domain that a history tells."""

    #: What happened, in words, by action and by the kind of its subject.
    titles: Mapping[str, Mapping[str, Text]]
    readable: Callable[[Caller], Readable]

    @classmethod
    def of(cls, told: Iterable[Titled], readable: Callable[[Caller], Readable], without: Iterable[str] = ()) -> Self:
        """From the events of a domain, but for some that tell a reader nothing."""
        titles: dict[str, dict[str, Text]] = {}
        for one in told:
            if one.type not in set(without):
                titles.setdefault(one.subject_kind, {})[one.type] = one.title
        return cls(titles, readable)


class Timeline:
    """Reads histories from the journal."""

    def __init__(self, sources: Sequence[TimelineSource]) -> None:
        self._sources = sources
        self._titles = {
            action: title for one in sources for titles in one.titles.values() for action, title in titles.items()
        }

    def title(self, action: str) -> Text | None:
        """What an action says in a history; None for one that none tells."""
        return self._titles.get(action)

    def actions(self) -> Iterable[str]:
        """Every action that a history tells."""
        return self._titles

    async def lines(
        self, session: DbSession, caller: Caller, wanted: HistoryFilter, request: PageRequest
    ) -> Sequence[JournalEntry]:
        """The entries of a history that the caller may read, one more than a page has."""
        readable = [
            (tuple(source.titles[kind]), kind, ids)
            for source in self._sources
            for kind, ids in source.readable(caller).items()
            if kind in source.titles
        ]
        return await JournalRepository(session).history(readable, wanted, request)
