"""The other ways to answer the list of invitations: by hand over asyncpg, and as most would write it.

Both find the rows by the index that serves the list, branch by branch, as the product does: what differs is what
becomes of them. All three answer the same bytes.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import orjson
import uvicorn
from fastapi import Depends, FastAPI, Header, HTTPException
from sqlalchemy import Uuid, and_, bindparam, literal_column, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from relance.capabilities.directory.models import Company
from relance.capabilities.identity.callers.repository import _BY_KEY
from relance.capabilities.identity.credentials import api_keys
from relance.capabilities.identity.models import Organisation, User
from relance.core.keys import KeyRing
from relance.core.pagination import Cursor, CursorCodec
from relance.core.schemas import Page
from relance.core.settings import Settings
from relance.domains.invitations.lifecycle import DELIVERY_LABELS, FORM_STATUS_LABELS, REASON_LABELS, STATUS_LABELS
from relance.domains.invitations.models import FACETS, Invitation
from relance.domains.invitations.schemas import InvitationListed

_SORT, _LIMIT = "-created_at", 50
_LISTED = FACETS.among({"archived": ["false"], "form_status": ["to_complete"]})
_MOST_ORGANISATIONS = 2
_STATUS = {code.value: words.in_locale("fr") for code, words in STATUS_LABELS.items()}
_FORM = {code.value: words.in_locale("fr") for code, words in FORM_STATUS_LABELS.items()}
_DELIVERY = {code.value: words.in_locale("fr") for code, words in DELIVERY_LABELS.items()}
_REASON = {code.value: words.in_locale("fr") for code, words in REASON_LABELS.items()}

_BRANCH = (
    "(SELECT * FROM invitations WHERE workspace_id = $1 AND issuing_organisation_id = ${organisation} "
    f"AND facet = {{facet}} ORDER BY created_at DESC, id DESC LIMIT {_LIMIT + 1})"
)
_ROWS = """
SELECT i.id, i.email, i.last_sent_at, i.reminders_count, i.form_status, i.status, i.reason, i.delivery, i.expires_at,
    i.archived_at, i.created_at, c.id AS company, c.name, c.id_scheme, c.country, c.id_value, c.registered_at,
    o.id AS organisation, o.name AS organisation_name, u.id AS requester, u.name AS requester_name
FROM (SELECT * FROM ({branches}) b ORDER BY created_at DESC, id DESC LIMIT {limit}) i
JOIN companies c ON c.workspace_id = i.workspace_id AND c.id = i.company_id
JOIN organisations o ON o.workspace_id = i.workspace_id AND o.id = i.issuing_organisation_id
JOIN users u ON u.workspace_id = i.workspace_id AND u.id = i.requested_by
ORDER BY i.created_at DESC, i.id DESC
"""


def rows_by_hand() -> str:
    """The statement: its branches are merged in the order of the index."""
    branches = [
        _BRANCH.replace("{organisation}", str(2 + place)).replace("{facet}", str(facet))
        for place in range(_MOST_ORGANISATIONS)
        for facet in _LISTED
    ]
    return _ROWS.replace("{branches}", " UNION ALL ".join(branches)).replace("{limit}", str(_LIMIT + 1))


def _instant(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat().replace("+00:00", "Z")


def _listed(row: Any) -> dict[str, Any]:
    local = {"scheme": row["id_scheme"], "country": row["country"], "value": row["id_value"]}
    delivery = row["delivery"]
    return {
        "id": row["id"],
        "partner": {
            "id": row["company"],
            "name": row["name"],
            "local_id": local if local["scheme"] else None,
            "registered": row["registered_at"] is not None,
        },
        "email": row["email"],
        "issuing_organisation": {"id": row["organisation"], "name": row["organisation_name"]},
        "requested_by": {"id": row["requester"], "name": row["requester_name"]},
        "last_sent_at": _instant(row["last_sent_at"]),
        "reminders_count": row["reminders_count"],
        "form_status": row["form_status"],
        "form_status_label": _FORM[row["form_status"]],
        "status": row["status"],
        "status_label": _STATUS[row["status"]],
        "reason": row["reason"],
        "reason_label": _REASON[row["reason"]],
        "delivery": delivery,
        "delivery_label": _DELIVERY[delivery] if delivery else None,
        "expires_at": _instant(row["expires_at"]),
        "archived_at": _instant(row["archived_at"]),
        "created_at": _instant(row["created_at"]),
        "available_actions": None,
    }


def allowed(caller: Any, permission: str) -> bool:
    """Whether a key may do that, as the product decides it."""
    return "none" not in (
        caller["permissions"].get(permission, "none"),
        caller["key_permissions"].get(permission, "none"),
    )


async def json_as_objects(connection: asyncpg.Connection) -> None:
    """Documents of the database as objects."""
    await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=orjson.dumps, decoder=orjson.loads)


class ByHand:
    """Starlette, asyncpg, orjson."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        ring = KeyRing(settings.secret_keys)
        self._keys, self._cursors = api_keys(ring), CursorCodec(ring.newest("cursor"))
        self._rows = rows_by_hand()

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """The pool."""
        url = self._settings.database_url
        async with asyncpg.create_pool(
            url, min_size=10, max_size=20, init=json_as_objects, server_settings={"timezone": "UTC"},
            max_cacheable_statement_size=0,
        ) as self._pool:  # fmt: skip
            yield

    async def list_invitations(self, request: Request) -> Response:
        """A page."""
        hashes = self._keys.candidates(request.headers["authorization"][7:])
        async with self._pool.acquire() as connection:
            caller = await connection.fetchrow(_BY_KEY.sql, hashes, datetime.now(UTC))
            if caller is None or not allowed(caller, "invitations:read"):
                return Response(status_code=401)
            rows = await connection.fetch(self._rows, caller["workspace_id"], *sorted(caller["organisation_ids"]))
        shown = rows[:_LIMIT]
        after = None
        if len(rows) > _LIMIT:
            after = self._cursors.encode(Cursor(_SORT, shown[-1]["created_at"], shown[-1]["id"]))
        # The driver's UUID is a class of its own.
        body = orjson.dumps({"items": [_listed(row) for row in shown], "next_cursor": after}, default=str)
        return Response(body, media_type="application/json")

    async def summary(self, request: Request) -> Response:
        """The counts, counted."""
        hashes = self._keys.candidates(request.headers["authorization"][7:])
        async with self._pool.acquire() as connection:
            caller = await connection.fetchrow(_BY_KEY.sql, hashes, datetime.now(UTC))
            if caller is None or not allowed(caller, "invitations:read"):
                return Response(status_code=401)
            rows = await connection.fetch(_COUNTS, caller["workspace_id"], caller["organisation_ids"])
        return Response(orjson.dumps(_counted(rows)), media_type="application/json")


_COUNTS = """
SELECT archived_at IS NOT NULL AS archived, form_status, status, count(*) AS number FROM invitations
WHERE workspace_id = $1 AND issuing_organisation_id = ANY($2::uuid[]) AND form_status = 'to_complete'
    AND archived_at IS NULL
GROUP BY 1, 2, 3
"""


def _counted(rows: Any) -> dict[str, Any]:
    archived = {"false": 0, "true": 0}
    forms, statuses = dict.fromkeys(_FORM, 0), dict.fromkeys(_STATUS, 0)
    for row in rows:
        archived["true" if row["archived"] else "false"] += row["number"]
        forms[row["form_status"]] += row["number"]
        statuses[row["status"]] += row["number"]
    return {"total": sum(archived.values()), "form_status": forms, "status": statuses, "archived": archived}


def _usual_statement() -> Any:
    found = union_all(
        *(
            select(Invitation.id)
            .where(
                Invitation.workspace_id == bindparam("workspace", type_=Uuid()),
                Invitation.issuing_organisation_id == bindparam(f"organisation_{place}", type_=Uuid()),
                Invitation.facet == literal_column(str(facet)),
            )
            .order_by(Invitation.created_at.desc(), Invitation.id.desc())
            .limit(literal_column(str(_LIMIT + 1)))
            for place in range(_MOST_ORGANISATIONS)
            for facet in _LISTED
        )
    ).subquery()
    own = Invitation.workspace_id
    return (
        select(Invitation, Company, Organisation, User)
        .join(found, found.c.id == Invitation.id)
        .join(Company, and_(Company.workspace_id == own, Company.id == Invitation.company_id))
        .join(
            Organisation, and_(Organisation.workspace_id == own, Organisation.id == Invitation.issuing_organisation_id)
        )
        .join(User, and_(User.workspace_id == own, User.id == Invitation.requested_by))
        .where(own == bindparam("workspace", type_=Uuid()))
        .order_by(Invitation.created_at.desc(), Invitation.id.desc())
        .limit(literal_column(str(_LIMIT + 1)))
    )


def _usual_row(invitation: Invitation, company: Company, organisation: Organisation, user: User) -> dict[str, Any]:
    local = {"scheme": company.id_scheme, "country": company.country, "value": company.id_value}
    return {
        "id": invitation.id,
        "partner": {
            "id": company.id,
            "name": company.name,
            "local_id": local if company.id_scheme else None,
            "registered": company.registered_at is not None,
        },
        "email": invitation.email,
        "issuing_organisation": {"id": organisation.id, "name": organisation.name},
        "requested_by": {"id": user.id, "name": user.name},
        "last_sent_at": invitation.last_sent_at,
        "reminders_count": invitation.reminders_count,
        "form_status": invitation.form_status,
        "form_status_label": _FORM[invitation.form_status],
        "status": invitation.status,
        "status_label": _STATUS[invitation.status],
        "reason": invitation.reason,
        "reason_label": _REASON[invitation.reason],
        "delivery": invitation.delivery,
        "delivery_label": _DELIVERY[invitation.delivery] if invitation.delivery else None,
        "expires_at": invitation.expires_at,
        "archived_at": invitation.archived_at,
        "created_at": invitation.created_at,
        "available_actions": None,
    }


class Usual:
    """FastAPI, SQLAlchemy's ORM, a response model."""

    def __init__(self, settings: Settings) -> None:
        ring = KeyRing(settings.secret_keys)
        self._keys, self._cursors = api_keys(ring), CursorCodec(ring.newest("cursor"))
        engine = create_async_engine(
            settings.sqlalchemy_url,
            pool_size=10,
            max_overflow=10,
            json_deserializer=orjson.loads,
            connect_args={"server_settings": {"timezone": "UTC"}, "max_cacheable_statement_size": 0},
        )
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)
        self._statement = _usual_statement()

    async def session(self) -> AsyncIterator[AsyncSession]:
        """A session of the request."""
        async with self._sessions() as session:
            yield session

    async def caller(self, session: AsyncSession, authorization: str) -> Mapping[str, Any]:
        """Who asks."""
        connection = await session.connection()
        hashes = self._keys.candidates(authorization[7:])
        found = (await connection.exec_driver_sql(_BY_KEY.sql, (hashes, datetime.now(UTC)))).mappings().one_or_none()
        if found is None or not allowed(found, "invitations:read"):
            raise HTTPException(401)
        return dict(found)

    async def page(self, session: AsyncSession, caller: Mapping[str, Any]) -> dict[str, Any]:
        """A page."""
        organisations: list[UUID] = sorted(caller["organisation_ids"])
        own = {f"organisation_{place}": one for place, one in enumerate(organisations)}
        rows = (await session.execute(self._statement, {"workspace": caller["workspace_id"], **own})).all()
        shown = rows[:_LIMIT]
        after = None
        if len(rows) > _LIMIT:
            after = self._cursors.encode(Cursor(_SORT, shown[-1][0].created_at, shown[-1][0].id))
        return {"items": [_usual_row(*row) for row in shown], "next_cursor": after}


async def _ok(_request: Request) -> Response:
    return Response()


def by_hand(settings: Settings) -> ASGIApp:
    """The application by hand."""
    hand = ByHand(settings)
    routes = [
        Route("/v1/invitations", hand.list_invitations),
        Route("/v1/invitations/summary", hand.summary),
        Route("/readyz", _ok),
    ]
    return Starlette(routes=routes, lifespan=hand.lifespan)


def usual(settings: Settings) -> ASGIApp:
    """The usual application."""
    app, way = FastAPI(), Usual(settings)

    async def current_caller(
        session: Annotated[AsyncSession, Depends(way.session)], authorization: Annotated[str, Header()]
    ) -> Mapping[str, Any]:
        return await way.caller(session, authorization)

    @app.get("/v1/invitations", response_model=Page[InvitationListed])
    async def list_invitations(
        session: Annotated[AsyncSession, Depends(way.session)],
        caller: Annotated[Mapping[str, Any], Depends(current_caller)],
        limit: int = _LIMIT,
        mine: bool = True,
        form_status: str | None = None,
    ) -> Any:
        return await way.page(session, caller)

    app.add_route("/readyz", _ok)
    return app


_WAYS: dict[str, Callable[[Settings], ASGIApp]] = {"by_hand": by_hand, "usual": usual}


def serve(name: str, port: int) -> None:
    """Be one of the servers."""
    app = _WAYS[name](Settings())
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False, server_header=False)
