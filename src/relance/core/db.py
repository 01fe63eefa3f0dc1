"""Database access: the engine, the sessions, the one commit, and the one place that scopes by workspace."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import (
    ForeignKey,
    ForeignKeyConstraint,
    MetaData,
    Select,
    Text,
    Uuid,
    event,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    declared_attr,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.orm.interfaces import ORMOption

from relance.core.errors import RelanceError
from relance.core.ids import new_id
from relance.core.quick import Quick, fetch, watch
from relance.core.settings import Settings

SelectT = TypeVar("SelectT", bound=Select[*tuple[Any, ...]])

_WORKSPACE = "workspace_id"
_BELLS = "bells"


class Base(DeclarativeBase):
    """Base of every table: named constraints, aware instants, text without length."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this name from the class
        datetime: TIMESTAMP(timezone=True),
        str: Text(),
        UUID: Uuid(),
        dict[str, Any]: JSONB(),
        list[str]: JSONB(),
    }


class WorkspaceOwned:
    """Mixin of every table that belongs to a workspace: the workspace leads the primary key (see docs/adr/0004)."""

    @declared_attr
    def workspace_id(self) -> Mapped[UUID]:
        """The workspace; filled from the session, and part of every statement by the session's scope."""
        return mapped_column(ForeignKey("workspaces.id"), primary_key=True, sort_order=-20)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id, sort_order=-19)


class Versioned:
    """Mixin of rows that people edit: the version counts the changes and is the ETag."""

    version: Mapped[int] = mapped_column(sort_order=90)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.__dict__.get("version", Versioned.version)}


def owned_reference(column: str, table: str, **options: Any) -> ForeignKeyConstraint:
    """A composite foreign key `(workspace_id, column)`, so that a row can never point into another workspace."""
    return ForeignKeyConstraint([_WORKSPACE, column], [f"{table}.{_WORKSPACE}", f"{table}.id"], **options)


class _ReadOnlySync(Session):
    def flush(self, objects: Any = None) -> None:
        """Nothing may be written through a read session."""
        if self.new or self.deleted or any(self.is_modified(row) for row in self.dirty):
            raise RuntimeError("a read session was asked to write")


class DbSession(AsyncSession):
    """A session bound to one workspace, or to none for the system's own sweeps."""

    @property
    def workspace_id(self) -> UUID:
        """The workspace of this session; a system session has none and may not be asked."""
        workspace = self.info.get(_WORKSPACE)
        if not isinstance(workspace, UUID):
            raise RuntimeError("this session has no workspace")
        return workspace

    def enter_workspace(self, workspace_id: UUID) -> None:
        """Narrow a system session to the workspace of the row it has just locked."""
        self.info[_WORKSPACE] = workspace_id

    def leave_workspace(self) -> None:
        """Go back to a system session, for the next row of a sweep."""
        self.info.pop(_WORKSPACE, None)

    def ring(self, bell: str) -> None:
        """Wake the workers that listen to `bell`, once this transaction is committed."""
        self.info.setdefault(_BELLS, set()).add(bell)

    @asynccontextmanager
    async def rehearsal(self) -> AsyncIterator[None]:
        """What happens inside is undone at its end, bells included: for dry runs, which make the same checks.

        Rows loaded inside must not be used after it.
        """
        bells = set(self.info.get(_BELLS, ()))
        savepoint = await self.begin_nested()
        try:
            yield
        finally:
            if savepoint.is_active:
                await savepoint.rollback()
            self.info[_BELLS] = bells


class ReadSession(DbSession):
    """A session of a read-only request: every statement by itself, no transaction round trips, no writes."""

    sync_session_class = _ReadOnlySync


@event.listens_for(Session, "do_orm_execute")
def _scope_by_workspace(state: ORMExecuteState) -> None:
    """The one place that adds the workspace filter to every ORM statement."""
    workspace = state.session.info.get(_WORKSPACE)
    if workspace is None or state.is_column_load or state.is_insert:
        return
    state.statement = state.statement.options(_within(workspace))


def _within(workspace: UUID) -> ORMOption:
    return with_loader_criteria(WorkspaceOwned, lambda cls: cls.workspace_id == workspace, include_aliases=True)


def scoped(session: DbSession, statement: SelectT) -> SelectT:
    """`statement` with the filter of the session's workspace, for what is not run by the session itself."""
    return statement.options(_within(session.workspace_id))


@event.listens_for(Session, "before_flush")
def _fill_workspace(session: Session, _context: object, _instances: object) -> None:
    """New rows belong to the session's workspace; a row of another one is a fault of the code."""
    workspace = session.info.get(_WORKSPACE)
    for row in session.new:
        if not isinstance(row, WorkspaceOwned) or workspace is None:
            continue
        given: UUID | None = row.workspace_id
        if given is None:
            row.workspace_id = workspace
        elif given != workspace:
            raise RuntimeError(f"{type(row).__name__} of another workspace in this session")


class Doorbell(Protocol):
    """Wakes the workers after a commit. It never raises: the sweep finds the row anyway."""

    async def ring(self, bells: Iterable[str]) -> None:
        """Say that there is something to do for each of `bells`."""
        ...


def _dumps(value: object) -> str:
    return orjson.dumps(value).decode()


class Database:
    """The engine of this process and the only ways to open a session on it."""

    def __init__(self, settings: Settings, doorbell: Doorbell | None = None) -> None:
        self.doorbell = doorbell
        self.engine = create_async_engine(
            settings.sqlalchemy_url,
            # No overflow: its connections are closed when they are given back, and each is a process of the server.
            pool_size=2 * settings.database_pool_size,
            max_overflow=0,
            pool_use_lifo=True,
            json_serializer=_dumps,
            json_deserializer=orjson.loads,
            connect_args={
                "server_settings": {"application_name": "relance", "timezone": "UTC"},
                "timeout": 10,
                # Statements are few, some are long (core/hot_lists.py): one that is not kept is planned at every call.
                "max_cacheable_statement_size": 0,
            },
        )
        watch(self.engine)
        self._writers = async_sessionmaker(self.engine, class_=DbSession, expire_on_commit=False)
        self._readers = async_sessionmaker(
            self.engine.execution_options(isolation_level="AUTOCOMMIT"),
            class_=ReadSession,
            expire_on_commit=False,
        )

    @asynccontextmanager
    async def transaction(self, workspace_id: UUID | None) -> AsyncIterator[DbSession]:
        """One unit of work: committed when the block ends, rolled back when it raises; then the bells ring.

        A refusal that says so (`RelanceError.kept`) is raised after the commit of what was written before it.

        Args:
            workspace_id: whose rows it sees; None for the system's own work across workspaces.
        """
        info = {} if workspace_id is None else {_WORKSPACE: workspace_id}
        refusal: RelanceError | None = None
        async with self._writers(info=info) as session:
            try:
                yield session
            except RelanceError as refused:
                if not refused.kept:
                    raise
                refusal = refused
            await session.commit()
            bells: set[str] = session.info.get(_BELLS, set())
        if bells and self.doorbell is not None:
            await self.doorbell.ring(bells)
        if refusal is not None:
            raise refusal

    @asynccontextmanager
    async def reading(self, workspace_id: UUID | None) -> AsyncIterator[ReadSession]:
        """Read-only work in autocommit: no BEGIN, no COMMIT, no writes."""
        info = {} if workspace_id is None else {_WORKSPACE: workspace_id}
        async with self._readers(info=info) as session:
            yield session

    async def fetch(self, statement: Quick, values: Mapping[str, Any]) -> Sequence[Any]:
        """The rows of a statement that is asked too often for a session. It is not scoped: it names its workspace.

        Raises:
            ServiceUnavailable: the database is away.
        """
        return await fetch(self.engine, statement, values)

    async def dispose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
