"""The sequencer: gives journal entries their places in the feed, once they are committed. See docs/adr/0016."""

from relance.capabilities.webhooks.catalogue import Catalogue
from relance.capabilities.webhooks.events import TESTED
from relance.capabilities.webhooks.feed.repository import FeedRepository
from relance.core.runtime import Runtime
from relance.core.single_flight import SingleFlight

#: Wakes the workers that talk to the endpoints.
DELIVER = "deliver_webhooks"


class Sequencer:
    """One instance a process; of all processes, one at a time does the work."""

    def __init__(self, runtime: Runtime, catalogue: Catalogue) -> None:
        self._runtime = runtime
        self._catalogue = catalogue
        self._flight = SingleFlight(self._sweep)

    async def sweep(self) -> int:
        """Place what is new, and queue its deliveries.

        Returns:
            How many entries were placed.
        """
        return await self._flight.run()

    async def close(self) -> None:
        """Wait for the pass under way."""
        await self._flight.finish()

    async def _sweep(self) -> int:
        await self._runtime.tick()
        async with self._runtime.db.transaction(None) as session:
            done = await FeedRepository(session).place(self._catalogue.names, TESTED, self._runtime.clock.now())
            if done is not None and done.deliveries:
                session.ring(DELIVER)
        return done.events if done is not None else 0
