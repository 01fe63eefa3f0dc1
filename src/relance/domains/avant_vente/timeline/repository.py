"""Which requests and opportunities a caller may read of, as a history asks."""

from sqlalchemy import select

from relance.capabilities.journal.timeline import Readable
from relance.core.security import Caller
from relance.domains.avant_vente.models import AvantVenteRequest, Opportunity
from relance.domains.avant_vente.opportunities.repository import visible as visible_opportunities
from relance.domains.avant_vente.repository import visible


def readable(caller: Caller) -> Readable:
    """See `capabilities.journal.timeline`."""
    return {
        "avant_vente_request": select(AvantVenteRequest.id).where(visible(caller)),
        "opportunity": select(Opportunity.id).where(visible_opportunities(caller)),
    }
