"""Contacts and companies as files: the columns of the template for an import, so that a file can come back changed."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Literal

from pydantic import ConfigDict, Field

from relance.capabilities.directory.permissions import COMPANIES_READ, CONTACTS_READ
from relance.capabilities.directory.schemas import CompanyCriteria, CompanySort, ContactCriteria, ContactSort
from relance.capabilities.exports.declaration import ListExport
from relance.capabilities.transfers.cells import Cell, Column, Sheet
from relance.capabilities.transfers.reading import ImportColumn
from relance.core.db import DbSession
from relance.core.i18n import Locale, Text
from relance.core.schemas import Input
from relance.core.security import Caller
from relance.domains.crm_toolbox.exports.repository import (
    DirectoryExportRepository,
    ExportedCompany,
    ExportedContact,
)
from relance.domains.crm_toolbox.imports.columns import OWN, Record, own_columns

_YES, _NO = Text("oui", "yes"), Text("non", "no")


class ContactExportQuery(ContactCriteria):
    """Query of the export that streams."""

    sort: ContactSort = "last_name"


class ContactExportCreate(Input):
    """An export to be made in the background."""

    model_config = ConfigDict(json_schema_extra={"example": {"format": "xlsx", "filter": {"active": True}}})

    format: Literal["csv", "xlsx"]
    filter: ContactCriteria = Field(default_factory=lambda: ContactCriteria.model_validate({}))
    sort: ContactSort = "last_name"


class CompanyExportQuery(CompanyCriteria):
    """Query of the export that streams."""

    sort: CompanySort = "name"


class CompanyExportCreate(Input):
    """An export to be made in the background."""

    model_config = ConfigDict(json_schema_extra={"example": {"format": "xlsx", "filter": {"tag": ["client"]}}})

    format: Literal["csv", "xlsx"]
    filter: CompanyCriteria = Field(default_factory=lambda: CompanyCriteria.model_validate({}))
    sort: CompanySort = "name"


def _of(name: str, kind: str) -> Callable[[Any, Locale], Cell]:
    """The column of that name of the row's own entry."""

    def shown(row: Any, _locale: Locale) -> Cell:
        value = getattr(getattr(row, kind), name)
        if isinstance(value, list):
            return ", ".join(value)
        found: Cell = None if value is None else str(value)
        return found

    return shown


def _column(kind: str, name: str, label: Text, width: int = 24) -> Column[Any]:
    return Column(name, label, _of(name, kind), width)


def _shared(kind: str) -> tuple[Column[Any], ...]:
    return (
        _column(kind, "email", Text("E-mail", "E-mail"), 32),
        _column(kind, "other_emails", Text("Autres e-mails", "Other e-mails"), 32),
        _column(kind, "phone", Text("Téléphone", "Phone"), 18),
        _column(kind, "other_phones", Text("Autres téléphones", "Other phones"), 24),
    )


CONTACTS: Sheet[ExportedContact] = Sheet(
    Text("Contacts", "Contacts"),
    (
        _column("contact", "id", Text("Identifiant", "Id"), 38),
        _column("contact", "external_id", Text("Référence externe", "External id"), 18),
        _column("contact", "last_name", Text("Nom", "Last name")),
        _column("contact", "first_name", Text("Prénom", "First name")),
        Column("company", Text("Société", "Company"), lambda row, _locale: row.company_name, 36),
        *_shared("contact"),
        Column(
            "active",
            Text("Actif", "Active"),
            lambda row, locale: (_YES if row.contact.active else _NO).in_locale(locale),
            8,
        ),
        Column(
            "status",
            Text("Statut", "Status"),
            lambda row, locale: row.status_en if locale == "en" else row.status_fr,
            20,
        ),
        Column("assigned_to", Text("Attribué à (e-mail)", "Assigned to (e-mail)"), lambda row, _locale: row.owner, 24),
        _column("contact", "tags", Text("Étiquettes", "Tags")),
    ),
)
COMPANIES: Sheet[ExportedCompany] = Sheet(
    Text("Sociétés", "Companies"),
    (
        _column("company", "id", Text("Identifiant", "Id"), 38),
        _column("company", "external_id", Text("Référence externe", "External id"), 18),
        _column("company", "name", Text("Raison sociale", "Name"), 36),
        _column("company", "id_scheme", Text("Type d’identifiant", "Id scheme"), 10),
        _column("company", "country", Text("Pays de l’identifiant", "Id country"), 8),
        _column("company", "id_value", Text("Identifiant local", "Local id"), 18),
        *_shared("company"),
        Column("assigned_to", Text("Attribué à (e-mail)", "Assigned to (e-mail)"), lambda row, _locale: row.owner, 24),
        _column("company", "tags", Text("Étiquettes", "Tags")),
    ),
)


def _contacts(
    session: DbSession, wanted: ContactCriteria, _caller: Caller, sort: str
) -> AsyncIterator[Sequence[ExportedContact]]:
    return DirectoryExportRepository(session).contacts(wanted, sort)


def _companies(
    session: DbSession, wanted: CompanyCriteria, _caller: Caller, sort: str
) -> AsyncIterator[Sequence[ExportedCompany]]:
    return DirectoryExportRepository(session).companies(wanted, sort)


def _own(
    kind: Literal["contact", "company"], record: Record
) -> Callable[[DbSession], Awaitable[Sequence[Column[Any]]]]:
    """The columns of the workspace's own fields, as an import reads them."""

    def column(known: ImportColumn) -> Column[Any]:
        name = known.key.removeprefix(OWN)

        def shown(row: Any, locale: Locale) -> Cell:
            value = getattr(row, kind).custom_fields.get(name)
            if isinstance(value, bool):
                return (_YES if value else _NO).in_locale(locale)
            found: Cell = ", ".join(value) if isinstance(value, list) else value
            return found

        return Column(known.key, known.label, shown, 24)

    async def columns(session: DbSession) -> Sequence[Column[Any]]:
        return [column(known) for known in await own_columns(session, record)]

    return columns


CONTACT_EXPORT = ListExport(
    resource="contacts",
    label=Text("Export des contacts", "Export of contacts"),
    sheet=CONTACTS,
    rows=_contacts,
    permission=CONTACTS_READ,
    filter=ContactCriteria,
    query=ContactExportQuery,
    create=ContactExportCreate,
    own_columns=_own("contact", "contacts"),
)
COMPANY_EXPORT = ListExport(
    resource="companies",
    label=Text("Export des sociétés", "Export of companies"),
    sheet=COMPANIES,
    rows=_companies,
    permission=COMPANIES_READ,
    filter=CompanyCriteria,
    query=CompanyExportQuery,
    create=CompanyExportCreate,
    own_columns=_own("company", "companies"),
)
EXPORTS = (CONTACT_EXPORT, COMPANY_EXPORT)
