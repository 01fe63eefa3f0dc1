"""Making drafts and changing them."""

from datetime import date
from typing import Any
from uuid import UUID

from relance.capabilities.identity.repository import IdentityRepository
from relance.core.db import DbSession
from relance.core.errors import NotFound, PermissionDenied, ValidationFailed
from relance.core.etag import Precondition
from relance.core.i18n import Text
from relance.core.ids import new_id
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.security import Caller, Level
from relance.core.subjects import ActorRef
from relance.domains.avant_vente.acting import PLACE_REQUIRED
from relance.domains.avant_vente.acts import RequestActs
from relance.domains.avant_vente.errors import OpportunityNotEligible
from relance.domains.avant_vente.facts import facts_of, is_staff
from relance.domains.avant_vente.lifecycle import LIFECYCLE
from relance.domains.avant_vente.models import AvantVenteRequest, Opportunity
from relance.domains.avant_vente.opportunities.kinds import OpportunityKind
from relance.domains.avant_vente.opportunities.repository import OpportunityRepository
from relance.domains.avant_vente.permissions import REQUEST
from relance.domains.avant_vente.repository import RequestRepository, RequestRow
from relance.domains.avant_vente.schemas import RequestDraft, RequestUpdate
from relance.domains.avant_vente.speakers.repository import SpeakerRepository
from relance.domains.avant_vente.states import RequestStatus
from relance.domains.avant_vente.types.repository import TypeRepository

_CREATED = "avant_vente_request.created"
_UNKNOWN_OPPORTUNITY = Text("Opportunité inconnue.", "Unknown opportunity.")
_UNKNOWN_TYPE = Text("Ce type d’intervention n’est pas proposé.", "This type of intervention is not offered.")
_UNKNOWN_SPEAKER = Text("Cette personne n’intervient pas.", "This person does not intervene.")
_PAST = Text("Cette date est passée.", "This date has passed.")


class RequestCreation:
    """Makes and changes drafts for a caller in one session."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._caller = caller
        self._clock = runtime.clock
        self._rows = RequestRepository(session)
        self._opportunities = OpportunityRepository(session)
        self._acts = RequestActs(session, runtime.clock, ActorRef.of(caller), user_id=caller.user_id)

    async def create(
        self,
        wanted: RequestDraft,
        opportunity_id: UUID,
        pointer: str | None = None,
        precondition: Precondition | None = None,
    ) -> RequestRow:
        """A draft on an open opportunity of the kind primo, of a partner that the caller works for.

        Args:
            wanted: what is asked for.
            opportunity_id: on which opportunity.
            pointer: where its id stands in the body; None where it stands in the address.
            precondition: on the version of the opportunity.

        Raises:
            NotFound: the opportunity of the address is unknown, or not readable by the caller.
            ValidationFailed: that of the body is; or something else that is named is not known.
            PermissionDenied: it is readable, but of a partner that the caller may not ask for.
            PreconditionFailed: it has changed since the caller read it.
            OpportunityNotEligible: it is of another kind, or closed.
        """
        opportunity = await self._opportunity(opportunity_id, pointer, precondition)
        await self._check(wanted.model_dump())
        now = self._clock.now()
        values = wanted.model_dump(exclude={"opportunity_id"})
        request = AvantVenteRequest(
            id=new_id(),
            opportunity_id=opportunity.id,
            organisation_id=opportunity.partner_organisation_id,
            status=RequestStatus.DRAFT,
            last_action=_CREATED.partition(".")[2],
            last_action_at=now,
            created_by=self._caller.user_id,
            created_at=now,
            **values,
        )
        self._session.add(request)
        await self._session.flush()
        row = (await self._rows.rows([request.id]))[request.id]
        self._acts.record(row, _CREATED, None)
        return await self._acts.fresh(row)

    async def update(self, row: RequestRow, wanted: RequestUpdate) -> RequestRow:
        """Change a draft.

        Raises:
            TransitionNotAllowed: it was submitted.
            ValidationFailed: something that is named is not known, or the place is missing.
        """
        request, changes = row.request, wanted.changes()
        changed = {name: value for name, value in changes.items() if getattr(request, name) != value}
        await self._check({"on_site": request.on_site, "place": request.place, **changed})
        facts = facts_of(row, self._clock.now(), staff=is_staff(self._caller))
        step = LIFECYCLE.require(request.status, "update", Actor.USER, facts)
        if not changed:
            return row
        for name, value in changed.items():
            setattr(request, name, value)
        self._acts.record(row, step.journal, request.status)
        return await self._acts.fresh(row)

    async def _opportunity(
        self, opportunity_id: UUID, pointer: str | None, precondition: Precondition | None
    ) -> Opportunity:
        found = await self._opportunities.find(opportunity_id, self._caller)
        if found is None:
            if pointer is None:
                raise NotFound()
            raise ValidationFailed.at(pointer, "unknown_opportunity", _UNKNOWN_OPPORTUNITY)
        opportunity = found.opportunity
        level = self._caller.level(REQUEST)
        if level is not Level.ALL and opportunity.partner_organisation_id not in self._caller.organisation_ids:
            raise PermissionDenied(REQUEST)
        if precondition is not None:
            precondition.check(opportunity.version)
        if opportunity.kind != OpportunityKind.PRIMO:
            raise OpportunityNotEligible("not_primo")
        if opportunity.closed_at is not None:
            raise OpportunityNotEligible("closed")
        return opportunity

    async def _check(self, values: dict[str, Any]) -> None:
        """Refuse what is not known, a date that has passed, and an intervention on site without a place."""
        if values["on_site"] and not values["place"]:
            raise ValidationFailed.at("/place", "place_required", PLACE_REQUIRED)
        type_id, speaker_id = values.get("intervention_type_id"), values.get("wanted_speaker_id")
        if type_id is not None and not await TypeRepository(self._session).offered(type_id):
            raise ValidationFailed.at("/intervention_type_id", "unknown_type", _UNKNOWN_TYPE)
        if speaker_id is not None and speaker_id not in await SpeakerRepository(self._session).speakers({speaker_id}):
            raise ValidationFailed.at("/wanted_speaker_id", "not_a_speaker", _UNKNOWN_SPEAKER)
        wanted_date = values.get("wanted_date")
        if wanted_date is not None and wanted_date < await self._today():
            raise ValidationFailed.at("/wanted_date", "date_passed", _PAST)

    async def _today(self) -> date:
        return self._clock.now().astimezone(await IdentityRepository(self._session).zone()).date()
