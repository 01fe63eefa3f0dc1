"""Every row of the list, a few at a time."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from relance.capabilities.directory.models import Company
from relance.capabilities.identity.models import Organisation, User
from relance.core.repository import Repository, streamed
from relance.core.security import Caller
from relance.domains.sessions.list_schemas import SessionFilter
from relance.domains.sessions.models import SessionClient, SessionSlot, TrainingSession
from relance.domains.sessions.repository import SORTS, around, matching


@dataclass(frozen=True, slots=True)
class ExportedSession:
    """A row of the list as it leaves in a file: plain values, for lists of any length."""

    title: str
    external_id: str | None
    organisation: str
    responsible: str
    trainer: str | None
    status: str
    first_on: date | None
    last_on: date | None
    places: str | None
    clients: str | None
    confirmation: str | None
    overdue: bool


def _places() -> ColumnElement[str]:
    """Every place of a session once, in one cell."""
    place = SessionSlot.place
    return (
        select(func.string_agg(place.distinct(), literal(", ")))
        .where(SessionSlot.workspace_id == TrainingSession.workspace_id, SessionSlot.session_id == TrainingSession.id)
        .scalar_subquery()
    )


def _clients() -> ColumnElement[str]:
    """The client companies of a session, in one cell."""
    return (
        select(func.string_agg(Company.name, aggregate_order_by(literal(", "), Company.name)))
        .select_from(SessionClient)
        .join(Company, and_(Company.workspace_id == SessionClient.workspace_id, Company.id == SessionClient.company_id))
        .where(
            SessionClient.workspace_id == TrainingSession.workspace_id,
            SessionClient.session_id == TrainingSession.id,
        )
        .scalar_subquery()
    )


class SessionExportRepository(Repository):
    """Sessions of the session's workspace, for files."""

    def exported(
        self, wanted: SessionFilter, caller: Caller, sort: str, now: datetime
    ) -> AsyncIterator[Sequence[ExportedSession]]:
        """Every row of the list, as `streamed`."""
        shown = select(
            TrainingSession.title,
            TrainingSession.external_id,
            Organisation.name,
            User.name,
            TrainingSession.trainer,
            TrainingSession.status,
            TrainingSession.first_on,
            TrainingSession.last_on,
            _places(),
            _clients(),
            TrainingSession.confirmation,
            func.coalesce(TrainingSession.due_at <= now, literal(False)),
        )
        statement = around(shown.select_from(TrainingSession)).where(*matching(wanted, caller, now))
        return streamed(self.session, statement, sort, SORTS, TrainingSession.id, ExportedSession)
