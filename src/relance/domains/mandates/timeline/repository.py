"""Which mandates a caller may read of, as a history asks."""

from sqlalchemy import select

from relance.capabilities.journal.timeline import Readable
from relance.core.security import Caller
from relance.domains.mandates.models import Mandate, MandateContact, MandateDelivery
from relance.domains.mandates.repository import visible


def readable(caller: Caller) -> Readable:
    """See `capabilities.journal.timeline`."""
    mandates = select(Mandate.id).where(visible(caller))
    return {
        "mandate": mandates,
        "mandate_contact": select(MandateContact.id).where(MandateContact.mandate_id.in_(mandates)),
        "mandate_delivery": select(MandateDelivery.id).where(MandateDelivery.mandate_id.in_(mandates)),
    }
