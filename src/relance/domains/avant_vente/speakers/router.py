"""HTTP of speakers."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from relance.capabilities.identity.repository import IdentityRepository
from relance.core.errors import NotFound, PermissionDenied, Unauthenticated, ValidationFailed
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, link_next, page_request
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires
from relance.domains.avant_vente.dates import period_words
from relance.domains.avant_vente.permissions import HANDLE, READ
from relance.domains.avant_vente.speakers.repository import BusyRow, SpeakerRepository
from relance.domains.avant_vente.speakers.schemas import BusyQuery, BusyRead, SpeakerBusy, SpeakerQuery, SpeakerRead
from relance.domains.avant_vente.states import SLOT_LABELS, SlotState

router = APIRouter(
    prefix="/v1/avant-vente/speakers",
    tags=["avant-vente"],
    route_class=StrictRoute,
    responses=problem_responses(Unauthenticated, PermissionDenied, ValidationFailed),
)

_AHEAD = timedelta(days=90)


@router.get("", operation_id="speakers_list", summary="Who can intervene")
async def list_speakers(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    _caller: Annotated[Caller, Depends(requires(READ))],
    query: Annotated[SpeakerQuery, Query()],
) -> Page[SpeakerRead]:
    """The active users who hold `avant-vente:handle`, by name; a request may wish for one of them."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    found = await SpeakerRepository(session).page(query.q, asked)
    next_cursor = runtime.cursors.encode(found.next) if found.next else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=[SpeakerRead(id=user.id, name=user.name) for user in found.rows], next_cursor=next_cursor)


@router.get(
    "/{speaker_id}/busy",
    operation_id="speakers_busy",
    summary="When a speaker is taken",
    responses=problem_responses(NotFound),
)
async def busy(
    speaker_id: UUID,
    runtime: RuntimeDep,
    session: ReadDep,
    _caller: Annotated[Caller, Depends(requires(READ))],
    _handler: Annotated[Caller, Depends(requires(HANDLE))],
    query: Annotated[BusyQuery, Query()],
) -> SpeakerBusy:
    """By the slots that are held for a partner, and those that one has accepted. For the team: it names requests."""
    rows = SpeakerRepository(session)
    user = (await IdentityRepository(session).users([speaker_id])).get(speaker_id)
    if user is None:
        raise NotFound()
    since = query.since or runtime.clock.now()
    until = query.until or since + _AHEAD
    found = await rows.busy(speaker_id, since, until)
    speaker = SpeakerRead(id=user.id, name=user.name)
    return SpeakerBusy(speaker=speaker, since=since, until=until, busy=[_read(row) for row in found])


def _read(row: BusyRow) -> BusyRead:
    slot, state = row.slot, SlotState(row.slot.state)
    return BusyRead(
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        zone=slot.zone,
        label=period_words(slot.starts_at, slot.ends_at, slot.zone),
        state=state,
        state_label=SLOT_LABELS[state].in_locale(),
        request_id=slot.request_id,
        number=row.number,
    )
