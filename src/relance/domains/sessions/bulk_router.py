"""HTTP of this domain, as to many sessions at once and to none: counts, exports, your own keys."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from relance.capabilities.exports.routes import add_export_routes
from relance.core.by_reference import BY_REFERENCE, ExternalIdPath, answer_put, put_responses
from relance.core.errors import DuplicateResource, NotFound, PermissionDenied, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatchOrNone, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep
from relance.core.lifecycle import TransitionNotAllowed
from relance.core.problems import problem_responses
from relance.core.security import Caller, requires
from relance.domains.sessions.lifecycle import WRITE, SessionConfirmation, SessionStatus
from relance.domains.sessions.list_schemas import (
    SessionConfirmationCounts,
    SessionCounts,
    SessionFilter,
    SessionStatusCounts,
)
from relance.domains.sessions.permissions import READ
from relance.domains.sessions.references import SessionsByReference
from relance.domains.sessions.repository import SessionRepository
from relance.domains.sessions.schemas import SessionRead, SessionReplace
from relance.domains.sessions.service import SessionService
from relance.domains.sessions.transfers import EXPORT

router = APIRouter(prefix="/v1/sessions", tags=["sessions"], route_class=StrictRoute)

_ERRORS = (Unauthenticated, PermissionDenied, ValidationFailed)

Reader = Annotated[Caller, Depends(requires(READ))]


@router.get(
    "/summary",
    operation_id="sessions_summary",
    summary="Counts of the list",
    responses=problem_responses(*_ERRORS),
)
async def summary(
    session: ReadDep, runtime: RuntimeDep, caller: Reader, query: Annotated[SessionFilter, Query()]
) -> SessionCounts:
    """By status and by the worst of the clients, under the same filters as the list."""
    groups = await SessionRepository(session).counts(query, caller, runtime.clock.now())

    def of(status: str | None = None, confirmation: str | None = None) -> int:
        return sum(
            count
            for own, shown, _, count in groups
            if (status is None or own == status) and (confirmation is None or shown == confirmation)
        )

    return SessionCounts(
        total=of(),
        status=SessionStatusCounts.model_validate({one.value: of(status=one.value) for one in SessionStatus}),
        confirmation=SessionConfirmationCounts.model_validate(
            {one.value: of(confirmation=one.value) for one in SessionConfirmation}
        ),
        without_clients=sum(count for _, shown, _, count in groups if shown is None),
        overdue=sum(count for _, _, overdue, count in groups if overdue),
    )


add_export_routes(router, EXPORT)


@router.get(
    BY_REFERENCE,
    operation_id="sessions_get_by_reference",
    summary="Read a session by your own key",
    responses=problem_responses(*_ERRORS, NotFound),
)
async def get_by_reference(
    external_id: ExternalIdPath, session: ReadDep, runtime: RuntimeDep, caller: Reader, response: Response
) -> SessionRead:
    """The session whose `external_id` this is."""
    found = await SessionsByReference(session, runtime, caller).get(external_id)
    set_etag(response, found.version)
    service = SessionService(session, runtime, caller)
    return service.detail(await service.readable(found.id))


@router.put(
    BY_REFERENCE,
    operation_id="sessions_put_by_reference",
    summary="Create or replace a session by your own key",
    responses=put_responses(SessionRead, *_ERRORS, DuplicateResource, TransitionNotAllowed),
)
async def put_by_reference(
    external_id: ExternalIdPath,
    payload: SessionReplace,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Annotated[Caller, Depends(requires(WRITE))],
    _reader: Reader,
    response: Response,
    precondition: IfMatchOrNone,
) -> SessionRead:
    """A session with this `external_id` is created, or what differs is written, slots and clients too.

    Sent again, it changes nothing.
    """
    done = await SessionsByReference(session, runtime, caller).put(external_id, payload, precondition)
    service = SessionService(session, runtime, caller)
    row = await service.readable(done.row.id)
    answer_put(response, replace(done, row=row.session), f"/v1/sessions/{row.session.id}")
    return service.detail(row)
