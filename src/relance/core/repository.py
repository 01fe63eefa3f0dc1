"""Base of every repository: all SQL of a room is in its `repository.py`, takes a session and never commits."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import CursorResult, Delete, Row, SQLColumnExpression, Update

from relance.core.db import DbSession
from relance.core.pagination import AnySelect, Cursor, PageRequest, Slice, Sortable, SortKey, keyset, ordered

AnyRow = Row[*tuple[Any, ...]]
ShapeT = TypeVar("ShapeT")

#: Rows in memory at once of what is streamed.
_STREAMED = 1000


class Repository:
    """Holds the session of one request or one batch of a sweep."""

    def __init__(self, session: DbSession) -> None:
        self.session = session


async def affected(session: DbSession, statement: Update | Delete) -> int:
    """Run a bulk change beside the session's own objects, and tell how many rows it touched."""
    done = await session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount


async def fetch_page(
    session: DbSession, statement: AnySelect, request: PageRequest, key: SortKey, id_column: SQLColumnExpression[Any]
) -> Slice[AnyRow]:
    """The rows of one page of `statement`, and the cursor of the next page where there is one."""
    keyed = statement.add_columns(key.column.label("_sort"), id_column.label("_id"))
    rows = (await session.execute(keyset(keyed, request, key, id_column))).all()
    shown = rows[: request.limit]
    if len(rows) <= request.limit:
        return Slice(shown, None)
    last = shown[-1]._mapping
    return Slice(shown, Cursor(request.sort, last["_sort"], last["_id"]))


async def streamed(
    session: DbSession,
    statement: AnySelect,
    sort: str,
    sorts: Mapping[str, Sortable],
    id_column: Sortable,
    shape: Callable[..., ShapeT],
) -> AsyncIterator[Sequence[ShapeT]]:
    """Every row of `statement` as `shape(*row)`, from a cursor of the server. Needs a transaction that stays open.

    Args:
        sort: as in the query of the list, with its sign.
        sorts: the sort keys of the list.
        id_column: what breaks ties.
    """
    order = ordered(sorts[sort.removeprefix("-")], id_column, descending=sort.startswith("-"))
    found = await session.stream(statement.order_by(*order).execution_options(yield_per=_STREAMED))
    async for rows in found.partitions():
        yield [shape(*row) for row in rows]
