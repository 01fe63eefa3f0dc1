"""Settles uncertain mails of a sandbox: its relay is the mail catcher, which can be asked what it took.

A real relay cannot be asked, so there such mails are held for a person (see docs/operations.md).
"""

import structlog

from relance.capabilities.messaging.handlers import MailSubjects
from relance.capabilities.messaging.service import MessageService
from relance.capabilities.sandbox.repository import MailRepository
from relance.core.errors import RelanceError
from relance.core.runtime import Runtime
from relance.core.single_flight import SingleFlight
from relance.core.subjects import SYSTEM

_log = structlog.get_logger(__name__)


class CaughtMails:
    """Marks as sent what the catcher has, and sends again what it has not."""

    def __init__(self, runtime: Runtime, subjects: MailSubjects) -> None:
        self._runtime = runtime
        self._subjects = subjects
        self._flight = SingleFlight(self._sweep)

    async def sweep(self) -> int:
        """Settle every uncertain mail whose conversation is surely over.

        Returns:
            How many were settled.
        """
        return await self._flight.run()

    async def close(self) -> None:
        """Wait for the sweep under way."""
        await self._flight.finish()

    async def _sweep(self) -> int:
        await self._runtime.tick()
        # A conversation that was cut can still be at work on the catcher's side for as long as it may wait.
        quiet = 2 * self._runtime.settings.smtp_timeout_seconds
        async with self._runtime.db.reading(None) as session:
            uncertain = await MailRepository(session).uncertain(quiet)
        settled = 0
        for workspace_id, message_id, caught in uncertain:
            try:
                async with self._runtime.db.transaction(workspace_id) as session:
                    service = MessageService(session, self._runtime, self._subjects, SYSTEM)
                    kept = await service.get(message_id)
                    await (service.mark_sent(kept) if caught else service.resend(kept, lift_suppression=False))
                settled += 1
            except RelanceError as refused:
                # Settled by somebody else meanwhile, or no longer wanted: it stays for a person to see.
                _log.info("uncertain_mail_left", message=str(message_id), code=refused.code)
        return settled
