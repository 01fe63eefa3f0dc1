"""Works off jobs: claim under a lease, a small transaction a batch, and on from the last one after a crash.

A batch, its results and the place where the next begins are one commit, made only while the job is still this
worker's and nobody has cancelled it: whatever dies, no item is settled twice and none is forgotten. Memory holds one
batch, whatever the number of items.
"""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import structlog

from relance.capabilities.jobs.callers import unpack
from relance.capabilities.jobs.handlers import Batch, FileJob, JobFacts, JobHandler, JobKinds, RowJob, Work
from relance.capabilities.jobs.lifecycle import JobState
from relance.capabilities.jobs.models import Job
from relance.capabilities.jobs.repository import JobRepository
from relance.capabilities.jobs.service import record
from relance.core.clock import system_now
from relance.core.db import DbSession
from relance.core.errors import InternalError, RelanceError
from relance.core.i18n import as_locale, use_locale
from relance.core.runtime import Runtime

_log = structlog.get_logger(__name__)

#: Jobs worked on at once in one process: a long import must not keep a short one waiting.
HANDS = 3
#: Faults in a row after which a job is given up.
MOST_ATTEMPTS = 5


class _Lost(Exception):
    """The job was cancelled, or another worker has it: this worker's batch must not stay."""


class JobRunner:
    """Works off the jobs of every workspace; one instance a process, any number of processes."""

    def __init__(self, runtime: Runtime, kinds: JobKinds) -> None:
        self._runtime = runtime
        self._kinds = kinds
        self._lease = timedelta(seconds=runtime.settings.lease_seconds)
        self._hands: set[asyncio.Task[int]] = set()
        self._closing = False

    async def sweep(self) -> int:
        """Put one more hand to work, if one is free, and wait for it.

        Returns:
            How many jobs it has had in hand.
        """
        if self._closing or len(self._hands) >= HANDS:
            return 0
        hand = asyncio.create_task(self._work())
        self._hands.add(hand)
        hand.add_done_callback(self._hands.discard)
        return await asyncio.shield(hand)

    async def close(self) -> None:
        """Let go of the jobs in hand after the batch under way; another process goes on with them."""
        self._closing = True
        if self._hands:
            await asyncio.wait(set(self._hands))

    async def _work(self) -> int:
        await self._runtime.tick()
        count = 0
        while not self._closing:
            async with self._runtime.db.transaction(None) as session:
                job = await JobRepository(session).claim(list(self._kinds.handlers), system_now(), self._lease)
                if job is not None and job.lease_epoch == 1:
                    session.enter_workspace(job.workspace_id)
                    record(session, self._runtime.clock, "job.started", job)
            if job is None:
                break
            count += 1
            await self._run(job)
        return count

    async def _run(self, job: Job) -> None:
        use_locale(as_locale(job.locale))
        handler = self._kinds.handlers[job.kind]
        try:
            await self._count(job, handler)
            if isinstance(handler, FileJob):
                await self._produce(job, handler)
            else:
                await self._settle_rows(job, handler)
        except _Lost:
            _log.info("job_let_go", job=str(job.id), kind=job.kind)
        except RelanceError as refused:
            await self._end(job, JobState.FAILED, {"error": refused.code})
        except Exception:
            _log.exception("job_faulted", job=str(job.id), kind=job.kind, attempts=job.attempts + 1)
            await self._set_aside(job)

    # --- steps -----------------------------------------------------------------------------------------------------

    async def _count(self, job: Job, handler: JobHandler) -> None:
        if job.total is not None:
            return
        async with self._runtime.db.transaction(job.workspace_id) as session:
            job.total = await handler.total(session, facts_of(job))
            await self._write(session, job, {"total": job.total})

    async def _settle_rows(self, job: Job, handler: RowJob) -> None:
        work = await handler.begin(facts_of(job), job.position)
        try:
            while not await self._batch(job, work):
                if self._closing:
                    async with self._runtime.db.transaction(job.workspace_id) as session:
                        await self._write(session, job, {"state": JobState.QUEUED}, release=True)
                    return
        finally:
            await work.close()

    async def _batch(self, job: Job, work: Work) -> bool:
        """Settle one batch. Whether it was the last."""
        await self._runtime.tick()
        async with self._runtime.db.transaction(job.workspace_id) as session:
            if job.dry_run:
                async with session.rehearsal():
                    batch = await work.batch(session)
            else:
                batch = await work.batch(session)
            await JobRepository(session).add_items(job, job.done + 1, batch.items)
            values = _progress(job, batch)
            ended = batch.position is None
            if ended:
                values |= {"state": JobState.DONE, "finished_at": system_now(), "total": values["done"]}
            # Last, so that its row is held for a moment only: somebody may want to cancel it.
            await session.flush()
            await self._write(session, job, values, release=ended)
            if ended:
                record(session, self._runtime.clock, "job.done", job)
        return ended

    async def _produce(self, job: Job, handler: FileJob) -> None:
        async def progress(done: int) -> None:
            if self._closing:
                raise _Stopping
            async with self._runtime.db.transaction(job.workspace_id) as session:
                await self._write(session, job, {"done": done})

        try:
            file_id = await handler.produce(facts_of(job), progress)
        except _Stopping:
            async with self._runtime.db.transaction(job.workspace_id) as session:
                await self._write(session, job, {"state": JobState.QUEUED, "done": 0}, release=True)
            return
        await self._end(job, JobState.DONE, {"file_id": file_id, "total": job.done})

    async def _end(self, job: Job, state: JobState, values: dict[str, Any]) -> None:
        async with self._runtime.db.transaction(job.workspace_id) as session:
            ended = {"state": state, "finished_at": system_now(), **values}
            if await JobRepository(session).write(job, None, ended):
                record(session, self._runtime.clock, f"job.{state}", job)

    async def _set_aside(self, job: Job) -> None:
        """After a fault: try again later from the last batch that was committed, and give up after a few."""
        attempts = job.attempts + 1
        if attempts >= MOST_ATTEMPTS:
            await self._end(job, JobState.FAILED, {"error": InternalError.code, "attempts": attempts})
            return
        wait = timedelta(seconds=min(60, 2**attempts))
        values = {"state": JobState.QUEUED, "attempts": attempts, "not_before": system_now() + wait}
        async with self._runtime.db.transaction(job.workspace_id) as session:
            await JobRepository(session).write(job, None, values)

    async def _write(self, session: DbSession, job: Job, values: dict[str, Any], *, release: bool = False) -> None:
        if not await JobRepository(session).write(job, None if release else self._lease, values):
            raise _Lost
        for name, value in values.items():
            setattr(job, name, value)


class _Stopping(Exception):
    """The process is to end: a file half made is thrown away."""


def _progress(job: Job, batch: Batch) -> dict[str, Any]:
    counts = Counter(job.counts)
    counts.update(item.outcome for item in batch.items)
    return {
        "done": job.done + len(batch.items),
        "failed": job.failed + sum(item.failed for item in batch.items),
        "counts": dict(counts),
        "position": dict(batch.position) if batch.position is not None else None,
        "attempts": 0,
    }


def facts_of(job: Job) -> JobFacts:
    """A job as its handler sees it."""
    return JobFacts(
        id=job.id,
        workspace_id=job.workspace_id,
        kind=job.kind,
        caller=unpack(job.workspace_id, job.caller),
        locale=as_locale(job.locale),
        parameters=job.parameters,
        dry_run=job.dry_run,
        total=job.total,
        done=job.done,
    )
