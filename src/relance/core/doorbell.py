"""The doorbell: after a commit, one arq job per queue says "there is something to do". PostgreSQL is the truth.

Where Redis is away the same bell goes through PostgreSQL's NOTIFY, which every worker process listens to as well.
"""

import asyncio
from collections.abc import Iterable

import structlog
from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from relance.core.serialization import dump_job, load_job
from relance.core.settings import Settings

_log = structlog.get_logger(__name__)

#: The channel of PostgreSQL's NOTIFY; the payload is the bell's name.
CHANNEL = "relance_bell"
QUEUE = "relance:queue"


def redis_settings(settings: Settings) -> RedisSettings:
    """How to reach Redis: short waits, no stubborn retries; a bell that cannot ring is not worth waiting for."""
    found = RedisSettings.from_dsn(settings.redis_url)
    found.conn_timeout = 1
    found.conn_retries = 0
    return found


class ArqDoorbell:
    """Rings through Redis, and through PostgreSQL when Redis does not answer. Never raises."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._redis: ArqRedis | None = None
        self._connecting: asyncio.Task[ArqRedis] | None = None
        #: By bell, the ring that has not begun yet, and whose turn it is.
        self._next: dict[str, asyncio.Task[None]] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        #: Set once the database exists: it needs a doorbell, and the doorbell its engine.
        self.fallback: AsyncEngine | None = None

    async def ring(self, bells: Iterable[str]) -> None:
        """Wake the workers for each of `bells`, the name of the arq function that sweeps for it."""
        await asyncio.gather(*(self._together(bell) for bell in bells))

    async def _together(self, bell: str) -> None:
        """Ring once for all who come while an earlier ring is under way: theirs is the next one."""
        ringing = self._next.get(bell)
        if ringing is None:
            ringing = self._next[bell] = asyncio.create_task(self._in_turn(bell))
        await asyncio.shield(ringing)

    async def _in_turn(self, bell: str) -> None:
        async with self._turns.setdefault(bell, asyncio.Lock()):
            # From here on whoever comes may have committed too late for this ring.
            del self._next[bell]
            try:
                redis = await self._connected()
                # A fixed id: a bell already rung and not yet heard needs no second ring.
                await redis.enqueue_job(bell, _job_id=f"bell:{bell}")
            except (RedisError, OSError, TimeoutError) as error:
                _log.warning("doorbell_without_redis", bell=bell, error=type(error).__name__)
                await self._notify(bell)

    async def _connected(self) -> ArqRedis:
        # One attempt at a time, whose end all wait for: the first rings of a process come together, and each would
        # leave a pool behind.
        if self._redis is None:
            if self._connecting is None:
                self._connecting = asyncio.create_task(self._connect())
            attempt = self._connecting
            try:
                self._redis = await asyncio.shield(attempt)
            finally:
                if attempt.done() and self._connecting is attempt:
                    self._connecting = None
        return self._redis

    async def _connect(self) -> ArqRedis:
        return await create_pool(
            redis_settings(self._settings),
            job_serializer=dump_job,
            job_deserializer=load_job,
            default_queue_name=QUEUE,
        )

    async def _notify(self, bell: str) -> None:
        if self.fallback is None:
            return
        try:
            async with self.fallback.connect() as connection:
                quick = await connection.execution_options(isolation_level="AUTOCOMMIT")
                await quick.execute(text("SELECT pg_notify(:channel, :bell)"), {"channel": CHANNEL, "bell": bell})
        except (SQLAlchemyError, OSError) as error:
            _log.warning("doorbell_silent", bell=bell, error=type(error).__name__)

    async def close(self) -> None:
        """Close the connection to Redis."""
        if self._redis is not None:
            await self._redis.aclose()
