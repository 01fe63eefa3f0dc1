"""Many rows in one statement: arrays instead of parameters, so that its text is one for any number of rows.

`INSERT … VALUES` of n rows is another statement for each n: built, compiled and prepared anew. Over arrays it is
prepared once in a connection, and a row costs what its values cost.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, ColumnElement, Table, any_, bindparam
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import JSON

from relance.core.db import Base, DbSession
from relance.core.driver import Statement
from relance.core.quick import DIALECT


def among(column: Any, values: Sequence[Any] | set[Any]) -> ColumnElement[bool]:
    """`column = ANY(values)`: what `in_` says, as one statement for any number of values."""
    found: ColumnElement[bool] = column == any_(bindparam(None, list(values), ARRAY(column.type), unique=True))
    return found


async def insert_all(
    session: DbSession, model: type[Base], rows: Sequence[Mapping[str, Any]], *, unless: str | None = None
) -> set[UUID]:
    """Insert `rows`, all of the same columns, in one statement.

    Args:
        session: the caller's.
        model: whose table; `rows` name its columns, the workspace and the id included.
        rows: any number.
        unless: the columns of a unique constraint, "a, b", or "" for any: rows that violate it are passed over.

    Returns:
        The ids of the rows that are new.
    """
    if not rows:
        return set()
    table = cast("Table", model.__table__)
    values = _columns(table, rows)
    ids: list[UUID] = values["id"]
    same = _take_same(values)
    statement = _insertion(table, tuple(name for name in values if name not in same), tuple(same), unless)
    if unless is None:
        await statement.run(session, **{**values, **same})
        return set(ids)
    return {row[0] for row in await statement.rows(session, **{**values, **same})}


async def insert_pairs(
    session: DbSession,
    first: tuple[type[Base], Sequence[Mapping[str, Any]]],
    second: tuple[type[Base], Sequence[Mapping[str, Any]]],
    unless: str,
) -> set[UUID]:
    """Insert rows of two tables that share their ids, in one statement.

    Args:
        session: the caller's.
        first: the table that decides which rows are new, and its rows; see `insert_all`.
        second: the other table, and a row for each of the first, of the same workspace and the same id.
        unless: the columns of a unique constraint of the first table: rows that violate it are passed over, in both.

    Returns:
        The ids of the rows that are new.
    """
    if not first[1]:
        return set()
    tables = cast("Table", first[0].__table__), cast("Table", second[0].__table__)
    sent: dict[str, Any] = {}
    shapes: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    for place, (table, rows) in enumerate(zip(tables, (first[1], second[1]), strict=True)):
        values = _columns(table, rows)
        same = _take_same({name: column for name, column in values.items() if name != "id"})
        values = {name: column for name, column in values.items() if name not in same}
        shapes.append((tuple(values), tuple(same)))
        sent.update({f"{_MARKS[place]}{name}": value for name, value in {**values, **same}.items()})
    statement = _paired(tables, tuple(shapes), unless)
    return {row[0] for row in await statement.rows(session, **sent)}


async def change_all(session: DbSession, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> int:
    """Change `rows` of the session's workspace, each by its `id`, all of the same columns, in one statement.

    A version is counted up. The caller holds their locks.

    Returns:
        How many there were.
    """
    if not rows:
        return 0
    table = cast("Table", model.__table__)
    values = _columns(table, rows)
    statement = _change(table, tuple(name for name in values if name != "id"))
    return await statement.run(session, **values, workspace=session.workspace_id)


def _columns(table: Table, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """`rows` turned round, their documents as text."""
    values = {name: [row[name] for row in rows] for name in rows[0]}
    for name in _documents(table):
        if name in values:
            values[name] = [None if one is None else orjson.dumps(one).decode() for one in values[name]]
    return values


def _take_same(values: Mapping[str, list[Any]]) -> dict[str, Any]:
    """The columns that hold one value: it travels once, and not as an array of which each item is looked at."""
    return {name: column[0] for name, column in values.items() if column.count(column[0]) == len(column)}


@lru_cache(maxsize=256)
def _documents(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.c if isinstance(column.type, JSON | JSONB))


@lru_cache(maxsize=1024)
def _insertion(table: Table, names: tuple[str, ...], same: tuple[str, ...], unless: str | None) -> Statement:
    conflict = ""
    if unless is not None:
        conflict = f"ON CONFLICT {f'({unless}) ' if unless else ''}DO NOTHING RETURNING id"
    return Statement(f"{_insert(table, names, same)} {conflict}")


#: Before the names of the values of two tables that go into one statement.
_MARKS = ("a_", "b_")


@lru_cache(maxsize=256)
def _paired(
    tables: tuple[Table, Table], shapes: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...], unless: str
) -> Statement:
    first, second = (_insert(table, *shape, mark) for table, shape, mark in zip(tables, shapes, _MARKS, strict=True))
    # The rows of the second are written whether or not somebody reads what they return.
    return Statement(
        f"WITH made AS ({first} ON CONFLICT ({unless}) DO NOTHING RETURNING id), "  # noqa: S608 - names of our models
        f"beside AS ({second} JOIN made USING (id)) SELECT id FROM made"
    )


def _insert(table: Table, names: Sequence[str], same: Sequence[str], mark: str = "") -> str:
    shown = [_read(table, name, f"k.{name}") for name in names]
    shown += [_read(table, name, f"CAST(:{mark}{name} AS {_sent(table, name)})") for name in same]
    source = f"FROM unnest({_arrays(table, names, mark)}) AS k({', '.join(names)})" if names else ""
    return f"INSERT INTO {table.name} ({', '.join((*names, *same))}) SELECT {', '.join(shown)} {source}"


@lru_cache(maxsize=256)
def _change(table: Table, names: tuple[str, ...]) -> Statement:
    sets = [f"{name} = {_read(table, name, f'k.{name}')}" for name in names]
    if "version" in table.c:
        sets.append("version = t.version + 1")
    every = ("id", *names)
    return Statement(
        f"UPDATE {table.name} t SET {', '.join(sets)} FROM unnest({_arrays(table, every)}) AS k({', '.join(every)}) "  # noqa: S608 - names of our models
        "WHERE t.workspace_id = :workspace AND t.id = k.id"
    )


def _arrays(table: Table, names: Sequence[str], mark: str = "") -> str:
    return ", ".join(f"CAST(:{mark}{name} AS {_sent(table, name)}[])" for name in names)


def _sent(table: Table, name: str) -> str:
    """As what a value travels."""
    return "text" if name in _documents(table) else _type(table, name)


def _read(table: Table, name: str, value: str) -> str:
    """What travelled, as its column wants it."""
    return f"CAST({value} AS {_type(table, name)})" if name in _documents(table) else value


def _type(table: Table, name: str) -> str:
    return table.c[name].type.compile(dialect=DIALECT)
