"""Many rows in one statement: one document instead of parameters, so that its text is one for any number of rows.

`INSERT … VALUES` of n rows is another statement for each n: built, compiled and prepared anew. Over one JSON document
it is prepared once in a connection, and writing the document costs a tenth of what handing over each value does.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, ColumnElement, Table, TextClause, any_, bindparam, text
from sqlalchemy.engine import make_url

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
    return set(await session.scalars(_statement(table, tuple(rows[0]), unless), {"rows": _document(rows)}))


def _document(rows: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps(rows, default=_as_text).decode()


def _as_text(value: object) -> str:
    """What JSON has no form for, as PostgreSQL reads it."""
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)


def _columns(table: Table, names: Sequence[str]) -> str:
    """The columns of the document, with their types."""
    return ", ".join(f"{name} {table.c[name].type.compile(dialect=_DIALECT)}" for name in names)


@lru_cache(maxsize=64)
def _statement(table: Table, names: tuple[str, ...], unless: str | None) -> TextClause:
    conflict = ""
    if unless is not None:
        conflict = f"ON CONFLICT {f'({unless}) ' if unless else ''}DO NOTHING"
    listed = ", ".join(names)
    return text(
        f"INSERT INTO {table.name} ({listed}) SELECT {listed} "  # noqa: S608 - names of our models
        f"FROM json_to_recordset(CAST(:rows AS json)) AS k({_columns(table, names)}) {conflict} RETURNING id"
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
    values = {"rows": _document(rows), "of_workspace": session.workspace_id}
    await session.execute(_change(table, tuple(rows[0])), values)


@lru_cache(maxsize=64)
def _change(table: Table, names: tuple[str, ...]) -> TextClause:
    changes = ["version = t.version + 1", *(f"{name} = k.{name}" for name in names if name != "id")]
    return text(
        f"UPDATE {table.name} t SET {', '.join(changes)} "  # noqa: S608 - names of our models
        f"FROM json_to_recordset(CAST(:rows AS json)) AS k({_columns(table, names)}) "
        "WHERE t.workspace_id = :of_workspace AND t.id = k.id"
    )
