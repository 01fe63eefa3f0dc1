"""A real PostgreSQL, the real routes, and the catcher on a port of its own."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import create_async_engine

from relance.capabilities.identity.models import Workspace
from relance.capabilities.messaging.models import Message
from relance.capabilities.sandbox.catcher import start_catcher
from relance.capabilities.sandbox.clock import sandbox_clock
from relance.capabilities.sandbox.models import CapturedMail, TestClock
from relance.capabilities.sandbox.permissions import USE
from relance.capabilities.sandbox.router import routers
from relance.core.db import Base, Database
from relance.core.errors import Unauthenticated
from relance.core.ids import new_id
from relance.core.keys import KeyRing
from relance.core.middleware import RequestContext
from relance.core.problems import install_error_handlers
from relance.core.runtime import Runtime
from relance.core.security import Caller, Level
from relance.core.settings import Settings

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Bells:
    """Remembers which bells rang."""

    def __init__(self) -> None:
        self.rung: list[str] = []

    async def ring(self, bells: Iterable[str]) -> None:
        self.rung.extend(sorted(bells))


class Callers:
    """Knows its callers by their credential."""

    def __init__(self) -> None:
        self.known: dict[str, Caller] = {}

    def add(self, credential: str, workspace_id: UUID, permissions: Mapping[str, Level]) -> None:
        user = new_id()
        nobody: frozenset[UUID] = frozenset()
        self.known[credential] = Caller(
            "user", workspace_id, user, None, "Test", "t@t.example", permissions, nobody, frozenset({user})
        )

    async def authenticate(self, credential: str) -> Caller:
        if credential not in self.known:
            raise Unauthenticated()
        return self.known[credential]


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """A database of its own on the PostgreSQL of the test run."""
    server = os.environ["RELANCE_TEST_PG_ADMIN_URL"]
    name = f"sandbox_{new_id().hex}"
    asyncio.run(_administer(server, f'CREATE DATABASE "{name}"'))
    yield f"{server.rpartition('/')[0]}/{name}"
    asyncio.run(_administer(server, f'DROP DATABASE "{name}" WITH (FORCE)'))


async def _administer(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server)
    await connection.execute(statement)
    await connection.close()


@pytest.fixture(scope="session")
def settings(database_url: str) -> Settings:
    return Settings(
        environment="development",
        sandbox=True,
        database_url=database_url,
        public_url="http://relance.example",
        secret_keys=("a-secret-of-the-tests-that-is-long-enough",),
    )


@pytest.fixture(scope="session")
async def database(settings: Settings) -> AsyncIterator[Database]:
    engine = create_async_engine(settings.sqlalchemy_url)
    async with engine.begin() as connection:
        for model in (Workspace, Message, TestClock, CapturedMail):
            await connection.run_sync(Base.metadata.tables[model.__tablename__].create)
    await engine.dispose()
    database = Database(settings)
    yield database
    await database.dispose()


@pytest.fixture
async def runtime(settings: Settings, database: Database) -> AsyncIterator[Runtime]:
    async with database.transaction(None) as session:
        for model in (Message, CapturedMail, TestClock):
            await session.execute(delete(model))
    clock, refresh = sandbox_clock(database)
    yield Runtime(settings, database, KeyRing(settings.secret_keys), clock, refresh)
    database.doorbell = None


@pytest.fixture
def bells(runtime: Runtime) -> Bells:
    found = Bells()
    runtime.db.doorbell = found
    return found


@pytest.fixture
async def workspace_id(runtime: Runtime) -> UUID:
    return await new_workspace(runtime)


@pytest.fixture
async def other_workspace_id(runtime: Runtime) -> UUID:
    return await new_workspace(runtime)


async def new_workspace(runtime: Runtime) -> UUID:
    async with runtime.db.transaction(None) as session:
        row = Workspace(slug=str(new_id()), name="Tests", created_at=NOW)
        session.add(row)
        await session.flush()
        return row.id


@pytest.fixture
async def client(runtime: Runtime, workspace_id: UUID, other_workspace_id: UUID) -> AsyncIterator[httpx.AsyncClient]:
    callers = Callers()
    callers.add("mine", workspace_id, {USE: Level.ALL})
    callers.add("theirs", other_workspace_id, {USE: Level.ALL})
    callers.add("powerless", workspace_id, {})
    app = FastAPI()
    app.state.runtime = runtime
    app.state.authenticator = callers
    app.add_middleware(RequestContext)
    install_error_handlers(app)
    for router in routers:
        app.include_router(router)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": "Bearer mine"}
    async with httpx.AsyncClient(transport=transport, base_url="http://relance.example", headers=headers) as client:
        yield client


@pytest.fixture
async def catcher_port(runtime: Runtime) -> AsyncIterator[int]:
    server = await start_catcher(runtime, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
