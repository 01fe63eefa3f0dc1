"""From the cells of a row to what it asks for: each fault at its column, with a code and words."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast, get_args
from uuid import UUID

from email_validator import EmailNotValidError
from pydantic_core import PydanticCustomError

from relance.capabilities.directory.bulk.wanted import CompanyKey, WantedEntry
from relance.capabilities.directory.identifiers import NormalisedId, normalise
from relance.capabilities.directory.phones import normalise_phone
from relance.capabilities.directory.schemas import IdScheme, LocalId
from relance.capabilities.jobs.handlers import ItemResult
from relance.capabilities.jobs.imports import Given
from relance.capabilities.transfers.reading import folded_heading
from relance.core.addresses import normalise_address
from relance.core.custom_fields import check_values
from relance.core.errors import FieldError, ValidationFailed
from relance.core.i18n import Text
from relance.core.problems import field_error
from relance.core.schemas import one_line
from relance.domains.crm_toolbox.imports.columns import OWN

ValueT = TypeVar("ValueT")

_LONGEST = 200
_MOST = 10
_LIST = re.compile(r"[,|\n]|;(?!\s*$)")
_YES = frozenset({"oui", "yes", "true", "vrai", "1", "actif", "active", "x"})
_NO = frozenset({"non", "no", "false", "faux", "0", "inactif", "inactive"})
_LOCALES = {"fr": "fr", "francais": "fr", "french": "fr", "en": "en", "anglais": "en", "english": "en"}

_FAULTS: Mapping[str, Text] = {
    "formula": Text("Une formule n’est pas acceptée ici.", "A formula is not accepted here."),
    "too_many": Text("Dix valeurs au plus.", "Ten values at most."),
    "yes_or_no": Text("Oui ou non est attendu.", "Yes or no is expected."),
    "locale": Text("fr ou en est attendu.", "fr or en is expected."),
    "unknown_status": Text("Ce statut n’est pas dans la liste.", "This status is not in the list."),
    "unknown_user": Text("Aucun utilisateur n’a cette adresse.", "No user has this address."),
    "number": Text("Un nombre est attendu.", "A number is expected."),
    "id_scheme": Text("siren, siret, vat ou other est attendu.", "siren, siret, vat or other is expected."),
}


class Refused(Exception):
    """A cell that does not fit."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class RowParser:
    """Cells to what a row asks for. Pure: whatever it needs of the workspace is given to it."""

    def __init__(
        self, schema: Mapping[str, Any], statuses: Mapping[str, str], users: Mapping[str, UUID], *, contacts: bool
    ) -> None:
        """Begin.

        Args:
            schema: of the workspace's own fields.
            statuses: codes by code and by folded label.
            users: ids by address.
            contacts: whether the rows are contacts; companies else.
        """
        self._schema = schema
        self._statuses = statuses
        self._users = users
        self._contacts = contacts
        self._readers: Mapping[str, Callable[[str], Any]] = {
            "external_id": _line,
            "last_name": _name,
            "first_name": _name,
            "name": _name,
            "email": _email,
            "other_emails": _each(_email),
            "phone": _phone,
            "other_phones": _each(_phone),
            "active": _yes_or_no,
            "status": self._status,
            "locale": _locale,
            "assigned_to": self._user,
            "tags": _each(_tag),
        }

    def parse(self, given: Given) -> WantedEntry | ItemResult:
        """What a row asks for, or all of its faults."""
        faults: list[FieldError] = []
        values: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for column, cell in given.items():
            if not cell:
                continue
            if cell.startswith("="):
                faults.append(_fault(column, "formula"))
            elif column.startswith(OWN):
                _take(own, column.removeprefix(OWN), column, self._own_reader(column), cell, faults)
            elif column in self._readers:
                _take(values, column, column, self._readers[column], cell, faults)
        row_id = self._id(given.get("id", ""), faults)
        company = self._company(given, values, faults)
        if own and not faults:
            faults += _misfits(self._schema, own)
        if faults:
            return ItemResult(ValidationFailed.code, failed=True, errors=faults)
        lacking = [name for name in self._schema.get("required", ()) if name not in own]
        return WantedEntry(row_id, values.get("external_id"), values.get("email"), values, company, own, lacking)

    def _id(self, cell: str, faults: list[FieldError]) -> UUID | None:
        if not cell:
            return None
        try:
            return UUID(cell)
        except ValueError:
            faults.append(field_error({"type": "uuid_parsing", "loc": ("id",)}))
            return None

    def _company(self, given: Given, values: dict[str, Any], faults: list[FieldError]) -> CompanyKey:
        if self._contacts:
            name: dict[str, Any] = {}
            for key, column in (("name", "company"), ("external_id", "company_external_id")):
                if given.get(column) and not given[column].startswith("="):
                    _take(name, key, column, _name if key == "name" else _line, given[column], faults)
            local_id = given.get("company_local_id", "")
            identity = _identity(_scheme_of(local_id), None, local_id, "company_local_id", faults)
            return CompanyKey(name.get("name"), identity, name.get("external_id"))
        scheme = given.get("id_scheme", "").strip().lower() or _scheme_of(given.get("local_id", ""))
        country = given.get("id_country", "").strip().upper() or None
        identity = _identity(scheme, country, given.get("local_id", ""), "local_id", faults)
        if identity is not None:
            values |= {
                "country": identity.country,
                "id_scheme": identity.scheme,
                "id_value": identity.value,
                "match_key": identity.match_key,
            }
        return CompanyKey(values.get("name"), identity, values.get("external_id"))

    def _status(self, cell: str) -> str:
        found = self._statuses.get(cell) or self._statuses.get(folded_heading(cell))
        if found is None:
            raise Refused("unknown_status")
        return found

    def _user(self, cell: str) -> UUID:
        found = self._users.get(cell.casefold())
        if found is None:
            raise Refused("unknown_user")
        return found

    def _own_reader(self, column: str) -> Callable[[str], Any]:
        described = self._schema.get("properties", {}).get(column.removeprefix(OWN), {})
        return _BY_TYPE.get(str(described.get("type")), _text)


def _take(
    values: dict[str, Any],
    name: str,
    column: str,
    read: Callable[[str], Any],
    cell: str,
    faults: list[FieldError],
) -> None:
    try:
        values[name] = read(cell)
    except Refused as refused:
        faults.append(_fault(column, refused.code))
    except PydanticCustomError as refused:
        faults.append(field_error({"type": refused.type, "loc": (column,), "msg": refused.message()}))
    except EmailNotValidError:
        faults.append(field_error({"type": "email", "loc": (column,)}))


def _fault(column: str, code: str) -> FieldError:
    return FieldError(f"/{column}", code, _FAULTS[code].in_locale())


def _line(cell: str) -> str:
    if len(cell) > _LONGEST:
        raise PydanticCustomError("string_too_long", "too long")
    return one_line(cell)


def _name(cell: str) -> str:
    return " ".join(_line(cell).split())


def _text(cell: str) -> str:
    return one_line(cell)


def _tag(cell: str) -> str:
    if len(cell) > 50:
        raise PydanticCustomError("string_too_long", "too long")
    return _name(cell)


def _email(cell: str) -> str:
    if len(cell) > 254:
        raise PydanticCustomError("email", "not valid")
    return normalise_address(cell)


def _phone(cell: str) -> str:
    if len(cell) > 40:
        raise PydanticCustomError("phone", "not valid")
    # A spreadsheet takes 01 42 68 53 00 for a number and drops its zero.
    return normalise_phone(f"0{cell}" if re.fullmatch(r"[1-9]\d{8}", cell) else cell)


def _yes_or_no(cell: str) -> bool:
    folded = folded_heading(cell)
    if folded in _YES:
        return True
    if folded in _NO:
        return False
    raise Refused("yes_or_no")


def _locale(cell: str) -> str:
    found = _LOCALES.get(folded_heading(cell))
    if found is None:
        raise Refused("locale")
    return found


def _each(read: Callable[[str], ValueT]) -> Callable[[str], list[ValueT]]:
    def several(cell: str) -> list[ValueT]:
        cells = [one.strip() for one in _LIST.split(cell) if one.strip()]
        if len(cells) > _MOST:
            raise Refused("too_many")
        return list(dict.fromkeys(read(one) for one in cells))

    return several


def _integer(cell: str) -> int:
    if not re.fullmatch(r"-?\d{1,15}", cell.replace(" ", "")):
        raise Refused("number")
    return int(cell.replace(" ", ""))


def _number(cell: str) -> float:
    if not re.fullmatch(r"-?\d{1,15}([.,]\d{1,10})?", cell.replace(" ", "")):
        raise Refused("number")
    return float(cell.replace(" ", "").replace(",", "."))


_BY_TYPE: Mapping[str, Callable[[str], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _yes_or_no,
    "array": _each(_text),
}


def _scheme_of(cell: str) -> str:
    """What a number looks like that nobody has said the kind of."""
    digits = "".join(char for char in cell if char.isalnum())
    if digits[:2].isalpha():
        return "vat"
    return "siret" if len(digits) > 9 else "siren"


def _identity(
    scheme: str, country: str | None, cell: str, column: str, faults: list[FieldError]
) -> NormalisedId | None:
    if not cell or cell.startswith("="):
        return None
    if scheme not in get_args(IdScheme):
        faults.append(_fault("id_scheme", "id_scheme"))
        return None
    try:
        return normalise(
            LocalId.model_construct(None, scheme=cast("IdScheme", scheme), country=country, value=cell[:_LONGEST])
        )
    except ValidationFailed as refused:
        faults += [FieldError(f"/{column}", one.code, one.message) for one in refused.errors]
        return None


def _misfits(schema: Mapping[str, Any], own: Mapping[str, Any]) -> Sequence[FieldError]:
    """What does not fit the workspace's own schema. What a row leaves out is asked for of new entries alone."""
    partial = {name: value for name, value in schema.items() if name != "required"}
    try:
        check_values(partial, own, "")
    except ValidationFailed as refused:
        return [FieldError(f"/{OWN}{one.pointer.removeprefix('/')}", one.code, one.message) for one in refused.errors]
    return []
