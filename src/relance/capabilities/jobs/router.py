"""HTTP of jobs."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from relance.capabilities.jobs.handlers import JobKinds
from relance.capabilities.jobs.lifecycle import LIVE
from relance.capabilities.jobs.models import Job, JobItem
from relance.capabilities.jobs.permissions import CANCEL, READ
from relance.capabilities.jobs.repository import JobRepository
from relance.capabilities.jobs.schemas import JobFilter, JobItemRead, JobListed, JobRead, ResultExport, ResultFilter
from relance.capabilities.jobs.service import Jobs
from relance.capabilities.jobs.sheets import result_sheet
from relance.capabilities.jobs.views import list_jobs as listed_jobs
from relance.capabilities.jobs.views import read_item, read_job
from relance.capabilities.transfers.csv_files import MEDIA_TYPE, csv_pieces
from relance.core.db import DbSession
from relance.core.downloads import attachment
from relance.core.errors import NotFound, PermissionDenied, PreconditionFailed, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.i18n import current_locale
from relance.core.lifecycle import TransitionNotAllowed
from relance.core.problems import problem_responses
from relance.core.runtime import Runtime
from relance.core.schemas import Page
from relance.core.security import Caller, requires

_DENIED = (Unauthenticated, PermissionDenied, ValidationFailed)
_ONE = (*_DENIED, NotFound)

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], route_class=StrictRoute)

Reader = Annotated[Caller, Depends(requires(READ))]

#: Seconds between two looks at a job for its events, and between two signs of life.
_LOOK_SECONDS = 0.5
_HEARTBEAT_LOOKS = 30
#: Looks after which a stream ends; the browser opens it again by itself.
_MOST_LOOKS = 1200


async def get_job_kinds(request: Request) -> JobKinds:
    """The kinds of jobs of the product."""
    kinds: JobKinds = request.app.state.job_kinds
    return kinds


JobKindsDep = Annotated[JobKinds, Depends(get_job_kinds)]


async def readable(job_id: UUID, session: ReadDep, runtime: RuntimeDep, caller: Reader) -> Job:
    """The job of the address, where the caller may read it."""
    return await Jobs(session, runtime.clock).readable(job_id, caller)


Readable = Annotated[Job, Depends(readable)]


async def accepted(session: DbSession, job: Job, kinds: JobKinds, caller: Caller, response: Response) -> JobRead:
    """The answer of every operation that begins long work: 202, and where to follow it."""
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return await shown(session, job, kinds, caller, response)


async def shown(session: DbSession, job: Job, kinds: JobKinds, caller: Caller, response: Response) -> JobRead:
    """One job, with its ETag."""
    set_etag(response, job.version)
    return await read_job(session, job, kinds, caller)


@router.get("", operation_id="jobs_list", summary="List long work", responses=problem_responses(*_DENIED))
async def list_jobs(
    request: Request,
    response: Response,
    session: ReadDep,
    runtime: RuntimeDep,
    caller: Reader,
    kinds: JobKindsDep,
    query: Annotated[JobFilter, Query()],
) -> Page[JobListed]:
    """The jobs that the caller may read, the newest first."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    page = await JobRepository(session).page(query, caller, asked)
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    items = await listed_jobs(session, page.rows, kinds, caller, with_actions=bool(query.include))
    return Page(items=items, next_cursor=next_cursor)


@router.get("/{job_id}", operation_id="jobs_get", summary="One piece of long work", responses=problem_responses(*_ONE))
async def get(job: Readable, session: ReadDep, caller: Reader, kinds: JobKindsDep, response: Response) -> JobRead:
    """State, progress, counts by outcome, when it will end, and the file that it has made."""
    return await shown(session, job, kinds, caller, response)


@router.post(
    "/{job_id}/cancel",
    operation_id="jobs_cancel",
    summary="Cancel long work",
    responses=problem_responses(*_ONE, PreconditionFailed, TransitionNotAllowed),
)
async def cancel(
    job_id: UUID,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Reader,
    _may_cancel: Annotated[Caller, Depends(requires(CANCEL))],
    kinds: JobKindsDep,
    precondition: IfMatch,
    response: Response,
) -> JobRead:
    """Stop. What the committed batches did stays done; the batch under way is undone."""
    job = await Jobs(session, runtime.clock).cancel(job_id, caller, precondition)
    return await shown(session, job, kinds, caller, response)


@router.get(
    "/{job_id}/results",
    operation_id="jobs_results",
    summary="What became of each item",
    responses=problem_responses(*_ONE),
)
async def results(
    request: Request,
    response: Response,
    job: Readable,
    session: ReadDep,
    runtime: RuntimeDep,
    kinds: JobKindsDep,
    query: Annotated[ResultFilter, Query()],
) -> Page[JobItemRead]:
    """In the order of the items; they appear batch by batch while the job runs."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    page = await JobRepository(session).results(job.id, query, asked)
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=[read_item(item, job.kind, kinds) for item in page.rows], next_cursor=next_cursor)


@router.get(
    "/{job_id}/results.csv",
    operation_id="jobs_results_csv",
    summary="What became of each item, as a file",
    response_class=StreamingResponse,
    responses=problem_responses(*_ONE)
    | {200: {"description": "UTF-8 with BOM.", "content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def results_csv(
    job: Readable, runtime: RuntimeDep, kinds: JobKindsDep, query: Annotated[ResultExport, Query()]
) -> StreamingResponse:
    """The same as a CSV that a spreadsheet opens, streamed."""

    async def batches() -> AsyncIterator[Sequence[JobItem]]:
        async with runtime.db.transaction(job.workspace_id) as session:
            async for item in JobRepository(session).stream(job.id, query.outcome, query.failed):
                yield [item]

    sheet = result_sheet(job.kind, kinds)
    pieces = csv_pieces(sheet, batches(), current_locale(), ZoneInfo("UTC"))
    return StreamingResponse(pieces, media_type=MEDIA_TYPE, headers=attachment(f"{job.kind}-{job.id}.csv"))


@router.get(
    "/{job_id}/events",
    operation_id="jobs_events",
    summary="Progress, as it happens",
    response_class=StreamingResponse,
    responses=problem_responses(*_ONE)
    | {
        200: {
            "description": "Server-sent events `progress`, each with the job as data; `end` with the last one.",
            "content": {"text/event-stream": {}},  # OpenAPI 3.1 has no words for a stream of events
        }
    },
)
async def events(job: Readable, runtime: RuntimeDep, caller: Reader, kinds: JobKindsDep) -> StreamingResponse:
    """One event at once, one at every change, `end` when the job has come to its end."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    stream = _events(job.id, runtime, caller, kinds)
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


async def _events(job_id: UUID, runtime: Runtime, caller: Caller, kinds: JobKinds) -> AsyncIterator[bytes]:
    seen = 0
    for look in range(_MOST_LOOKS):
        async with runtime.db.reading(caller.workspace_id) as session:
            job = await JobRepository(session).find(job_id, caller)
            if job is None:
                return
            read = await read_job(session, job, kinds, caller) if job.version != seen else None
        if read is not None:
            seen = job.version
            ended = job.state not in LIVE
            yield _event("end" if ended else "progress", seen, read)
            if ended:
                return
        elif look % _HEARTBEAT_LOOKS == 0:
            yield b": still here\n\n"
        await asyncio.sleep(_LOOK_SECONDS)


def _event(name: str, number: int, read: JobRead) -> bytes:
    return b"event: %s\nid: %d\ndata: %s\n\n" % (name.encode(), number, orjson.dumps(read.model_dump(mode="json")))
