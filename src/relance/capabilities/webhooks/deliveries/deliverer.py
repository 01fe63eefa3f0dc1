"""Delivery of events to endpoints, in any number of processes: claim under a lease, converse, write down the answer.

At least once: a process that dies between the endpoint's answer and its own note of it leaves an event that is sent
again, with the same `webhook-id`. Within a subject nothing overtakes: see docs/adr/0017.
"""

import asyncio
import time
from typing import Final

import structlog
from standardwebhooks import Webhook

from relance import __version__
from relance.capabilities.webhooks.catalogue import Catalogue
from relance.capabilities.webhooks.deliveries.addresses import Addresses
from relance.capabilities.webhooks.deliveries.conversation import Answer, Conversations
from relance.capabilities.webhooks.deliveries.ledger import Ledger, Parcel, Told
from relance.core.clock import system_now
from relance.core.runtime import Runtime
from relance.core.single_flight import SingleFlight

_log = structlog.get_logger(__name__)

#: How long a run waits for conversations before it looks whether there is more to do.
_LOOK_AGAIN: Final = 0.25
#: Answers that come within this time of the first are written down with it.
_TOGETHER: Final = 0.01
_FORGET_EVERY: Final = 600.0


class WebhookDeliverer:
    """One instance a process."""

    def __init__(self, runtime: Runtime, catalogue: Catalogue, conversations: Conversations | None = None) -> None:
        """
        Args:
            runtime: of this process.
            catalogue: the events of the product.
            conversations: of this process; None for those that the settings ask for.
        """
        settings = runtime.settings
        self._runtime = runtime
        self._ledger = Ledger(runtime, catalogue)
        self._conversations = conversations or Conversations(
            connections=settings.webhook_connections,
            seconds=settings.webhook_timeout_seconds,
            addresses=Addresses(allow_private=settings.webhook_allow_private),
        )
        self._flight = SingleFlight(self._sweep)
        self._closing = False
        self._forget_at = 0.0

    async def sweep(self) -> int:
        """Deliver what is due. A call during a run makes that run look again.

        Returns:
            How many conversations were held.
        """
        return 0 if self._closing else await self._flight.run()

    async def close(self) -> None:
        """Begin no conversation any more; those under way end within their time."""
        self._closing = True
        await self._flight.finish()
        await self._conversations.close()

    async def _sweep(self) -> int:
        await self._runtime.tick()
        await self._ledger.recover()
        held = await self._deliver()
        if time.monotonic() >= self._forget_at:
            self._forget_at = time.monotonic() + _FORGET_EVERY
            await self._ledger.forget_old()
        return held

    async def _deliver(self) -> int:
        held = 0
        most = self._runtime.settings.webhook_connections
        running: set[asyncio.Task[Told]] = set()
        try:
            while True:
                if len(running) < most and not self._closing:
                    claimed = await self._ledger.claim(most - len(running))
                    running |= {asyncio.create_task(self._converse(parcel)) for parcel in claimed}
                if not running:
                    return held
                done, _ = await asyncio.wait(running, timeout=_LOOK_AGAIN, return_when=asyncio.FIRST_COMPLETED)
                if done:
                    done, running = await asyncio.wait(running, timeout=_TOGETHER)
                    await self._ledger.settle([task.result() for task in done])
                    held += len(done)
        finally:
            # The database is away: the answers are lost, the leases run out, and the events are sent again.
            if running:
                await asyncio.wait(running)

    async def _converse(self, parcel: Parcel) -> Told:
        at = system_now()
        headers = {
            "content-type": "application/json",
            "user-agent": f"Relance/{__version__}",
            "webhook-id": str(parcel.event_id),
            "webhook-timestamp": str(int(at.timestamp())),
        }
        if not parcel.secrets:
            # Its secrets were sealed with one that has left the deployment: unsigned, nothing leaves.
            _log.error("webhook_secrets_unreadable", endpoint=str(parcel.endpoint_id))
            return Told(parcel, headers, Answer(at, 0, "secrets_unreadable"))
        body = parcel.body.decode()
        signed = " ".join(Webhook(secret).sign(str(parcel.event_id), at, body) for secret in parcel.secrets)
        answer = await self._conversations.post(parcel.url, parcel.body, {**headers, "webhook-signature": signed})
        return Told(parcel, headers, answer)
