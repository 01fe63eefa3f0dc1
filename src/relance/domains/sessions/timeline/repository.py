"""Which clients of sessions a caller may read of, as a history asks."""

from sqlalchemy import select

from relance.capabilities.journal.timeline import Readable
from relance.core.security import Caller
from relance.domains.sessions.models import SessionClient, TrainingSession
from relance.domains.sessions.repository import visible


def readable(caller: Caller) -> Readable:
    """See `capabilities.journal.timeline`."""
    sessions = select(TrainingSession.id).where(visible(caller))
    return {"session_client": select(SessionClient.id).where(SessionClient.session_id.in_(sessions))}
