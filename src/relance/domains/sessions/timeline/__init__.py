"""What the history of a company or a contact tells of training sessions."""

from relance.capabilities.journal.timeline import TimelineSource
from relance.domains.sessions.events import EVENTS
from relance.domains.sessions.timeline.repository import readable

TIMELINE = TimelineSource.of(EVENTS, readable)
