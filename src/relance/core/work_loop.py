"""The life of a worker process: arq where Redis answers, PostgreSQL's own bell and a poll where it does not.

Whatever wakes it, a sweep is the same: claim, re-check, act. Redis may be lost at any time; nothing is lost with it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import asyncpg
import structlog
from arq import cron
from arq.worker import Worker, func
from redis.exceptions import RedisError

from relance.core.doorbell import CHANNEL, QUEUE, redis_settings
from relance.core.runtime import Runtime
from relance.core.serialization import dump_job, load_job

_log = structlog.get_logger(__name__)

Sweep = Callable[[], Awaitable[int]]

#: Longest that one arq job waits for its sweep, in seconds: the sweep itself goes on, and the next bell joins it.
_JOB_WAIT = 30
_JOB_TIMEOUT = 60
_CRON_SECONDS = frozenset(range(0, 60, 2))


class WorkLoop:
    """Runs the sweeps of a process until it is told to stop."""

    def __init__(self, runtime: Runtime, sweeps: Mapping[str, Sweep]) -> None:
        self._runtime = runtime
        self._sweeps = sweeps
        self._stopping = asyncio.Event()
        self._redis_up = False
        self._running: set[asyncio.Task[Any]] = set()

    def stop(self) -> None:
        """Ask the loop to end; what is under way ends first."""
        self._stopping.set()

    async def run(self) -> None:
        """Work until `stop`."""
        loops = [asyncio.create_task(loop()) for loop in (self._arq, self._listen, self._poll)]
        await self._stopping.wait()
        for task in loops:
            task.cancel()
        await asyncio.gather(*loops, return_exceptions=True)

    def _start(self, bell: str) -> asyncio.Task[int]:
        async def sweep() -> int:
            try:
                return await self._sweeps[bell]()
            except Exception:
                # A sweep that fails (database away) must not end the process: the next one tries again.
                _log.exception("sweep_failed", bell=bell)
                return 0

        task = asyncio.create_task(sweep())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    # --- arq -------------------------------------------------------------------------------------------------------

    def _arq_worker(self) -> Worker:
        def function(bell: str) -> Any:  # arq's protocol for coroutines asks for a __qualname__ that closures have
            async def swept(_context: dict[Any, Any]) -> None:
                await asyncio.wait({self._start(bell)}, timeout=_JOB_WAIT)

            return swept

        options: dict[str, Any] = {"timeout": _JOB_TIMEOUT, "keep_result": 0, "max_tries": 1}
        return Worker(
            functions=[func(function(bell), name=bell, **options) for bell in self._sweeps],
            cron_jobs=[
                cron(function(bell), name=f"cron:{bell}", second=set(_CRON_SECONDS), run_at_startup=True, **options)
                for bell in self._sweeps
            ],
            queue_name=QUEUE,
            redis_settings=redis_settings(self._runtime.settings),
            handle_signals=False,
            max_tries=1,
            keep_result=0,
            retry_jobs=False,
            poll_delay=0.1,
            job_timeout=_JOB_TIMEOUT,
            job_serializer=dump_job,
            job_deserializer=load_job,
            log_results=False,
        )

    async def _arq(self) -> None:
        """Run arq's worker for ever: a Redis that goes away ends it, so it is started again until it comes back."""
        delay = 1.0
        while True:
            worker = self._arq_worker()
            try:
                running = asyncio.create_task(worker.async_run())
                with suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(running), 1.0)
                self._redis_up, delay = True, 1.0
                await running
            except asyncio.CancelledError:
                running.cancel()
                await self._close(worker)
                raise
            except (RedisError, OSError, TimeoutError) as error:
                _log.warning("redis_away", error=type(error).__name__)
            except Exception:
                _log.exception("arq_worker_failed")
            self._redis_up = False
            await self._close(worker)
            await asyncio.sleep(delay)
            delay = min(delay * 2, 10.0)

    @staticmethod
    async def _close(worker: Worker) -> None:
        try:
            await asyncio.wait_for(worker.close(), 2)
        except (RedisError, OSError, TimeoutError, asyncio.CancelledError):
            _log.debug("arq_worker_close_failed")

    # --- without Redis ---------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Hear the bells that the API rings through PostgreSQL when it cannot reach Redis."""
        dsn = self._runtime.settings.sqlalchemy_url.replace("+asyncpg", "", 1)

        def heard(_connection: object, _pid: int, _channel: str, bell: object) -> None:
            if bell in self._sweeps:
                self._start(str(bell))

        while True:
            try:
                connection = await asyncpg.connect(dsn, timeout=10)
                ended = asyncio.Event()
                connection.add_termination_listener(lambda _connection, ended=ended: ended.set())
                try:
                    await connection.add_listener(CHANNEL, heard)
                    await ended.wait()
                finally:
                    with suppress(Exception):
                        await connection.close(timeout=2)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                _log.warning("listen_failed", error=type(error).__name__)
            await asyncio.sleep(1)

    async def _poll(self) -> None:
        """Sweep from time to time by ourselves for as long as Redis is away."""
        while True:
            await asyncio.sleep(self._runtime.settings.sweep_seconds)
            if not self._redis_up:
                for bell in self._sweeps:
                    self._start(bell)
