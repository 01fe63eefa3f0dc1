"""What a history tells of consents: what the contact answers and the worker does; the rest are entries."""

from relance.capabilities.directory.permissions import CONTACTS_READ
from relance.capabilities.directory.personal import CONSENT
from relance.capabilities.journal.timeline import Readable, TimelineSource
from relance.core.security import Caller, Level
from relance.domains.crm_toolbox.gdpr.events import EVENTS


def _readable(caller: Caller) -> Readable:
    return {CONSENT: None} if caller.level(CONTACTS_READ) is not Level.NONE else {}


TIMELINE = TimelineSource.of(EVENTS, _readable, without=("consent.asked",))
