"""HTTP of requests: the actions of the lifecycle table, the partner's and the team's."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Response

from relance.capabilities.messaging.gap import TooRecent
from relance.core.http import DryRun, StrictRoute, WriteDep
from relance.core.problems import problem_responses
from relance.domains.avant_vente.errors import (
    NoSlotChosen,
    ProposalSettled,
    RequestClosed,
    RequestIncomplete,
    SlotNotCurrent,
    SlotPassed,
)
from relance.domains.avant_vente.permissions import HANDLE
from relance.domains.avant_vente.repository import RequestRow
from relance.domains.avant_vente.router import ACTION, REQUESTS, Locked, ToRequest, Writing, actionable, shown
from relance.domains.avant_vente.schemas import (
    AcceptProposalRequest,
    AnswerInfoRequest,
    AskInfoRequest,
    AskOtherSlotsRequest,
    ChooseSlotRequest,
    InterventionChange,
    ProposeRequest,
    ReasonRequest,
    RemindRequest,
    RequestRead,
    SubmitRequest,
)

router = APIRouter(prefix=f"{REQUESTS}/{{avant_vente_request_id}}", tags=["avant-vente"], route_class=StrictRoute)

ToHandle = Annotated[RequestRow, Depends(actionable(HANDLE))]


# --- the partner -----------------------------------------------------------------------------------------------------


@router.post(
    "/submit",
    operation_id="avant_vente_requests_submit",
    summary="Submit (soumettre)",
    responses=problem_responses(*ACTION, RequestIncomplete),
)
async def submit(
    row: ToRequest,
    payload: SubmitRequest,
    session: WriteDep,
    service: Writing,
    response: Response,
    dry_run: DryRun = False,
) -> RequestRead:
    """Send it to the team: « A traiter ». It takes the next number of the year."""
    if not dry_run:
        return await shown(service, await service.acts.submit(row), response)
    async with session.rehearsal():
        return await service.detail(await service.acts.submit(row))


@router.post(
    "/choose-slot",
    operation_id="avant_vente_requests_choose_slot",
    summary="Save the slot that fits",
    responses=problem_responses(*ACTION, SlotNotCurrent, SlotPassed),
)
async def choose_slot(row: ToRequest, payload: ChooseSlotRequest, service: Writing, response: Response) -> RequestRead:
    """Saves only: nobody is told, and another one can still be chosen. `accept-proposal` then agrees on it."""
    return await shown(service, await service.acts.choose_slot(row, payload.slot_id), response)


@router.post(
    "/accept-proposal",
    operation_id="avant_vente_requests_accept_proposal",
    summary="Accept the proposal",
    responses=problem_responses(*ACTION, NoSlotChosen, SlotNotCurrent, SlotPassed, ProposalSettled),
)
async def accept_proposal(
    row: ToRequest,
    service: Writing,
    response: Response,
    payload: Annotated[AcceptProposalRequest | None, Body()] = None,
) -> RequestRead:
    """Agree on the slot that was saved, or on the one that is named: « Terminé ». The first to accept wins."""
    slot_id = payload.slot_id if payload else None
    return await shown(service, await service.acts.accept_proposal(row, slot_id), response)


@router.post(
    "/ask-other-slots",
    operation_id="avant_vente_requests_ask_other_slots",
    summary="Ask for other dates",
    responses=problem_responses(*ACTION),
)
async def ask_other_slots(
    row: ToRequest, payload: AskOtherSlotsRequest, service: Writing, response: Response
) -> RequestRead:
    """Demander d’autres propositions de dates: the slots are free again, and the next round begins."""
    return await shown(service, await service.acts.ask_other_slots(row, payload.expectations), response)


@router.post(
    "/answer-info",
    operation_id="avant_vente_requests_answer_info",
    summary="Give the information that was asked for",
    responses=problem_responses(*ACTION, RequestClosed),
)
async def answer_info(row: ToRequest, payload: AnswerInfoRequest, service: Writing, response: Response) -> RequestRead:
    """The request goes back to the status before. After its end, the answer is refused and kept as a comment."""
    return await shown(service, await service.acts.answer_info(row, payload.answer), response)


@router.post(
    "/cancel",
    operation_id="avant_vente_requests_cancel",
    summary="Cancel (annuler)",
    responses=problem_responses(*ACTION),
)
async def cancel(row: Locked, payload: ReasonRequest, service: Writing, response: Response) -> RequestRead:
    """By the team whenever it is open; by the partner (`avant-vente:request`) while it is to be processed."""
    return await shown(service, await service.cancel(row, payload.reason), response)


# --- the team --------------------------------------------------------------------------------------------------------


@router.post(
    "/accept",
    operation_id="avant_vente_requests_accept",
    summary="Accept a request",
    responses=problem_responses(*ACTION),
)
async def accept(row: ToHandle, service: Writing, response: Response) -> RequestRead:
    """« En cours »: whoever accepts handles it from then on, and is who the partner's answers are mailed to."""
    return await shown(service, await service.acts.accept(row), response)


@router.post(
    "/propose",
    operation_id="avant_vente_requests_propose",
    summary="Propose three slots",
    responses=problem_responses(*ACTION),
)
async def propose(row: ToHandle, payload: ProposeRequest, service: Writing, response: Response) -> RequestRead:
    """« Planifiée »: exactly three distinct future slots. One that the speaker is taken at is a warning, no error."""
    return await shown(service, await service.acts.propose(row, payload.slots), response)


@router.post(
    "/ask-info",
    operation_id="avant_vente_requests_ask_info",
    summary="Ask for information",
    responses=problem_responses(*ACTION),
)
async def ask_info(row: ToHandle, payload: AskInfoRequest, service: Writing, response: Response) -> RequestRead:
    """« En attente info », until the partner answers. Slots that were proposed keep running."""
    return await shown(service, await service.acts.ask_info(row, payload.question), response)


@router.post(
    "/refuse",
    operation_id="avant_vente_requests_refuse",
    summary="Refuse",
    responses=problem_responses(*ACTION),
)
async def refuse(row: ToHandle, payload: ReasonRequest, service: Writing, response: Response) -> RequestRead:
    """« Refusée », with the reason that the partner reads."""
    return await shown(service, await service.acts.refuse(row, payload.reason), response)


@router.post(
    "/remind",
    operation_id="avant_vente_requests_remind",
    summary="Remind (relancer) the partner",
    responses=problem_responses(*ACTION, TooRecent, SlotPassed),
)
async def remind(
    row: ToHandle, service: Writing, response: Response, payload: Annotated[RemindRequest | None, Body()] = None
) -> RequestRead:
    """Of the proposal or the question that it has not answered. At most once in 24 h, unless `force` is given."""
    forced = payload.force if payload else False
    return await shown(service, await service.acts.remind(row, forced=forced), response)


@router.post(
    "/change-intervention",
    operation_id="avant_vente_requests_change_intervention",
    summary="Change the place or the speaker of what is agreed",
    responses=problem_responses(*ACTION),
)
async def change_intervention(
    row: ToHandle, payload: InterventionChange, service: Writing, response: Response
) -> RequestRead:
    """JSON merge patch. The slot stays; both sides are told, and their calendars brought up to date."""
    return await shown(service, await service.acts.change_intervention(row, payload.changes()), response)
