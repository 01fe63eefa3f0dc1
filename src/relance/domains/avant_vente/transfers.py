"""The list as a file: the columns of the screen in their order."""

from collections.abc import AsyncIterator, Sequence

from relance.capabilities.exports.declaration import ListExport
from relance.capabilities.transfers.cells import Column, Sheet, words
from relance.core.db import DbSession
from relance.core.i18n import Locale, Text
from relance.core.security import Caller
from relance.domains.avant_vente.exports.repository import ExportedRequest, RequestExportRepository
from relance.domains.avant_vente.list_schemas import RequestExportCreate, RequestExportQuery, RequestFilter
from relance.domains.avant_vente.permissions import READ
from relance.domains.avant_vente.states import STATUS_LABELS
from relance.domains.avant_vente.views import ACTION_LABELS

_YES_NO = {True: Text("Oui", "Yes"), False: Text("Non", "No")}


def _type(row: ExportedRequest, locale: Locale) -> str | None:
    return row.type_en if locale == "en" else row.type_fr


REQUESTS: Sheet[ExportedRequest] = Sheet(
    Text("Demandes avant-vente", "Pre-sales requests"),
    (
        Column("number", Text("Numéro", "Number"), lambda row, _locale: row.number, 16),
        Column("opportunity", Text("Opportunité", "Opportunity"), lambda row, _locale: row.opportunity, 36),
        Column("customer", Text("Client", "Customer"), lambda row, _locale: row.customer, 28),
        Column("organisation", Text("Partenaire", "Partner"), lambda row, _locale: row.organisation, 28),
        Column("type", Text("Type d’intervention", "Type of intervention"), _type, 24),
        Column("on_site", Text("Sur site", "On site"), lambda row, locale: _YES_NO[row.on_site].in_locale(locale), 10),
        Column("place", Text("Lieu", "Place"), lambda row, _locale: row.place, 24),
        Column("wanted_date", Text("Date souhaitée", "Date wanted"), lambda row, _locale: row.wanted_date, 16),
        Column("speaker", Text("Intervenant", "Speaker"), lambda row, _locale: row.speaker, 24),
        Column("status", Text("Statut", "Status"), words(STATUS_LABELS, lambda row: row.status)),
        Column("round", Text("Tour", "Round"), lambda row, _locale: row.round, 8),
        Column(
            "intervention_at", Text("Intervention le", "Intervention at"), lambda row, _locale: row.intervention_at, 18
        ),
        Column(
            "last_action",
            Text("Dernière action", "Last action"),
            words(ACTION_LABELS, lambda row: row.last_action),
            28,
        ),
        Column("last_action_at", Text("Le", "At"), lambda row, _locale: row.last_action_at, 18),
    ),
)


def _rows(
    session: DbSession, wanted: RequestFilter, caller: Caller, sort: str
) -> AsyncIterator[Sequence[ExportedRequest]]:
    return RequestExportRepository(session).exported(wanted, caller, sort)


#: No comment is in it, internal ones least of all.
EXPORT = ListExport(
    resource="avant_vente_requests",
    label=Text("Export des demandes avant-vente", "Export of pre-sales requests"),
    sheet=REQUESTS,
    rows=_rows,
    permission=READ,
    filter=RequestFilter,
    query=RequestExportQuery,
    create=RequestExportCreate,
)
