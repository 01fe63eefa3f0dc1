"""The list as a file: the columns of the screen in their order."""

from collections.abc import AsyncIterator, Sequence

from relance.capabilities.exports.declaration import ListExport
from relance.capabilities.transfers.cells import Column, Sheet, words
from relance.core.db import DbSession
from relance.core.i18n import Text
from relance.core.security import Caller
from relance.domains.mandates.exports.repository import ExportedMandate, MandateExportRepository
from relance.domains.mandates.lifecycle import STATUS_LABELS
from relance.domains.mandates.list_schemas import MandateExportCreate, MandateExportQuery, MandateFilter
from relance.domains.mandates.permissions import READ


def _contact(row: ExportedMandate) -> str:
    return " ".join(part for part in (row.first_name, row.last_name) if part)


MANDATES: Sheet[ExportedMandate] = Sheet(
    Text("Mandats", "Mandates"),
    (
        Column("company", Text("Société", "Company"), lambda row, _locale: row.company_name, 36),
        Column("external_id", Text("Référence externe", "External id"), lambda row, _locale: row.external_id, 18),
        Column("contact", Text("Contact", "Contact"), lambda row, _locale: _contact(row), 28),
        Column("email", Text("E-mail", "E-mail"), lambda row, _locale: row.email, 36),
        Column("status", Text("Statut", "Status"), words(STATUS_LABELS, lambda row: row.status)),
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


def _rows(
    session: DbSession, wanted: MandateFilter, caller: Caller, sort: str
) -> AsyncIterator[Sequence[ExportedMandate]]:
    return MandateExportRepository(session).exported(wanted, caller, sort)


EXPORT = ListExport(
    resource="mandates",
    label=Text("Export des mandats", "Export of mandates"),
    sheet=MANDATES,
    rows=_rows,
    permission=READ,
    filter=MandateFilter,
    query=MandateExportQuery,
    create=MandateExportCreate,
)
