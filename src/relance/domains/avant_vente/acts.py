"""What happens to requests: each act asks the lifecycle, changes the row, and writes its side effects as rows.

The request's row is locked by whoever acts; its slots, questions and comments are under the same lock.
"""

from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from relance.core.errors import ValidationFailed
from relance.core.i18n import Text
from relance.core.ids import new_id
from relance.domains.avant_vente.acting import PLACE_REQUIRED, Acting
from relance.domains.avant_vente.comments.service import late_answer
from relance.domains.avant_vente.errors import ProposalSettled, RequestClosed
from relance.domains.avant_vente.facts import facts_of, slot_fact
from relance.domains.avant_vente.guards import Period
from relance.domains.avant_vente.models import AvantVenteInfoRequest, AvantVenteSlot
from relance.domains.avant_vente.repository import RequestRow
from relance.domains.avant_vente.schemas import SlotInput
from relance.domains.avant_vente.states import InfoState, RequestStatus, SlotState

_UNKNOWN_SLOT = Text("Ce créneau n’est pas de cette demande.", "This slot is not of this request.")
_UNKNOWN_SPEAKER = Text(
    "Cette personne ne fait pas partie de l’équipe avant-vente.", "This person is not of the pre-sales team."
)
_CLOSED = (RequestStatus.REFUSED, RequestStatus.CANCELLED)


class RequestActs(Acting):
    """The acts of the partner, then those of the team."""

    # --- the partner -----------------------------------------------------------------------------------------------

    async def submit(self, row: RequestRow) -> RequestRow:
        """Send a draft to the team. It takes its number here: what has one is never deleted.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        request, now = row.request, self._clock.now()
        step = self._require(row, "submit")
        year = now.astimezone(ZoneInfo(row.zone)).year
        number = f"AV-{year}-{await self._rows.next_number(year):05d}"
        request.number, request.submitted_by, request.submitted_at = number, self._user_id, now
        self._step(row, step, number=number)
        row = await self.fresh(row)
        await self._mails.tell_submitted(row)
        return row

    async def choose_slot(self, row: RequestRow, slot_id: UUID) -> RequestRow:
        """Save which slot fits; nothing is accepted by it.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        meant = await self._meant(row, slot_id)
        step = self._require(row, "choose-slot", chosen=meant)
        row.request.chosen_slot_id = meant.id
        self._step(row, step, slot_id=str(meant.id), round=row.request.round)
        return await self.fresh(row)

    async def accept_proposal(self, row: RequestRow, slot_id: UUID | None = None) -> RequestRow:
        """Agree on a slot: the one that is named, else the one that was saved. The first to accept wins.

        Raises:
            ProposalSettled: somebody was faster; the outcome is told.
            RelanceError: the refusal of the lifecycle.
        """
        request = row.request
        settled = row.slot(request.accepted_slot_id)
        if settled is not None:
            raise ProposalSettled(request.status, slot_fact(settled.slot).data())
        meant = None if slot_id is None else await self._meant(row, slot_id)
        step = self._require(row, "accept-proposal", chosen=meant)
        meant = meant or facts_of(row, self._clock.now()).chosen
        assert meant is not None  # the guard has seen it
        for one in row.slots:
            one.slot.state = SlotState.ACCEPTED if one.slot.id == meant.id else SlotState.RELEASED
        request.chosen_slot_id = request.accepted_slot_id = meant.id
        request.intervention_at, request.closed_at = meant.starts_at, self._clock.now()
        at = meant.starts_at.isoformat()
        self._step(row, step, slot_id=str(meant.id), round=request.round, intervention_at=at)
        await self._stop(row, "slot_accepted")
        row = await self.fresh(row)
        agreed = row.slot(meant.id)
        assert agreed is not None  # it is of the present round
        await self._mails.tell_agreed(row, agreed)
        return row

    async def ask_other_slots(self, row: RequestRow, expectations: str) -> RequestRow:
        """None of the three fits: the slots are free again, and the next round begins.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        step = self._require(row, "ask-other-slots")
        row.request.expectations = expectations
        self._next_round(row)
        self._step(row, step, round=row.request.round)
        await self._stop(row, "other_slots_asked")
        row = await self.fresh(row)
        await self._mails.tell_other_slots_asked(row)
        return row

    async def answer_info(self, row: RequestRow, answer: str) -> RequestRow:
        """Answer the team's question, and go back to where the request stood.

        Raises:
            RequestClosed: it was refused or cancelled meanwhile; the text is kept as a comment.
            RelanceError: the refusal of the lifecycle.
        """
        request, now = row.request, self._clock.now()
        if request.status in _CLOSED:
            await self._keep_late(row, answer)
        step = self._require(row, "answer-info")
        asked = row.info
        assert asked is not None  # the status says so
        passed = request.status_before_info == RequestStatus.SCHEDULED and step.target != RequestStatus.SCHEDULED
        asked.state, asked.answer, asked.answered_by, asked.answered_at = InfoState.ANSWERED, answer, self._user_id, now
        request.status_before_info = None
        request.cycle += 1
        if passed:
            self._next_round(row)
        self._step(row, step)
        await self._stop(row, "info_answered")
        if request.status == RequestStatus.SCHEDULED:
            # The slots were mailed before; what is planned about them begins anew.
            await self.plan(row, now)
        row = await self.fresh(row)
        await self._mails.tell_answered(row, asked.question, answer, propose_again=passed)
        return row

    async def _keep_late(self, row: RequestRow, answer: str) -> None:
        asked = await self._rows.last_info(row.request.id)
        if asked is None or asked.state != InfoState.CLOSED or self._user_id is None:
            return  # nobody had asked: the lifecycle refuses as it always does
        comment = await late_answer(self._session, self._clock, row.request.id, self._user_id, answer)
        raise RequestClosed(row.request.status, str(comment.id))

    # --- the team --------------------------------------------------------------------------------------------------

    async def accept(self, row: RequestRow) -> RequestRow:
        """Take the request up; whoever does handles it from then on.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        step = self._require(row, "accept")
        row.request.handled_by = self._user_id
        self._step(row, step)
        row = await self.fresh(row)
        await self._mails.tell_accepted(row)
        return row

    async def propose(self, row: RequestRow, wanted: Sequence[SlotInput]) -> RequestRow:
        """Offer three slots, which are held for the partner until it answers.

        Raises:
            ValidationFailed: they are not three distinct future slots, or a speaker is not of the team.
            RelanceError: the refusal of the lifecycle.
        """
        request, now = row.request, self._clock.now()
        await self._require_speakers([one.speaker_id for one in wanted])
        step = self._require(row, "propose", offered=tuple(Period(one.starts_at, one.ends_at) for one in wanted))
        for rank, one in enumerate(wanted, 1):
            self._session.add(
                AvantVenteSlot(
                    id=new_id(),
                    request_id=request.id,
                    round=request.round,
                    rank=rank,
                    starts_at=one.starts_at,
                    ends_at=one.ends_at,
                    zone=one.zone or row.zone,
                    speaker_id=one.speaker_id,
                    state=SlotState.HELD,
                )
            )
        request.cycle += 1
        request.proposal_cycle, request.chosen_slot_id, request.last_asked_at = request.cycle, None, now
        self._step(row, step, round=request.round)
        row = await self.fresh(row)
        await self._mails.propose(row)
        return row

    async def ask_info(self, row: RequestRow, question: str) -> RequestRow:
        """Ask the partner something; the slots that were proposed keep running.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        request, now = row.request, self._clock.now()
        step = self._require(row, "ask-info")
        assert self._user_id is not None  # a user of the team
        self._session.add(
            AvantVenteInfoRequest(
                id=new_id(),
                request_id=request.id,
                question=question,
                state=InfoState.OPEN,
                asked_by=self._user_id,
                asked_at=now,
            )
        )
        request.status_before_info = request.status
        request.cycle += 1
        request.last_asked_at = now
        self._step(row, step)
        await self._stop(row, "info_asked")
        row = await self.fresh(row)
        await self._mails.ask_info(row)
        return row

    async def refuse(self, row: RequestRow, reason: str) -> RequestRow:
        """The request cannot be handled.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        row = await self._close(row, "refuse", reason)
        await self._mails.tell_refused(row)
        return row

    async def cancel(self, row: RequestRow, reason: str) -> RequestRow:
        """Call the request off, for the side that acts.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        row = await self._close(row, "cancel", reason, by="team" if self._staff else "partner")
        await self._mails.tell_cancelled(row, by_partner=not self._staff)
        return row

    async def change_intervention(self, row: RequestRow, changes: dict[str, object]) -> RequestRow:
        """Another place or another speaker for what is agreed; calendars are told.

        Raises:
            ValidationFailed: the place of an intervention on site would be empty, or the speaker is not of the team.
            RelanceError: the refusal of the lifecycle.
        """
        request, wanted = row.request, changes.get("speaker_id")
        if isinstance(wanted, UUID) and wanted not in {one.slot.speaker_id for one in row.slots}:
            await self._require_speakers([wanted], "/speaker_id")
        step = self._require(row, "change-intervention")
        agreed = row.slot(request.accepted_slot_id)
        assert agreed is not None  # it is completed
        before, speaker = agreed.speaker, changes.get("speaker_id", agreed.slot.speaker_id)
        place = changes.get("place", request.place)
        if request.on_site and not place:
            raise ValidationFailed.at("/place", "place_required", PLACE_REQUIRED)
        if (place, speaker) == (request.place, agreed.slot.speaker_id):
            return row
        request.place = str(place) if place else None
        agreed.slot.speaker_id = speaker if isinstance(speaker, UUID) else None
        request.calendar_sequence += 1
        self._step(row, step)
        row = await self.fresh(row)
        now_agreed = row.slot(request.accepted_slot_id)
        assert now_agreed is not None
        await self._mails.tell_changed(row, now_agreed)
        if before is not None and before.active and before.id != now_agreed.slot.speaker_id:
            await self._mails.tell_released(row, now_agreed, before)
        return row

    async def remind(self, row: RequestRow, *, forced: bool = False) -> RequestRow:
        """Ask the partner again for what it has not answered.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        request = row.request
        step = self._require(row, "remind", forced=forced)
        request.last_asked_at = self._clock.now()
        request.reminders_asked += 1
        self._step(row, step)
        row = await self.fresh(row)
        await self._mails.remind(row)
        return row
