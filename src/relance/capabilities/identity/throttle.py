"""Sign-in throttling: failed attempts counted in Redis, shared by all processes; in memory while Redis is away."""

import asyncio
import hashlib
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from limits import RateLimitItem, RateLimitItemPerMinute, WindowStats
from limits.aio.strategies import MovingWindowRateLimiter

from relance.capabilities.identity.errors import TooManySignIns
from relance.core.rate_limits import LimitStore, network_of
from relance.core.settings import Settings

#: Attempts checked at once by a process; as many as there are threads for hashes.
_TURNS = 2
_ADDRESS, _ACCOUNT = "address", "account"


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
        self._store = LimitStore(settings.redis_url, "relance:sign-in")
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
            await self._store.ask(partial(_hit, item=item, keys=keys))

    async def forgive(self, address: str, account: str) -> None:
        """Forget the failures of `address` on `account`, which has just signed in."""
        for item, keys in self._limits(address, account):
            if keys[0] == _ACCOUNT:
                await self._store.ask(partial(_clear, item=item, keys=keys))

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._store.close()

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
        if await self._store.ask(partial(_test, item=item, keys=keys)):
            return
        stats = await self._store.ask(partial(_stats, item=item, keys=keys))
        wait = max(1, math.ceil(stats.reset_time - time.time()))
        raise TooManySignIns(wait, item.amount, item.get_expiry())
