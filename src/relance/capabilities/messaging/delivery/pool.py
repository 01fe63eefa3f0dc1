"""The connections of this process, kept between messages and between sweeps."""

import asyncio
import ssl
import time
from collections import deque
from pathlib import Path

from relance.capabilities.messaging.delivery.smtp import Conversation, Relay, SmtpFault
from relance.capabilities.messaging.outcomes import Phase, Reply


class Pool:
    """Connections to one relay account."""

    def __init__(self, relay: Relay, timeout: float, authorities: Path | None = None) -> None:
        """
        Args:
            relay: whom to talk to.
            timeout: longest wait for one answer, in seconds.
            authorities: certificates (PEM) to trust besides the system's.
        """
        self._relay = relay
        self._timeout = timeout
        self._authorities = authorities
        self._tls: ssl.SSLContext | None = None
        self._free: deque[Conversation] = deque()
        self._busy: set[Conversation] = set()

    async def acquire(self) -> Conversation:
        """A connection that greets and is signed in: a kept one, or a new one.

        Raises:
            SmtpFault: none can be made.
        """
        while self._free:
            kept = self._free.pop()
            if kept.alive:
                kept.reused = True
                self._busy.add(kept)
                return kept
            await kept.quit()
        fresh = Conversation(self._relay, self._timeout, await self._trust())
        self._busy.add(fresh)
        try:
            await fresh.connect()
        except BaseException:
            self._busy.discard(fresh)
            raise
        return fresh

    async def give_back(self, conversation: Conversation) -> None:
        """Keep `conversation` for the next message, or end it where it is worn out."""
        self._busy.discard(conversation)
        conversation.idle_since = time.monotonic()
        if conversation.alive:
            self._free.append(conversation)
        else:
            await conversation.quit()

    def drop(self, conversation: Conversation) -> None:
        """Forget a connection that failed."""
        self._busy.discard(conversation)
        conversation.abort()

    async def close(self) -> None:
        """End the connections that nobody uses."""
        while self._free:
            await self._free.pop().quit()

    def abort(self) -> None:
        """Drop the connections in use: their hand-offs end as unknown instead of holding up the stop."""
        for conversation in list(self._busy):
            conversation.abort()

    async def _trust(self) -> ssl.SSLContext | None:
        if not self._relay.secured:
            return None
        if self._tls is None:
            try:
                # In a thread: the system's certificates take tens of milliseconds to read.
                self._tls = await asyncio.to_thread(_context, self._authorities)
            except (OSError, ssl.SSLError) as error:
                raise SmtpFault(Phase.CONNECT, Reply(None, f"{type(error).__name__}: {error}")) from error
        return self._tls


def _context(authorities: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if authorities is not None:
        context.load_verify_locations(cafile=authorities)
    return context
