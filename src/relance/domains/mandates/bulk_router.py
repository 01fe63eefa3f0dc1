"""HTTP of this domain, as to many mandates at once and to none: counts, exports, dates of a schedule."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from relance.capabilities.exports.routes import add_export_routes
from relance.core.by_reference import BY_REFERENCE, ExternalIdPath, answer_put, put_responses
from relance.core.errors import DuplicateResource, NotFound, PermissionDenied, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatchOrNone, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep
from relance.core.problems import problem_responses
from relance.core.security import Caller, requires
from relance.domains.mandates.errors import ContactFixed, FeatureNotSubscribed, LastTeamMember, MandateIncomplete
from relance.domains.mandates.lifecycle import WRITE, MandateStatus
from relance.domains.mandates.list_schemas import (
    MandateCounts,
    MandateFilter,
    MandateStatusCounts,
)
from relance.domains.mandates.permissions import READ
from relance.domains.mandates.references import MandatesByReference
from relance.domains.mandates.repository import MandateRepository
from relance.domains.mandates.schedule import preview, rule
from relance.domains.mandates.schemas import MandateRead, MandateReplace, SchedulePreview, SchedulePreviewRequest
from relance.domains.mandates.service import MandateService
from relance.domains.mandates.transfers import EXPORT

router = APIRouter(prefix="/v1/mandates", tags=["mandates"], route_class=StrictRoute)

_ERRORS = (Unauthenticated, PermissionDenied, ValidationFailed)

Reader = Annotated[Caller, Depends(requires(READ))]


@router.get(
    "/summary",
    operation_id="mandates_summary",
    summary="Counts of the list",
    responses=problem_responses(*_ERRORS),
)
async def summary(session: ReadDep, caller: Reader, query: Annotated[MandateFilter, Query()]) -> MandateCounts:
    """By status, under the same filters as the list."""
    counts = await MandateRepository(session).counts(query, caller)
    by_status = {status.value: counts.get(status.value, 0) for status in MandateStatus}
    return MandateCounts(total=sum(by_status.values()), status=MandateStatusCounts.model_validate(by_status))


add_export_routes(router, EXPORT)


@router.post(
    "/schedule-preview",
    operation_id="mandates_schedule_preview",
    summary="The dates of a schedule",
    responses=problem_responses(*_ERRORS),
)
async def schedule_preview(payload: SchedulePreviewRequest, _session: WriteDep, _caller: Reader) -> SchedulePreview:
    """Nothing is saved: for a screen that shows the due dates while somebody chooses."""
    wanted = payload.schedule
    return SchedulePreview(
        rrule=rule(wanted.frequency, wanted.starts_on),
        due_on=preview(wanted.frequency, wanted.starts_on, payload.count),
    )


@router.get(
    BY_REFERENCE,
    operation_id="mandates_get_by_reference",
    summary="Read a mandate by your own key",
    responses=problem_responses(*_ERRORS, NotFound),
)
async def get_by_reference(
    external_id: ExternalIdPath, session: ReadDep, runtime: RuntimeDep, caller: Reader, response: Response
) -> MandateRead:
    """The mandate whose `external_id` this is."""
    found = await MandatesByReference(session, runtime, caller).get(external_id)
    set_etag(response, found.version)
    service = MandateService(session, runtime, caller)
    return await service.detail(await service.readable(found.id))


@router.put(
    BY_REFERENCE,
    operation_id="mandates_put_by_reference",
    summary="Create or replace a mandate by your own key",
    responses=put_responses(
        MandateRead,
        *_ERRORS,
        DuplicateResource,
        FeatureNotSubscribed,
        ContactFixed,
        MandateIncomplete,
        LastTeamMember,
    ),
)
async def put_by_reference(
    external_id: ExternalIdPath,
    payload: MandateReplace,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Annotated[Caller, Depends(requires(WRITE))],
    _reader: Reader,
    response: Response,
    precondition: IfMatchOrNone,
) -> MandateRead:
    """A draft with this `external_id` is created, or what differs is written as by `PATCH`; it is not submitted.

    Sent again, it changes nothing.
    """
    done = await MandatesByReference(session, runtime, caller).put(external_id, payload, precondition)
    service = MandateService(session, runtime, caller)
    row = await service.readable(done.row.id)
    answer_put(response, replace(done, row=row.mandate), f"/v1/mandates/{row.mandate.id}")
    return await service.detail(row)
