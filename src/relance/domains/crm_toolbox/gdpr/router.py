"""HTTP of consents: settings, statuses, and what is going to be emptied."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from relance.capabilities.directory.consent import STATUS_LABELS, ConsentStatus
from relance.core.errors import PermissionDenied, PreconditionFailed, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, set_etag
from relance.core.http import DryRun, ReadDep, RuntimeDep, StrictRoute, WriteDep
from relance.core.lifecycle import TransitionNotAllowed
from relance.core.problems import problem_responses
from relance.core.security import Caller, requires
from relance.core.subjects import ActorRef
from relance.domains.crm_toolbox.actions.http import ACTION_ERRORS, run
from relance.domains.crm_toolbox.actions.schemas import ActionReport
from relance.domains.crm_toolbox.gdpr.change_schemas import GdprChange
from relance.domains.crm_toolbox.gdpr.changes import change_statuses
from relance.domains.crm_toolbox.gdpr.errors import GdprSwitchedOff, InactiveContact, NoAddress
from relance.domains.crm_toolbox.gdpr.permissions import CONFIGURE, WRITE
from relance.domains.crm_toolbox.gdpr.repository import GdprRepository
from relance.domains.crm_toolbox.gdpr.schemas import (
    EmptyingsQuery,
    GdprSettingsRead,
    GdprSettingsWrite,
    GdprStatuses,
    PlannedEmptyings,
    PlannedOfStatus,
)
from relance.domains.crm_toolbox.gdpr.settings import put_settings
from relance.domains.crm_toolbox.gdpr.views import read_statuses

_ERRORS = problem_responses(Unauthenticated, PermissionDenied, ValidationFailed)

router = APIRouter(prefix="/v1/crm-toolbox", tags=["crm-toolbox"], route_class=StrictRoute, responses=_ERRORS)

Writer = Annotated[Caller, Depends(requires(WRITE))]
Configurer = Annotated[Caller, Depends(requires(CONFIGURE))]


@router.post(
    "/gdpr-changes",
    operation_id="crm_toolbox_gdpr_change",
    summary="Set the GDPR status of contacts (Statut RGPD)",
    responses=ACTION_ERRORS
    | problem_responses(GdprSwitchedOff, TransitionNotAllowed, NoAddress, InactiveContact, ValidationFailed),
)
async def change(
    payload: GdprChange,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Writer,
    response: Response,
    dry_run: DryRun = False,
) -> ActionReport:
    """`pending` mails a link by which the contact accepts, refuses, and may withdraw later. One entry with all of them.

    Each status plans the emptying of the contact: see the settings. The same status again changes nothing.
    """
    return await run(session, response, lambda: change_statuses(session, runtime, caller, payload), dry_run=dry_run)


@router.get("/gdpr-settings", operation_id="crm_toolbox_gdpr_settings", summary="Whether consents are used, and how")
async def get_settings(response: Response, session: ReadDep, _caller: Writer) -> GdprSettingsRead:
    """The periods after which contacts are emptied, and when that is announced."""
    found = await GdprRepository(session).settings()
    set_etag(response, found.version)
    return GdprSettingsRead.model_validate(found)


@router.put(
    "/gdpr-settings",
    operation_id="crm_toolbox_gdpr_settings_put",
    summary="Switch consents on, and set their periods",
    responses=problem_responses(PreconditionFailed),
)
async def write_settings(
    body: GdprSettingsWrite,
    response: Response,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Configurer,
    if_match: IfMatch,
) -> GdprSettingsRead:
    """Periods hold for statuses from now on. Switched off, nothing is asked and nothing is emptied by itself."""
    row = await put_settings(session, body, if_match, ActorRef.of(caller), runtime.clock)
    set_etag(response, row.version)
    return GdprSettingsRead.model_validate(row)


@router.get("/gdpr-statuses", operation_id="crm_toolbox_gdpr_statuses", summary="Statuses, and the mails proposed")
async def get_statuses(session: ReadDep, _caller: Writer) -> GdprStatuses:
    """The statuses that can be set, after how long each empties a contact, and which mails may inform the contact."""
    return read_statuses(await GdprRepository(session).settings())


@router.get(
    "/gdpr-emptyings/summary",
    operation_id="crm_toolbox_gdpr_emptyings_summary",
    summary="How many contacts are going to be emptied",
)
async def planned_emptyings(
    session: ReadDep, runtime: RuntimeDep, _caller: Writer, query: Annotated[EmptyingsQuery, Query()]
) -> PlannedEmptyings:
    """A preview, by status; each can be cancelled (`POST /v1/contacts/{id}/consent/keep`)."""
    until = query.until or runtime.clock.now() + timedelta(days=30)
    found = await GdprRepository(session).planned(until)
    statuses = [
        PlannedOfStatus(
            status=ConsentStatus(status),
            status_label=STATUS_LABELS[ConsentStatus(status)].in_locale(),
            contacts=count,
            first_at=first,
        )
        for status, (count, first) in sorted(found.items())
    ]
    return PlannedEmptyings(until=until, contacts=sum(one.contacts for one in statuses), statuses=statuses)
