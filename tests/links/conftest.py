"""A real PostgreSQL, the real router and routes, and a small domain of its own: an errand that somebody is asked."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import create_async_engine
from tests.links.errand import AT, ErrandHandler

from relance.capabilities.identity.models import Workspace
from relance.capabilities.links.models import ActionLink
from relance.capabilities.links.repository import LiveLink
from relance.capabilities.links.router import router
from relance.capabilities.links.service import Links
from relance.capabilities.links.tokens import LinkTokens
from relance.core.clock import SystemClock
from relance.core.db import Base, Database
from relance.core.ids import new_id
from relance.core.keys import KeyRing
from relance.core.middleware import RequestContext
from relance.core.problems import install_error_handlers
from relance.core.runtime import Runtime
from relance.core.settings import Settings
from relance.core.subjects import SubjectRef

SECRET = "a-secret-of-the-tests-that-is-long-enough"


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """A database of its own on the PostgreSQL of the test run."""
    server = os.environ["RELANCE_TEST_PG_ADMIN_URL"]
    name = f"links_{new_id().hex}"
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
        database_url=database_url,
        public_url="http://relance.example/suivi",
        secret_keys=(SECRET,),
        max_body_bytes=200_000,
    )


@pytest.fixture(scope="session")
async def runtime(settings: Settings) -> AsyncIterator[Runtime]:
    engine = create_async_engine(settings.sqlalchemy_url)
    async with engine.begin() as connection:
        for table in (Workspace.__tablename__, ActionLink.__tablename__):
            await connection.run_sync(Base.metadata.tables[table].create)
    await engine.dispose()
    runtime = Runtime(settings, Database(settings), KeyRing(settings.secret_keys))
    yield runtime
    await runtime.db.dispose()


async def new_workspace(runtime: Runtime) -> UUID:
    async with runtime.db.transaction(None) as session:
        row = Workspace(slug=str(new_id()), name="Tests", zone="Europe/Paris", default_locale="fr", created_at=AT)
        session.add(row)
        await session.flush()
        return row.id


@pytest.fixture
async def workspace_id(runtime: Runtime) -> AsyncIterator[UUID]:
    yield await new_workspace(runtime)
    async with runtime.db.transaction(None) as session:
        await session.execute(delete(ActionLink))


@pytest.fixture
async def other_workspace_id(runtime: Runtime) -> UUID:
    return await new_workspace(runtime)


@pytest.fixture
def errand() -> ErrandHandler:
    return ErrandHandler()


@pytest.fixture
def app(runtime: Runtime, errand: ErrandHandler) -> FastAPI:
    app = FastAPI()
    app.state.runtime = runtime
    app.state.recipients = {errand.kind: errand}
    app.add_middleware(RequestContext)
    install_error_handlers(app)
    app.include_router(router)
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://relance.example") as client:
        yield client


@pytest.fixture
async def link(runtime: Runtime, workspace_id: UUID) -> LiveLink:
    async with runtime.db.transaction(workspace_id) as session:
        return await Links(session, SystemClock()).ensure(SubjectRef("errand", new_id()), "Achats@Partenaire.example")


@pytest.fixture
def token(runtime: Runtime, link: LiveLink) -> str:
    return LinkTokens(runtime.keys).mint(link.id)
