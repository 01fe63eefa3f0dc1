"""The dashboard as a file: the columns of the screen in their order."""

from collections.abc import AsyncIterator, Sequence

from relance.capabilities.exports.declaration import ListExport
from relance.capabilities.transfers.cells import Column, Sheet, words
from relance.core.db import DbSession
from relance.core.i18n import Text
from relance.core.security import Caller
from relance.domains.invitations.lifecycle import DELIVERY_LABELS, FORM_STATUS_LABELS, STATUS_LABELS
from relance.domains.invitations.permissions import READ
from relance.domains.invitations.repository import DashboardRow, InvitationRepository
from relance.domains.invitations.schemas import InvitationExportCreate, InvitationExportQuery, InvitationFilter

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
            words(FORM_STATUS_LABELS, lambda row: row.form_status),
        ),
        Column(
            "status", Text("Statut de l’invitation", "Invitation status"), words(STATUS_LABELS, lambda row: row.status)
        ),
        Column("delivery", Text("Distribution", "Delivery"), words(DELIVERY_LABELS, lambda row: row.delivery)),
        Column("expires_at", Text("Expire le", "Expires at"), lambda row, _locale: row.expires_at, 18),
    ),
)


def _rows(
    session: DbSession, wanted: InvitationFilter, caller: Caller, sort: str
) -> AsyncIterator[Sequence[DashboardRow]]:
    return InvitationRepository(session).dashboard_rows(wanted, caller, sort)


EXPORT = ListExport(
    resource="invitations",
    label=Text("Export des invitations", "Export of invitations"),
    sheet=DASHBOARD,
    rows=_rows,
    permission=READ,
    filter=InvitationFilter,
    query=InvitationExportQuery,
    create=InvitationExportCreate,
    called="dashboard",
)
