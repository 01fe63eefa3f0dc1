"""Delivery: works the outbox until nothing is due, in any number of processes.

A mail is sent exactly when its row says so, as far as SMTP allows (RFC 1047): claim under a lease; render; MAIL and
RCPT; commit the intent to hand over; DATA; write the answer. A process that dies before the intent leaves a message
that is sent again; one that dies after it leaves a message that is `uncertain`, held in the open.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import nullcontext

import structlog

from relance.capabilities.files.store import FileStore
from relance.capabilities.links.tokens import LinkTokens
from relance.capabilities.links.urls import link_url
from relance.capabilities.messaging.delivery.compose import Composer
from relance.capabilities.messaging.delivery.courier import Courier, Halt
from relance.capabilities.messaging.delivery.ledger import Ledger, database_away
from relance.capabilities.messaging.delivery.parcel import Claimed
from relance.capabilities.messaging.delivery.pool import Pool
from relance.capabilities.messaging.delivery.smtp import Relay
from relance.capabilities.messaging.handlers import MailSubjects
from relance.capabilities.messaging.mails import Mail
from relance.capabilities.messaging.templates import load_templates
from relance.core.runtime import Runtime
from relance.core.single_flight import SingleFlight

_log = structlog.get_logger(__name__)

#: After an abort, the time to write that nobody knows.
_LAST_WORDS_SECONDS = 5.0
#: Mails with files in memory at once, each alone in its batch: a few times what the largest weighs, whatever is queued.
_HEAVY_AT_ONCE = 2


class Deliverer:
    """Delivers what is due; one instance a process."""

    def __init__(self, runtime: Runtime, subjects: MailSubjects, mails: Sequence[type[Mail]]) -> None:
        """
        Args:
            runtime: of this process.
            subjects: who answers for the mails of which subject kind.
            mails: every mail of the product; their templates are loaded and checked here.

        Raises:
            TemplateFault: a mail lacks a template, or a template does not fit its mail.
            ValueError: the relay's address is unreadable.
        """
        settings, tokens = runtime.settings, LinkTokens(runtime.keys)
        templates = load_templates(settings, mails)
        self._connections = settings.smtp_connections
        self._most_in_batch = settings.handoff_batch
        self._halt = Halt()
        self._ledger = Ledger(runtime, subjects, templates.resend_uncertain)
        self._pool = Pool(Relay.parse(settings.smtp_url), settings.smtp_timeout_seconds, settings.smtp_ca_file)
        self._courier = Courier(
            self._ledger,
            Composer(settings, templates, lambda link_id: link_url(settings, tokens, link_id)),
            self._pool,
            FileStore(settings),
            runtime.clock,
            self._halt,
            # One answer to DATA, one to the final dot.
            budget=2 * settings.smtp_timeout_seconds,
        )
        self._waiting: deque[Claimed] = deque()
        self._batch = 1
        self._most = self._connections * self._most_in_batch * 2
        #: The claim under way.
        self._refill: asyncio.Task[None] | None = None
        self._heavy = asyncio.Semaphore(_HEAVY_AT_ONCE)
        self._flight = SingleFlight(self._sweep)

    async def sweep(self) -> int:
        """Work until nothing is due. A call during a run makes that run look again.

        Returns:
            How many messages came to an end, or to a later try.
        """
        return 0 if self._halt.closing else await self._flight.run()

    async def close(self, grace: float) -> None:
        """Stop: no hand-off begins any more, those under way may end.

        Args:
            grace: seconds to wait for the relay's answers; what has none by then is written down as unknown.
        """
        self._halt.closing = True
        try:
            async with asyncio.timeout(grace):
                await self._flight.finish()
        except TimeoutError:
            self._pool.abort()
            try:
                async with asyncio.timeout(_LAST_WORDS_SECONDS):
                    await self._flight.finish()
            except TimeoutError:
                _log.error("delivery_left_behind", note="its leases run out, and another process decides")
        await self._pool.close()

    async def _sweep(self) -> int:
        self._halt.lane = False
        try:
            await self._ledger.recover()
            return await self._drain()
        except Exception as error:
            if not database_away(error):
                raise
            _log.warning("delivery_without_database", error=type(error).__name__)
            return 0

    async def _drain(self) -> int:
        first = await self._next_batch()
        if not first:
            return 0
        hands = min(self._connections, 1 + -(-len(self._waiting) // self._batch))
        results = await asyncio.gather(
            self._work(first), *(self._work([]) for _ in range(hands - 1)), return_exceptions=True
        )
        faults = [result for result in results if isinstance(result, BaseException)]
        faults += await self._put_back()
        for fault in faults[1:]:
            _log.error("courier_failed", error=repr(fault))
        if faults:
            raise faults[0]
        return sum(result for result in results if isinstance(result, int))

    async def _put_back(self) -> list[BaseException]:
        """Give up what was claimed and not begun, and see to it that all is written."""
        faults: list[BaseException] = []
        if self._refill is not None:
            faults += [one for one in await asyncio.gather(self._refill, return_exceptions=True) if one is not None]
            self._refill = None
        left = [self._courier.released(message) for message in self._waiting]
        self._waiting.clear()
        await self._ledger.settle(left)
        await self._ledger.flush()
        return faults

    async def _work(self, batch: list[Claimed]) -> int:
        """One connection: carry batch after batch."""
        done = 0
        batch = batch or await self._next_batch()
        while batch:
            try:
                async with self._heavy if batch[0].file_ids else nullcontext():
                    done += await self._courier.carry(batch)
            except BaseException:
                self._halt.lane = True
                raise
            batch = await self._next_batch()
        return done

    async def _next_batch(self) -> list[Claimed]:
        if self._refill is not None and self._refill.done():
            ended, self._refill = self._refill, None
            ended.result()
        if not self._waiting and not self._halt.called:
            await self._refilled()
        elif self._batch > 1 and len(self._waiting) <= self._most // 2 and self._refill is None:
            # A backlog: the next claim is made while the connections work.
            self._refill = asyncio.create_task(self._claim())
        return [] if self._halt.called else self._cut()

    async def _refilled(self) -> None:
        """Wait for the claim under way, or for one."""
        if self._refill is None:
            self._refill = asyncio.create_task(self._claim(settled=True))
        refill = self._refill
        try:
            await asyncio.shield(refill)
        finally:
            if self._refill is refill and refill.done():
                self._refill = None

    async def _claim(self, *, settled: bool = False) -> None:
        if settled:
            # What goes to the same address waits for it.
            await self._ledger.flush()
        claimed = await self._ledger.claim(self._most)
        self._waiting.extend(claimed)
        # One batch a connection is what a crash can make uncertain. Only a backlog is worth that price: where the claim
        # finds the queue's end, mails go one by one.
        self._batch = self._most_in_batch if len(claimed) == self._most else 1

    def _cut(self) -> list[Claimed]:
        """The next batch of what waits; a mail with files is one by itself."""
        batch: list[Claimed] = []
        while self._waiting and len(batch) < self._batch:
            if self._waiting[0].file_ids:
                return batch or [self._waiting.popleft()]
            batch.append(self._waiting.popleft())
        return batch
