"""Every query of the jobs."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from relance.capabilities.jobs.handlers import ItemResult
from relance.capabilities.jobs.lifecycle import LIVE, JobState
from relance.capabilities.jobs.models import Job, JobItem
from relance.capabilities.jobs.permissions import READ
from relance.capabilities.jobs.schemas import JobFilter, ResultFilter
from relance.core.bulk import insert_all
from relance.core.ids import new_id
from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import Repository, affected, fetch_page
from relance.core.security import Caller, Level


def _visible(caller: Caller) -> ColumnElement[bool]:
    level = caller.level(READ)
    if level is Level.NONE:
        return false()
    if level is Level.OWN:
        return Job.created_by == caller.user_id
    if level is Level.GROUP:
        return Job.created_by.in_(caller.group_ids)
    return Job.id.is_not(None)


class JobRepository(Repository):
    """Jobs of the session's workspace, or of all of them in the runner's system session."""

    async def insert(self, values: dict[str, Any]) -> Job | None:
        """A new job, or None where one with its exclusive key is queued or running."""
        statement = (
            insert(Job)
            .values(
                workspace_id=self.session.workspace_id,
                id=new_id(),
                state=JobState.QUEUED,
                counts={},
                version=1,
                **values,
            )
            .on_conflict_do_nothing()
            .returning(Job)
        )
        return (await self.session.scalars(statement)).one_or_none()

    async def live(self, exclusive_key: str) -> Job | None:
        """The queued or running job with that key."""
        found = await self.session.scalars(select(Job).where(Job.exclusive_key == exclusive_key, Job.state.in_(LIVE)))
        return found.one_or_none()

    async def find(self, job_id: UUID, caller: Caller, *, lock: bool = False) -> Job | None:
        """The job, where the caller may read it."""
        statement = select(Job).where(Job.id == job_id, _visible(caller))
        found = await self.session.scalars(statement.with_for_update() if lock else statement)
        return found.one_or_none()

    async def page(self, wanted: JobFilter, caller: Caller, request: PageRequest) -> Slice[Job]:
        """One page of the jobs that the caller may read."""
        statement = select(Job).where(_visible(caller))
        if wanted.state:
            statement = statement.where(Job.state.in_(wanted.state))
        if wanted.kind:
            statement = statement.where(Job.kind.in_(wanted.kind))
        page = await fetch_page(self.session, statement, request, SortKey("created_at", Job.created_at), Job.id)
        return Slice([row[0] for row in page.rows], page.next)

    # --- results ---------------------------------------------------------------------------------------------------

    async def results(self, job_id: UUID, wanted: ResultFilter, request: PageRequest) -> Slice[JobItem]:
        """One page of the results."""
        statement = select(JobItem).where(*_of(job_id, wanted.outcome, wanted.failed))
        page = await fetch_page(self.session, statement, request, SortKey("number", JobItem.number), JobItem.id)
        return Slice([row[0] for row in page.rows], page.next)

    async def stream(self, job_id: UUID, outcome: Sequence[str], failed: bool | None) -> AsyncIterator[JobItem]:
        """Every result in order, a few at a time in memory. Needs a transaction that stays open."""
        statement = (
            select(JobItem)
            .where(*_of(job_id, outcome, failed))
            .order_by(JobItem.number)
            .execution_options(yield_per=500)
        )
        async for item in await self.session.stream_scalars(statement):
            yield item

    # --- the runner's ----------------------------------------------------------------------------------------------

    async def claim(self, kinds: Sequence[str], now: datetime, lease: timedelta) -> Job | None:
        """The oldest job that nobody works on, taken under a lease; None where there is none."""
        free = or_(
            Job.state == JobState.QUEUED, and_(Job.state == JobState.RUNNING, Job.lease_until <= func.clock_timestamp())
        )
        found = await self.session.scalars(
            select(Job)
            .where(Job.state.in_(LIVE), free, Job.not_before <= now, Job.kind.in_(kinds))
            .order_by(Job.not_before, Job.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        job = found.one_or_none()
        if job is None:
            return None
        await affected(
            self.session,
            update(Job)
            .where(Job.workspace_id == job.workspace_id, Job.id == job.id)
            .values(
                state=JobState.RUNNING,
                started_at=func.coalesce(Job.started_at, now),
                lease_epoch=Job.lease_epoch + 1,
                lease_until=func.clock_timestamp() + lease,
                version=Job.version + 1,
            ),
        )
        await self.session.refresh(job)
        return job

    async def write(self, job: Job, lease: timedelta | None, values: dict[str, Any]) -> bool:
        """Change a job that this worker holds, and hold it for `lease` more, or let go of it.

        Returns:
            False where it was cancelled, or another worker has it: then nothing of this transaction may stay.
        """
        until = None if lease is None else func.clock_timestamp() + lease
        return bool(
            await affected(
                self.session,
                update(Job)
                .where(
                    Job.workspace_id == job.workspace_id,
                    Job.id == job.id,
                    Job.lease_epoch == job.lease_epoch,
                    Job.state == JobState.RUNNING,
                )
                .values(lease_until=until, version=Job.version + 1, **values),
            )
        )

    async def add_items(self, job: Job, first: int, items: Sequence[ItemResult]) -> None:
        """Write results; the first has number `first`."""
        rows = [
            {
                "workspace_id": job.workspace_id,
                "id": new_id(),
                "job_id": job.id,
                "number": number,
                "subject_kind": item.subject.kind if item.subject else None,
                "subject_id": item.subject.id if item.subject else None,
                "reference": item.reference,
                "outcome": item.outcome,
                "failed": item.failed,
                "errors": [_error(error) for error in item.errors] or None,
                "cells": list(item.cells) if item.cells is not None else None,
            }
            for number, item in enumerate(items, first)
        ]
        await insert_all(self.session, JobItem, rows)


def _error(error: Any) -> dict[str, str]:
    return {"pointer": error.pointer, "code": error.code, "message": error.message}


def _of(job_id: UUID, outcome: Sequence[str], failed: bool | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [JobItem.job_id == job_id]
    if outcome:
        found.append(JobItem.outcome.in_(outcome))
    if failed is not None:
        found.append(JobItem.failed.is_(failed))
    return found
