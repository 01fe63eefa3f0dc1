"""A mail server that takes everything and keeps nothing, in a process of its own: `python -m benchmarks.sink`.

Prints its port. `VRFY` answers with the number of mails taken so far, `RSET` and all else with yes.
"""

import asyncio
import sys
from typing import cast

import uvloop

_ANSWERS = {
    b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
    b"HELO": b"250 sink\r\n",
    b"QUIT": b"221 bye\r\n",
}
_END = b"\r\n.\r\n"


class Sink(asyncio.Protocol):
    """One connection. Cheap on purpose: what is measured is the other end."""

    taken = 0

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._in_mail = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        # uvloop's transports are not of asyncio's classes.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer every command and every mail that is complete."""
        assert self._transport is not None
        self._rest += data
        while True:
            mark = _END if self._in_mail else b"\r\n"
            found = self._rest.find(mark)
            if found < 0:
                return
            line, self._rest = self._rest[:found], self._rest[found + len(mark) :]
            self._transport.write(self._answer(line))

    def _answer(self, line: bytes) -> bytes:
        if self._in_mail:
            self._in_mail = False
            Sink.taken += 1
            return b"250 2.0.0 taken\r\n"
        verb = line[:4].upper()
        if verb == b"DATA":
            self._in_mail = True
            return b"354 go on\r\n"
        if verb == b"VRFY":
            return b"252 %d\r\n" % Sink.taken
        return _ANSWERS.get(verb, b"250 ok\r\n")


async def main() -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
