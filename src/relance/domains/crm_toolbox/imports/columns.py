"""The columns of the templates."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from relance.capabilities.directory.bulk.wanted import Mode
from relance.capabilities.directory.settings.repository import SettingsRepository
from relance.capabilities.transfers.reading import ImportColumn
from relance.core.db import DbSession
from relance.core.i18n import Text

Record = Literal["contacts", "companies"]
#: Before the name of one of the workspace's own fields.
OWN = "custom_fields."

_ID = ImportColumn("id", Text("Identifiant", "Id"))
_EXTERNAL_ID = ImportColumn("external_id", Text("Référence externe", "External id"), example="C-01877")
_ADDRESSES = (
    ImportColumn("email", Text("E-mail", "E-mail"), example="camille.martin@fonderie.example"),
    ImportColumn("other_emails", Text("Autres e-mails", "Other e-mails"), example="c.martin@fonderie.example"),
    ImportColumn("phone", Text("Téléphone", "Phone"), example="01 42 68 53 00"),
    ImportColumn("other_phones", Text("Autres téléphones", "Other phones"), example="06 12 34 56 78"),
)
_OWNERS = (
    ImportColumn("assigned_to", Text("Attribué à (e-mail)", "Assigned to (e-mail)")),
    ImportColumn("tags", Text("Étiquettes", "Tags"), example="client, salon 2026"),
)
CONTACTS: Sequence[ImportColumn] = (
    _ID,
    _EXTERNAL_ID,
    ImportColumn("last_name", Text("Nom", "Last name"), required=True, example="Martin"),
    ImportColumn("first_name", Text("Prénom", "First name"), required=True, example="Camille"),
    ImportColumn("company", Text("Société", "Company"), required=True, example="Fonderie Martin"),
    ImportColumn("company_local_id", Text("SIREN ou SIRET", "Company SIREN or SIRET"), example="732829320"),
    ImportColumn("company_external_id", Text("Référence externe de la société", "Company external id")),
    *_ADDRESSES,
    ImportColumn("active", Text("Actif", "Active"), example="oui"),
    ImportColumn("status", Text("Statut", "Status")),
    ImportColumn("locale", Text("Langue", "Language"), example="fr"),
    *_OWNERS,
)
COMPANIES: Sequence[ImportColumn] = (
    _ID,
    replace(_EXTERNAL_ID, example="F-00412"),
    ImportColumn("name", Text("Raison sociale", "Name"), required=True, example="Fonderie Martin"),
    ImportColumn("id_scheme", Text("Type d’identifiant", "Id scheme"), example="siren"),
    ImportColumn("id_country", Text("Pays de l’identifiant", "Id country"), example="FR"),
    ImportColumn("local_id", Text("Identifiant local", "Local id"), example="732829320"),
    *(replace(column, example="contact@fonderie.example" if column.key == "email" else "") for column in _ADDRESSES),
    *_OWNERS,
)
NAMES: Mapping[Record, Text] = {"contacts": Text("Contacts", "Contacts"), "companies": Text("Sociétés", "Companies")}


async def columns_of(session: DbSession, record: Record, mode: Mode) -> Sequence[ImportColumn]:
    """The columns of a template, those of the workspace's own fields last. An update needs no names."""
    columns = CONTACTS if record == "contacts" else COMPANIES
    if mode is Mode.UPDATE:
        columns = [replace(column, required=False) for column in columns]
    own = await own_columns(session, record)
    return (*columns, *(replace(column, required=column.required and mode is not Mode.UPDATE) for column in own))


async def own_columns(session: DbSession, record: Record) -> Sequence[ImportColumn]:
    """The columns of the workspace's own fields, in its order."""
    own = await SettingsRepository(session).custom_fields(record)
    schema: Mapping[str, Any] = own.json_schema if own else {}
    asked = frozenset(schema.get("required", ()))
    return [_own(name, known, required=name in asked) for name, known in schema.get("properties", {}).items()]


def _own(name: str, described: Mapping[str, Any], *, required: bool) -> ImportColumn:
    title = str(described.get("title") or f"{OWN}{name}")
    return ImportColumn(f"{OWN}{name}", Text(title, title), required)
