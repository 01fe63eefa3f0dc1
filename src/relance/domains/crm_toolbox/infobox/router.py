"""HTTP of the infobox: timelines and entries."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response, Security

from relance.capabilities.journal.timeline import Timeline
from relance.core.errors import NotFound, PermissionDenied, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, Level, current_caller, requires
from relance.domains.crm_toolbox.infobox.repository import InfoboxRepository
from relance.domains.crm_toolbox.infobox.schemas import EntryRead, TimelineFilter, TimelineItem
from relance.domains.crm_toolbox.infobox.timelines import Timelines
from relance.domains.crm_toolbox.infobox.views import Views
from relance.domains.crm_toolbox.models import InfoboxEntry
from relance.domains.crm_toolbox.permissions import INFOBOX_READ, INFOBOX_WRITE

INFOBOX = "/v1/crm-toolbox/infobox"

router = APIRouter(
    prefix=INFOBOX,
    tags=["crm-toolbox"],
    route_class=StrictRoute,
    responses=problem_responses(Unauthenticated, PermissionDenied, ValidationFailed),
)

Reader = Annotated[Caller, Depends(requires(INFOBOX_READ))]
#: Whoever takes part in an entry may read it without the right: which entries that are, its row says.
PartReader = Annotated[Caller, Security(current_caller, scopes=[INFOBOX_READ])]


async def get_timeline(request: Request) -> Timeline:
    """What the domains tell, as the composition root has listed it."""
    timeline: Timeline = request.app.state.timeline
    return timeline


TimelineDep = Annotated[Timeline, Depends(get_timeline)]


async def readable(infobox_entry_id: UUID, session: ReadDep, caller: PartReader) -> InfoboxEntry:
    """The entry of the address, where the caller may read it."""
    found = await InfoboxRepository(session).find(infobox_entry_id, caller)
    return found_or_refused(found, caller)


def found_or_refused(found: InfoboxEntry | None, caller: Caller) -> InfoboxEntry:
    """`found`, or why the caller may not have it.

    Raises:
        PermissionDenied: the caller reads no entries but those in which they take part.
        NotFound: there is none, or the caller may not read it.
    """
    if found is not None:
        return found
    if caller.level(INFOBOX_READ) is Level.NONE:
        raise PermissionDenied(INFOBOX_READ)
    raise NotFound()


Readable = Annotated[InfoboxEntry, Depends(readable)]


Writer = Annotated[Caller, Depends(requires(INFOBOX_WRITE))]


async def around(infobox_entry_id: UUID, session: WriteDep, caller: Writer) -> InfoboxEntry:
    """The entry of the address, locked, where the caller may read it."""
    found = await InfoboxRepository(session).find(infobox_entry_id, caller, lock=True)
    if found is None:
        raise NotFound()
    return found


#: The entry around a comment, whose own version counts.
Around = Annotated[InfoboxEntry, Depends(around)]


async def locked(entry: Around, if_match: IfMatch) -> InfoboxEntry:
    """The same at a version that the caller accepts."""
    if_match.check(entry.version)
    return entry


Locked = Annotated[InfoboxEntry, Depends(locked)]


@router.get("", operation_id="infobox_list", summary="What was done with a company or a contact, and what is to come")
async def list_timeline(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    caller: Reader,
    timeline: TimelineDep,
    query: Annotated[TimelineFilter, Query()],
) -> Page[TimelineItem]:
    """One timeline: the entries of the infobox, and with `company_id` or `contact_id` what happened elsewhere as well.

    A company shows its contacts' lines too. What happened in another part of the product is shown to those who may
    read its subject there. Without a company or a contact: the entries of the whole workspace.
    """
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    lines, after = await Timelines(session, timeline, caller, runtime.clock.now()).page(query, asked)
    next_cursor = runtime.cursors.encode(after) if after else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=[line.item for line in lines], next_cursor=next_cursor)


@router.get(
    "/{infobox_entry_id}",
    operation_id="infobox_get",
    summary="One entry in full",
    responses=problem_responses(NotFound),
)
async def get(entry: Readable, session: ReadDep, runtime: RuntimeDep, response: Response) -> EntryRead:
    """With its targets, participants and files. Whoever takes part in it may read it, whatever else they may."""
    set_etag(response, entry.version)
    return await Views(session, runtime.clock.now()).detail(entry)
