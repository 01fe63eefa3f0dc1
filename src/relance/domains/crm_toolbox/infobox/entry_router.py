"""HTTP of what is done with one entry."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response, status
from fastapi.responses import StreamingResponse

from relance.capabilities.files.attachments import Attachments
from relance.capabilities.files.responses import CONTENT, file_response
from relance.capabilities.files.router import FileStoreDep
from relance.core.db import DbSession
from relance.core.errors import NotFound, PermissionDenied, PreconditionFailed, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep
from relance.core.problems import problem_responses
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.domains.crm_toolbox.errors import EntryRunsItself, EntrySettled, TargetsDeleted
from relance.domains.crm_toolbox.infobox.entries import Entries
from relance.domains.crm_toolbox.infobox.entry_schemas import EntryUpdate, ParticipantsAdd
from relance.domains.crm_toolbox.infobox.outcomes import Outcome
from relance.domains.crm_toolbox.infobox.participants import Participants
from relance.domains.crm_toolbox.infobox.recording import subject_of
from relance.domains.crm_toolbox.infobox.repository import InfoboxRepository
from relance.domains.crm_toolbox.infobox.router import (
    INFOBOX,
    Locked,
    PartReader,
    Readable,
    Writer,
    found_or_refused,
)
from relance.domains.crm_toolbox.infobox.schemas import EntryRead
from relance.domains.crm_toolbox.infobox.views import Views
from relance.domains.crm_toolbox.models import InfoboxEntry

router = APIRouter(
    prefix=f"{INFOBOX}/{{infobox_entry_id}}",
    tags=["crm-toolbox"],
    route_class=StrictRoute,
    responses=problem_responses(Unauthenticated, PermissionDenied, NotFound, ValidationFailed),
)

_CHANGED = problem_responses(PreconditionFailed)


async def _shown(session: DbSession, runtime: Runtime, entry: InfoboxEntry, response: Response) -> EntryRead:
    set_etag(response, entry.version)
    return await Views(session, runtime.clock.now()).detail(entry)


@router.patch(
    "",
    operation_id="infobox_update",
    summary="Change an entry",
    responses=_CHANGED | problem_responses(TargetsDeleted),
)
async def update(
    entry: Locked,
    payload: EntryUpdate,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Writer,
    response: Response,
) -> EntryRead:
    """Its words: one's own, or anybody's that the level of the right reaches."""
    await Entries(session, runtime, caller).update(entry, payload)
    return await _shown(session, runtime, entry, response)


@router.delete(
    "",
    operation_id="infobox_delete",
    summary="Delete an entry",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=_CHANGED | problem_responses(EntryRunsItself),
)
async def delete(entry: Locked, session: WriteDep, runtime: RuntimeDep, caller: Writer) -> None:
    """With its comments; what the action has changed stays changed."""
    await Entries(session, runtime, caller).delete(entry)


@router.post(
    "/complete",
    operation_id="infobox_complete",
    summary="Say that what was to come is done",
    responses=_CHANGED | problem_responses(EntrySettled, EntryRunsItself),
)
async def complete(
    entry: Locked, session: WriteDep, runtime: RuntimeDep, caller: Writer, response: Response
) -> EntryRead:
    """Done before its time, it stands in the timeline at the present."""
    await Entries(session, runtime, caller).settle(entry, Outcome.DONE)
    return await _shown(session, runtime, entry, response)


@router.post(
    "/cancel",
    operation_id="infobox_cancel",
    summary="Say that what was to come is off",
    responses=_CHANGED | problem_responses(EntrySettled, EntryRunsItself),
)
async def cancel(
    entry: Locked, session: WriteDep, runtime: RuntimeDep, caller: Writer, response: Response
) -> EntryRead:
    """It stays in the timeline, as cancelled."""
    await Entries(session, runtime, caller).settle(entry, Outcome.CANCELLED)
    return await _shown(session, runtime, entry, response)


@router.get(
    "/files/{file_id}",
    operation_id="infobox_file",
    summary="A file of an entry",
    response_class=StreamingResponse,
    responses=CONTENT,
)
async def file(entry: Readable, file_id: UUID, session: ReadDep, store: FileStoreDep) -> StreamingResponse:
    """The bytes, as an attachment, for whoever may read the entry."""
    held = {one.id: one for one in await Attachments(session).held([subject_of(entry.id)])}
    if file_id not in held:
        raise NotFound()
    return await file_response(store, held[file_id])


@router.post(
    "/participants",
    operation_id="infobox_participants_add",
    summary="Let more users take part",
    responses=_CHANGED | problem_responses(TargetsDeleted),
)
async def add_participants(
    entry: Locked,
    payload: ParticipantsAdd,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Writer,
    response: Response,
) -> EntryRead:
    """They are told as the first ones were, and may read this entry from now on. Whoever takes part already stays."""
    await Participants(session, runtime, caller).add(entry, payload)
    return await _shown(session, runtime, entry, response)


@router.delete(
    "/participants/{user_id}",
    operation_id="infobox_participants_remove",
    summary="Take a user out of an entry",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=_CHANGED,
)
async def remove_participant(
    entry: Locked, user_id: UUID, session: WriteDep, runtime: RuntimeDep, caller: Writer
) -> None:
    """Oneself; or anybody, where the caller may change the entry."""
    await Participants(session, runtime, caller).remove(entry, user_id)


async def _part(infobox_entry_id: UUID, session: WriteDep, caller: PartReader, if_match: IfMatch) -> InfoboxEntry:
    found = found_or_refused(await InfoboxRepository(session).find(infobox_entry_id, caller), caller)
    if_match.check(found.version)
    return found


Part = Annotated[InfoboxEntry, Depends(_part)]


@router.post("/mute", operation_id="infobox_mute", summary="Want no more mails about an entry", responses=_CHANGED)
async def mute(
    entry: Part, session: WriteDep, runtime: RuntimeDep, caller: PartReader, response: Response
) -> EntryRead:
    """Of the caller, who takes part; a 404 for whoever does not."""
    return await _muted(entry, session, runtime, caller, response, muted=True)


@router.post("/unmute", operation_id="infobox_unmute", summary="Want mails about an entry again", responses=_CHANGED)
async def unmute(
    entry: Part, session: WriteDep, runtime: RuntimeDep, caller: PartReader, response: Response
) -> EntryRead:
    """Of the caller, who takes part; a 404 for whoever does not."""
    return await _muted(entry, session, runtime, caller, response, muted=False)


async def _muted(
    entry: InfoboxEntry, session: DbSession, runtime: Runtime, caller: Caller, response: Response, *, muted: bool
) -> EntryRead:
    await Participants(session, runtime, caller).mute(entry, muted=muted)
    return await _shown(session, runtime, entry, response)
