"""What the history of a company tells of pre-sales requests and of opportunities."""

from relance.capabilities.journal.timeline import TimelineSource
from relance.domains.avant_vente.events import EVENTS
from relance.domains.avant_vente.timeline.repository import readable

TIMELINE = TimelineSource.of(EVENTS, readable)
