"""Asking for long work, and taking it back."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from relance.capabilities.jobs.callers import pack
from relance.capabilities.jobs.lifecycle import LIFECYCLE, JobState
from relance.capabilities.jobs.models import Job
from relance.capabilities.jobs.permissions import CANCEL
from relance.capabilities.jobs.repository import JobRepository
from relance.capabilities.journal.service import Journal
from relance.core.clock import Clock, system_now
from relance.core.db import DbSession
from relance.core.errors import Conflict, NotFound, PermissionDenied
from relance.core.etag import Precondition
from relance.core.i18n import current_locale
from relance.core.lifecycle import Actor
from relance.core.security import Caller
from relance.core.subjects import SYSTEM, ActorRef, SubjectRef

#: The bell that wakes the runner: the name of the arq function.
BELL = "run_jobs"


class Jobs:
    """The jobs of the session's workspace."""

    def __init__(self, session: DbSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._rows = JobRepository(session)

    async def start(
        self,
        kind: str,
        caller: Caller,
        parameters: Mapping[str, Any],
        *,
        dry_run: bool = False,
        exclusive_key: str | None = None,
    ) -> Job:
        """Ask for long work; a worker takes it up once this transaction is committed.

        Args:
            kind: a kind that is registered in wiring.
            caller: with whose rights it is done, as they are now.
            parameters: JSON; what the handler needs.
            dry_run: settle every item the same way and leave nothing behind.
            exclusive_key: while a job with this key is queued or running, that one is the answer.
        """
        now = system_now()
        for _ in range(3):  # the job in our way may come to its end between two statements
            made = await self._rows.insert(
                {
                    "kind": kind,
                    "created_by": caller.user_id,
                    "caller": pack(caller),
                    "locale": current_locale(),
                    "parameters": dict(parameters),
                    "dry_run": dry_run,
                    "exclusive_key": exclusive_key,
                    "created_at": now,
                    "not_before": now,
                }
            )
            if made is not None:
                self._session.ring(BELL)
                record(self._session, self._clock, "job.created", made, ActorRef.of(caller))
                return made
            running = await self._rows.live(exclusive_key or "")
            if running is not None:
                return running
        raise Conflict()

    async def readable(self, job_id: UUID, caller: Caller) -> Job:
        """The job.

        Raises:
            NotFound: unknown, of another workspace, or not readable by the caller.
        """
        job = await self._rows.find(job_id, caller)
        if job is None:
            raise NotFound()
        return job

    async def cancel(self, job_id: UUID, caller: Caller, precondition: Precondition) -> Job:
        """Stop a job. What its committed batches did stays done; the batch under way is undone.

        Raises:
            NotFound: unknown, of another workspace, or not readable by the caller.
            PermissionDenied: readable, but the permission does not reach it.
            PreconditionFailed: it has moved on since the caller read it.
            TransitionNotAllowed: it has come to its end.
        """
        job = await self._rows.find(job_id, caller, lock=True)
        if job is None:
            raise NotFound()
        if not caller.reaches(CANCEL, job.created_by):
            raise PermissionDenied(CANCEL)
        precondition.check(job.version)
        step = LIFECYCLE.require(job.state, "cancel", Actor.USER, None)
        job.state = JobState(LIFECYCLE.target(step, job.state))
        job.finished_at = system_now()
        job.lease_until = None
        job.version += 1
        record(self._session, self._clock, step.journal, job, ActorRef.of(caller))
        await self._session.flush()
        return job


def record(session: DbSession, clock: Clock, action: str, job: Job, actor: ActorRef = SYSTEM) -> None:
    """Append what happened to a job to the journal of its workspace."""
    Journal(session, clock).record(
        action,
        SubjectRef("job", job.id),
        actor,
        after={"kind": job.kind, "dry_run": job.dry_run, "done": job.done, "failed": job.failed},
    )
