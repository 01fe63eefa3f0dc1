"""The dashboard as a file: the columns of the screen in their order."""

from collections.abc import AsyncIterator, Sequence

from relance.capabilities.exports.declaration import ListExport
from relance.capabilities.transfers.cells import Column, Sheet
from relance.capabilities.transfers.copying.repository import AnySelect
from relance.core.db import DbSession
from relance.core.i18n import Text
from relance.core.security import Caller
from relance.domains.invitations.lifecycle import (
    DELIVERY_LABELS,
    FORM_STATUS_LABELS,
    STATUS_LABELS,
    Delivery,
    FormStatus,
    Status,
)
from relance.domains.invitations.permissions import READ
from relance.domains.invitations.repository import DashboardRow, InvitationRepository
from relance.domains.invitations.schemas import InvitationExportCreate, InvitationExportQuery, InvitationFilter

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


def _rows(
    session: DbSession, wanted: InvitationFilter, caller: Caller, sort: str
) -> AsyncIterator[Sequence[DashboardRow]]:
    return InvitationRepository(session).dashboard_rows(wanted, caller, sort)


def _stored(session: DbSession, wanted: InvitationFilter, caller: Caller, sort: str) -> AnySelect:
    return InvitationRepository(session).dashboard(wanted, caller, sort)


EXPORT = ListExport(
    resource="invitations",
    label=Text("Export des invitations", "Export of invitations"),
    sheet=DASHBOARD,
    rows=_rows,
    stored=_stored,
    permission=READ,
    filter=InvitationFilter,
    query=InvitationExportQuery,
    create=InvitationExportCreate,
    called="dashboard",
)
