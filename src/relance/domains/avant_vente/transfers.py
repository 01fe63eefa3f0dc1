"""The list as a file: the columns of the screen in their order."""

from collections.abc import AsyncIterator, Sequence
from zoneinfo import ZoneInfo

from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.jobs.handlers import JobFacts
from relance.capabilities.transfers.cells import Column, Sheet
from relance.core.db import DbSession
from relance.core.i18n import Locale, Text
from relance.domains.avant_vente.exports.repository import ExportedRequest, RequestExportRepository
from relance.domains.avant_vente.list_schemas import RequestFilter
from relance.domains.avant_vente.states import STATUS_LABELS, RequestStatus
from relance.domains.avant_vente.views import ACTION_LABELS

EXPORT = "avant_vente.export"
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
        Column(
            "status",
            Text("Statut", "Status"),
            lambda row, locale: STATUS_LABELS[RequestStatus(row.status)].in_locale(locale),
        ),
        Column("round", Text("Tour", "Round"), lambda row, _locale: row.round, 8),
        Column(
            "intervention_at", Text("Intervention le", "Intervention at"), lambda row, _locale: row.intervention_at, 18
        ),
        Column(
            "last_action",
            Text("Dernière action", "Last action"),
            lambda row, locale: ACTION_LABELS[row.last_action].in_locale(locale),
            28,
        ),
        Column("last_action_at", Text("Le", "At"), lambda row, _locale: row.last_action_at, 18),
    ),
)


async def zone_of(session: DbSession) -> ZoneInfo:
    """In which instants are written for this workspace."""
    return ZoneInfo((await IdentityRepository(session).workspace()).zone)


class RequestExport:
    """An `ExportSource`. Parameters: `filter`, `sort`."""

    kind = EXPORT
    label = Text("Export des demandes avant-vente", "Export of pre-sales requests")
    sheet = REQUESTS

    async def zone(self, session: DbSession) -> ZoneInfo:
        """The workspace's."""
        return await zone_of(session)

    def rows(self, session: DbSession, job: JobFacts) -> AsyncIterator[Sequence[ExportedRequest]]:
        """The rows that the same filters show on the screen."""
        wanted = RequestFilter.model_validate(job.parameters["filter"])
        return RequestExportRepository(session).exported(wanted, job.caller, job.parameters["sort"])
