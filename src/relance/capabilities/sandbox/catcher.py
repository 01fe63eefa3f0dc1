"""The mail catcher: a real SMTP server that keeps every mail for the test mailbox, and delivers none."""

import asyncio
import signal
from collections.abc import Callable

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy.exc import SQLAlchemyError

from relance.capabilities.sandbox.clock import sandbox_clock
from relance.capabilities.sandbox.models import CapturedMail
from relance.capabilities.sandbox.parsing import parse_mail
from relance.capabilities.sandbox.repository import MailRepository
from relance.core.db import Database
from relance.core.keys import KeyRing
from relance.core.logging import configure_logging
from relance.core.runtime import Runtime
from relance.core.settings import Settings

_log = structlog.get_logger(__name__)

#: Announced in EHLO; larger mails are refused with 552.
MAX_MAIL_BYTES = 20 * 1024 * 1024
_IDENT = "Relance mail catcher"
#: Room is made once in so many mails.
_FORGET_EVERY = 200
#: A larger mail is parsed beside the loop, so that it holds up nobody else's.
_LARGE = 256 * 1024


class Catcher:
    """The events of the SMTP conversation. A 250 is said only once the mail is committed."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._accepted = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Store the mail for each of its recipients, then answer."""
        raw = envelope.original_content or b""
        try:
            await self._store(raw, envelope.mail_from or "", [str(address) for address in envelope.rcpt_tos])
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            _log.error("mail_not_stored", error=type(error).__name__)
            return "451 4.3.0 The mail could not be stored, try again later"
        return "250 2.0.0 Stored for the test mailbox"

    async def _store(self, raw: bytes, sender: str, recipients: list[str]) -> None:
        public_url = self._runtime.settings.public_url
        if len(raw) > _LARGE:
            parsed = await asyncio.to_thread(parse_mail, raw, public_url)
        else:
            parsed = parse_mail(raw, public_url)
        await self._runtime.tick()
        async with self._runtime.db.transaction(None) as session:
            for recipient in dict.fromkeys(address.strip().lower() for address in recipients):
                session.add(
                    CapturedMail(
                        recipient=recipient,
                        envelope_sender=sender,
                        header_from=parsed.header_from,
                        header_to=parsed.header_to,
                        subject=parsed.subject,
                        headers=parsed.headers,
                        text=parsed.text,
                        html=parsed.html,
                        links=parsed.links,
                        message_id=parsed.message_id,
                        sent_as=parsed.sent_as,
                        raw=raw,
                        received_at=self._runtime.clock.now(),
                    )
                )
            self._accepted += 1
            if self._accepted % _FORGET_EVERY == 0:
                await session.flush()
                await MailRepository(session).forget_oldest()


async def start_catcher(runtime: Runtime, host: str, port: int) -> asyncio.Server:
    """Listen on `host` and `port` (0 for any free one).

    Raises:
        OSError: the port is taken.
    """
    catcher = Catcher(runtime)
    loop = asyncio.get_running_loop()

    def conversation() -> SMTP:
        return SMTP(
            catcher,
            data_size_limit=MAX_MAIL_BYTES,
            enable_SMTPUTF8=True,
            hostname="mail-catcher.invalid",
            ident=_IDENT,
            loop=loop,
        )

    factory: Callable[[], asyncio.BaseProtocol] = conversation
    return await loop.create_server(factory, host, port)


async def run_catcher(settings: Settings, host: str, port: int) -> None:
    """Catch mails until SIGTERM or SIGINT.

    Raises:
        OSError: the port is taken.
    """
    configure_logging(settings)
    database = Database(settings)
    clock, refresh = sandbox_clock(database)
    runtime = Runtime(settings, database, KeyRing(settings.secret_keys), clock, refresh)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, stopped.set)
    server = await start_catcher(runtime, host, port)
    _log.info("catcher_listening", host=host, port=port)
    try:
        await stopped.wait()
    finally:
        server.close()
        await database.dispose()
