"""Rate limits: counters in Redis, shared by all processes; in memory while Redis is away.

A limit that is generous is counted in portions: a process counts by itself and tells the others from time to time, so
that a request of a hot list costs microseconds and not a round trip. A strict one (portion 1) is told at every hit.
"""

import ipaddress
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from fastapi import Request
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

from relance.core.errors import TooManyRequests
from relance.core.settings import Settings

_log = structlog.get_logger(__name__)

#: How long Redis is left alone after it failed, so that not every request waits for it, in seconds.
_REDIS_REST = 10.0
#: What the processes do not know of each other: at most this part of a limit each, for at most so many seconds.
_PORTIONS = 50
_STALE = 2.0

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


def client_address(request: Request) -> str:
    """The network address that the request comes from, as the server (or the proxy it trusts) saw it."""
    return request.client.host if request.client else "unknown"


class LimitStore:
    """Where counters live: Redis, and this process's memory for as long as Redis does not answer. Never raises."""

    def __init__(self, redis_url: str, prefix: str) -> None:
        self._prefix = prefix
        self._pool = ConnectionPool.from_url(redis_url, socket_timeout=1.0, socket_connect_timeout=1.0)
        # The library hands the pool on to redis-py; its signature only forgot to say so.
        pool: Any = self._pool
        shared = RedisStorage(f"async+{redis_url}", implementation="redispy", key_prefix=prefix, connection_pool=pool)
        self._shared = MovingWindowRateLimiter(shared)
        self._alone = MovingWindowRateLimiter(MemoryStorage())
        self._redis_away_until = 0.0

    async def ask(self, what: Callable[[MovingWindowRateLimiter], Awaitable[T]]) -> T:
        """`what` of the shared counters, of those of this process where Redis does not answer."""
        if time.monotonic() >= self._redis_away_until:
            try:
                return await what(self._shared)
            except (RedisError, OSError, TimeoutError) as error:
                self._redis_away_until = time.monotonic() + _REDIS_REST
                _log.warning("limits_without_redis", error=type(error).__name__)
        return await what(self._alone)

    async def add(self, key: str, amount: int, expiry: int) -> int:
        """Count `amount` more under `key`, which is forgotten after `expiry` seconds; the sum of all processes."""
        return await self.ask(lambda limiter: _add(limiter, f"{self._prefix}:{key}", amount, expiry))

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._pool.aclose()


async def _add(limiter: MovingWindowRateLimiter, key: str, amount: int, expiry: int) -> int:
    return await limiter.storage.incr(key, expiry, amount)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `limit` requests in each window of `window` seconds; `limit` 0: as many as one likes."""

    name: str
    limit: int
    window: int
    #: Counted at every hit, not in portions: where each one matters.
    strict: bool = False

    @property
    def portion(self) -> int:
        """How many hits a process may keep to itself."""
        return 1 if self.strict else max(1, self.limit // _PORTIONS)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands after a hit."""

    rate: RateLimit
    used: int
    #: Seconds until the next window.
    reset: int

    @property
    def exceeded(self) -> bool:
        """Whether this hit was one too many."""
        return self.used > self.rate.limit

    @property
    def headers(self) -> Mapping[str, str]:
        """`RateLimit` and `RateLimit-Policy` of draft-ietf-httpapi-ratelimit-headers."""
        return limit_headers(self.rate.name, self.rate.limit, self.rate.window, self.rate.limit - self.used, self.reset)


def limit_headers(name: str, limit: int, window: int, remaining: int, reset: int) -> Mapping[str, str]:
    """The two header fields that tell a client its limit and where it stands; times in seconds."""
    return {
        "RateLimit-Policy": f'"{name}";q={limit};w={window}',
        "RateLimit": f'"{name}";r={max(0, remaining)};t={reset}',
    }


class _Count:
    """What this process knows of one key in the current window."""

    __slots__ = ("known", "told_at", "untold")

    def __init__(self) -> None:
        self.known = 0
        self.untold = 0
        self.told_at = -math.inf


class RateLimits:
    """The limits of the deployment and who has used how much of them."""

    def __init__(self, settings: Settings) -> None:
        self._store = LimitStore(settings.redis_url, "relance:rate")
        self._counts: dict[tuple[str, str], _Count] = {}
        self._windows: dict[str, int] = {}
        self.caller = RateLimit("caller", settings.rate_limit_per_caller, 60)
        self.by_name: Mapping[str, RateLimit] = {
            rate.name: rate
            for rate in (
                RateLimit("token", settings.rate_limit_token, 60),
                RateLimit("recipient", settings.rate_limit_recipient, 60),
                RateLimit("password-reset", settings.rate_limit_password_reset, 3600, strict=True),
            )
        }

    async def hit(self, rate: RateLimit, key: str) -> Standing:
        """Count one request of `key`, and say where it stands.

        Raises:
            TooManyRequests: it was one too many.
        """
        now = time.time()
        window = int(now // rate.window)
        count = self._count(rate, window, key)
        count.untold += 1
        # Where this very request stands: what comes while it waits for Redis stands behind it.
        used = count.known + count.untold
        stale = now - count.told_at >= _STALE
        # Of a key over its limit everybody knows already: a flood costs no round trips.
        over = count.known > rate.limit and not stale
        if not over and (count.untold >= rate.portion or stale):
            used = max(used, await self._tell(rate, window, key, count, now))
        standing = Standing(rate, used, max(1, math.ceil((window + 1) * rate.window - now)))
        if standing.exceeded:
            raise TooManyRequests(standing.reset, standing.headers)
        return standing

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._store.close()

    def _count(self, rate: RateLimit, window: int, key: str) -> _Count:
        if self._windows.get(rate.name) != window:
            self._windows[rate.name] = window
            self._counts = {known: count for known, count in self._counts.items() if known[0] != rate.name}
        return self._counts.setdefault((rate.name, key), _Count())

    async def _tell(self, rate: RateLimit, window: int, key: str, count: _Count, now: float) -> int:
        amount, count.untold, count.told_at = count.untold, 0, now
        # Known at once, so that requests that come meanwhile are counted on top of it.
        count.known += amount
        total = await self._store.add(f"{rate.name}:{key}:{window}", amount, rate.window)
        count.known = max(count.known, total)
        return total


#: The dependencies that count a request and may answer 429; the contract announces it where one of them is.
COUNTING: set[Callable[..., object]] = set()


def rate_limits_of(request: Request) -> RateLimits | None:
    """The limits of the application; None in one that was made without."""
    limits: RateLimits | None = getattr(request.app.state, "rate_limits", None)
    return limits


async def count_caller(request: Request, key: str) -> None:
    """Count a request of an authenticated caller; once per request, however often it is asked.

    Raises:
        TooManyRequests: the caller has used the limit up.
    """
    limits = rate_limits_of(request)
    if limits is not None and limits.caller.limit:
        await _count(request, limits, limits.caller, key)


async def _count(request: Request, limits: RateLimits, rate: RateLimit, key: str) -> None:
    standing = await limits.hit(rate, key)
    request.state.rate_headers = standing.headers


def limited(name: str) -> Callable[[Request], Awaitable[None]]:
    """A dependency that counts requests per network address under the limit `name`."""

    async def count(request: Request) -> None:
        limits = rate_limits_of(request)
        if limits is None:
            return
        rate = limits.by_name[name]
        if rate.limit:
            await _count(request, limits, rate, network_of(client_address(request)))

    COUNTING.add(count)
    return count
