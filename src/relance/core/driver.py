"""Statements run on the driver's own connection, inside the session's transaction.

SQLAlchemy is cheap as the builder of statements and dear as their runner: its cursor over asyncpg costs four times the
round trip. What runs thousands of times a second is compiled once, and handed to asyncpg as it is.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import Select, exc, text

from relance.core.db import Base, DbSession, ReadSession, scoped
from relance.core.quick import DIALECT

ModelT = TypeVar("ModelT", bound=Base)
_HELD = "driver"
#: Of a copy, that wait to be taken.
_PIECES = 4

#: A row as asyncpg gives it: by name or by number.
Record = Any


class Statement:
    """SQL with `:names`, the same for any values. The workspace is named in it: no scope is added here.

    Objects of the session that the statement depends on must have been flushed.
    """

    def __init__(self, sql: str) -> None:
        compiled = text(sql).compile(dialect=DIALECT)
        self.sql = compiled.string
        self._names: Sequence[str] = compiled.positiontup or ()

    async def rows(self, session: DbSession, **values: Any) -> list[Record]:
        """Run it, and read what it returns."""
        driver = await driver_of(session)
        try:
            found: list[Record] = await driver.fetch(self.sql, *[values[name] for name in self._names])
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise translated(self.sql, error) from error
        return found

    async def row(self, session: DbSession, **values: Any) -> Record | None:
        """Its first row."""
        found = await self.rows(session, **values)
        return found[0] if found else None

    async def value(self, session: DbSession, **values: Any) -> Any:
        """The first column of its first row; None where there is none."""
        found = await self.rows(session, **values)
        return found[0][0] if found else None

    async def run(self, session: DbSession, **values: Any) -> int:
        """Run it for what it does.

        Returns:
            How many rows it touched.
        """
        driver = await driver_of(session)
        try:
            tag: str = await driver.execute(self.sql, *[values[name] for name in self._names])
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise translated(self.sql, error) from error
        count = tag.rpartition(" ")[2]
        return int(count) if count.isdecimal() else 0


def columns_of(model: type[Base], alias: str = "") -> str:
    """The columns that this version of the product knows, without those that the database computes."""
    names = [column.name for column in model.__table__.columns if column.computed is None]
    return ", ".join(f"{alias}.{name}" if alias else name for name in names)


async def read_as(session: DbSession, model: type[ModelT], statement: Statement, **values: Any) -> list[ModelT]:
    """Rows as objects that no session knows: to be read, never to be changed. What the session holds is written first.

    Args:
        session: the caller's.
        model: whose columns, under their names, the statement returns.
        statement: the query.
        values: its values.
    """
    if session.dirty or session.new:
        await session.flush()
    return [model(**dict(row.items())) for row in await statement.rows(session, **values)]


async def copied(
    session: DbSession, statement: Select[*tuple[Any, ...]], delimiter: str
) -> AsyncGenerator[bytes, None]:
    """What `statement` selects, as PostgreSQL writes CSV by itself (`COPY … TO STDOUT`), piece by piece.

    Needs a transaction that stays open. A reader that is slow holds the database back; one that goes away stops it.
    """
    compiled = scoped(session, statement).compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
    sql, values = compiled.string, [compiled.params[name] for name in compiled.positiontup or ()]
    driver = await driver_of(session)
    pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
    room = asyncio.Semaphore(_PIECES)

    async def take(piece: bytearray) -> None:
        await room.acquire()
        pieces.put_nowait(bytes(piece))

    copying = asyncio.create_task(
        driver.copy_from_query(sql, *values, output=take, format="csv", delimiter=delimiter, encoding="utf-8")
    )
    copying.add_done_callback(lambda _: pieces.put_nowait(None))
    try:
        while (piece := await pieces.get()) is not None:
            room.release()
            yield piece
        await copying
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise translated(sql, error) from error
    finally:
        if not copying.done():
            copying.cancel()
            await asyncio.gather(copying, return_exceptions=True)
            # The driver cannot tell when a copy that was cancelled is over: the connection goes with its reader.
            await session.invalidate()


async def driver_of(session: DbSession) -> Any:
    """The driver's connection of the session, its transaction begun."""
    held, inner = session.info.get(_HELD), _innermost(session)
    if held is not None and held[0] is inner and inner is not None:
        return held[1]
    # Asking for the connection is what begins: the transaction, and within a savepoint the savepoint.
    connection = await session.connection()
    raw: Any = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    if not isinstance(session, ReadSession) and not driver.is_in_transaction():
        # SQLAlchemy's adapter begins with its own first statement, and must know that it has.
        try:
            await raw.dbapi_connection._start_transaction()
        except Exception as error:
            cause = error.__cause__
            raise translated("BEGIN", cause if isinstance(cause, Exception) else error) from error
    session.info[_HELD] = _innermost(session), driver
    return driver


def _innermost(session: DbSession) -> Any:
    """The savepoint that the session is in, else its transaction."""
    return session.sync_session.get_nested_transaction() or session.sync_session.get_transaction()


def translated(sql: str, error: Exception) -> exc.DBAPIError:
    """What SQLAlchemy would have raised, for whoever handles the errors of the database."""
    kind: type[exc.DBAPIError] = exc.DBAPIError
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        kind = exc.IntegrityError
    elif isinstance(error, asyncpg.InterfaceError):
        kind = exc.InterfaceError
    elif isinstance(error, OSError | asyncpg.PostgresConnectionError | asyncpg.OperatorInterventionError):
        kind = exc.OperationalError
    return kind(sql, None, error)
