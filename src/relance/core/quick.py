"""Statements that are compiled once and run on the driver's own connection: for what every request asks.

SQLAlchemy is cheap as the builder of statements and dear as the reader of results: its cursor over asyncpg costs more
than most queries. Here it keeps what it is good at, the statements and the pool; the rows are asyncpg's.
"""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import ClauseElement, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import greenlet_spawn

from relance.core.errors import ServiceUnavailable

DIALECT = make_url("postgresql+asyncpg://").get_dialect()()
_SEEN = "relance_seen"
#: A connection that has answered within these seconds is not asked whether it lives.
_TRUSTED_SECONDS = 10.0
#: The server is going away, or not here yet.
_AWAY = frozenset({"57P01", "57P02", "57P03"})


class Quick:
    """A statement that reads, compiled at its making. It is not scoped by any session: it names its workspace."""

    def __init__(self, statement: ClauseElement) -> None:
        compiled = statement.compile(dialect=DIALECT)
        self.sql = str(compiled)
        self._constants: Mapping[str, Any] = compiled.params
        self._names: Sequence[str] = getattr(compiled, "positiontup", None) or ()

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """`values` in the order of the statement's marks."""
        return [values[name] if name in values else self._constants[name] for name in self._names]


def watch(engine: AsyncEngine) -> None:
    """Give out no connection of `engine` that is known to be dead, without a round trip for each that is not.

    The end of a server closes its sockets, which the event loop has seen before anybody asks for a connection; only a
    network that goes away in silence needs asking, and only of a connection that has been idle.
    """

    @event.listens_for(engine.sync_engine, "checkin")
    def note(_connection: Any, record: Any) -> None:
        record.info[_SEEN] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def check(connection: Any, record: Any, _proxy: object) -> None:
        if connection.driver_connection.is_closed():
            raise InvalidatePoolError
        seen = record.info.get(_SEEN)
        if seen is None or time.monotonic() - seen < _TRUSTED_SECONDS:
            return
        try:
            connection.ping()
        except Exception:
            raise InvalidatePoolError from None


@asynccontextmanager
async def _driver(engine: AsyncEngine) -> AsyncIterator[Any]:
    """A driver connection of the pool, in autocommit."""
    held = await engine.raw_connection()
    try:
        yield held.driver_connection
    except BaseException as error:
        # In the middle of a query, by a cancelled request for one: nobody knows what it would answer next.
        if not isinstance(error, Exception):
            await greenlet_spawn(held.invalidate)
        raise
    finally:
        await greenlet_spawn(held.close)


async def fetch(engine: AsyncEngine, statement: Quick, values: Mapping[str, Any]) -> Sequence[Any]:
    """The rows of `statement`, in autocommit; asked once more where the connection turns out to be dead.

    Raises:
        ServiceUnavailable: the database has gone away twice.
    """
    arguments = statement.arguments(values)
    try:
        return await _fetch(engine, statement.sql, arguments)
    except _GoneError:
        pass
    try:
        return await _fetch(engine, statement.sql, arguments)
    except _GoneError:
        raise ServiceUnavailable() from None


class _GoneError(Exception):
    """The connection is dead, whatever the server is."""


async def _fetch(engine: AsyncEngine, sql: str, arguments: Sequence[Any]) -> Sequence[Any]:
    async with _driver(engine) as connection:
        try:
            rows: Sequence[Any] = await connection.fetch(sql, *arguments)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            if connection.is_closed() or getattr(error, "sqlstate", None) in _AWAY:
                raise _GoneError from error
            raise
    return rows
