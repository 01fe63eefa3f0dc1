"""Fixtures of messaging: a real database with the tables it needs, a real relay, and a clock that tests move."""

import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from tests.messaging.office import CREATE, KIND, MAILS, Things, invitation
from tests.messaging.relay import Relay
from tests.plugins.servers import PG_ADMIN_URL

from relance.capabilities.identity.models import Organisation, Workspace
from relance.capabilities.messaging.catalogue.models import (
    MailBranding,
    MailLogo,
    TemplateOverride,
    TemplateVersion,
)
from relance.capabilities.messaging.deliverer import Deliverer
from relance.capabilities.messaging.mails import Mail
from relance.capabilities.messaging.models import (
    DeliveryLane,
    DeliveryTotal,
    Message,
    MessageAttempt,
    MessageBody,
    Suppression,
)
from relance.capabilities.messaging.outbox import Envelope, Outbox
from relance.core.clock import OffsetClock
from relance.core.db import Base, Database
from relance.core.ids import new_id
from relance.core.keys import KeyRing
from relance.core.runtime import Runtime
from relance.core.settings import Settings
from relance.core.subjects import SubjectRef

_TABLES: list[Any] = [
    model.__table__
    for model in (
        *(Workspace, Message, MessageBody, MessageAttempt, DeliveryLane, DeliveryTotal, Suppression),
        *(Organisation, TemplateOverride, TemplateVersion, MailLogo, MailBranding),
    )
]
_NAMES = "things, message_attempts, message_bodies, messages, delivery_lanes, delivery_totals, suppressions, workspaces"


@pytest.fixture(scope="session")
async def database_url() -> AsyncIterator[str]:
    """A database of this process with the tables of messaging."""
    admin_url = os.environ[PG_ADMIN_URL]
    name = f"messaging_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}_{os.getpid()}"
    admin = await asyncpg.connect(admin_url)
    await admin.execute(f'CREATE DATABASE "{name}"')
    url = f"{admin_url.rpartition('/')[0]}/{name}"
    database = Database(Settings(environment="development", database_url=url))
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda sync: Base.metadata.create_all(sync, tables=_TABLES))
        await connection.execute(text(CREATE))
    await database.dispose()
    yield url
    await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    await admin.close()


@dataclass
class Post:
    """Everything a test of delivery handles."""

    runtime: Runtime
    clock: OffsetClock
    relay: Relay
    things: Things
    workspace_id: UUID
    deliverers: list[Deliverer] = field(default_factory=list)

    def deliverer(self, database: Database | None = None, **settings: Any) -> Deliverer:
        """One more worker, with `settings` and possibly a `database` of its own."""
        own = self.runtime.settings.model_copy(update=settings)
        runtime = Runtime(own, database or self.runtime.db, self.runtime.keys, self.clock)
        made = Deliverer(runtime, {KIND: self.things}, MAILS)
        self.deliverers.append(made)
        return made

    async def queue(
        self,
        recipient: str = "achats@partenaire.example",
        mail: Mail | None = None,
        subject: UUID | None = None,
        **envelope: Any,
    ) -> UUID:
        """A thing, and a mail about it; the message's id."""
        subject = subject or new_id()
        async with self.runtime.db.transaction(self.workspace_id) as session:
            await session.execute(
                text("INSERT INTO things (workspace_id, id) VALUES (:w, :id) ON CONFLICT DO NOTHING"),
                {"w": self.workspace_id, "id": subject},
            )
            mail = mail or invitation()
            queued = await Outbox(session, self.clock).enqueue(
                Envelope(
                    subject=SubjectRef(KIND, subject),
                    mail=mail,
                    recipient=recipient,
                    locale=envelope.pop("locale", "fr"),
                    link_id=envelope.pop("link_id", new_id() if mail.link_bearing else None),
                    **envelope,
                )
            )
        assert queued is not None
        return queued

    async def rows(self, sql: str, **values: Any) -> list[Any]:
        """What a query finds."""
        async with self.runtime.db.reading(None) as session:
            return list(await session.execute(text(sql), values))

    async def change(self, sql: str, **values: Any) -> None:
        """A change behind the product's back."""
        async with self.runtime.db.transaction(None) as session:
            await session.execute(text(sql), values)

    async def message(self, id_: UUID) -> Any:
        """The row of a message."""
        return (await self.rows("SELECT * FROM messages WHERE id = :id", id=id_))[0]

    async def thing_of(self, id_: UUID) -> Any:
        """The row of the thing that a message is about."""
        sql = "SELECT t.* FROM things t JOIN messages m ON m.subject_id = t.id WHERE m.id = :id"
        return (await self.rows(sql, id=id_))[0]

    async def states(self) -> dict[str, int]:
        """How many messages are in each state."""
        return {row[0]: row[1] for row in await self.rows("SELECT state, count(*) FROM messages GROUP BY 1")}

    async def unpause(self) -> None:
        """End the pauses of all lanes, as time would."""
        await self.change("UPDATE delivery_lanes SET paused_until = NULL")

    def now(self) -> datetime:
        """Business time."""
        return self.clock.now()


@pytest.fixture
def settings_of(database_url: str) -> Callable[..., Settings]:
    """Settings for the test database."""

    def make(**values: Any) -> Settings:
        return Settings(environment="development", database_url=database_url, **values)

    return make


@pytest.fixture
async def post(settings_of: Callable[..., Settings]) -> AsyncIterator[Post]:
    """An empty outbox in a workspace, and a relay that takes everything."""
    relay = Relay()
    await relay.start()
    settings = settings_of(smtp_url=relay.url, smtp_timeout_seconds=1.0, lease_seconds=5, smtp_connections=2)
    database, clock = Database(settings), OffsetClock()
    made = Post(Runtime(settings, database, KeyRing(settings.secret_keys), clock), clock, relay, Things(), new_id())
    await made.change(f"TRUNCATE {_NAMES} CASCADE")
    async with database.transaction(None) as session:
        session.add(Workspace(id=made.workspace_id, slug="atelier", name="Atelier", created_at=clock.now()))
    yield made
    made.relay.released.set()
    for deliverer in made.deliverers:
        await deliverer.close(2)
    await made.relay.stop()
    await database.dispose()
