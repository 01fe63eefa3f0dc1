"""The SMTP conversation, one message and one recipient at a time, on connections that are kept.

`aiosmtplib` speaks the commands; the hand-off is split here, because its `data()` raises the same exception whether
the connection was lost before the first byte of the mail (it was not sent) or after it (nobody knows).
"""

import asyncio
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote, urlsplit

import aiosmtplib

from relance.capabilities.messaging.outcomes import Phase, Reply

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
#: Relays close what is silent for five minutes (RFC 5321, 4.5.3.2.7); leave before they do.
_IDLE_SECONDS = 60.0
#: Many relays bound the mails of one connection; leave politely before that too.
_MAILS_PER_CONNECTION = 500


class SmtpFault(Exception):
    """The relay did not say yes: in which phase, and what it said, if anything."""

    def __init__(self, phase: Phase, reply: Reply) -> None:
        super().__init__(f"{phase}: {reply.code} {reply.text}")
        self.phase = phase
        self.reply = reply


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mail goes: a relay account."""

    host: str
    port: int
    scheme: str
    user: str | None
    password: str | None

    @classmethod
    def parse(cls, url: str) -> "Relay":
        """The relay behind `smtp://`, `smtp+starttls://` or `smtps://`, with `user:password@` where it asks for one.

        Raises:
            ValueError: another scheme, or no host.
        """
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("SMTP_URL must be smtp://, smtp+starttls:// or smtps://, with a host")
        return cls(
            host=parts.hostname,
            port=parts.port or _PORTS[parts.scheme],
            scheme=parts.scheme,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password is not None else None,
        )


class Conversation:
    """One connection to the relay."""

    def __init__(self, relay: Relay, timeout: float) -> None:
        self._timeout = timeout
        self._client = aiosmtplib.SMTP(
            hostname=relay.host,
            port=relay.port,
            username=relay.user,
            password=relay.password,
            use_tls=relay.scheme == "smtps",
            start_tls=relay.scheme == "smtp+starttls",
            timeout=timeout,
        )
        self.handed_over = 0
        #: Taken from the pool, so that silence may only mean that the relay had closed it.
        self.reused = False
        self.idle_since = time.monotonic()

    @property
    def alive(self) -> bool:
        """Whether it can carry another mail."""
        idle = time.monotonic() - self.idle_since
        return self._client.is_connected and idle < _IDLE_SECONDS and self.handed_over < _MAILS_PER_CONNECTION

    async def connect(self) -> None:
        """Connect, secure, greet, sign in.

        Raises:
            SmtpFault: in the phase `connect` or `auth`.
        """
        try:
            await self._client.connect()
        except aiosmtplib.SMTPAuthenticationError as error:
            raise SmtpFault(Phase.AUTH, Reply(error.code, error.message)) from error
        except aiosmtplib.SMTPResponseException as error:
            raise SmtpFault(Phase.CONNECT, Reply(error.code, error.message)) from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise SmtpFault(Phase.CONNECT, Reply(None, f"{type(error).__name__}: {error}")) from error

    async def open(self, sender: str, recipient: str) -> None:
        """MAIL and RCPT.

        Raises:
            SmtpFault: in the phase `mail` or `rcpt`.
        """
        phase = Phase.MAIL
        try:
            await self._client.mail(sender)
            phase = Phase.RCPT
            await self._client.rcpt(recipient)
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _fault(phase, error) from error
        self.reused = False

    async def hand_over(self, payload: bytes) -> Reply:
        """DATA, the mail, and the relay's yes.

        Raises:
            SmtpFault: in the phase `data`, when nothing of the mail has left; in the phase `payload` afterwards.
        """
        protocol = await self._begin_data()
        try:
            # Nothing is awaited between the two: the answer cannot come before it is waited for.
            protocol.write(_stuffed(payload))
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _fault(Phase.DATA, error) from error
        try:
            answer = await protocol.read_response(timeout=self._timeout)
        except (aiosmtplib.SMTPException, OSError) as error:
            # An answer that comes after all would be taken for the next command's.
            self._client.close()
            raise _fault(Phase.PAYLOAD, error) from error
        reply = Reply(answer.code, answer.message)
        if not 200 <= answer.code < 300:
            raise SmtpFault(Phase.PAYLOAD, reply)
        self.handed_over += 1
        return reply

    async def _begin_data(self) -> "aiosmtplib.protocol.SMTPProtocol":
        try:
            answer = await self._client.execute_command(b"DATA")
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _fault(Phase.DATA, error) from error
        if answer.code != aiosmtplib.SMTPStatus.start_input:
            raise SmtpFault(Phase.DATA, Reply(answer.code, answer.message))
        protocol = self._client.protocol
        if protocol is None:
            raise SmtpFault(Phase.DATA, Reply(None, "connection lost"))
        return protocol

    async def reset(self) -> None:
        """RSET: forget the message under way. A connection that cannot is closed."""
        try:
            await self._client.rset()
        except (aiosmtplib.SMTPException, OSError):
            self._client.close()

    async def quit(self) -> None:
        """Leave politely; what goes wrong now changes nothing."""
        if self._client.is_connected:
            with suppress(aiosmtplib.SMTPException, OSError):
                await self._client.quit(timeout=2)
        self._client.close()

    def abort(self) -> None:
        """Drop the connection; whoever waits for its answer hears that there is none."""
        transport = self._client.transport
        if transport is not None:
            # By name: uvloop's transports, which the worker runs on, are not of asyncio's classes.
            cast("asyncio.WriteTransport", transport).abort()


def _fault(phase: Phase, error: Exception) -> SmtpFault:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return SmtpFault(phase, Reply(error.code, error.message))
    return SmtpFault(phase, Reply(None, f"{type(error).__name__}: {error}"))


def _stuffed(payload: bytes) -> bytes:
    """`payload` with its dots doubled at line starts, ended by the final dot; its lines end in CR LF already."""
    if b"\n." in payload or payload.startswith(b"."):
        payload = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in payload.split(b"\r\n"))
    return payload + (b".\r\n" if payload.endswith(b"\r\n") else b"\r\n.\r\n")


class Pool:
    """The connections of this process, kept between messages and between sweeps."""

    def __init__(self, relay: Relay, timeout: float) -> None:
        self._relay = relay
        self._timeout = timeout
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
        fresh = Conversation(self._relay, self._timeout)
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
