"""What a process holds for its whole life, handed to services instead of globals."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from relance.core.clock import Clock, SystemClock
from relance.core.db import Database
from relance.core.keys import KeyRing
from relance.core.pagination import CursorCodec
from relance.core.settings import Settings


@dataclass(slots=True)
class Runtime:
    """Settings, clock, keys and database of this process."""

    settings: Settings
    db: Database
    keys: KeyRing
    clock: Clock = field(default_factory=SystemClock)
    #: Brings a moved sandbox clock up to date; None outside of a sandbox.
    refresh_clock: Callable[[], Awaitable[None]] | None = None

    @property
    def cursors(self) -> CursorCodec:
        """Writes and checks the cursors of lists."""
        return CursorCodec(self.keys.newest("cursor"))

    async def tick(self) -> None:
        """Make sure that `clock` shows what every other process sees. Free outside of a sandbox."""
        if self.refresh_clock is not None:
            await self.refresh_clock()
