"""The other ways to create an invitation: by hand over asyncpg, and as most would write it."""

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import orjson
import uvicorn
from fastapi import Depends, FastAPI, Header
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from relance.capabilities.directory.models import Company
from relance.capabilities.identity.callers.repository import _BY_KEY
from relance.capabilities.identity.credentials import api_keys
from relance.capabilities.identity.models import Organisation, User, Workspace
from relance.capabilities.journal.models import JournalEntry
from relance.capabilities.links.models import ActionLink
from relance.capabilities.messaging.models import Message, MessageBody
from relance.core.idempotency.models import IdempotencyRecord
from relance.core.ids import new_id
from relance.core.keys import KeyRing
from relance.core.settings import Settings
from relance.domains.invitations.models import Invitation, Prequalification

_MONTH, _DAY = timedelta(days=30), timedelta(days=1)
_NAMES = """
SELECT c.name, c.id_value, o.name AS organisation, u.name AS requester, u.email AS requester_email, p.form_status
FROM companies c
JOIN organisations o ON o.workspace_id = c.workspace_id AND o.id = $3
JOIN users u ON u.workspace_id = c.workspace_id AND u.id = $4
JOIN prequalifications p ON p.workspace_id = c.workspace_id AND p.company_id = c.id
WHERE c.workspace_id = $1 AND c.id = $2
"""
_INVITATION = """
INSERT INTO invitations (workspace_id, id, company_id, issuing_organisation_id, requested_by, email, email_key, locale,
    status, form_status, reason, cycle, last_asked_at, reminders_count, reminders_asked, created_at, version)
VALUES ($1, $2, $3, $4, $5, $6, $6, 'fr', 'queued', 'to_complete', 'not_registered', 1, $7, 0, 0, $7, 1)
"""
_LINK = """
INSERT INTO action_links (workspace_id, id, subject_kind, subject_id, recipient, created_at)
VALUES ($1, $2, 'invitation', $3, $4, $5)
"""
_MESSAGE = """
INSERT INTO messages (workspace_id, id, subject_kind, subject_id, mail_key, link_bearing, link_id, cycle, ordinal,
    locale, recipient, domain, priority, dedupe_key, state, created_at, not_before, expires_at)
VALUES ($1, $2, 'invitation', $3, 'invitations.invitation', TRUE, $4, 1, 0, 'fr', $5, $6, 50, $7, 'queued', $8, $8, $9)
"""
_BODY = """
INSERT INTO message_bodies (workspace_id, id, sender_name, reply_to, list_unsubscribe, organisation_id, placeholders)
VALUES ($1, $2, $3, $4, FALSE, $5, $6)
"""
_JOURNAL = """
INSERT INTO journal_entries (workspace_id, id, at, actor_kind, actor_id, action, subject_kind, subject_id, company_id,
    before, after)
VALUES ($1, $2, $3, 'api_key', $4, 'invitation.created', 'invitation', $5, $6, '{}', '{"status": "queued"}')
"""
_KEPT = """
INSERT INTO idempotency_records (workspace_id, id, digest, sealed, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""


def _placeholders(facts: Any, email: str, link: UUID, expires_at: datetime) -> dict[str, Any]:
    return {
        "recipient_email": email,
        "partner": {"name": facts["name"], "local_id": facts["id_value"]},
        "organisation": {"name": facts["organisation"]},
        "requester": {"name": facts["requester"], "email": facts["requester_email"]},
        "reason": "Votre organisation n’est pas encore inscrite.",
        "link": f"relance-link:{link}",
        "expires_on": f"{expires_at:%d/%m/%Y %H:%M}",
    }


class ByHand:
    """Starlette, asyncpg, orjson."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys = api_keys(KeyRing(settings.secret_keys))
        self._by_key = _BY_KEY.sql

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """The pool."""
        async with asyncpg.create_pool(self._settings.database_url, min_size=10, max_size=20) as self._pool:
            yield

    async def create(self, request: Request) -> Response:
        """Six rows in one transaction."""
        now = datetime.now(UTC)
        wanted = orjson.loads(await request.body())
        key = request.headers["idempotency-key"]
        hashes = self._keys.candidates(request.headers["authorization"][7:])
        async with self._pool.acquire() as connection:
            caller = await connection.fetchrow(self._by_key, hashes, now)
            if caller is None:
                return Response(status_code=401)
            async with connection.transaction():
                return await self._write(connection, caller, wanted, key, now)

    async def _write(self, connection: Any, caller: Any, wanted: Any, key: str, now: datetime) -> Response:
        workspace, email = caller["workspace_id"], wanted["email"]
        company, organisation = UUID(wanted["partner"]["id"]), UUID(wanted["issuing_organisation_id"])
        facts = await connection.fetchrow(_NAMES, workspace, company, organisation, caller["user_id"])
        invitation, link, message = new_id(), new_id(), new_id()
        expires_at = now + _MONTH
        await connection.execute(
            _INVITATION, workspace, invitation, company, organisation, caller["user_id"], email, now
        )
        await connection.execute(_LINK, workspace, link, invitation, email, now)
        hashed = hashlib.blake2b(email.encode(), digest_size=12).hexdigest()
        dedupe = f"invitation/{invitation}/1/invitations.invitation/0/{hashed}"
        domain = email.rpartition("@")[2]
        await connection.execute(_MESSAGE, workspace, message, invitation, link, email, domain, dedupe, now, expires_at)
        placeholders = orjson.dumps(_placeholders(facts, email, link, expires_at)).decode()
        await connection.execute(
            _BODY, workspace, message, facts["organisation"], facts["requester_email"], organisation, placeholders
        )
        await connection.execute(_JOURNAL, workspace, new_id(), now, caller["key_id"], invitation, company)
        answer = orjson.dumps(
            {
                "id": invitation,
                "email": email,
                "partner": {"id": company, "name": facts["name"], "local_id": facts["id_value"]},
                "issuing_organisation": {"id": organisation, "name": facts["organisation"]},
                "requested_by": {"id": caller["user_id"], "name": facts["requester"]},
                "status": "queued",
                "form_status": facts["form_status"],
                "created_at": now,
            },
            default=str,  # the driver's UUID is a class of its own
        )
        digest = hashlib.sha256(f"{workspace}:{caller['key_id']}:{key}".encode()).digest()
        await connection.execute(_KEPT, workspace, new_id(), digest, answer, now, now + _DAY)
        return Response(answer, 201, media_type="application/json")


class PartnerIn(BaseModel):
    """Whom to invite."""

    id: UUID


class InvitationIn(BaseModel):
    """The request."""

    issuing_organisation_id: UUID
    email: str
    partner: PartnerIn


class Named(BaseModel):
    """Something with a name."""

    id: UUID
    name: str


class InvitationOut(BaseModel):
    """The answer."""

    id: UUID
    email: str
    partner: Named
    issuing_organisation: Named
    requested_by: Named
    status: str
    form_status: str
    created_at: datetime


class Usual:
    """FastAPI, pydantic, SQLAlchemy's ORM."""

    def __init__(self, settings: Settings) -> None:
        self._keys = api_keys(KeyRing(settings.secret_keys))
        self._by_key = _BY_KEY.sql
        engine = create_async_engine(settings.sqlalchemy_url, pool_size=10, max_overflow=10)
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)

    async def session(self) -> AsyncIterator[AsyncSession]:
        """A session of the request."""
        async with self._sessions() as session, session.begin():
            yield session

    async def create(self, wanted: InvitationIn, session: AsyncSession, authorization: str, key: str) -> InvitationOut:
        """The same rows."""
        now = datetime.now(UTC)
        connection = await session.connection()
        found = await connection.exec_driver_sql(self._by_key, (self._keys.candidates(authorization[7:]), now))
        caller = found.mappings().one()
        workspace = await session.get_one(Workspace, caller["workspace_id"])
        company = await session.get_one(Company, (workspace.id, wanted.partner.id))
        organisation = await session.get_one(Organisation, (workspace.id, wanted.issuing_organisation_id))
        user = await session.get_one(User, (workspace.id, caller["user_id"]))
        form = (
            await session.scalars(
                select(Prequalification).where(
                    Prequalification.workspace_id == workspace.id, Prequalification.company_id == company.id
                )
            )
        ).one()
        facts = {
            "name": company.name,
            "id_value": company.id_value,
            "organisation": organisation.name,
            "requester": user.name,
            "requester_email": user.email,
        }
        ids = {"workspace_id": workspace.id}
        invitation = Invitation(
            **ids,
            id=new_id(),
            company_id=company.id,
            issuing_organisation_id=organisation.id,
            requested_by=user.id,
            email=wanted.email,
            email_key=wanted.email,
            locale="fr",
            reason="not_registered",
            last_asked_at=now,
            created_at=now,
        )
        session.add(invitation)
        await session.flush()
        subject = {"subject_kind": "invitation", "subject_id": invitation.id}
        link = ActionLink(**ids, id=new_id(), **subject, recipient=wanted.email, created_at=now)
        message = Message(
            **ids,
            id=new_id(),
            **subject,
            mail_key="invitations.invitation",
            link_bearing=True,
            link_id=link.id,
            cycle=1,
            ordinal=0,
            locale="fr",
            recipient=wanted.email,
            domain=wanted.email.rpartition("@")[2],
            priority=50,
            dedupe_key=f"invitation/{invitation.id}/1/invitations.invitation/0/{wanted.email}",
            created_at=now,
            not_before=now,
            expires_at=now + _MONTH,
        )
        session.add_all([link, message])
        await session.flush()
        session.add(
            MessageBody(
                **ids,
                id=message.id,
                sender_name=organisation.name,
                reply_to=user.email,
                list_unsubscribe=False,
                organisation_id=organisation.id,
                placeholders=_placeholders(facts, wanted.email, link.id, now + _MONTH),
            )
        )
        session.add(
            JournalEntry(
                **ids,
                id=new_id(),
                at=now,
                actor_kind="api_key",
                actor_id=caller["key_id"],
                action="invitation.created",
                **subject,
                company_id=company.id,
                after={"status": "queued"},
            )
        )
        answer = InvitationOut(
            id=invitation.id,
            email=wanted.email,
            partner=Named(id=company.id, name=company.name),
            issuing_organisation=Named(id=organisation.id, name=organisation.name),
            requested_by=Named(id=user.id, name=user.name),
            status=invitation.status,
            form_status=form.form_status,
            created_at=now,
        )
        digest = hashlib.sha256(f"{workspace.id}:{caller['key_id']}:{key}".encode()).digest()
        session.add(
            IdempotencyRecord(
                **ids,
                id=new_id(),
                digest=digest,
                sealed=answer.model_dump_json().encode(),
                created_at=now,
                expires_at=now + _DAY,
            )
        )
        return answer


async def _ok(_request: Request) -> Response:
    return Response()


def by_hand(settings: Settings) -> ASGIApp:
    """The application by hand."""
    hand = ByHand(settings)
    routes = [Route("/v1/invitations", hand.create, methods=["POST"]), Route("/readyz", _ok)]
    return Starlette(routes=routes, lifespan=hand.lifespan)


def usual(settings: Settings) -> ASGIApp:
    """The usual application."""
    app, way = FastAPI(), Usual(settings)

    @app.post("/v1/invitations", status_code=201, response_model=InvitationOut)
    async def create(
        wanted: InvitationIn,
        session: Annotated[AsyncSession, Depends(way.session)],
        authorization: Annotated[str, Header()],
        idempotency_key: Annotated[str, Header()],
    ) -> Any:
        return await way.create(wanted, session, authorization, idempotency_key)

    app.add_route("/readyz", _ok)
    return app


_WAYS: dict[str, Callable[[Settings], ASGIApp]] = {"by_hand": by_hand, "usual": usual}


def serve(name: str, port: int) -> None:
    """Be one of the servers."""
    app = _WAYS[name](Settings())
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False, server_header=False)
