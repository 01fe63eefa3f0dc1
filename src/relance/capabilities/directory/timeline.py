"""What a history tells of the directory itself: who came and who went; what was changed, the actions say better."""

from relance.capabilities.directory.events import EVENTS
from relance.capabilities.directory.permissions import COMPANIES_READ, CONTACTS_READ
from relance.capabilities.journal.timeline import Readable, TimelineSource
from relance.core.security import Caller, Level


def _readable(caller: Caller) -> Readable:
    rights = {"company": COMPANIES_READ, "contact": CONTACTS_READ}
    return {kind: None for kind, right in rights.items() if caller.level(right) is not Level.NONE}


TIMELINE = TimelineSource.of(EVENTS, _readable, without=("company.changed", "contact.changed"))
