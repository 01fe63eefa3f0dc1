"""HTTP of the actions on the directory."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from relance.capabilities.directory.errors import AlreadyInDirectory, CompanyHasContacts, ContactEmptied, StillReferred
from relance.capabilities.directory.permissions import CONTACTS_DELETE
from relance.capabilities.directory.router.departures import DepartureWatchersDep
from relance.core.http import DryRun, RuntimeDep, StrictRoute, WriteDep
from relance.core.problems import problem_responses
from relance.core.security import Caller, requires
from relance.domains.crm_toolbox.actions.built_in import BuiltIn
from relance.domains.crm_toolbox.actions.built_in_schemas import (
    Activation,
    Assignment,
    CompanyAssignment,
    DeletionRequest,
    StatusChange,
)
from relance.domains.crm_toolbox.actions.http import ACTION_ERRORS, run
from relance.domains.crm_toolbox.actions.schemas import ActionReport
from relance.domains.crm_toolbox.permissions import ACTIVATE, ASSIGN, ASSIGN_COMPANY, STATUS

router = APIRouter(prefix="/v1/crm-toolbox", tags=["crm-toolbox"], route_class=StrictRoute, responses=ACTION_ERRORS)
_EMPTIED = problem_responses(ContactEmptied)


@router.post(
    "/status-changes",
    operation_id="crm_toolbox_change_status",
    summary="Change the status of contacts",
    responses=_EMPTIED,
)
async def change_status(
    payload: StatusChange,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Annotated[Caller, Depends(requires(STATUS))],
    response: Response,
    dry_run: DryRun = False,
) -> ActionReport:
    """Statut. Who has the status already is `unchanged` in the report, and not in the entry."""
    act = BuiltIn(session, runtime, caller)
    return await run(session, response, lambda: act.change_status(payload), dry_run=dry_run)


@router.post(
    "/activations", operation_id="crm_toolbox_activate", summary="Activate or deactivate contacts", responses=_EMPTIED
)
async def activate(
    payload: Activation,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Annotated[Caller, Depends(requires(ACTIVATE))],
    response: Response,
    dry_run: DryRun = False,
) -> ActionReport:
    """Inactive contacts stay, and are left out of sendings."""
    act = BuiltIn(session, runtime, caller)
    return await run(session, response, lambda: act.activate(payload), dry_run=dry_run)


@router.post(
    "/deletions",
    operation_id="crm_toolbox_delete",
    summary="Delete companies and contacts",
    responses=problem_responses(CompanyHasContacts, StillReferred, AlreadyInDirectory),
)
async def delete(
    payload: DeletionRequest,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Annotated[Caller, Depends(requires(CONTACTS_DELETE))],
    watchers: DepartureWatchersDep,
    response: Response,
    dry_run: DryRun = False,
) -> ActionReport:
    """For good. Companies need `companies:delete` as well, and `cascade` or `reassign_to` where they have contacts."""
    act = BuiltIn(session, runtime, caller)
    return await run(session, response, lambda: act.delete(payload, watchers), dry_run=dry_run)


@router.post(
    "/assignments",
    operation_id="crm_toolbox_assign",
    summary="Assign companies and contacts to a user",
    responses=_EMPTIED,
)
async def assign(
    payload: Assignment,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Annotated[Caller, Depends(requires(ASSIGN))],
    response: Response,
    dry_run: DryRun = False,
) -> ActionReport:
    """Attribuer. The new owner is told by mail, as the participants are."""
    act = BuiltIn(session, runtime, caller)
    return await run(session, response, lambda: act.assign(payload), dry_run=dry_run)


@router.post(
    "/company-assignments",
    operation_id="crm_toolbox_assign_company",
    summary="Assign contacts to another company",
    responses=problem_responses(AlreadyInDirectory, ContactEmptied),
)
async def assign_company(
    payload: CompanyAssignment,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Annotated[Caller, Depends(requires(ASSIGN_COMPANY))],
    response: Response,
    dry_run: DryRun = False,
) -> ActionReport:
    """Attribuer (Société.). Their history stays with them; the entry is on both companies."""
    act = BuiltIn(session, runtime, caller)
    return await run(session, response, lambda: act.assign_company(payload), dry_run=dry_run)
