"""What a room keeps of people, as data: which rows, and what of them is emptied. Erasing and the export of a person's
data read the same declaration, so that the two cannot differ."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, delete, false, or_, select, update

from relance.core.bulk import among
from relance.core.db import DbSession
from relance.core.i18n import Text as Words
from relance.core.personal.person import Person
from relance.core.repository import affected
from relance.core.search import folded, holds
from relance.core.subjects import SubjectRef


class Keeper(Protocol):
    """A kind of rows, or of files, that hold people. Registered by the composition root."""

    @property
    def section(self) -> str:
        """Its name in the export."""
        ...

    @property
    def label(self) -> Words:
        """Its name for people."""
        ...

    @property
    def asked(self) -> str | None:
        """The subject kind of its rows, where the person is asked by them."""
        ...

    @property
    def near(self) -> str | None:
        """The subject kind of its rows, where they are about the person among others."""
        ...

    @property
    def files(self) -> str | None:
        """The subject kind under which its rows hold files, where those are the person's too."""
        ...

    async def find(self, session: DbSession, person: Person, *, lock: bool) -> Sequence[UUID]:
        """What of it is about `person`; locked until the end of the transaction where asked."""
        ...

    async def tell(self, session: DbSession, person: Person, ids: Sequence[UUID]) -> Sequence[Mapping[str, Any]]:
        """What it holds of `person` in those rows; nothing of what only takes part in erasing."""
        ...

    async def erase(self, session: DbSession, person: Person, ids: Sequence[UUID]) -> None:
        """Hold nothing of `person` in those rows any more."""
        ...


@dataclass(frozen=True, slots=True)
class Holding:
    """A table that holds people: a `Keeper`."""

    section: str
    label: Words
    model: type[Any]
    theirs: Callable[[Person], ColumnElement[bool]]
    #: What stands in a column once it is emptied: a value, SQL, or what `callable(person)` gives.
    cleared: Mapping[str, Any] = field(default_factory=dict)
    #: Columns of texts and documents that stay, without the person in them.
    redacted: tuple[str, ...] = ()
    #: Columns that are told besides: dates, states.
    shown: tuple[str, ...] = ()
    asked: str | None = None
    near: str | None = None
    files: str | None = None
    #: The whole row goes.
    removed: bool = False

    async def find(self, session: DbSession, person: Person, *, lock: bool) -> Sequence[UUID]:
        """See `Keeper.find`."""
        statement = select(self.model.id).where(self.theirs(person)).order_by(self.model.id)
        if lock:
            statement = statement.with_for_update(key_share=True)
        return (await session.scalars(statement)).all()

    async def tell(self, session: DbSession, person: Person, ids: Sequence[UUID]) -> Sequence[Mapping[str, Any]]:
        """See `Keeper.tell`. Of a text that is only redacted, nothing is told where it does not name the person."""
        names = ["id", *self.shown, *self.cleared, *self.redacted]
        told = []
        for row in (await session.execute(self._columns(names, ids))).mappings():
            theirs = {name for name in self.redacted if person.without(row[name]) == row[name]}
            if self.cleared or self.removed or len(theirs) < len(self.redacted):
                told.append({name: row[name] for name in names if name not in theirs and row[name] not in _NOTHING})
        return told

    async def erase(self, session: DbSession, person: Person, ids: Sequence[UUID]) -> None:
        """See `Keeper.erase`."""
        if not ids:
            return
        if self.removed:
            await affected(session, delete(self.model).where(among(self.model.id, list(ids))))
            return
        await self._redact(session, person, ids)
        if self.cleared:
            values = {name: value(person) if callable(value) else value for name, value in self.cleared.items()}
            await self._change(session, ids, values)

    async def _redact(self, session: DbSession, person: Person, ids: Sequence[UUID]) -> None:
        if not self.redacted:
            return
        for row in (await session.execute(self._columns(("id", *self.redacted), ids))).mappings():
            changes = {}
            for name in self.redacted:
                text = person.without(row[name])
                if text != row[name]:
                    changes[name] = text
            if changes:
                await self._change(session, [row["id"]], changes)

    def _columns(self, names: Sequence[str], ids: Sequence[UUID]) -> Any:
        columns = [getattr(self.model, name).label(name) for name in names]
        return select(*columns).where(among(self.model.id, list(ids))).order_by(self.model.id)

    async def _change(self, session: DbSession, ids: Sequence[UUID], values: Mapping[str, Any]) -> None:
        if "version" in self.model.__table__.c:
            values = {**values, "version": self.model.version + 1}
        await affected(session, update(self.model).where(among(self.model.id, list(ids))).values(**values))


_NOTHING: tuple[Any, ...] = (None, "", [], {})


def naming(words: Sequence[str], *columns: Any) -> ColumnElement[bool]:
    """Whether one of `columns`, texts or documents, holds one of `words`, whatever their case and accents."""
    if not words:
        return false()
    return or_(*(holds(folded(cast(column, Text())), word) for column in columns for word in words))


async def about(
    session: DbSession, keepers: Sequence[Keeper], person: Person, *, lock: bool
) -> tuple[Person, list[Sequence[UUID]]]:
    """Which rows of each of `keepers` are about `person`, who then knows the subjects among them.

    Keepers of subjects come before those that look at them: mails, links, files, follow-ups.
    """
    every: list[Sequence[UUID]] = []
    for keeper in keepers:
        ids = await keeper.find(session, person, lock=lock)
        every.append(ids)
        if keeper.asked is not None:
            person = replace(person, asked=person.asked | {SubjectRef(keeper.asked, one) for one in ids})
        if keeper.near is not None:
            person = replace(person, near=person.near | {SubjectRef(keeper.near, one) for one in ids})
        if keeper.files is not None:
            person = replace(person, holders=person.holders | {SubjectRef(keeper.files, one) for one in ids})
    return person, every
