"""The whole product in one process: the API, a worker's sweeps, a real SMTP conversation into the test mailbox.

Every part is the one that runs in production; only who calls the sweeps differs (the test, instead of arq's loop), so
that a test knows when they are done.
"""

import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import text
from tests.plugins.servers import REDIS_URL

from relance.app import create_app
from relance.capabilities.followups.sweeper import Sweeper
from relance.capabilities.identity.service import create_organisation, create_user
from relance.capabilities.jobs.runner import JobRunner
from relance.capabilities.messaging.deliverer import Deliverer
from relance.capabilities.sandbox.catcher import start_catcher
from relance.capabilities.webhooks.deliveries.deliverer import WebhookDeliverer
from relance.capabilities.webhooks.feed.sequencer import Sequencer
from relance.core.runtime import Runtime
from relance.core.settings import Settings
from relance.embedded.programs import free_ports
from relance.wiring import EVENT_TYPES, MAILS, close_runtime, follow_up_handlers, mail_subjects, provision_workspace

PASSWORD = "une phrase assez longue"
SECRET = "a-secret-of-the-tests-that-is-long-enough"
SIRENS = ("732829320", "552100554", "443061841", "542065479", "552081317", "572015246", "780129987")


@cache
def password_hash() -> str:
    """The hash of PASSWORD, made once a process, at a low cost: Argon2 reads the cost of a check from the hash."""
    return PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),)).hash(PASSWORD)


@dataclass
class Person:
    """A user of a test, signed in."""

    id: UUID
    email: str
    token: str
    client: httpx.AsyncClient

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call the API with this person's token."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, **options)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        """GET."""
        return await self.ask("GET", path, **options)

    async def post(self, path: str, json: object = None, **options: Any) -> httpx.Response:
        """POST, with a JSON body where there is one."""
        return await self.ask("POST", path, **({"json": json} if json is not None else {}), **options)


@dataclass
class Office:
    """A workspace with two organisations and its people."""

    workspace_id: UUID
    organisation_id: UUID
    other_organisation_id: UUID
    admin: Person
    manager: Person
    member: Person


@dataclass
class Product:
    """What a journey drives."""

    app: FastAPI
    runtime: Runtime
    client: httpx.AsyncClient
    deliverer: Deliverer
    sweeper: Sweeper
    runner: JobRunner
    sequencer: Sequencer
    webhooks: WebhookDeliverer
    offices: dict[str, Office] = field(default_factory=dict)

    async def restart(self) -> None:
        """Know nothing of the rows that were, the clock back at the machine's."""
        self.offices.clear()
        await self.runtime.tick()

    async def work(self) -> None:
        """What a worker does when its bells ring."""
        await self.runner.sweep()
        await self.sweeper.sweep()
        await self.deliverer.sweep()
        await self.sequencer.sweep()
        await self.webhooks.sweep()

    async def advance(self, person: Person, by: str) -> None:
        """Move the test clock as a front-end team would, and let the worker see it."""
        moved = await person.post("/v1/test-clock/advance", {"by": by})
        assert moved.status_code == 200, moved.text
        await self.work()

    async def mails(self, person: Person, to: str) -> list[dict[str, Any]]:
        """What arrived at an address, newest first."""
        found = await person.get("/v1/test-mailbox", params={"to": to})
        assert found.status_code == 200, found.text
        items: list[dict[str, Any]] = found.json()["items"]
        return items

    async def rows(self, statement: str, **values: object) -> list[dict[str, Any]]:
        """What PostgreSQL holds, asked around the application."""
        async with self.runtime.db.engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(text(statement), values)).mappings()]

    async def office(self, slug: str) -> Office:
        """The workspace `slug`, made at the first call: an administrator, a manager, and a member below them."""
        if slug not in self.offices:
            self.offices[slug] = await self._open(slug)
        return self.offices[slug]

    async def _open(self, slug: str) -> Office:
        people: dict[str, tuple[UUID, str]] = {}
        async with self.runtime.db.transaction(None) as session:
            workspace = await provision_workspace(session, self.runtime, slug, f"Groupe {slug.title()}")
            first = await create_organisation(session, f"{slug.title()} Achats")
            second = await create_organisation(session, f"{slug.title()} Travaux")
            manager: UUID | None = None
            for role in ("admin", "manager", "member"):
                email = f"{role}@{slug}.example"
                both = [first.id, second.id]
                user = await create_user(
                    session,
                    email,
                    f"{role.title()} {slug.title()}",
                    role=role,
                    organisation_ids=both if role != "member" else both[:1],
                    manager_id=manager if role == "member" else None,
                )
                user.password_hash = password_hash()
                manager = user.id if role == "manager" else None
                people[role] = (user.id, email)
        signed_in = {role: await self._sign_in(*facts) for role, facts in people.items()}
        return Office(workspace.id, first.id, second.id, **signed_in)

    async def sign_in_again(self, office: Office) -> None:
        """New tokens for the people of `office`, which is known again."""
        for person in (office.admin, office.manager, office.member):
            person.token = (await self._sign_in(person.id, person.email)).token

    async def _sign_in(self, user_id: UUID, email: str) -> Person:
        answer = await self.client.post("/v1/auth/token", data={"username": email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return Person(user_id, email, answer.json()["access_token"], self.client)


@pytest.fixture(scope="session")
def product_settings(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Settings]:
    """Settings of a sandbox on the servers of the run."""
    files = tmp_path_factory.mktemp("files")

    def make(**values: Any) -> Settings:
        return Settings(
            environment="development",
            sandbox=True,
            database_url=database_url,
            redis_url=os.environ[REDIS_URL],
            secret_keys=(SECRET,),
            public_url="http://relance.example",
            smtp_timeout_seconds=5,
            files_url=files.as_uri(),
            webhook_allow_private=True,
            sign_in_attempts_per_address=100_000,
            # Every test of a process comes from one address.
            rate_limit_token=0,
            rate_limit_recipient=0,
            rate_limit_password_reset=0,
            log_level="error",
            **values,
        )

    return make


@pytest.fixture(scope="session")
async def assembled(database_url: str, product_settings: Callable[..., Settings]) -> AsyncIterator[Product]:
    """The product of this process: assembling it (routes, templates, schemas) takes longer than most tests."""
    (port,) = free_ports(1)
    settings = product_settings(smtp_url=f"smtp://127.0.0.1:{port}")
    app = create_app(settings)
    runtime: Runtime = app.state.runtime
    relay = await start_catcher(runtime, "127.0.0.1", port)
    deliverer = Deliverer(runtime, mail_subjects(runtime), MAILS)
    sweeper = Sweeper(runtime, follow_up_handlers(runtime))
    runner = JobRunner(runtime, app.state.job_kinds)
    sequencer, webhooks = Sequencer(runtime, EVENT_TYPES), WebhookDeliverer(runtime, EVENT_TYPES)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://relance.example") as client:
        yield Product(app, runtime, client, deliverer, sweeper, runner, sequencer, webhooks)
    await webhooks.close()
    await sequencer.close()
    await runner.close()
    await sweeper.close()
    await deliverer.close(2)
    relay.close()
    await relay.wait_closed()
    await app.state.sign_in_throttle.close()
    await app.state.rate_limits.close()
    await app.state.authenticator.close()
    await close_runtime(runtime)


@pytest.fixture
async def product(assembled: Product, empty_database: str) -> Product:
    """The product on an empty database, its clock back at the machine's."""
    await assembled.restart()
    return assembled


@pytest.fixture
async def office(product: Product) -> Office:
    """A workspace to work in."""
    return await product.office("vasseur")
