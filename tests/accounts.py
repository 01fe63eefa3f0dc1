"""What the tests of identity and directory share: a real database, their routers, and a workspace with three users."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import text

from relance.capabilities.directory.permissions import PERMISSIONS as DIRECTORY
from relance.capabilities.directory.router import routers as directory_routers
from relance.capabilities.identity.access_tokens import AccessClaims, AccessTokens
from relance.capabilities.identity.authentication import IdentityAuthenticator
from relance.capabilities.identity.models import RefreshToken
from relance.capabilities.identity.permissions import PERMISSIONS as IDENTITY
from relance.capabilities.identity.router import routers
from relance.capabilities.identity.service import create_organisation, create_user, create_workspace
from relance.capabilities.identity.throttle import SignInThrottle
from relance.core.clock import system_now
from relance.core.db import Database
from relance.core.ids import new_id
from relance.core.keys import KeyRing
from relance.core.middleware import RequestContext
from relance.core.problems import install_error_handlers
from relance.core.runtime import Runtime
from relance.core.settings import Settings

PASSWORD = "une phrase assez longue"
SECRET = "a-secret-of-the-tests-that-is-long-enough"
PERMISSIONS = (*DIRECTORY, *IDENTITY)


@cache
def password_hash() -> str:
    """The hash of PASSWORD, made once: what each test needs is an account, not another hash."""
    return PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),)).hash(PASSWORD)


@dataclass
class World:
    """A workspace of one test: an administrator, a manager, and a member who reports to the manager."""

    runtime: Runtime
    client: httpx.AsyncClient
    slug: str
    workspace_id: UUID
    organisation_id: UUID
    other_organisation_id: UUID
    users: dict[str, UUID]
    roles: dict[str, UUID]
    tokens: dict[str, str] = field(default_factory=dict)

    def email(self, who: str) -> str:
        """The address of `admin`, `manager` or `member`."""
        return f"{who}@{self.slug}.example"

    async def sign_in(self, who: str, password: str = PASSWORD) -> httpx.Response:
        """Sign in through the API."""
        form = {"username": self.email(who), "password": password}
        return await self.client.post("/v1/auth/token", data=form)

    async def token(self, who: str) -> str:
        """An access token of a session made without hashing a password; signing in has tests of its own."""
        if who not in self.tokens:
            session_id, user_id = new_id(), self.users[who]
            async with self.runtime.db.transaction(self.workspace_id) as session:
                session.add(
                    RefreshToken(
                        id=new_id(),
                        user_id=user_id,
                        family_id=session_id,
                        token_hash=session_id.bytes,
                        issued_at=system_now(),
                        expires_at=system_now() + timedelta(days=1),
                    )
                )
            minted = AccessTokens(self.runtime.settings, self.runtime.keys)
            self.tokens[who] = minted.mint(AccessClaims(user_id, self.workspace_id, session_id))
        return self.tokens[who]

    async def call(
        self,
        who: str,
        method: str,
        path: str,
        json: object = None,
        headers: dict[str, str] | None = None,
        params: dict[str, Any] | None = None,
    ) -> httpx.Response:
        """Ask as `admin`, `manager` or `member`; or with a credential of one's own."""
        credential = await self.token(who) if who in self.users else who
        sent = {"Authorization": f"Bearer {credential}", **(headers or {})}
        return await self.client.request(method, path, json=json, headers=sent, params=params)

    async def rows(self, statement: str, **values: object) -> list[dict[str, Any]]:
        """What PostgreSQL holds, asked around the application."""
        async with self.runtime.db.engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(text(statement), values)).mappings()]

    async def actions(self, subject_id: UUID | str) -> list[str]:
        """The journal of one subject, oldest first."""
        found = await self.rows(
            "SELECT action FROM journal_entries WHERE workspace_id = :ws AND subject_id = :id ORDER BY id",
            ws=self.workspace_id,
            id=UUID(str(subject_id)),
        )
        return [row["action"] for row in found]


@pytest.fixture(scope="session")
def accounts_settings(database_url: str) -> Settings:
    """Settings of the tests: throttled, but so that the tests together do not meet the limit of one address."""
    return Settings(
        environment="development",
        database_url=database_url,
        redis_url=os.environ["RELANCE_TEST_REDIS_URL"],
        public_url="http://relance.example",
        secret_keys=(SECRET,),
        sign_in_attempts_per_address=100_000,
    )


@pytest.fixture(scope="session")
async def accounts_runtime(accounts_settings: Settings) -> AsyncIterator[Runtime]:
    """The runtime, on the migrated database of this process; every test has a workspace of its own in it."""
    runtime = Runtime(accounts_settings, Database(accounts_settings), KeyRing(accounts_settings.secret_keys))
    yield runtime
    await runtime.db.dispose()


def build_app(runtime: Runtime, throttle: SignInThrottle) -> FastAPI:
    """The routers under test, with the middleware and the error handlers of the product."""
    app = FastAPI()
    app.state.runtime = runtime
    app.state.authenticator = IdentityAuthenticator(runtime)
    app.state.permissions = PERMISSIONS
    app.state.identity_watchers = ()
    app.state.departure_watchers = ()
    app.state.sign_in_throttle = throttle
    app.add_middleware(RequestContext)
    install_error_handlers(app)
    for router in (*routers, *directory_routers):
        app.include_router(router)
    return app


def build_client(app: FastAPI) -> httpx.AsyncClient:
    """A client whose server errors are answers, as over the network."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://relance.example")


@pytest.fixture(scope="session")
async def accounts_client(accounts_runtime: Runtime) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the routers under test."""
    throttle = SignInThrottle(accounts_runtime.settings)
    async with build_client(build_app(accounts_runtime, throttle)) as client:
        yield client
    await throttle.close()


async def make_world(runtime: Runtime, client: httpx.AsyncClient, slug: str | None = None) -> World:
    """A new workspace."""
    slug = slug or f"w{new_id().hex[-12:]}"
    async with runtime.db.transaction(None) as session:
        workspace = await create_workspace(session, slug, slug.title(), PERMISSIONS)
        organisation = await create_organisation(session, "Achats France")
        other = await create_organisation(session, "Échantillons")
        users: dict[str, UUID] = {}
        for who, boss in (("admin", None), ("manager", None), ("member", "manager")):
            user = await create_user(
                session,
                f"{who}@{slug}.example",
                who.title(),
                role=who,
                organisation_ids=[organisation.id],
                manager_id=users[boss] if boss else None,
            )
            user.password_hash = password_hash()
            await session.flush()
            users[who] = user.id
    world = World(runtime, client, slug, workspace.id, organisation.id, other.id, users, {})
    found = await world.rows("SELECT key, id FROM roles WHERE workspace_id = :ws", ws=workspace.id)
    world.roles = {row["key"]: row["id"] for row in found}
    return world


@pytest.fixture
async def world(accounts_runtime: Runtime, accounts_client: httpx.AsyncClient) -> World:
    """A workspace of this test's own."""
    return await make_world(accounts_runtime, accounts_client)


@pytest.fixture
async def elsewhere(accounts_runtime: Runtime, accounts_client: httpx.AsyncClient) -> World:
    """Another workspace, whose rows the first must never see."""
    return await make_world(accounts_runtime, accounts_client)
