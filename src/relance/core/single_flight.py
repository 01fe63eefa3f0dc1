"""At most one run of a sweep in a process: a call during a run makes that run look again, and waits for it."""

import asyncio
from collections.abc import Awaitable, Callable


class SingleFlight:
    """Coalesces calls: a bell that rings while the sweep is under way is neither lost nor a second sweep."""

    def __init__(self, work: Callable[[], Awaitable[int]]) -> None:
        self._work = work
        self._running: asyncio.Task[int] | None = None
        self._again = False

    async def run(self) -> int:
        """Run the work, or join the run under way and have it look once more.

        Returns:
            How much that run has done.
        """
        return await asyncio.shield(self._start())

    def _start(self) -> asyncio.Task[int]:
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._loop())
        else:
            self._again = True
        return self._running

    async def _loop(self) -> int:
        done = await self._work()
        while self._again:
            self._again = False
            done += await self._work()
        return done

    async def finish(self) -> None:
        """Wait for the run under way, if any."""
        if self._running is not None and not self._running.done():
            await asyncio.wait([self._running])
