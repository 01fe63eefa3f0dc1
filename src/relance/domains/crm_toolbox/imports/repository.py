"""Every query of imports."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from relance.capabilities.files.models import StoredFile
from relance.capabilities.jobs.lifecycle import JobState
from relance.capabilities.jobs.models import Job, JobItem
from relance.core.repository import Repository

_STANDS = (JobState.QUEUED, JobState.RUNNING, JobState.DONE)


class ImportRepository(Repository):
    """Imports of the session's workspace."""

    async def of_digest(self, kind: str, digest: str) -> Job | None:
        """The newest import of that very file which was not a dry run."""
        statement = (
            select(Job)
            .where(
                Job.kind == kind,
                Job.dry_run.is_(False),
                Job.state.in_(_STANDS),
                Job.parameters["digest"].as_string() == digest,
            )
            .order_by(Job.id.desc())
            .limit(1)
        )
        return (await self.session.scalars(statement)).one_or_none()

    async def file(self, file_id: UUID) -> StoredFile | None:
        """The file of an import, while it is kept."""
        return (await self.session.scalars(select(StoredFile).where(StoredFile.id == file_id))).one_or_none()

    async def made(self, job_id: UUID, outcome: str, after: int, limit: int) -> Sequence[tuple[int, UUID]]:
        """What an import has made, with the number of the row."""
        statement = (
            select(JobItem.number, JobItem.subject_id)
            .where(JobItem.job_id == job_id, JobItem.outcome == outcome, JobItem.number > after)
            .order_by(JobItem.number)
            .limit(limit)
        )
        found = await self.session.execute(statement)
        return [(row.number, row.subject_id) for row in found if row.subject_id is not None]
