"""What every act on a request does: ask the lifecycle, change the row, record it, stop what was asked before."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from relance.capabilities.followups.service import FollowUps
from relance.capabilities.journal.service import Journal
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.errors import ValidationFailed
from relance.core.i18n import Text
from relance.core.lifecycle import Actor, Transition
from relance.core.subjects import SYSTEM, ActorRef
from relance.domains.avant_vente.asking import DOMAIN, RequestMails, subject_of
from relance.domains.avant_vente.facts import facts_of, slot_fact
from relance.domains.avant_vente.guards import Facts, Period, SlotFact
from relance.domains.avant_vente.lifecycle import LIFECYCLE
from relance.domains.avant_vente.repository import RequestRepository, RequestRow
from relance.domains.avant_vente.speakers.repository import SpeakerRepository
from relance.domains.avant_vente.states import InfoState, RequestStatus, SlotState

_UNKNOWN_SLOT = Text("Ce créneau n’est pas de cette demande.", "This slot is not of this request.")
_UNKNOWN_SPEAKER = Text(
    "Cette personne ne fait pas partie de l’équipe avant-vente.", "This person is not of the pre-sales team."
)
_CLOSED = (RequestStatus.REFUSED, RequestStatus.CANCELLED)


class Acting:
    """Acts on requests whose rows are locked, on behalf of `actor`: a user, or a recipient who answers a link.

    `user_id` is whoever is behind it; None for the worker. `staff`: whether they handle requests for the vendor.
    """

    def __init__(
        self,
        session: DbSession,
        clock: Clock,
        actor: ActorRef = SYSTEM,
        by: Actor = Actor.USER,
        user_id: UUID | None = None,
        *,
        staff: bool = False,
    ) -> None:
        self._session = session
        self._clock = clock
        self._actor = actor
        self._by = by
        self._user_id = user_id
        self._staff = staff
        self._rows = RequestRepository(session)
        self._mails = RequestMails(session, clock)
        self._follow_ups = FollowUps(session, clock)

    async def plan(self, row: RequestRow, start: datetime) -> None:
        """Plan the nudges of the present cycle, where the workspace wants any; nothing ever expires by itself."""
        policy = await self._follow_ups.policy(DOMAIN, ())
        subject, cycle = subject_of(row.request), row.request.cycle
        await self._follow_ups.plan_at(subject, cycle, policy, policy.reminders_from(start), None)

    def record(self, row: RequestRow, action: str, before: str | None, **details: object) -> None:
        """Write to the journal what happened, and to the row that it was the last thing."""
        request = row.request
        if before is not None:
            request.last_action, request.last_action_at = action.partition(".")[2], self._clock.now()
        Journal(self._session, self._clock).record(
            action,
            subject_of(request),
            self._actor,
            company_id=row.opportunity.company_id,
            before={"status": before} if before else None,
            after={"status": request.status, **details},
        )

    async def fresh(self, row: RequestRow) -> RequestRow:
        """The request as the database has it after what was done in this session."""
        await self._session.flush()
        return (await self._rows.rows([row.request.id]))[row.request.id]

    def _require(
        self,
        row: RequestRow,
        action: str,
        *,
        chosen: SlotFact | None = None,
        offered: tuple[Period, ...] | None = None,
        forced: bool = False,
    ) -> Transition[Facts]:
        facts = facts_of(row, self._clock.now(), staff=self._staff, forced=forced)
        facts = replace(facts, chosen=chosen or facts.chosen, offered=offered)
        return LIFECYCLE.require(row.request.status, action, self._by, facts)

    def _step(self, row: RequestRow, step: Transition[Facts], **details: object) -> None:
        before = row.request.status
        row.request.status = LIFECYCLE.target(step, before)
        self.record(row, step.journal, before, **details)

    async def _meant(self, row: RequestRow, slot_id: UUID) -> SlotFact:
        found = row.slot(slot_id)
        slot = found.slot if found is not None else await self._rows.slot_anywhere(row.request.id, slot_id)
        if slot is None:
            raise ValidationFailed.at("/slot_id", "unknown_slot", _UNKNOWN_SLOT)
        return slot_fact(slot)

    async def _require_speakers(self, ids: Sequence[UUID | None], pointer: str = "") -> None:
        known = await SpeakerRepository(self._session).speakers({one for one in ids if one is not None})
        for position, one in enumerate(ids):
            if one is not None and one not in known:
                at = pointer or f"/slots/{position}/speaker_id"
                raise ValidationFailed.at(at, "not_a_speaker", _UNKNOWN_SPEAKER)

    def _next_round(self, row: RequestRow) -> None:
        """The slots of this round are nobody's any more."""
        for one in row.slots:
            one.slot.state = SlotState.RELEASED
        row.request.round += 1
        row.request.chosen_slot_id = None

    async def _close(self, row: RequestRow, action: str, reason: str, **details: object) -> RequestRow:
        step, request = self._require(row, action), row.request
        for one in row.slots:
            one.slot.state = SlotState.RELEASED
        if row.info is not None:
            row.info.state = InfoState.CLOSED
        request.status_before_info = request.chosen_slot_id = None
        request.reason, request.closed_at = reason, self._clock.now()
        self._step(row, step, **details)
        await self._stop(row, action)
        return await self.fresh(row)

    async def _stop(self, row: RequestRow, reason: str) -> None:
        """Nobody is reminded of what was asked before; queued mails ask for themselves whether they still stand."""
        await self._session.flush()
        await self._follow_ups.cancel(subject_of(row.request), reason)


PLACE_REQUIRED = Text("Le lieu est obligatoire sur site.", "On site, the place is required.")
