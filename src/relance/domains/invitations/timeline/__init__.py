"""What the history of a company tells of invitations."""

from relance.capabilities.journal.timeline import TimelineSource
from relance.domains.invitations.events import EVENTS
from relance.domains.invitations.timeline.repository import readable

TIMELINE = TimelineSource.of(EVENTS, readable)
