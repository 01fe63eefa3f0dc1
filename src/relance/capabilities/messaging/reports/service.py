"""What a delivery report does to the message it is about."""

from collections.abc import Sequence
from enum import StrEnum

import structlog

from relance.capabilities.messaging.handlers import MailSubjects
from relance.capabilities.messaging.hindsight import Hindsight
from relance.capabilities.messaging.lifecycle import LIFECYCLE, Facts
from relance.capabilities.messaging.models import MessageState
from relance.capabilities.messaging.outcomes import Phase, Reply, outcome
from relance.capabilities.messaging.reports.parsing import RecipientReport, Report, Verdict
from relance.capabilities.messaging.repository import Kept, MessageRepository
from relance.capabilities.messaging.suppression import address_hashes
from relance.capabilities.messaging.views import message_id_header
from relance.core.db import DbSession
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.subjects import SYSTEM

_log = structlog.get_logger(__name__)


class Taken(StrEnum):
    """What became of a report; for the log, never for whoever sent it."""

    UNREADABLE = "unreadable"
    UNMATCHED = "unmatched"
    LOGGED = "logged"
    CONFIRMED = "confirmed"
    BOUNCED = "bounced"


class Reports:
    """Takes reports in a system session: a Message-ID names no workspace."""

    def __init__(self, session: DbSession, runtime: Runtime, subjects: MailSubjects) -> None:
        self._session = session
        self._runtime = runtime
        self._rows = MessageRepository(session)
        self._hindsight = Hindsight(session, runtime, subjects)

    async def take(self, report: Report | None) -> Taken:
        """Act on one report.

        Raises:
            Conflict: a worker or a person has changed the message meanwhile; the report is worth another try.
        """
        if report is None:
            return self._said(Taken.UNREADABLE)
        kept = await self._rows.find(report.message_id)
        # The whole Message-ID must be the one that left, and it must have left.
        returned = f"{report.message_id.hex}@{report.domain}"
        if kept is None or (message_id_header(kept.body) or "").lower() != returned:
            return self._said(Taken.UNMATCHED, report)
        self._session.enter_workspace(kept.message.workspace_id)
        try:
            return self._said(await self._apply(kept, report), report)
        finally:
            self._session.leave_workspace()

    async def _apply(self, kept: Kept, report: Report) -> Taken:
        message, now = kept.message, self._runtime.clock.now()
        found = decisive(report.recipients, message.recipient)
        reply = Reply(found.code, f"{found.status} {found.words}" if found.status else found.words)
        named = Reply(reply.code, f"{reply.enhanced or ''} {found.verdict}: {found.words}".strip())
        await self._rows.log(message, Phase.REPORT, named, now)
        facts = Facts(now, message.expires_at, wanted=True, suppression=None)
        if found.verdict is Verdict.FAILED:
            return await self._fail(kept, found, reply, facts)
        # A report says that the relay had taken it: so much is certain now.
        if LIFECYCLE.find(message.state, "confirm", Actor.WORKER) is None:
            return Taken.LOGGED
        step = LIFECYCLE.require(message.state, "confirm", Actor.WORKER, facts)
        await self._hindsight.sent(kept, step, SYSTEM)
        return Taken.CONFIRMED

    async def _fail(self, kept: Kept, found: RecipientReport, reply: Reply, facts: Facts) -> Taken:
        message = kept.message
        early = message.state == MessageState.SENDING and message.handoff_at is None
        if early or LIFECYCLE.find(message.state, "bounce", Actor.WORKER) is None:
            return Taken.LOGGED
        step = LIFECYCLE.require(message.state, "bounce", Actor.WORKER, facts)
        await self._hindsight.bounced(kept, step, reply, SYSTEM)
        meant = outcome(Phase.RCPT, Reply(550, reply.text))
        # Where the address forwards to another one, the fault is not its own.
        if meant.suppress and (not found.addresses or message.recipient in found.addresses):
            newest = address_hashes(self._runtime.keys, message.recipient)[0]
            await self._rows.suppress(newest, reply.enhanced or "refused", facts.now)
        if meant.alert:
            _log.error("delivery_alert", message=str(message.id), phase=Phase.REPORT, code=reply.code, reply=reply.kept)
        return Taken.BOUNCED

    @staticmethod
    def _said(taken: Taken, report: Report | None = None) -> Taken:
        _log.info("delivery_report", taken=taken, message=str(report.message_id) if report else None)
        return taken


def decisive(recipients: Sequence[RecipientReport], address: str) -> RecipientReport:
    """Of a report about several addresses, what it says about ours.

    Where it names others alone, ours was expanded (a list, a team mailbox): it failed only if all of them did.
    """
    own = [found for found in recipients if address in found.addresses]
    candidates = own or recipients
    return next((found for found in candidates if found.verdict is not Verdict.FAILED), candidates[0])
