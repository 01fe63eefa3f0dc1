"""One database per xdist process, a copy of a template that Alembic has migrated once for the whole run."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO

import asyncpg
import pytest
from sqlalchemy import Table
from tests.plugins.servers import PG_ADMIN_URL

from relance.core.db import Base
from relance.core.ids import new_id
from relance.core.migrate import upgrade
from relance.core.paths import migrations_dir
from relance.core.settings import Settings
from relance.tables import __all__ as _tables

_LOCK = 727432002


def _template_name() -> str:
    """A name that changes with the migrations: a server given from outside may hold the template of other ones."""
    digest = hashlib.sha256()
    for path in sorted(migrations_dir().glob("versions/*.py")):
        digest.update(path.read_bytes())
    return f"relance_template_{digest.hexdigest()[:16]}"


def _on(server: str, name: str) -> str:
    return f"{server.rpartition('/')[0]}/{name}"


async def _new_database(server: str, name: str) -> None:
    template = _template_name()
    admin = await asyncpg.connect(server)
    try:
        await admin.execute("SELECT pg_advisory_lock($1)", _LOCK)
        if not await admin.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", template):
            await admin.execute(f'CREATE DATABASE "{template}_new"')
            await asyncio.to_thread(
                upgrade, Settings(environment="development", database_url=_on(server, f"{template}_new"))
            )
            await admin.execute(f'ALTER DATABASE "{template}_new" RENAME TO "{template}"')
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    finally:
        await admin.close()


async def _drop(server: str, name: str) -> None:
    admin = await asyncpg.connect(server)
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """The migrated database of this process; what a test leaves in it is the next one's to clean (`empty_database`)."""
    server = os.environ[PG_ADMIN_URL]
    name = f"relance_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}_{new_id().hex}"
    asyncio.run(_new_database(server, name))
    yield _on(server, name)
    asyncio.run(_drop(server, name))


Clear = Callable[[], Awaitable[None]]
#: By table: what COPY wrote of it.
Rows = Mapping[str, bytes]


@dataclass(frozen=True)
class Keeper:
    """Keeps all rows of a database aside, and brings them back: much faster than making them again."""

    connection: asyncpg.Connection

    async def kept(self) -> Rows:
        """What every table holds."""
        rows: dict[str, bytes] = {}
        for table in Base.metadata.sorted_tables:
            buffer = BytesIO()
            await self.connection.copy_from_table(table.name, output=buffer, columns=_written(table), format="binary")
            rows[table.name] = buffer.getvalue()
        return rows

    async def bring_back(self, rows: Rows) -> None:
        """Exactly `rows` in the tables; the order of time of `kept` and this is the caller's business."""
        async with self.connection.transaction():
            await self.connection.execute(_DELETE_ALL)
            for table in Base.metadata.sorted_tables:
                await self.connection.copy_to_table(
                    table.name, source=BytesIO(rows[table.name]), columns=_written(table), format="binary"
                )


def _written(table: Table) -> list[str]:
    return [column.name for column in table.columns if column.computed is None]


assert _tables  # the metadata is whole
# Deleting from empty tables is ten times faster than TRUNCATE, which rewrites each file.
_DELETE_ALL = "; ".join(f'DELETE FROM "{table.name}"' for table in Base.metadata.sorted_tables)


@pytest.fixture(scope="session")
async def keeper(database_url: str) -> AsyncIterator[Keeper]:
    """On a kept connection, which knows the tables already; no trigger answers to what it does."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("SET session_replication_role = replica")
    yield Keeper(connection)
    await connection.close()


@pytest.fixture(scope="session")
def clear(keeper: Keeper) -> Clear:
    """Leaves no rows in any table: one round trip."""
    return lambda: keeper.connection.execute(_DELETE_ALL)


@pytest.fixture
async def empty_database(database_url: str, clear: Clear) -> str:
    """The migrated database, with no rows in any table."""
    await clear()
    return database_url
