"""Many rows in one statement: arrays instead of parameters, so that its text is one for any number of rows.

`INSERT … VALUES` of n rows is another statement for each n: built, compiled and prepared anew. Over arrays it is
prepared once in a connection, and a row costs what its values cost.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, ColumnElement, Table, TextClause, any_, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.types import JSON

from relance.core.db import Base, DbSession

_DIALECT = make_url("postgresql+asyncpg://").get_dialect()()


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
    names = tuple(rows[0])
    values: dict[str, Any] = {name: [row[name] for row in rows] for name in names}
    for name in names:
        if _is_json(table, name):
            values[name] = [None if one is None else orjson.dumps(one).decode() for one in values[name]]
    return set(await session.scalars(_statement(table, names, unless), values))


def _is_json(table: Table, name: str) -> bool:
    return isinstance(table.c[name].type, JSON | JSONB)


@lru_cache(maxsize=64)
def _statement(table: Table, names: tuple[str, ...], unless: str | None) -> TextClause:
    arrays, shown = [], []
    for name in names:
        type_ = table.c[name].type.compile(dialect=_DIALECT)
        arrays.append(f"CAST(:{name} AS {'text' if _is_json(table, name) else type_}[])")
        shown.append(f"CAST(k.{name} AS {type_})" if _is_json(table, name) else f"k.{name}")
    conflict = ""
    if unless is not None:
        conflict = f"ON CONFLICT {f'({unless}) ' if unless else ''}DO NOTHING"
    return text(
        f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {', '.join(shown)} "  # noqa: S608 - names of our models
        f"FROM unnest({', '.join(arrays)}) AS k({', '.join(names)}) {conflict} RETURNING id"
    )


async def update_all(session: DbSession, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Change many rows of the session's workspace in one statement, each to values of its own; versions grow by one.

    Args:
        session: the caller's.
        model: whose table; it has a version.
        rows: all of the same columns, `id` among them.
    """
    if not rows:
        return
    table = cast("Table", model.__table__)
    names = tuple(rows[0])
    values: dict[str, Any] = {name: [row[name] for row in rows] for name in names}
    for name in names:
        if _is_json(table, name):
            values[name] = [None if one is None else orjson.dumps(one).decode() for one in values[name]]
    await session.execute(_change(table, names), {**values, "of_workspace": session.workspace_id})


@lru_cache(maxsize=64)
def _change(table: Table, names: tuple[str, ...]) -> TextClause:
    arrays, changes = [], ["version = t.version + 1"]
    for name in names:
        type_ = table.c[name].type.compile(dialect=_DIALECT)
        arrays.append(f"CAST(:{name} AS {'text' if _is_json(table, name) else type_}[])")
        if name != "id":
            changes.append(f"{name} = CAST(k.{name} AS {type_})" if _is_json(table, name) else f"{name} = k.{name}")
    return text(
        f"UPDATE {table.name} t SET {', '.join(changes)} "  # noqa: S608 - names of our models
        f"FROM unnest({', '.join(arrays)}) AS k({', '.join(names)}) "
        "WHERE t.workspace_id = :of_workspace AND t.id = k.id"
    )
