"""Group commit: what several connections want written at the same time goes into one transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


@dataclass(slots=True)
class _Share(Generic[ItemT, ResultT]):
    items: list[ItemT] = field(default_factory=list)
    #: One element once it is written.
    result: list[ResultT] = field(default_factory=list)


class Shared(Generic[ItemT, ResultT]):
    """Whoever comes while a write is under way joins the next one. Each caller still waits for its own to be done."""

    def __init__(self, write: Callable[[Sequence[ItemT]], Awaitable[ResultT]]) -> None:
        """
        Args:
            write: writes the items of several callers. Where it raises, the next caller of that share tries again,
                so that it must be safe to repeat.
        """
        self._write = write
        self._open: _Share[ItemT, ResultT] = _Share()
        self._writing = asyncio.Lock()

    async def write(self, items: Sequence[ItemT]) -> ResultT:
        """Have `items` written, alone or with those of others.

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
                share.result.append(await self._write(share.items))
        return share.result[0]
