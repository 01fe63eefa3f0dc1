"""Sign-in throttling: failed attempts counted in Redis, shared by all processes; in memory while Redis is away."""

import asyncio
import hashlib
import ipaddress
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute, WindowStats
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from relance.capabilities.identity.errors import TooManySignIns
from relance.core.settings import Settings

_log = structlog.get_logger(__name__)

#: How long Redis is left alone after it failed, so that not every sign-in waits for it, in seconds.
_REDIS_REST = 10.0
#: Attempts checked at once by a process; as many as there are threads for hashes.
_TURNS = 2
_ADDRESS, _ACCOUNT = "address", "account"

T = TypeVar("T")


def network_of(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that one IPv6 subscriber is given."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False).network_address)
    return str(parsed)


async def _test(store: MovingWindowRateLimiter, item: RateLimitItem, keys: tuple[str, ...]) -> bool:
    return await store.test(item, *keys)


async def _hit(store: MovingWindowRateLimiter, item: RateLimitItem, keys: tuple[str, ...]) -> bool:
    return await store.hit(item, *keys)


async def _clear(store: MovingWindowRateLimiter, item: RateLimitItem, keys: tuple[str, ...]) -> None:
    await store.clear(item, *keys)


async def _stats(store: MovingWindowRateLimiter, item: RateLimitItem, keys: tuple[str, ...]) -> WindowStats:
    return await store.get_window_stats(item, *keys)


class SignInThrottle:
    """Bounds how fast passwords and refresh tokens can be guessed, per address, and per address and account."""

    def __init__(self, settings: Settings) -> None:
        self._window = settings.sign_in_window_minutes
        self._per_account = settings.sign_in_attempts
        self._per_address = settings.sign_in_attempts_per_address
        self._pool = ConnectionPool.from_url(settings.redis_url, socket_timeout=1.0, socket_connect_timeout=1.0)
        # The library hands the pool on to redis-py; its signature only forgot to say so.
        pool: Any = self._pool
        shared = RedisStorage(
            f"async+{settings.redis_url}",
            implementation="redispy",
            key_prefix="relance:sign-in",
            connection_pool=pool,
        )
        self._shared = MovingWindowRateLimiter(shared)
        self._alone = MovingWindowRateLimiter(MemoryStorage())
        self._redis_away_until = 0.0
        self._turns = asyncio.Semaphore(_TURNS)

    @asynccontextmanager
    async def attempt(self, address: str, account: str | None) -> AsyncIterator[None]:
        """Wait for one's turn, then refuse where too many attempts have failed before it.

        Only failures count (many tests may sign in at once), and they count before the next attempt's turn: guesses
        sent together do not pass together.

        Raises:
            TooManySignIns: too many attempts have failed.
        """
        async with self._turns:
            for item, keys in self._limits(address, account):
                await self._refuse_unless_free(item, keys)
            yield

    async def failed(self, address: str, account: str | None) -> None:
        """Count a failure."""
        for item, keys in self._limits(address, account):
            await self._on_store(partial(_hit, item=item, keys=keys))

    async def forgive(self, address: str, account: str) -> None:
        """Forget the failures of `address` on `account`, which has just signed in."""
        for item, keys in self._limits(address, account):
            if keys[0] == _ACCOUNT:
                await self._on_store(partial(_clear, item=item, keys=keys))

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._pool.aclose()

    def _limits(self, address: str, account: str | None) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
        network = network_of(address)
        found: list[tuple[RateLimitItem, tuple[str, ...]]] = []
        if self._per_address:
            found.append((RateLimitItemPerMinute(self._per_address, self._window), (_ADDRESS, network)))
        if self._per_account and account is not None:
            # Redis keeps no address of a person in clear.
            name = hashlib.sha256(account.encode()).hexdigest()[:32]
            found.append((RateLimitItemPerMinute(self._per_account, self._window), (_ACCOUNT, network, name)))
        return found

    async def _refuse_unless_free(self, item: RateLimitItem, keys: tuple[str, ...]) -> None:
        if await self._on_store(partial(_test, item=item, keys=keys)):
            return
        stats = await self._on_store(partial(_stats, item=item, keys=keys))
        wait = max(1, math.ceil(stats.reset_time - time.time()))
        raise TooManySignIns(wait, item.amount, item.get_expiry())

    async def _on_store(self, ask: Callable[[MovingWindowRateLimiter], Awaitable[T]]) -> T:
        if time.monotonic() >= self._redis_away_until:
            try:
                return await ask(self._shared)
            except (RedisError, OSError, TimeoutError) as error:
                self._redis_away_until = time.monotonic() + _REDIS_REST
                _log.warning("throttle_without_redis", error=type(error).__name__)
        return await ask(self._alone)
