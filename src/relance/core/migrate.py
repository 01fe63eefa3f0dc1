"""Bring a database to this version of the product, and say how far it is.

Everything here blocks and runs its own event loop: call it from a thread in async code.
"""

import asyncio
from collections.abc import Callable
from functools import cache
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from relance.core.paths import migrations_dir
from relance.core.settings import Settings

T = TypeVar("T")


class NewerDatabaseError(Exception):
    """The database holds a migration that this version does not know."""

    def __init__(self, revisions: tuple[str, ...]) -> None:
        self.revisions = revisions
        super().__init__(
            f"the database was migrated by a newer Relance (revision {', '.join(revisions)}): "
            "install that version, or use another database"
        )


def alembic_config(settings: Settings) -> Config:
    """The Alembic configuration, built in code so that no file has to be found in the working directory."""
    config = _offline_config()
    config.attributes["url"] = settings.sqlalchemy_url
    return config


@cache  # /readyz asks at every call, and the answer is part of the installed code
def heads() -> tuple[str, ...]:
    """The newest revisions of this version; more than one is a fault of the code base."""
    return tuple(_script().get_heads())


def current_and_heads(settings: Settings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Revisions of the database (empty when never migrated), and those of this version.

    Raises:
        OSError, sqlalchemy.exc.SQLAlchemyError: the database cannot be reached.
    """
    return _with_connection(settings, _current), heads()


def upgrade(settings: Settings) -> None:
    """Run every missing migration. Two processes that call this at once wait for each other.

    Raises:
        NewerDatabaseError: a newer version has been here; nothing was changed.
        OSError, sqlalchemy.exc.SQLAlchemyError: the database cannot be reached, or refuses.
    """
    current, newest = current_and_heads(settings)
    known = {revision.revision for revision in _script().walk_revisions()}
    unknown = tuple(revision for revision in current if revision not in known)
    if unknown:
        raise NewerDatabaseError(unknown)
    if current != newest:
        command.upgrade(alembic_config(settings), "head")


def differences(settings: Settings, metadata: MetaData) -> list[object]:
    """What `metadata` says and the migrated database does not (Alembic's autogenerate operations)."""
    from alembic.autogenerate import compare_metadata

    def compare(bind: Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True}
        return list(compare_metadata(MigrationContext.configure(bind, opts=options), metadata))

    return _with_connection(settings, compare)


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_offline_config())


def _offline_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_dir()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _current(bind: Connection) -> tuple[str, ...]:
    return tuple(MigrationContext.configure(bind).get_current_heads())


def _with_connection(settings: Settings, work: Callable[[Connection], T]) -> T:
    async def run() -> T:
        engine = create_async_engine(settings.sqlalchemy_url, poolclass=NullPool)
        try:
            async with engine.connect() as connection:
                return await connection.run_sync(work)
        finally:
            await engine.dispose()

    return asyncio.run(run())
