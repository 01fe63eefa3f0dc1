"""Every row of the list, a few at a time."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from relance.capabilities.directory.models import Company
from relance.capabilities.identity.models import Organisation, User
from relance.core.repository import Repository, streamed
from relance.core.security import Caller
from relance.domains.avant_vente.list_schemas import RequestFilter
from relance.domains.avant_vente.models import AvantVenteRequest, InterventionType, Opportunity
from relance.domains.avant_vente.repository import SORTS, around, matching


@dataclass(frozen=True, slots=True)
class ExportedRequest:
    """A row of the list as it leaves in a file: plain values, for lists of any length."""

    number: str | None
    opportunity: str
    customer: str
    organisation: str
    type_fr: str | None
    type_en: str | None
    on_site: bool
    place: str | None
    wanted_date: date | None
    speaker: str | None
    status: str
    round: int
    intervention_at: datetime | None
    last_action: str
    last_action_at: datetime
    created_at: datetime


class RequestExportRepository(Repository):
    """Requests of the session's workspace, for files."""

    def exported(self, wanted: RequestFilter, caller: Caller, sort: str) -> AsyncIterator[Sequence[ExportedRequest]]:
        """Every row of the list, as `streamed`."""
        asked, speaker = AvantVenteRequest, aliased(User)
        name = select(speaker.name).where(
            speaker.workspace_id == asked.workspace_id, speaker.id == asked.wanted_speaker_id
        )
        shown = select(
            asked.number,
            Opportunity.title,
            Company.name,
            Organisation.name,
            InterventionType.label_fr,
            InterventionType.label_en,
            asked.on_site,
            asked.place,
            asked.wanted_date,
            name.scalar_subquery(),
            asked.status,
            asked.round,
            asked.intervention_at,
            asked.last_action,
            asked.last_action_at,
            asked.created_at,
        )
        statement = around(shown.select_from(asked)).where(*matching(wanted, caller))
        return streamed(self.session, statement, sort, SORTS, asked.id, ExportedRequest)
