"""The list as a file: the columns of the screen in their order."""

from collections.abc import AsyncIterator, Sequence
from zoneinfo import ZoneInfo

from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.jobs.handlers import JobFacts
from relance.capabilities.transfers.cells import Column, Sheet
from relance.core.db import DbSession
from relance.core.i18n import Text
from relance.domains.mandates.exports.repository import ExportedMandate, MandateExportRepository
from relance.domains.mandates.lifecycle import STATUS_LABELS, MandateStatus
from relance.domains.mandates.list_schemas import MandateFilter

EXPORT = "mandates.export"


def _contact(row: ExportedMandate) -> str:
    return " ".join(part for part in (row.first_name, row.last_name) if part)


def _status(row: ExportedMandate) -> Text:
    return STATUS_LABELS[MandateStatus(row.status)]


MANDATES: Sheet[ExportedMandate] = Sheet(
    Text("Mandats", "Mandates"),
    (
        Column("company", Text("Société", "Company"), lambda row, _locale: row.company_name, 36),
        Column("external_id", Text("Référence externe", "External id"), lambda row, _locale: row.external_id, 18),
        Column("contact", Text("Contact", "Contact"), lambda row, _locale: _contact(row), 28),
        Column("email", Text("E-mail", "E-mail"), lambda row, _locale: row.email, 36),
        Column(
            "status",
            Text("Statut", "Status"),
            lambda row, locale: STATUS_LABELS[MandateStatus(row.status)].in_locale(locale),
        ),
        Column("owners", Text("Propriétaires", "Owners"), lambda row, _locale: row.owners, 28),
        Column("agents", Text("Agents", "Agents"), lambda row, _locale: row.agents, 28),
        Column("last_sent_at", Text("Envoyé le", "Sent at"), lambda row, _locale: row.last_sent_at, 18),
        Column("expires_at", Text("Expire le", "Expires at"), lambda row, _locale: row.expires_at, 18),
        Column("reminders_count", Text("Relances", "Reminders"), lambda row, _locale: row.reminders_count, 10),
        Column(
            "next_delivery_on", Text("Prochain dépôt", "Next delivery"), lambda row, _locale: row.next_delivery_on, 16
        ),
    ),
)


async def zone_of(session: DbSession) -> ZoneInfo:
    """In which instants are written for this workspace."""
    return ZoneInfo((await IdentityRepository(session).workspace()).zone)


class MandateExport:
    """An `ExportSource`. Parameters: `filter`, `sort`."""

    kind = EXPORT
    label = Text("Export des mandats", "Export of mandates")
    sheet = MANDATES

    async def zone(self, session: DbSession) -> ZoneInfo:
        """The workspace's."""
        return await zone_of(session)

    def rows(self, session: DbSession, job: JobFacts) -> AsyncIterator[Sequence[ExportedMandate]]:
        """The rows that the same filters show on the screen."""
        wanted = MandateFilter.model_validate(job.parameters["filter"])
        return MandateExportRepository(session).exported(wanted, job.caller, job.parameters["sort"])
