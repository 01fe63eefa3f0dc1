"""What the history of a company or a contact tells of mandates."""

from relance.capabilities.journal.timeline import TimelineSource
from relance.domains.mandates.deliveries.events import EVENTS as DELIVERY_EVENTS
from relance.domains.mandates.events import EVENTS
from relance.domains.mandates.timeline.repository import readable

TIMELINE = TimelineSource.of((*EVENTS, *DELIVERY_EVENTS), readable)
