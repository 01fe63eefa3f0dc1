"""The answers of a relay as they come in, whatever number of commands is under way (RFC 2920)."""

import asyncio
from collections import deque

from relance.capabilities.messaging.outcomes import Reply

#: RFC 5321 allows 512 bytes a line; a relay that sends much more is not speaking SMTP.
_LONGEST_REPLY = 32 * 1024


class Silence(Exception):
    """No answer, or none that can be understood: nothing more is to be had from this connection."""


class Wire(asyncio.Protocol):
    """One connection, cut into replies. Takes over the transport that `aiosmtplib` has connected and secured.

    `aiosmtplib` itself keeps one answer at a time, and loses those that arrive together.
    """

    def __init__(self, transport: asyncio.Transport, timeout: float) -> None:
        """
        Args:
            transport: connected; what it receives comes here from now on.
            timeout: longest wait for one answer, in seconds, counted from the last byte that the relay has taken.
        """
        self._transport = transport
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._rest = b""
        #: Lines of a reply whose last line has not come.
        self._lines: list[bytes] = []
        self._size = 0
        self._replies: deque[Reply] = deque()
        #: Commands that have no answer yet, those in `_replies` included.
        self._asked = 0
        self._waiter: asyncio.Future[None] | None = None
        self._deadline = 0.0
        self._unsent = 0
        self._timer: asyncio.TimerHandle | None = None
        self._end: str | None = None
        transport.set_protocol(self)

    @property
    def idle(self) -> bool:
        """Whether it stands, and every command has had its answer."""
        return self._end is None and not self._asked and not self._transport.is_closing()

    def send(self, data: bytes, answers: int) -> None:
        """Write `data`, which the relay is to answer so many times.

        Raises:
            Silence: the connection is gone; nothing has left.
        """
        if self._end is not None or self._transport.is_closing():
            raise Silence(self._end or "connection closed")
        self._asked += answers
        self._transport.write(data)

    async def reply(self) -> Reply:
        """The next answer, in the order of the commands.

        Raises:
            Silence: there will be none.
        """
        while not self._replies:
            if self._end is not None:
                raise Silence(self._end)
            self._waiter = self._loop.create_future()
            self._watch_from_now()
            try:
                await self._waiter
            finally:
                self._waiter = None
        self._asked -= 1
        return self._replies.popleft()

    def close(self) -> None:
        """End the connection once what was written has left."""
        self._end = self._end or "connection closed"
        self._transport.close()

    def abort(self) -> None:
        """Drop the connection; whoever waits for an answer hears that there is none."""
        self._give_up("connection dropped")

    # --- what the event loop calls -------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Cut what has come into replies."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if self._end is None:
                self._take(line.rstrip(b"\r"))
        if self._size + len(self._rest) > _LONGEST_REPLY:
            self._give_up("an answer without end")
        self._wake()

    def eof_received(self) -> bool:
        """The relay has closed its side."""
        self._give_up("connection closed by the relay")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will come."""
        self._end = self._end or (f"connection lost: {type(exc).__name__}" if exc else "connection lost")
        self._wake()

    # --- inside --------------------------------------------------------------------------------------------------

    def _take(self, line: bytes) -> None:
        code, more = line[:3], line[3:4]
        if len(code) != 3 or not code.isdigit() or more not in {b"", b" ", b"-"}:
            self._give_up(f"not an SMTP answer: {line[:100].decode(errors='replace')}")
            return
        self._lines.append(line[4:].strip())
        self._size += len(line)
        if more == b"-":
            return
        if self._asked <= len(self._replies):
            # "421 idle for too long" before it closes, or worse: whatever it is, the two sides are out of step.
            self._give_up(f"answered before it was asked: {line[:100].decode(errors='replace')}")
            return
        self._replies.append(Reply(int(code), b"\n".join(self._lines).decode(errors="replace")))
        self._lines, self._size = [], 0

    def _give_up(self, why: str) -> None:
        self._end = self._end or why
        self._transport.abort()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done() and (self._replies or self._end is not None):
            self._waiter.set_result(None)

    def _watch_from_now(self) -> None:
        # One timer for many waits: it looks when it fires how long the present one has lasted.
        self._deadline = self._loop.time() + self._timeout
        self._unsent = self._transport.get_write_buffer_size()
        if self._timer is None:
            self._timer = self._loop.call_at(self._deadline, self._watch)

    def _watch(self) -> None:
        self._timer = None
        if self._waiter is None:
            return
        unsent = self._transport.get_write_buffer_size()
        if unsent < self._unsent:
            # A large mail on a slow line is not silence.
            self._unsent, self._deadline = unsent, self._loop.time() + self._timeout
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._watch)
        else:
            self._give_up(f"no answer in {self._timeout:g} s")
