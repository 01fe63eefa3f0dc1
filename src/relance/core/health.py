"""`/healthz` and `/readyz`: is the process alive, and may it be given work."""

import asyncio
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import ConfigDict
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from relance.core.http import RuntimeDep
from relance.core.migrate import heads
from relance.core.schemas import Output

router = APIRouter(tags=["operations"])


class Health(Output):
    """The process answers."""

    status: Literal["ok"]


class Readiness(Output):
    """What the process depends on. Redis away is degraded, not down: mails and reminders still leave."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"status": "ready", "database": "ok", "migrations": "current", "redis": "ok"},
        }
    )

    status: Literal["ready", "degraded", "unready"]
    database: Literal["ok", "unreachable"]
    migrations: Literal["current", "pending", "unknown"]
    redis: Literal["ok", "unreachable"]


@router.get("/healthz", operation_id="operations_health", summary="Liveness")
async def health() -> Health:
    """Answers as long as the process can; asks nobody."""
    return Health(status="ok")


@router.get(
    "/readyz",
    operation_id="operations_ready",
    summary="Readiness",
    responses={
        503: {"model": Readiness, "description": "Database away, or its migrations are not those of this version"}
    },
)
async def ready(request: Request, response: Response, runtime: RuntimeDep) -> Readiness:
    """200 when the database answers and is migrated; 503 otherwise."""
    revisions, redis_up = await asyncio.gather(_revisions(request), _redis_answers(runtime.settings.redis_url))
    database: Literal["ok", "unreachable"] = "unreachable" if revisions is None else "ok"
    migrations: Literal["current", "pending", "unknown"] = "unknown"
    if revisions is not None:
        migrations = "current" if revisions == set(heads()) else "pending"
    usable = migrations == "current"
    response.status_code = 200 if usable else 503
    return Readiness(
        status=("ready" if redis_up else "degraded") if usable else "unready",
        database=database,
        migrations=migrations,
        redis="ok" if redis_up else "unreachable",
    )


async def _revisions(request: Request) -> set[str] | None:
    try:
        async with asyncio.timeout(3), request.app.state.runtime.db.engine.connect() as connection:
            exists = await connection.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
            if not exists:
                return set()
            found = await connection.execute(text("SELECT version_num FROM alembic_version"))
            return set(found.scalars())
    except (SQLAlchemyError, OSError, TimeoutError):
        return None


async def _redis_answers(url: str) -> bool:
    client = Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)
    try:
        return bool(await client.ping())
    except (RedisError, OSError, TimeoutError):
        return False
    finally:
        await client.aclose()
