"""A mail relay that refuses, stalls and drops on command, and counts what it has accepted."""

import asyncio
import base64
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

#: What a rule answers: an SMTP reply, or one of these.
DROP = "drop"
STALL = "stall"
#: After the dot: take the mail, then say nothing.
ACCEPT_AND_DROP = "accept and drop"
ACCEPT_AND_STALL = "accept and stall"

#: Asked at "connect", "auth", "mail", "rcpt", "data" (the command) and "dot", with the recipient known so far.
Rule = Callable[[str, str], str | None]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A mail that the relay has taken."""

    sender: str
    recipient: str
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        """The mail as a client parses it."""
        return message_from_bytes(self.content, policy=default)


def _obedient(_stage: str, _recipient: str) -> str | None:
    return None


class _Hangup(Exception):
    pass


@dataclass
class Relay:
    """An SMTP server on a free port of this machine."""

    rule: Rule = _obedient
    credentials: tuple[str, str] | None = None
    accepted: list[Accepted] = field(default_factory=list)
    #: Every mail that came to its final dot, taken or not.
    offered: list[bytes] = field(default_factory=list)
    connections: int = 0
    #: Seconds between the final dot and the answer.
    patience: float = 0.0
    #: Set at every stage that stalls, for tests that wait for it.
    stalled: asyncio.Event = field(default_factory=asyncio.Event)
    #: Ends the stalls.
    released: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"smtp://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen; on the same port again after a stop."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=2**22)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse connections and end those there are."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.hang_up()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def hang_up(self) -> None:
        """End every connection."""
        for writer in list(self._writers):
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()

    def recipients(self) -> list[str]:
        """To whom it has taken mails, in order."""
        return [one.recipient for one in self.accepted]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(_Hangup, ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._converse(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _say(self, writer: asyncio.StreamWriter, stage: str, recipient: str, usual: str) -> bool:
        """Answer as the rule says; whether that was yes."""
        answer = self.rule(stage, recipient) or usual
        if answer == STALL:
            self.stalled.set()
            await self.released.wait()
            answer = usual
        if answer == DROP:
            raise _Hangup
        writer.write(answer.encode() + b"\r\n")
        await writer.drain()
        if answer.startswith("421"):
            raise _Hangup
        return answer[0] in "23"

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not await self._say(writer, "connect", "", "220 relay.example ESMTP"):
            return
        sender = recipient = ""
        while line := await reader.readline():
            command = line.decode().strip()
            verb = command.upper().partition(" ")[0]
            if verb in {"EHLO", "HELO"}:
                auth = "250-AUTH PLAIN\r\n" if self.credentials else ""
                await self._say(writer, "ehlo", "", f"250-relay.example\r\n{auth}250 8BITMIME")
            elif verb == "AUTH":
                await self._say(writer, "auth", "", self._authenticated(command))
            elif verb == "MAIL" and sender:
                await self._say(writer, "nested", "", "503 5.5.1 nested MAIL command")
            elif verb == "MAIL":
                if await self._say(writer, "mail", "", "250 ok"):
                    sender = command.partition("<")[2].partition(">")[0]
            elif verb == "RCPT":
                recipient = command.partition("<")[2].partition(">")[0]
                await self._say(writer, "rcpt", recipient, "250 ok")
            elif verb == "DATA":
                if await self._say(writer, "data", recipient, "354 go on"):
                    await self._take(reader, writer, sender, recipient)
                sender = recipient = ""
            elif verb == "RSET":
                sender = recipient = ""
                await self._say(writer, "rset", "", "250 ok")
            elif verb == "QUIT":
                await self._say(writer, "quit", "", "221 bye")
                return
            else:
                await self._say(writer, verb.lower(), recipient, "250 ok")

    def _authenticated(self, command: str) -> str:
        given = base64.b64decode(command.split()[2]).decode().split("\0")[1:]
        return "235 2.7.0 ok" if tuple(given) == self.credentials else "535 5.7.8 wrong credentials"

    async def _take(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sender: str, recipient: str
    ) -> None:
        if self.rule("payload", recipient) == DROP:
            await reader.readline()
            raise _Hangup
        content = await reader.readuntil(b"\r\n.\r\n")
        taken = Accepted(sender, recipient, content[:-3].replace(b"\r\n..", b"\r\n."))
        self.offered.append(taken.content)
        answer = self.rule("dot", recipient)
        if answer is None or answer[0] == "2" or answer in {ACCEPT_AND_DROP, ACCEPT_AND_STALL, STALL}:
            self.accepted.append(taken)
        if answer == ACCEPT_AND_DROP:
            raise _Hangup
        if answer in {ACCEPT_AND_STALL, STALL}:
            self.stalled.set()
            await self.released.wait()
            answer = None
        if self.patience:
            await asyncio.sleep(self.patience)
        writer.write((answer or "250 2.0.0 queued").encode() + b"\r\n")
        await writer.drain()


def once(stage: str, answer: str, times: int = 1, recipient: str | None = None) -> Rule:
    """A rule that gives `answer` at `stage` the first `times` times, for `recipient` or for anybody."""
    left = times

    def rule(at: str, whom: str) -> str | None:
        nonlocal left
        if at == stage and recipient in {None, whom} and left > 0:
            left -= 1
            return answer
        return None

    return rule


def always(stage: str, answer: str, recipient: str | None = None) -> Rule:
    """A rule that gives `answer` at `stage` every time."""
    return once(stage, answer, 10**9, recipient)
