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
from sqlalchemy.types import JSON

from relance.core.db import Base, DbSession
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
        type_ = table.c[name].type.compile(dialect=DIALECT)
        arrays.append(f"CAST(:{name} AS {'text' if _is_json(table, name) else type_}[])")
        shown.append(f"CAST(k.{name} AS {type_})" if _is_json(table, name) else f"k.{name}")
    conflict = ""
    if unless is not None:
        conflict = f"ON CONFLICT {f'({unless}) ' if unless else ''}DO NOTHING"
    return text(
        f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {', '.join(shown)} "  # noqa: S608 - names of our models
        f"FROM unnest({', '.join(arrays)}) AS k({', '.join(names)}) {conflict} RETURNING id"
    )
