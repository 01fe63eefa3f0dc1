"""A timeline as a file: the same lines in the same order as on the screen."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from relance.capabilities.exports.declaration import ListExport
from relance.capabilities.exports.routes import add_export_routes
from relance.capabilities.journal.timeline import Timeline
from relance.capabilities.transfers.cells import Cell, Column, Sheet, words
from relance.core.db import DbSession
from relance.core.http import StrictRoute
from relance.core.i18n import Locale, Text
from relance.core.pagination import PageRequest
from relance.core.schemas import Input
from relance.core.security import Caller
from relance.domains.crm_toolbox.infobox.outcomes import OUTCOME_LABELS
from relance.domains.crm_toolbox.infobox.schemas import TimelineCriteria
from relance.domains.crm_toolbox.infobox.timelines import Timelines
from relance.domains.crm_toolbox.infobox.views import Line
from relance.domains.crm_toolbox.permissions import INFOBOX_READ

_ROWS = 500
TimelineExport = ListExport[Line, TimelineCriteria]


class TimelineExportQuery(TimelineCriteria):
    """Query of the export that streams."""

    sort: Literal["at", "-at"] = "-at"


class TimelineExportCreate(Input):
    """An export to be made in the background."""

    model_config = ConfigDict(json_schema_extra={"example": {"format": "xlsx", "filter": {"type": ["note"]}}})

    format: Literal["csv", "xlsx"]
    filter: TimelineCriteria = Field(default_factory=lambda: TimelineCriteria.model_validate({}))
    sort: Literal["at", "-at"] = "-at"


def _companies(line: Line, _locale: Locale) -> Cell:
    return ", ".join(dict.fromkeys(one.company_name for one in line.item.targets if one.company_name))


def _contacts(line: Line, _locale: Locale) -> Cell:
    return ", ".join(dict.fromkeys(one.contact_name for one in line.item.targets if one.contact_name))


SHEET: Sheet[Line] = Sheet(
    Text("Infobox", "Infobox"),
    (
        Column("at", Text("Date", "Date"), lambda line, _locale: line.item.at, 18),
        Column("type", Text("Action", "Action"), lambda line, locale: line.title.in_locale(locale), 28),
        Column("outcome", Text("Issue", "Outcome"), words(OUTCOME_LABELS, lambda line: line.item.outcome), 12),
        Column(
            "author",
            Text("Auteur", "Author"),
            lambda line, _locale: line.item.author.name if line.item.author else None,
            24,
        ),
        Column("companies", Text("Sociétés", "Companies"), _companies, 36),
        Column("contacts", Text("Contacts", "Contacts"), _contacts, 36),
        Column("description", Text("Description", "Description"), lambda line, _locale: line.item.description_text, 60),
        Column("comments", Text("Commentaires", "Comments"), lambda line, _locale: line.item.comments, 12),
        Column("files", Text("Fichiers", "Files"), lambda line, _locale: line.item.files, 10),
    ),
)


def timeline_export(timeline: Timeline) -> TimelineExport:
    """The export of timelines, told by `timeline` what happened elsewhere."""

    async def rows(
        session: DbSession, wanted: TimelineCriteria, caller: Caller, sort: str, now: datetime
    ) -> AsyncIterator[Sequence[Line]]:
        timelines = Timelines(session, timeline, caller, now)
        request: PageRequest | None = PageRequest(_ROWS, sort, None)
        while request is not None:
            lines, after = await timelines.page(wanted, request)
            yield lines
            session.expunge_all()  # what was read is written: memory stays flat
            request = PageRequest(_ROWS, sort, after) if after is not None else None

    return ListExport(
        resource="infobox",
        label=Text("Export de l’infobox", "Export of the infobox"),
        sheet=SHEET,
        rows=None,
        rows_at=rows,
        permission=INFOBOX_READ,
        filter=TimelineCriteria,
        query=TimelineExportQuery,
        create=TimelineExportCreate,
        called="timeline",
    )


def export_router(export: TimelineExport) -> APIRouter:
    """Its two routes; before those of an entry."""
    router = APIRouter(prefix="/v1/crm-toolbox/infobox", tags=["crm-toolbox"], route_class=StrictRoute)
    add_export_routes(router, export)
    return router
