"""Alembic environment: the address comes from the settings, the metadata from every table of the product."""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

import relance.tables  # noqa: F401 - imports every table, so that the metadata is whole
from relance.core.db import Base
from relance.core.settings import get_settings

config = context.config


def _include(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    return not (kind == "table" and name == "alembic_version")


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        compare_server_default=True,
        include_object=_include,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        # Two processes that migrate at once wait for each other instead of failing half way. The lock belongs to the
        # session: each migration commits, and one of a transaction would be gone after the first.
        connection.exec_driver_sql("SELECT pg_advisory_lock(727432001)")
        context.run_migrations()
        connection.exec_driver_sql("SELECT pg_advisory_unlock(727432001)")


async def _online() -> None:
    url = config.attributes.get("url") or get_settings().sqlalchemy_url
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_run)
        await connection.commit()
    await engine.dispose()


if context.is_offline_mode():
    raise SystemExit("offline migrations are not supported: give a database address")

given = config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    asyncio.run(_online())
