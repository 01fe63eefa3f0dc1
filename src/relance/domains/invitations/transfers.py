"""The dashboard as a file: the columns of the screen in their order."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from zoneinfo import ZoneInfo

from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.jobs.handlers import JobFacts
from relance.capabilities.transfers.cells import Cell, Column, Sheet
from relance.core.db import DbSession
from relance.core.i18n import Locale, Text
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


def _words(labels: Mapping[str, Text], code: Callable[[DashboardRow], str | None]) -> Callable[..., Cell]:
    def shown(row: DashboardRow, locale: Locale) -> Cell:
        value = code(row)
        return None if value is None else labels[value].in_locale(locale)

    return shown


_FORM_STATUS = {code.value: label for code, label in FORM_STATUS_LABELS.items() if isinstance(code, FormStatus)}
_STATUS = {code.value: label for code, label in STATUS_LABELS.items() if isinstance(code, Status)}
_DELIVERY = {code.value: label for code, label in DELIVERY_LABELS.items() if isinstance(code, Delivery)}

DASHBOARD: Sheet[DashboardRow] = Sheet(
    Text("Invitations", "Invitations"),
    (
        Column("local_id", Text("Identifiant local", "Local id"), lambda row, _locale: row.id_value, 18),
        Column("name", Text("Raison sociale", "Name"), lambda row, _locale: row.company_name, 36),
        Column("email", Text("E-mail sollicité", "E-mail asked"), lambda row, _locale: row.email, 36),
        Column(
            "issuing_organisation",
            Text("Entité émettrice", "Issuing organisation"),
            lambda row, _locale: row.organisation_name,
            28,
        ),
        Column("last_sent_at", Text("Dernier envoi", "Last sent"), lambda row, _locale: row.last_sent_at, 18),
        Column("reminders_count", Text("Relances", "Reminders"), lambda row, _locale: row.reminders_count, 10),
        Column(
            "form_status",
            Text("Statut du formulaire", "Form status"),
            _words(_FORM_STATUS, lambda row: row.form_status),
        ),
        Column("status", Text("Statut de l’invitation", "Invitation status"), _words(_STATUS, lambda row: row.status)),
        Column("delivery", Text("Distribution", "Delivery"), _words(_DELIVERY, lambda row: row.delivery)),
        Column("expires_at", Text("Expire le", "Expires at"), lambda row, _locale: row.expires_at, 18),
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
