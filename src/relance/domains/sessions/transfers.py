"""The list as a file: the columns of the screen in their order."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from relance.capabilities.exports.declaration import ListExport
from relance.capabilities.transfers.cells import Column, Sheet, words
from relance.core.db import DbSession
from relance.core.i18n import Text
from relance.core.security import Caller
from relance.domains.sessions.exports.repository import ExportedSession, SessionExportRepository
from relance.domains.sessions.lifecycle import SESSION_LABELS, STATUS_LABELS
from relance.domains.sessions.list_schemas import SessionExportCreate, SessionExportQuery, SessionFilter
from relance.domains.sessions.permissions import READ

_YES_NO = {True: Text("oui", "yes"), False: Text("non", "no")}

SESSIONS: Sheet[ExportedSession] = Sheet(
    Text("Sessions", "Sessions"),
    (
        Column("title", Text("Titre", "Title"), lambda row, _locale: row.title, 40),
        Column("external_id", Text("Référence externe", "External id"), lambda row, _locale: row.external_id, 18),
        Column("organisation", Text("Organisme", "Organisation"), lambda row, _locale: row.organisation, 28),
        Column("responsible", Text("Responsable", "In charge"), lambda row, _locale: row.responsible, 24),
        Column("trainer", Text("Formateur", "Trainer"), lambda row, _locale: row.trainer, 24),
        Column("status", Text("Statut", "Status"), words(STATUS_LABELS, lambda row: row.status)),
        Column("first_on", Text("Première date", "First date"), lambda row, _locale: row.first_on, 14),
        Column("last_on", Text("Dernière date", "Last date"), lambda row, _locale: row.last_on, 14),
        Column("places", Text("Lieu", "Place"), lambda row, _locale: row.places, 32),
        Column("clients", Text("Clients", "Clients"), lambda row, _locale: row.clients, 40),
        Column(
            "confirmation",
            Text("confirmation dates Client", "Confirmation of dates"),
            words(SESSION_LABELS, lambda row: row.confirmation),
            28,
        ),
        Column(
            "overdue",
            Text("Échéance dépassée", "Overdue"),
            lambda row, locale: _YES_NO[row.overdue].in_locale(locale),
            16,
        ),
    ),
)


def _rows(
    session: DbSession, wanted: SessionFilter, caller: Caller, sort: str, now: datetime
) -> AsyncIterator[Sequence[ExportedSession]]:
    return SessionExportRepository(session).exported(wanted, caller, sort, now)


EXPORT = ListExport(
    resource="sessions",
    label=Text("Export des sessions", "Export of sessions"),
    sheet=SESSIONS,
    rows=None,
    rows_at=_rows,
    permission=READ,
    filter=SessionFilter,
    query=SessionExportQuery,
    create=SessionExportCreate,
)
