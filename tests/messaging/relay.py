"""A mail relay that refuses, stalls and drops on command, and counts what it has accepted."""

import asyncio
import base64
import ssl
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
    #: Takes several commands at once (RFC 2920).
    pipelining: bool = True
    #: Answers DATA with 354 where nobody is to get the mail, as RFC 2920 allows; else with 503.
    lenient: bool = False
    #: Secures connections: from the first byte on, or at STARTTLS.
    tls: ssl.SSLContext | None = None
    implicit_tls: bool = False
    accepted: list[Accepted] = field(default_factory=list)
    #: Every mail that came to its final dot, taken or not.
    offered: list[bytes] = field(default_factory=list)
    #: What nobody may send: an empty mail to somebody, a mail to nobody.
    violations: list[str] = field(default_factory=list)
    connections: int = 0
    #: How many of them were secured.
    secured: int = 0
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
        return self.url_as("smtp")

    def url_as(self, scheme: str, credentials: str = "") -> str:
        """Its address as a setting has it."""
        return f"{scheme}://{credentials}127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen; on the same port again after a stop."""
        tls = self.tls if self.implicit_tls else None
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=2**22, ssl=tls)
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
        self.secured += self.implicit_tls
        if not await self._say(writer, "connect", "", "220 relay.example ESMTP"):
            return
        sender = recipient = ""
        wanted = False
        while line := await reader.readline():
            command = line.decode().strip()
            verb = command.upper().partition(" ")[0]
            if verb in {"EHLO", "HELO"}:
                await self._say(writer, "ehlo", "", self._greeting(writer))
            elif verb == "STARTTLS":
                if await self._say(writer, "starttls", "", "220 go ahead" if self.tls else "502 5.5.1 no"):
                    await self._secure(writer)
            elif verb == "AUTH":
                await self._say(writer, "auth", "", self._authenticated(command))
            elif verb == "MAIL" and sender:
                await self._say(writer, "nested", "", "503 5.5.1 nested MAIL command")
            elif verb == "MAIL":
                if await self._say(writer, "mail", "", "250 ok"):
                    sender = command.partition("<")[2].partition(">")[0]
            elif verb == "RCPT" and not sender:
                await self._say(writer, "unready", "", "503 5.5.1 MAIL first")
            elif verb == "RCPT":
                recipient = command.partition("<")[2].partition(">")[0]
                wanted = await self._say(writer, "rcpt", recipient, "250 ok")
            elif verb == "DATA":
                if not wanted and not self.lenient:
                    await self._say(writer, "unready", "", "503 5.5.1 no valid recipients")
                    continue
                if await self._say(writer, "data", recipient, "354 go on"):
                    await self._take(reader, writer, sender, recipient, wanted)
                    sender, recipient, wanted = "", "", False
            elif verb == "RSET":
                sender, recipient, wanted = "", "", False
                await self._say(writer, "rset", "", "250 ok")
            elif verb == "QUIT":
                await self._say(writer, "quit", "", "221 bye")
                return
            else:
                await self._say(writer, verb.lower(), recipient, "250 ok")

    def _greeting(self, writer: asyncio.StreamWriter) -> str:
        offers = ["relay.example", "8BITMIME"]
        if self.credentials:
            offers.append("AUTH PLAIN")
        if self.pipelining:
            offers.append("PIPELINING")
        if self.tls is not None and writer.get_extra_info("sslcontext") is None:
            offers.append("STARTTLS")
        return "".join(f"250-{offer}\r\n" for offer in offers[:-1]) + f"250 {offers[-1]}"

    async def _secure(self, writer: asyncio.StreamWriter) -> None:
        assert self.tls is not None
        try:
            await writer.start_tls(self.tls)
        except (ssl.SSLError, ConnectionError):
            raise _Hangup from None
        self.secured += 1

    def _authenticated(self, command: str) -> str:
        given = base64.b64decode(command.split()[2]).decode().split("\0")[1:]
        return "235 2.7.0 ok" if tuple(given) == self.credentials else "535 5.7.8 wrong credentials"

    async def _take(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sender: str, recipient: str, wanted: bool
    ) -> None:
        if wanted and self.rule("payload", recipient) == DROP:
            await reader.readline()
            raise _Hangup
        first = await reader.readline()
        content = b"" if first == b".\r\n" else first + await reader.readuntil(b"\r\n.\r\n")
        if not wanted:
            if content:
                self.violations.append(f"a mail to {recipient}, who was refused")
            await self._say(writer, "nobody", "", "554 5.5.1 no valid recipients")
            return
        if not content:
            self.violations.append(f"an empty mail to {recipient}")
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
