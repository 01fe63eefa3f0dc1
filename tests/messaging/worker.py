"""A worker process of its own, for tests that kill it: `python -m tests.messaging.worker <database> <relay>`."""

import asyncio
import sys

from tests.messaging.office import KIND, MAILS, Things

from relance.capabilities.messaging.deliverer import Deliverer
from relance.core.db import Database
from relance.core.keys import KeyRing
from relance.core.runtime import Runtime
from relance.core.settings import Settings


async def main(database_url: str, smtp_url: str, connections: str, batch: str) -> None:
    """Sweep until killed."""
    settings = Settings(
        environment="development",
        database_url=database_url,
        smtp_url=smtp_url,
        smtp_timeout_seconds=1.5,
        lease_seconds=5,
        smtp_connections=int(connections),
        handoff_batch=int(batch),
    )
    runtime = Runtime(settings, Database(settings), KeyRing(settings.secret_keys))
    deliverer = Deliverer(runtime, {KIND: Things()}, MAILS)
    print("ready", flush=True)
    while True:
        await deliverer.sweep()
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
