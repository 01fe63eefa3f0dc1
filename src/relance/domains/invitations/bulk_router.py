"""HTTP of this domain, as to many invitations at once: counts, exports, bulk creation, « Tout relancer »."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response, status

from relance.capabilities.exports.routes import add_export_routes
from relance.capabilities.jobs.router import JobKindsDep, accepted
from relance.capabilities.jobs.schemas import JobRead, Report
from relance.capabilities.jobs.service import Jobs
from relance.capabilities.jobs.views import report
from relance.core.errors import PermissionDenied, Unauthenticated, ValidationFailed
from relance.core.http import DryRun, RuntimeDep, StrictRoute, WriteDep
from relance.core.ids import new_id
from relance.core.problems import problem_responses
from relance.core.security import Caller, requires
from relance.domains.invitations.creation import Creation
from relance.domains.invitations.dashboard.repository import counts_by_facet
from relance.domains.invitations.imports import IMPORT, parse_wanted, settle
from relance.domains.invitations.jobs import REMIND_ALL
from relance.domains.invitations.permissions import CREATE, READ, REMIND
from relance.domains.invitations.schemas import (
    InvitationBulkCreate,
    InvitationCounts,
    InvitationFilter,
    RemindAllRequest,
)
from relance.domains.invitations.summary import summed
from relance.domains.invitations.transfers import EXPORT

router = APIRouter(prefix="/v1/invitations", tags=["invitations"], route_class=StrictRoute)

_ERRORS = (Unauthenticated, PermissionDenied, ValidationFailed)

Reader = Annotated[Caller, Depends(requires(READ))]
Creator = Annotated[Caller, Depends(requires(CREATE))]
Reminder = Annotated[Caller, Depends(requires(REMIND))]


@router.get(
    "/summary",
    operation_id="invitations_summary",
    summary="Counts of the dashboard",
    responses=problem_responses(*_ERRORS),
)
async def summary(runtime: RuntimeDep, caller: Reader, query: Annotated[InvitationFilter, Query()]) -> InvitationCounts:
    """By form status, by status and by archived, under the same filters as the list."""
    return summed(await counts_by_facet(runtime.db, query, caller))


add_export_routes(router, EXPORT)


@router.post(
    "/bulk",
    operation_id="invitations_bulk_create",
    summary="Invite up to a thousand partners",
    responses=problem_responses(*_ERRORS),
)
async def bulk(
    payload: InvitationBulkCreate,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Creator,
    _reader: Reader,
    kinds: JobKindsDep,
    dry_run: DryRun = False,
) -> Report:
    """Each row is checked and made by itself, as `POST /v1/invitations` would; the report says what became of it."""
    parsed = [parse_wanted(row) for row in payload.rows]
    creation = Creation(session, runtime, caller)
    if dry_run:
        async with session.rehearsal():
            results = await settle(creation, parsed)
    else:
        results = await settle(creation, parsed)
    return report(IMPORT, results, kinds, dry_run=dry_run)


@router.post(
    "/remind-all",
    operation_id="invitations_remind_all",
    summary="Remind all (tout relancer)",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problem_responses(*_ERRORS),
)
async def remind_all(
    payload: RemindAllRequest,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Reminder,
    _reader: Reader,
    kinds: JobKindsDep,
    response: Response,
    dry_run: DryRun = False,
) -> JobRead:
    """A job with a result per row: `sent`, or why not. One at a time for a user and scope: a second call returns it.

    Never reminds archived, completed, cancelled or undeliverable rows, nor one that was mailed in the last 24 h.
    """
    parameters = {
        "filter": payload.filter().model_dump(mode="json"),
        "include_expired": payload.include_expired,
        "until": str(new_id()),
    }
    exclusive = f"{REMIND_ALL}/{caller.user_id}/{payload.scope}{'/dry' if dry_run else ''}"
    jobs = Jobs(session, runtime.clock)
    job = await jobs.start(REMIND_ALL, caller, parameters, dry_run=dry_run, exclusive_key=exclusive)
    return await accepted(session, job, kinds, caller, response)
