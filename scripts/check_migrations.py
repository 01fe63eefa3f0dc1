"""The migrations against a real, throw-away database: one head, runnable from nothing, and no drift from the models.

`TEST_DATABASE_URL` (a role that may create databases) replaces the embedded server. Exits 1 with a line per fault.
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

import relance.tables  # noqa: F401 - imports every table, so that the metadata is whole
from relance.core.db import Base
from relance.core.migrate import current_and_heads, differences, heads, upgrade
from relance.core.settings import Settings
from relance.embedded.testing import postgres_server


@contextmanager
def empty_database(admin_url: str) -> Iterator[str]:
    """A new database of that server, dropped at the end; yields its address."""
    name = f"relance_check_{uuid4().hex}"
    asyncio.run(_execute(admin_url, f'CREATE DATABASE "{name}"'))
    try:
        yield urlunsplit(urlsplit(admin_url)._replace(path=f"/{name}"))
    finally:
        asyncio.run(_execute(admin_url, f'DROP DATABASE "{name}" WITH (FORCE)'))


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def faults() -> Iterator[str]:
    """What is wrong with the migrations, one line each."""
    if len(heads()) != 1:
        yield f"migrations: {len(heads())} heads, there must be one: {', '.join(heads())}"
        return
    with ExitStack() as stack:
        admin_url = os.environ.get("TEST_DATABASE_URL") or stack.enter_context(postgres_server())
        url = stack.enter_context(empty_database(admin_url))
        settings = Settings(environment="development", database_url=url)
        upgrade(settings)
        current, newest = current_and_heads(settings)
        if current != newest:
            yield f"migrations: an upgraded database is at {current}, not at {newest}"
        for difference in differences(settings, Base.metadata):
            yield f"migrations: the models differ from the migrated database: {difference}"


def main() -> int:
    """Print the faults."""
    found = list(faults())
    for fault in found:
        sys.stdout.write(fault + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
