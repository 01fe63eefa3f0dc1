"""Migrations: what this version does not know is refused, and nothing is touched."""

import asyncio
import os
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest

from relance.core.migrate import NewerDatabaseError, current_and_heads, upgrade
from relance.core.settings import Settings


async def execute(url: str, statement: str) -> None:
    """Run one statement on its own connection."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
def empty_database() -> Iterator[str]:
    """The address of a database that nobody migrated."""
    admin_url, name = os.environ["RELANCE_TEST_PG_ADMIN_URL"], f"migrate_{uuid4().hex}"
    asyncio.run(execute(admin_url, f"CREATE DATABASE {name}"))
    yield urlunsplit(urlsplit(admin_url)._replace(path=f"/{name}"))
    asyncio.run(execute(admin_url, f"DROP DATABASE {name} WITH (FORCE)"))


def test_empty_database_is_brought_to_the_head_and_stays_there(empty_database: str) -> None:
    settings = Settings(environment="development", database_url=empty_database)
    assert current_and_heads(settings)[0] == ()
    upgrade(settings)
    upgrade(settings)
    current, heads = current_and_heads(settings)
    assert current == heads
    assert len(heads) == 1


def test_database_of_a_newer_version_is_refused(empty_database: str) -> None:
    asyncio.run(execute(empty_database, "CREATE TABLE alembic_version (version_num text)"))
    asyncio.run(execute(empty_database, "INSERT INTO alembic_version VALUES ('from_the_future')"))
    settings = Settings(environment="development", database_url=empty_database)
    with pytest.raises(NewerDatabaseError, match=r"newer Relance \(revision from_the_future\)"):
        upgrade(settings)
    assert current_and_heads(settings)[0] == ("from_the_future",)
