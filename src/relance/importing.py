"""An import from the command line: the same job as over HTTP, worked off here or by a worker, whoever is first."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

from relance.capabilities.directory.bulk.wanted import Mode
from relance.capabilities.files.store import FileStore
from relance.capabilities.identity.authentication import caller_named
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.jobs.import_files import refused_sheet
from relance.capabilities.jobs.imports import check_header
from relance.capabilities.jobs.lifecycle import LIVE
from relance.capabilities.jobs.models import Job, JobItem
from relance.capabilities.jobs.repository import JobRepository
from relance.capabilities.jobs.runner import JobRunner
from relance.capabilities.transfers.csv_files import csv_pieces
from relance.capabilities.transfers.reading import ImportColumn
from relance.core.i18n import as_locale
from relance.core.logging import configure_logging
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.settings import Settings
from relance.domains.crm_toolbox.imports.columns import Record, columns_of
from relance.domains.crm_toolbox.imports.service import Imports
from relance.domains.crm_toolbox.permissions import IMPORT
from relance.provisioning import RefusedError
from relance.wiring import build_runtime, close_runtime, job_kinds

_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class WantedImport:
    """What the command was given."""

    record: str
    file: Path
    workspace: str
    user: str
    mode: str
    dry_run: bool
    force: bool


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the rows."""

    counts: Mapping[str, int]
    failed: int
    #: Why it stopped before its end: an error code.
    error: str | None


async def run_import(
    settings: Settings, wanted: WantedImport, refused: Path, progress: Callable[[int], None]
) -> ImportReport:
    """Import a file and follow it to its end; the rows that were refused are written to `refused`.

    Raises:
        RefusedError: the workspace or the user is not known, or may not import.
        RelanceError: the file does not fit, or was imported before.
    """
    configure_logging(settings)
    runtime = build_runtime(settings)
    store = FileStore(settings)
    runner = JobRunner(runtime, job_kinds(runtime, store))
    try:
        await runtime.tick()
        caller = await _caller(runtime, wanted)
        job_id, columns = await _start(runtime, store, caller, wanted)
        working = asyncio.create_task(runner.sweep())
        job = await _follow(runtime, caller, job_id, progress)
        await working
        if job.failed:
            await _write_refused(runtime, job, columns, refused)
        return ImportReport(job.counts, job.failed, job.error)
    finally:
        await runner.close()
        await close_runtime(runtime)


async def _caller(runtime: Runtime, wanted: WantedImport) -> Caller:
    async with runtime.db.reading(None) as session:
        workspace = await IdentityRepository(session).workspace_by_slug(wanted.workspace)
        if workspace is None:
            raise RefusedError(f"there is no workspace {wanted.workspace!r}")
    caller = await caller_named(runtime.db, wanted.workspace, wanted.user.casefold())
    if caller is None:
        raise RefusedError(f"{wanted.user!r} is no active user of {wanted.workspace!r}")
    if not caller.level(IMPORT):
        raise RefusedError(f"{wanted.user!r} has not the permission {IMPORT}")
    return caller


async def _start(
    runtime: Runtime, store: FileStore, caller: Caller, wanted: WantedImport
) -> tuple[UUID, Sequence[ImportColumn]]:
    record, mode = cast("Record", wanted.record), Mode(wanted.mode)
    async with runtime.db.transaction(caller.workspace_id) as session:
        columns = await columns_of(session, record, mode)
        await asyncio.to_thread(check_header, wanted.file, columns, runtime.settings.import_max_rows)
        kept = await store.keep(
            session, caller.user_id, wanted.file, wanted.file.name[:200], "application/octet-stream"
        )
        imports = Imports(session, runtime, caller)
        job = await imports.start(kept, record, mode, dry_run=wanted.dry_run, force=wanted.force)
        return job.id, columns


async def _follow(runtime: Runtime, caller: Caller, job_id: UUID, progress: Callable[[int], None]) -> Job:
    while True:
        async with runtime.db.reading(caller.workspace_id) as session:
            job = await JobRepository(session).find(job_id, caller)
        if job is None:
            raise RefusedError("the import is no longer there")
        progress(job.done)
        if job.state not in LIVE:
            return job
        await asyncio.sleep(_LOOK_SECONDS)


async def _write_refused(runtime: Runtime, job: Job, columns: Sequence[ImportColumn], path: Path) -> None:
    async def batches() -> AsyncIterator[Sequence[JobItem]]:
        async with runtime.db.transaction(job.workspace_id) as session:
            async for item in JobRepository(session).stream(job.id, (), failed=True):
                yield [item]

    with path.open("wb") as file:
        async for piece in csv_pieces(refused_sheet(columns), batches(), as_locale(job.locale), ZoneInfo("UTC")):
            file.write(piece)
