"""The dashboard as a file: the columns of the screen in their order."""

from collections.abc import AsyncIterator, Sequence
from zoneinfo import ZoneInfo

from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.jobs.handlers import JobFacts
from relance.capabilities.transfers.cells import Column, Sheet
from relance.capabilities.transfers.copying.repository import AnySelect
from relance.core.db import DbSession
from relance.core.i18n import Text
from relance.domains.invitations.lifecycle import (
    DELIVERY_LABELS,
    FORM_STATUS_LABELS,
    STATUS_LABELS,
    Delivery,
    FormStatus,
    Status,
)
from relance.domains.invitations.repository import DashboardRow, InvitationRepository
from relance.domains.invitations.schemas import InvitationFilter

EXPORT = "invitations.export"


_FORM_STATUS = {code.value: label for code, label in FORM_STATUS_LABELS.items() if isinstance(code, FormStatus)}
_STATUS = {code.value: label for code, label in STATUS_LABELS.items() if isinstance(code, Status)}
_DELIVERY = {code.value: label for code, label in DELIVERY_LABELS.items() if isinstance(code, Delivery)}

DASHBOARD: Sheet[DashboardRow] = Sheet(
    Text("Invitations", "Invitations"),
    (
        Column.stored("local_id", Text("Identifiant local", "Local id"), "id_value", 18),
        Column.stored("name", Text("Raison sociale", "Name"), "company_name", 36),
        Column.stored("email", Text("E-mail sollicité", "E-mail asked"), "email", 36),
        Column.stored(
            "issuing_organisation", Text("Entité émettrice", "Issuing organisation"), "organisation_name", 28
        ),
        Column.stored("last_sent_at", Text("Dernier envoi", "Last sent"), "last_sent_at", 18),
        Column.stored("reminders_count", Text("Relances", "Reminders"), "reminders_count", 10),
        Column.stored("form_status", Text("Statut du formulaire", "Form status"), "form_status", words=_FORM_STATUS),
        Column.stored("status", Text("Statut de l’invitation", "Invitation status"), "status", words=_STATUS),
        Column.stored("delivery", Text("Distribution", "Delivery"), "delivery", words=_DELIVERY),
        Column.stored("expires_at", Text("Expire le", "Expires at"), "expires_at", 18),
    ),
)


async def zone_of(session: DbSession) -> ZoneInfo:
    """In which instants are written for this workspace."""
    return ZoneInfo((await IdentityRepository(session).workspace()).zone)


class DashboardExport:
    """An `ExportSource`. Parameters: `filter`, `sort`."""

    kind = EXPORT
    label = Text("Export des invitations", "Export of invitations")
    sheet = DASHBOARD

    async def zone(self, session: DbSession) -> ZoneInfo:
        """The workspace's."""
        return await zone_of(session)

    def rows(self, session: DbSession, job: JobFacts) -> AsyncIterator[Sequence[DashboardRow]]:
        """The rows that the same filters show on the screen."""
        wanted = InvitationFilter.model_validate(job.parameters["filter"])
        return InvitationRepository(session).dashboard_rows(wanted, job.caller, job.parameters["sort"])

    def statement(self, session: DbSession, job: JobFacts) -> AnySelect:
        """The same, for the database to write."""
        wanted = InvitationFilter.model_validate(job.parameters["filter"])
        return InvitationRepository(session).dashboard(wanted, job.caller, job.parameters["sort"])
