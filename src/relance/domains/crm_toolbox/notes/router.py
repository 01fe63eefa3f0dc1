"""HTTP of notes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from relance.core.http import DryRun, RuntimeDep, StrictRoute, WriteDep
from relance.core.security import Caller, requires
from relance.domains.crm_toolbox.actions.http import ACTION_ERRORS, run
from relance.domains.crm_toolbox.actions.schemas import ActionReport
from relance.domains.crm_toolbox.notes.schemas import NoteCreate
from relance.domains.crm_toolbox.notes.service import add_note
from relance.domains.crm_toolbox.permissions import NOTE

router = APIRouter(prefix="/v1/crm-toolbox/notes", tags=["crm-toolbox"], route_class=StrictRoute)


@router.post("", operation_id="crm_toolbox_note", summary="Add a note (Info)", responses=ACTION_ERRORS)
async def create(
    payload: NoteCreate,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Annotated[Caller, Depends(requires(NOTE))],
    response: Response,
    dry_run: DryRun = False,
) -> ActionReport:
    """A formatted note in the infobox of every target, past or to come: one entry.

    Its participants are told by mail, now and at every comment; `add_to_calendar` sends an iCalendar entry to the
    caller alone.
    """
    return await run(session, response, lambda: add_note(session, runtime, caller, payload), dry_run=dry_run)
