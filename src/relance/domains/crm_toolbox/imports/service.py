"""Use cases of imports."""

from uuid import UUID

from relance.capabilities.directory.bulk.wanted import Mode
from relance.capabilities.files.models import StoredFile
from relance.capabilities.jobs.lifecycle import LIVE, JobState
from relance.capabilities.jobs.models import Job
from relance.capabilities.jobs.service import Jobs
from relance.core.db import DbSession
from relance.core.errors import NotFound
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.domains.crm_toolbox.imports.columns import Record
from relance.domains.crm_toolbox.imports.errors import AlreadyImported, NothingToCommit, NothingToRevert
from relance.domains.crm_toolbox.imports.repository import ImportRepository
from relance.domains.crm_toolbox.imports.reverting import REVERT
from relance.domains.crm_toolbox.imports.source import KINDS, RECORDS


class Imports:
    """Imports that a caller asks for, in one session."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._rows = ImportRepository(session)
        self._jobs = Jobs(session, runtime.clock)
        self._caller = caller

    async def start(self, file: StoredFile, record: Record, mode: Mode, *, dry_run: bool, force: bool) -> Job:
        """Import a file that is kept.

        Raises:
            AlreadyImported: it was imported before, and nobody insists.
        """
        kind = KINDS[record]
        if not force:
            before = await self._rows.of_digest(kind, file.digest)
            if before is not None:
                raise AlreadyImported(before.id, before.created_at)
        parameters = {"file_id": str(file.id), "mode": mode.value, "digest": file.digest}
        return await self._jobs.start(kind, self._caller, parameters, dry_run=dry_run)

    async def confirm(self, job: Job) -> Job:
        """Do what a dry run has shown, from the same file; a second call gives the same import.

        Raises:
            NothingToCommit: it is no dry run that has come to its end.
            NotFound: its file is no longer kept.
            AlreadyImported: the file was imported since.
        """
        record = RECORDS.get(job.kind)
        if record is None or not job.dry_run or job.state != JobState.DONE:
            raise NothingToCommit()
        file = await self._rows.file(UUID(job.parameters["file_id"]))
        if file is None:
            raise NotFound()
        return await self.start(file, record, Mode(job.parameters["mode"]), dry_run=False, force=False)

    async def revert(self, job: Job, *, dry_run: bool) -> Job:
        """Take back what an import has made and nobody has touched since.

        Raises:
            NothingToRevert: it is no import that has come to its end.
        """
        if job.kind not in RECORDS or job.dry_run or job.state in LIVE:
            raise NothingToRevert()
        key = f"{REVERT}/{job.id}{'/dry' if dry_run else ''}"
        parameters = {"import_id": str(job.id)}
        return await self._jobs.start(REVERT, self._caller, parameters, dry_run=dry_run, exclusive_key=key)
