"""Keyset pagination: a page starts after the last row of the one before, whatever the depth.

A cursor is opaque and checked: it carries the sort, the last row's key and a MAC, so that a cursor of another list,
another sort or somebody's invention is a 422 and never reaches a query.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Select, SQLColumnExpression, tuple_
from sqlalchemy.sql import literal

from relance.core.errors import ValidationFailed
from relance.core.i18n import Text

MAX_LIMIT = 200
DEFAULT_LIMIT = 50
_MAC_BYTES = 12

RowT = TypeVar("RowT")
AnySelect = Select[*tuple[Any, ...]]
#: What a list can be sorted by: an expression, or a mapped column as it stands on its class.
Sortable = SQLColumnExpression[Any]


@dataclass(frozen=True, slots=True)
class SortKey:
    """One order of a list. `column` is never null (coalesced where needed), so that the row comparison is total."""

    name: str
    column: SQLColumnExpression[Any]


@dataclass(frozen=True, slots=True)
class Cursor:
    """The key of the last row seen: the value of the sort column and the id that breaks ties."""

    sort: str
    value: object
    id: UUID


#: Sort values that JSON has no type for, by the mark they are kept under.
_READ: Mapping[str, Callable[[str], object]] = {"t": datetime.fromisoformat, "d": date.fromisoformat, "u": UUID}


class CursorCodec:
    """Writes and reads cursors with a key of its own."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def encode(self, cursor: Cursor) -> str:
        """The opaque form of `cursor`."""
        kind, value = "s", cursor.value
        if isinstance(value, datetime):
            kind, value = "t", value.isoformat()
        elif isinstance(value, date):
            kind, value = "d", value.isoformat()
        elif isinstance(value, UUID):
            kind, value = "u", str(value)
        body = orjson.dumps([cursor.sort, kind, value, str(cursor.id)])
        return base64.urlsafe_b64encode(self._mac(body) + body).rstrip(b"=").decode()

    def decode(self, text: str, sort: str) -> Cursor:
        """The cursor behind `text`.

        Raises:
            ValidationFailed: it was not made here, or for another sort.
        """
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError:
            raise _unreadable() from None
        mac, body = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(body)):
            raise _unreadable()
        made_for, kind, value, last_id = orjson.loads(body)
        if made_for != sort:
            raise ValidationFailed.at(
                "/query/cursor",
                "cursor_of_another_sort",
                Text("Ce curseur vient d’un autre tri.", "This cursor comes from another sort."),
            )
        read = _READ.get(kind)
        return Cursor(sort, read(value) if read else value, UUID(last_id))

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, hashlib.sha256).digest()[:_MAC_BYTES]


def _unreadable() -> ValidationFailed:
    return ValidationFailed.at(
        "/query/cursor", "cursor_unreadable", Text("Ce curseur est illisible.", "This cursor is unreadable.")
    )


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a caller asks of a list: how many rows, in which order, after which one."""

    limit: int
    sort: str
    after: Cursor | None

    @property
    def descending(self) -> bool:
        """Whether the order runs from the greatest to the least."""
        return self.sort.startswith("-")

    @property
    def key(self) -> str:
        """The name of the sort key, without its sign."""
        return self.sort.removeprefix("-")


def keyset(statement: AnySelect, request: PageRequest, key: SortKey, id_column: SQLColumnExpression[Any]) -> AnySelect:
    """`statement` ordered, started after the cursor, and limited to one row more than asked (tells if more follow)."""
    pair = tuple_(key.column, id_column)
    if request.after is not None:
        after = tuple_(_typed(request.after.value, key.column), _typed(request.after.id, id_column))
        statement = statement.where(pair < after if request.descending else pair > after)
    order = ordered(key.column, id_column, descending=request.descending)
    return statement.order_by(*order).limit(request.limit + 1)


def ordered(column: Sortable, id_column: Sortable, *, descending: bool) -> Sequence[ColumnElement[Any]]:
    """The order of a list: by `column`, ties by the id, both the same way."""
    return [one.desc() if descending else one.asc() for one in (column, id_column)]


def _typed(value: object, like: SQLColumnExpression[Any]) -> ColumnElement[Any]:
    """`value` as a parameter of the column's own type, so that PostgreSQL can compare the pair by its index."""
    return literal(value, cast("ColumnElement[Any]", like).type)


@dataclass(frozen=True)
class Slice(Generic[RowT]):
    """The rows of one page and the cursor of the next."""

    rows: Sequence[RowT]
    next: Cursor | None
