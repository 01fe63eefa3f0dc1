"""Base of every repository: all SQL of a room is in its `repository.py`, takes a session and never commits."""

from typing import Any, cast

from sqlalchemy import CursorResult, Delete, Row, Select, Update

from relance.core.db import DbSession
from relance.core.pagination import Cursor, PageRequest, Slice, Sortable, SortKey, keyset


class Repository:
    """Holds the session of one request or one batch of a sweep."""

    def __init__(self, session: DbSession) -> None:
        self.session = session


async def affected(session: DbSession, statement: Update | Delete) -> int:
    """Run a bulk change beside the session's own objects, and tell how many rows it touched."""
    done = await session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount


async def fetch_page(
    session: DbSession, statement: Select[Any], request: PageRequest, key: SortKey, id_column: Sortable
) -> Slice[Row[Any]]:
    """The rows of one page of `statement`, and the cursor of the next page where there is one."""
    keyed = statement.add_columns(key.column.label("_sort"), id_column.label("_id"))
    rows = (await session.execute(keyset(keyed, request, key, id_column))).all()
    shown = rows[: request.limit]
    if len(rows) <= request.limit:
        return Slice(shown, None)
    last = shown[-1]._mapping
    return Slice(shown, Cursor(request.sort, last["_sort"], last["_id"]))
