"""Demo data of this domain: two opportunities, and a request at each of some steps."""

from datetime import datetime, time, timedelta
from uuid import UUID

from relance.capabilities.directory.schemas import CompanyInput
from relance.core.db import DbSession
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.domains.avant_vente.comments.schemas import CommentCreate
from relance.domains.avant_vente.comments.service import Comments
from relance.domains.avant_vente.creation import RequestCreation
from relance.domains.avant_vente.models import Opportunity
from relance.domains.avant_vente.opportunities.kinds import OpportunityKind
from relance.domains.avant_vente.opportunities.schemas import OpportunityCreate
from relance.domains.avant_vente.opportunities.service import Opportunities
from relance.domains.avant_vente.repository import RequestRow
from relance.domains.avant_vente.schemas import RequestDraft, SlotInput
from relance.domains.avant_vente.service import RequestService
from relance.domains.avant_vente.states import Visibility
from relance.domains.avant_vente.types.repository import TypeRepository
from relance.domains.avant_vente.types.service import STARTING

_OPPORTUNITIES = (
    ("Fonderie Martin", "ERP de l’usine de Lille", OpportunityKind.PRIMO, 48000),
    ("Épicerie Noël", "Caisses de Lyon", OpportunityKind.PRIMO, 12500),
    ("Garage du Lac", "Renouvellement de licences", OpportunityKind.OTHER, 3200),
)
_REQUESTS = (
    ("Démonstration de la gestion d’atelier", "Lille, siège"),
    ("Présentation des caisses au comité d’achat", None),
    ("Cadrage de la reprise des données", "Lyon, magasin"),
)


async def seed(session: DbSession, runtime: Runtime, partner: Caller, team: Caller, organisation_id: UUID) -> None:
    """A draft's work is the partner's, the rest the team's: one to process, one with slots, one with a question."""
    opportunities = [await _opportunity(session, runtime, partner, organisation_id, *one) for one in _OPPORTUNITIES]
    await _request(session, runtime, partner, opportunities[1].id, *_REQUESTS[1])
    scheduled = await _request(session, runtime, partner, opportunities[0].id, *_REQUESTS[0])
    asked = await _request(session, runtime, partner, opportunities[1].id, *_REQUESTS[2])
    service = RequestService(session, runtime, team)
    await service.acts.ask_info(asked, "Combien de magasins sont concernés ?")
    scheduled = await service.acts.accept(scheduled)
    today = runtime.clock.now().date()
    starts = [
        datetime.combine(today + timedelta(days=day), time(8), runtime.clock.now().tzinfo) for day in (14, 15, 17)
    ]
    slots = [
        SlotInput.model_validate(
            {"starts_at": start, "ends_at": start + timedelta(hours=2), "speaker_id": team.user_id}
        )
        for start in starts
    ]
    scheduled = await service.acts.propose(scheduled, slots)
    words = CommentCreate(body="Prévoir le jeu de données « fonderie ».", visibility=Visibility.INTERNAL)
    await Comments(session, runtime, team).add(scheduled, words)


async def _opportunity(
    session: DbSession,
    runtime: Runtime,
    partner: Caller,
    organisation_id: UUID,
    customer: str,
    title: str,
    kind: OpportunityKind,
    amount: int,
) -> Opportunity:
    wanted = OpportunityCreate.model_validate(
        {
            "partner_organisation_id": organisation_id,
            "company": CompanyInput.model_validate({"name": customer}),
            "title": title,
            "kind": kind,
            "amount": amount,
            "stage": "Qualification",
        }
    )
    return (await Opportunities(session, runtime, partner).create(wanted)).opportunity


async def _request(
    session: DbSession, runtime: Runtime, partner: Caller, opportunity_id: UUID, description: str, place: str | None
) -> RequestRow:
    wanted = RequestDraft.model_validate(
        {
            "description": description,
            "intervention_type_id": await TypeRepository(session).by_label(STARTING[0].fr),
            "on_site": place is not None,
            "place": place,
            "wanted_date": runtime.clock.now().date() + timedelta(days=14),
            "confirmed": True,
        }
    )
    row = await RequestCreation(session, runtime, partner).create(wanted, opportunity_id)
    return await RequestService(session, runtime, partner).acts.submit(row)
