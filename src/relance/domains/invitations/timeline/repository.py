"""Which invitations and prequalifications a caller may read of, as a history asks."""

from sqlalchemy import select

from relance.capabilities.journal.timeline import Readable
from relance.core.pagination import AnySelect
from relance.core.security import Caller, Level
from relance.domains.invitations.dashboard.repository import visible
from relance.domains.invitations.models import Invitation
from relance.domains.invitations.permissions import PREQUALIFICATIONS_READ, READ


def readable(caller: Caller) -> Readable:
    """See `capabilities.journal.timeline`."""
    found: dict[str, AnySelect | None] = {}
    if caller.level(READ) is not Level.NONE:
        found["invitation"] = select(Invitation.id).where(*visible(caller).conditions())
    if caller.level(PREQUALIFICATIONS_READ) is not Level.NONE:
        found["prequalification"] = None
    return found
