"""From rows to responses: labels, pace, counts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from relance.capabilities.files.repository import FileRepository
from relance.capabilities.jobs.handlers import ItemResult, JobKinds
from relance.capabilities.jobs.lifecycle import LIFECYCLE, STATE_LABELS, JobState
from relance.capabilities.jobs.models import Job, JobItem
from relance.capabilities.jobs.schemas import ItemError, JobItemRead, JobListed, JobRead, OutcomeCount, Report
from relance.core.actions import AvailableAction, available_actions
from relance.core.clock import system_now
from relance.core.db import DbSession
from relance.core.schemas import Reference
from relance.core.security import Caller


def eta(job: Job, now: datetime) -> datetime | None:
    """When `job` ends at the pace that it had until now."""
    if job.state != JobState.RUNNING or not job.total or not job.done or job.started_at is None:
        return None
    return now + (now - job.started_at) * max(0, job.total - job.done) / job.done


def _counted(kind: str, counts: dict[str, int], kinds: JobKinds) -> list[OutcomeCount]:
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [
        OutcomeCount(outcome=outcome, outcome_label=kinds.outcome_label(kind, outcome), count=count)
        for outcome, count in ordered
    ]


async def _summaries(session: DbSession, jobs: Sequence[Job], kinds: JobKinds) -> list[dict[str, Any]]:
    files = await FileRepository(session).names({job.file_id for job in jobs if job.file_id is not None})
    now = system_now()
    return [
        {
            "id": job.id,
            "kind": job.kind,
            "kind_label": kinds.label(job.kind),
            "state": JobState(job.state),
            "state_label": STATE_LABELS[JobState(job.state)].in_locale(),
            "dry_run": job.dry_run,
            "total": job.total,
            "done": job.done,
            "failed": job.failed,
            "counts": _counted(job.kind, job.counts, kinds),
            "eta": eta(job, now),
            "created_at": job.created_at,
            "started_at": job.started_at,
            "finished_at": job.finished_at,
            "file": Reference(id=job.file_id, name=files[job.file_id]) if job.file_id in files else None,
            "error": job.error,
            "version": job.version,
        }
        for job in jobs
    ]


async def read_job(session: DbSession, job: Job, kinds: JobKinds, caller: Caller) -> JobRead:
    """A job as the API shows it."""
    (summary,) = await _summaries(session, [job], kinds)
    return JobRead.model_validate({**summary, "available_actions": _actions(job, caller)})


async def list_jobs(
    session: DbSession, jobs: Sequence[Job], kinds: JobKinds, caller: Caller, *, with_actions: bool
) -> list[JobListed]:
    """Jobs as the list shows them, with their actions where they were asked for."""
    return [
        JobListed.model_validate({**summary, "available_actions": _actions(job, caller) if with_actions else None})
        for job, summary in zip(jobs, await _summaries(session, jobs, kinds), strict=True)
    ]


def _actions(job: Job, caller: Caller) -> list[AvailableAction]:
    return available_actions(LIFECYCLE, job.state, None, caller, job.created_by)


def read_item(item: JobItem, kind: str, kinds: JobKinds) -> JobItemRead:
    """A result as the API shows it."""
    return JobItemRead(
        number=item.number,
        outcome=item.outcome,
        outcome_label=kinds.outcome_label(kind, item.outcome),
        failed=item.failed,
        subject_kind=item.subject_kind,
        subject_id=item.subject_id,
        reference=item.reference,
        errors=[ItemError.model_validate(error) for error in item.errors or []],
    )


def report(kind: str, results: Sequence[ItemResult], kinds: JobKinds, *, dry_run: bool) -> Report:
    """The report of a bulk operation that needed no job."""
    counts: dict[str, int] = {}
    for result in results:
        counts[result.outcome] = counts.get(result.outcome, 0) + 1
    return Report(
        dry_run=dry_run,
        total=len(results),
        done=len(results),
        failed=sum(result.failed for result in results),
        counts=_counted(kind, counts, kinds),
        items=[
            JobItemRead(
                number=number,
                outcome=result.outcome,
                outcome_label=kinds.outcome_label(kind, result.outcome),
                failed=result.failed,
                subject_kind=result.subject.kind if result.subject else None,
                subject_id=result.subject.id if result.subject else None,
                reference=result.reference,
                errors=[
                    ItemError(pointer=error.pointer, code=error.code, message=error.message) for error in result.errors
                ],
            )
            for number, result in enumerate(results, 1)
        ],
    )
