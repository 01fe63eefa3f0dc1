"""The SMTP conversation, one message and one recipient at a time, on connections that are kept.

`aiosmtplib` connects, secures, greets and signs in. From there on the commands are ours: where the relay takes several
at once (RFC 2920), a mail costs one write and one wake-up, and whatever is refused, it is known whether a byte of the
mail has left.
"""

import asyncio
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote, urlsplit

import aiosmtplib

from relance.capabilities.messaging.delivery.wire import Silence, Wire
from relance.capabilities.messaging.outcomes import Phase, Reply

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
#: Relays close what is silent for five minutes (RFC 5321, 4.5.3.2.7); leave before they do.
_IDLE_SECONDS = 60.0
#: Many relays bound the mails of one connection; leave politely before that too.
_MAILS_PER_CONNECTION = 500
_QUIT_SECONDS = 2.0
_GO_ON = 354


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

    @property
    def secured(self) -> bool:
        """Whether nothing goes without TLS."""
        return self.scheme != "smtp"


@dataclass(frozen=True, slots=True)
class Address:
    """From whom and to whom one mail goes, as SMTP writes it."""

    sender: str
    recipient: str

    def command(self, phase: Phase) -> bytes:
        """The command of `phase`."""
        if phase is Phase.MAIL:
            return b"MAIL FROM:<%b>\r\n" % self.sender.encode("ascii")
        return b"RCPT TO:<%b>\r\n" % self.recipient.encode("ascii") if phase is Phase.RCPT else b"DATA\r\n"


_OPENING = (Phase.MAIL, Phase.RCPT)
_WHOLE = (Phase.MAIL, Phase.RCPT, Phase.DATA)


class Conversation:
    """One connection to the relay."""

    def __init__(self, relay: Relay, timeout: float, tls: ssl.SSLContext | None = None) -> None:
        """
        Args:
            relay: whom to talk to.
            timeout: longest wait for one answer, in seconds.
            tls: whom to trust; needed where the relay is `secured`.
        """
        self._timeout = timeout
        self._client = aiosmtplib.SMTP(
            hostname=relay.host,
            port=relay.port,
            username=relay.user,
            password=relay.password,
            use_tls=relay.scheme == "smtps",
            start_tls=relay.scheme == "smtp+starttls",
            tls_context=tls,
            timeout=timeout,
        )
        self._wire: Wire | None = None
        self._pipelining = False
        #: The relay waits for a mail: whatever is written now is part of it.
        self._in_data = False
        #: What was asked together with the mail before it, and is not answered yet.
        self._ahead: Address | None = None
        self.handed_over = 0
        #: Taken from the pool, so that silence may only mean that the relay had closed it.
        self.reused = False
        self.idle_since = time.monotonic()

    @property
    def alive(self) -> bool:
        """Whether it can carry another mail."""
        idle = time.monotonic() - self.idle_since
        return self._clean and idle < _IDLE_SECONDS and self.handed_over < _MAILS_PER_CONNECTION

    @property
    def _clean(self) -> bool:
        return self._wire is not None and self._wire.idle and not self._in_data

    async def connect(self) -> None:
        """Connect, secure, sign in, greet.

        Raises:
            SmtpFault: in the phase `connect` or `auth`.
        """
        client = self._client
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await self._greet()
        except aiosmtplib.SMTPAuthenticationError as error:
            raise SmtpFault(Phase.AUTH, Reply(error.code, error.message)) from error
        except aiosmtplib.SMTPResponseException as error:
            client.close()
            raise SmtpFault(Phase.CONNECT, Reply(error.code, error.message)) from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            client.close()
            raise SmtpFault(Phase.CONNECT, Reply(None, f"{type(error).__name__}: {error}")) from error
        if client.transport is None:
            raise SmtpFault(Phase.CONNECT, Reply(None, "connection lost"))
        self._pipelining = client.supports_extension("pipelining")
        # By name: uvloop's transports, which the worker runs on, are not of asyncio's classes.
        self._wire = Wire(cast("asyncio.Transport", client.transport), self._timeout)

    async def _greet(self) -> None:
        try:
            await self._client.ehlo()
        except aiosmtplib.SMTPHeloError:
            if not self._client.is_connected:
                raise
            await self._client.helo()

    async def open(self, address: Address, *, committed: bool) -> None:
        """MAIL and RCPT; and DATA in the same breath where the hand-off is `committed` and the relay takes that.

        Whatever it refuses, the connection is ready for the next mail afterwards, or closed.

        Raises:
            SmtpFault: in the phase `mail`, `rcpt` or `data`: no byte of the mail has left.
        """
        ahead, self._ahead = self._ahead, None
        phases = _WHOLE if ahead is not None or (committed and self._pipelining) else _OPENING
        if ahead is not None and ahead != address:
            raise RuntimeError("another mail was announced to the relay")
        if ahead is None and self._pipelining:
            self._send(phases[0], b"".join(map(address.command, phases)), len(phases))
        refused: SmtpFault | None = None
        for phase in phases:
            try:
                if not self._pipelining:
                    self._send(phase, address.command(phase), 1)
                reply = await self._answer(phase)
            except SmtpFault as silent:
                # A relay that says no and hangs up has said no.
                raise refused or silent from silent
            self._in_data = phase is Phase.DATA and reply.code == _GO_ON
            if refused is None and not (self._in_data or (phase is not Phase.DATA and _yes(reply))):
                refused = SmtpFault(phase, reply)
                if not self._pipelining:
                    break
        if refused is not None:
            await self._clear(refused)
            raise refused
        self.reused = False

    async def hand_over(self, payload: bytes, following: Address | None = None) -> Reply:
        """The mail, and the relay's yes; DATA before it where `open` has not asked.

        Args:
            payload: the mail, its lines ended by CR LF.
            following: the mail that is opened next, committed already: asked along with this one where the relay
                takes that. `open` then only waits for the answers.

        Raises:
            SmtpFault: in the phase `data`, when nothing of the mail has left; in the phase `payload` afterwards.
        """
        if not self._in_data:
            await self._begin_data()
        parts, answers = [_stuffed(payload)], 1
        if following is not None and self._pipelining:
            parts += map(following.command, _WHOLE)
            answers += len(_WHOLE)
        self._send(Phase.DATA, b"".join(parts), answers)
        self._in_data = False
        self._ahead = following if answers > 1 else None
        reply = await self._answer(Phase.PAYLOAD)
        if not _yes(reply):
            raise SmtpFault(Phase.PAYLOAD, reply)
        self.handed_over += 1
        return reply

    async def reset(self) -> None:
        """RSET: forget the mail under way. A connection that cannot is closed."""
        if self._in_data or self._ahead is not None:
            # RSET would be part of the mail, and so would the dot that ends it.
            self.abort()
            return
        with suppress(SmtpFault):
            self._send(Phase.MAIL, b"RSET\r\n", 1)
            if _yes(await self._answer(Phase.MAIL)):
                return
        self.abort()

    async def quit(self) -> None:
        """Leave politely; what goes wrong now changes nothing."""
        if self._wire is not None and self._clean:
            with suppress(SmtpFault, TimeoutError):
                self._send(Phase.MAIL, b"QUIT\r\n", 1)
                async with asyncio.timeout(_QUIT_SECONDS):
                    await self._answer(Phase.MAIL)
        if self._wire is not None:
            self._wire.close()

    def abort(self) -> None:
        """Drop the connection; whoever waits for its answer hears that there is none."""
        if self._wire is not None:
            self._wire.abort()
        else:
            self._client.close()

    async def _begin_data(self) -> None:
        self._send(Phase.DATA, b"DATA\r\n", 1)
        reply = await self._answer(Phase.DATA)
        if reply.code != _GO_ON:
            await self.reset()
            raise SmtpFault(Phase.DATA, reply)
        self._in_data = True

    async def _clear(self, refused: SmtpFault) -> None:
        """Bring the relay back to where a mail may begin."""
        if self._in_data:
            # It wants the mail although nobody is to get it. After a refused recipient the lone dot is the way out
            # (RFC 2920, 3.1); otherwise it might send an empty mail.
            if refused.phase is not Phase.RCPT or (refused.reply.code or 0) < 400:
                self.abort()
                return
            try:
                self._send(Phase.DATA, b".\r\n", 1)
                await self._answer(Phase.DATA)
            except SmtpFault:
                return
            self._in_data = False
        if refused.reply.code != 421:
            await self.reset()

    def _send(self, phase: Phase, data: bytes, answers: int) -> None:
        if self._wire is None:
            raise SmtpFault(phase, Reply(None, "not connected"))
        try:
            self._wire.send(data, answers)
        except Silence as silence:
            raise SmtpFault(phase, Reply(None, str(silence))) from silence

    async def _answer(self, phase: Phase) -> Reply:
        if self._wire is None:
            raise SmtpFault(phase, Reply(None, "not connected"))
        try:
            return await self._wire.reply()
        except Silence as silence:
            raise SmtpFault(phase, Reply(None, str(silence))) from silence


def _yes(reply: Reply) -> bool:
    return reply.code is not None and 200 <= reply.code < 300


def _stuffed(payload: bytes) -> bytes:
    """`payload` with its dots doubled at line starts, ended by the final dot; its lines end in CR LF already."""
    if b"\n." in payload or payload.startswith(b"."):
        payload = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in payload.split(b"\r\n"))
    return payload + (b".\r\n" if payload.endswith(b"\r\n") else b"\r\n.\r\n")
