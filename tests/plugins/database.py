"""One database per xdist process, a copy of a template that Alembic has migrated once for the whole run."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import asyncpg
import pytest
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


@pytest.fixture(scope="session")
async def clear(database_url: str) -> AsyncIterator[Clear]:
    """Leaves no rows in any table: one round trip on a kept connection, which knows the tables already."""
    assert _tables  # the metadata is whole
    # Deleting from empty tables is ten times faster than TRUNCATE, which rewrites each file.
    statements = "; ".join(f'DELETE FROM "{table.name}"' for table in Base.metadata.sorted_tables)
    connection = await asyncpg.connect(database_url)
    await connection.execute("SET session_replication_role = replica")
    yield lambda: connection.execute(statements)
    await connection.close()


@pytest.fixture
async def empty_database(database_url: str, clear: Clear) -> str:
    """The migrated database, with no rows in any table."""
    await clear()
    return database_url
