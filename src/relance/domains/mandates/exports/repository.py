"""Every row of the list, a few at a time."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from relance.capabilities.directory.models import Company
from relance.capabilities.identity.models import User
from relance.core.repository import Repository, streamed
from relance.core.security import Caller
from relance.domains.mandates.lifecycle import TeamRole
from relance.domains.mandates.list_schemas import MandateFilter
from relance.domains.mandates.models import Mandate, MandateMember
from relance.domains.mandates.repository import SORTS, around, matching


@dataclass(frozen=True, slots=True)
class ExportedMandate:
    """A row of the list as it leaves in a file: plain values, for lists of any length."""

    company_name: str
    external_id: str | None
    first_name: str | None
    last_name: str | None
    email: str | None
    status: str
    owners: str | None
    agents: str | None
    last_sent_at: datetime | None
    expires_at: datetime | None
    reminders_count: int
    next_delivery_on: date | None


def _names(role: TeamRole) -> ColumnElement[str]:
    """The names of a mandate's members in one role, in one cell."""
    person = aliased(User)
    return (
        select(func.string_agg(person.name, aggregate_order_by(literal(", "), person.name)))
        .select_from(MandateMember)
        .join(person, and_(person.workspace_id == MandateMember.workspace_id, person.id == MandateMember.user_id))
        .where(
            MandateMember.workspace_id == Mandate.workspace_id,
            MandateMember.mandate_id == Mandate.id,
            MandateMember.role == role.value,
        )
        .scalar_subquery()
    )


class MandateExportRepository(Repository):
    """Mandates of the session's workspace, for files."""

    def exported(self, wanted: MandateFilter, caller: Caller, sort: str) -> AsyncIterator[Sequence[ExportedMandate]]:
        """Every row of the list, as `streamed`."""
        shown = select(
            Company.name,
            Mandate.external_id,
            Mandate.contact_first_name,
            Mandate.contact_last_name,
            Mandate.contact_email,
            Mandate.status,
            _names(TeamRole.OWNER),
            _names(TeamRole.AGENT),
            Mandate.last_sent_at,
            Mandate.expires_at,
            Mandate.reminders_count,
            Mandate.next_delivery_on,
        )
        statement = around(shown.select_from(Mandate)).where(*matching(wanted, caller))
        return streamed(self.session, statement, sort, SORTS, Mandate.id, ExportedMandate)
