"""Group commit: what several connections want written at the same time goes into one transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import structlog

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

_log = structlog.get_logger(__name__)

#: How long what was posted waits for company, in seconds.
_LINGER = 0.02


@dataclass(slots=True)
class _Share(Generic[ItemT, ResultT]):
    items: list[ItemT] = field(default_factory=list)
    #: One element once it is written.
    result: list[ResultT] = field(default_factory=list)


class Shared(Generic[ItemT, ResultT]):
    """Whoever comes while a write is under way joins the next one. Writes follow one another in order."""

    def __init__(self, write: Callable[[Sequence[ItemT]], Awaitable[ResultT]]) -> None:
        """
        Args:
            write: writes the items of several callers. Where it raises, the next caller of that share tries again,
                so that it must be safe to repeat.
        """
        self._write = write
        self._open: _Share[ItemT, ResultT] = _Share()
        self._writing = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._late: set[asyncio.Task[ResultT]] = set()

    async def write(self, items: Sequence[ItemT]) -> ResultT:
        """Have `items` written, alone or with those of others; what was posted before is written then as well.

        Returns:
            What the write gave for the whole share.

        Raises:
            Exception: whatever the write raises.
        """
        share = self._open
        share.items.extend(items)
        async with self._writing:
            if not share.result:
                if share is self._open:
                    self._open = _Share()
                    self._disarm()
                share.result.append(await self._write(share.items))
        return share.result[0]

    def post(self, items: Sequence[ItemT]) -> None:
        """Have `items` written with the next write, or by themselves after a moment; nobody waits for it here."""
        self._open.items.extend(items)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_LINGER, self._write_what_was_posted)

    async def flush(self) -> None:
        """Wait until all that was posted is written."""
        if self._open.items or self._late:
            await self.write([])

    def _write_what_was_posted(self) -> None:
        self._timer = None
        task = asyncio.ensure_future(self.write([]))
        self._late.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[ResultT]") -> None:
        self._late.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("shared_write_failed", error=repr(task.exception()))

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
