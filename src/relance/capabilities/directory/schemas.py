"""Bodies and answers of the directory."""

from typing import Annotated, Literal, Self
from uuid import UUID

import phonenumbers
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from relance.core.addresses import EmailAddress
from relance.core.i18n import Locale
from relance.core.schemas import (
    UNSET,
    ExternalId,
    Input,
    Instant,
    Line,
    ListQuery,
    Output,
    Patch,
    RequiredLine,
    one_line,
)

IdScheme = Literal["siren", "siret", "vat", "other"]
CompanySort = Literal["name", "-name", "created_at", "-created_at"]
ContactSort = Literal["last_name", "-last_name", "created_at", "-created_at"]

_COMPANY: JsonDict = {
    "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10",
    "name": "Fonderie Martin",
    "local_id": {"scheme": "siren", "country": "FR", "value": "732829320"},
    "external_id": "F-00412",
    "registered_at": None,
    "created_at": "2026-11-02T09:30:00Z",
}
_CONTACT: JsonDict = {
    "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a11",
    "company_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10",
    "first_name": "Camille",
    "last_name": "Martin",
    "email": "camille.martin@fonderie.example",
    "phone": "+33142685300",
    "external_id": "C-01877",
    "active": True,
    "locale": "fr",
    "created_at": "2026-11-02T09:30:00Z",
}


def _sent(shown: JsonDict, *but: str) -> JsonDict:
    """What is sent to make what is shown."""
    return {name: value for name, value in shown.items() if name not in {"id", "created_at", "active", *but}}


def _collapsed(value: str) -> str:
    """One space between words, none around: names pasted from a spreadsheet bring tabs and no-break spaces."""
    found = " ".join(one_line(value).split())
    if not found:
        raise PydanticCustomError("string_too_short", "a text is expected")
    return found


def _e164(value: str) -> str:
    try:
        number = phonenumbers.parse(one_line(value), "FR")
    except phonenumbers.NumberParseException:
        raise PydanticCustomError("phone", "this telephone number is not valid") from None
    if not phonenumbers.is_valid_number(number):
        raise PydanticCustomError("phone", "this telephone number is not valid")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


Name = Annotated[RequiredLine, AfterValidator(_collapsed)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Phone = Annotated[str, StringConstraints(max_length=40), AfterValidator(_e164)]


class LocalId(Input):
    """The number under which a company is registered where it is."""

    scheme: IdScheme
    country: Country | None = Field(
        None,
        description="ISO 3166-1 alpha-2. FR for `siren` and `siret`; read from the number for `vat`; required for "
        "`other`.",
    )
    value: RequiredLine = Field(description="Spaces and punctuation are accepted and removed.")


class LocalIdRead(Output):
    """A checked identifier, in its normal form."""

    scheme: IdScheme
    country: str
    value: str


class CompanyReplace(Input):
    """All that can be written of a company; what is absent is emptied."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"name": "Fonderie Martin", "local_id": {"scheme": "siren", "value": "732 829 320"}}
        }
    )

    name: Name
    local_id: LocalId | None = None


class CompanyCreate(CompanyReplace):
    """A company to add."""

    external_id: ExternalId | None = Field(None, description="Your own key for this company; unique.")


class CompanyInput(Input):
    """The company: an existing one by `id`, or one by name, found by its identifier or added to the directory."""

    id: UUID | None = Field(None, description="A company of the directory; then nothing else is given.")
    name: Name | None = None
    local_id: LocalId | None = None
    external_id: ExternalId | None = Field(None, description="Your own key for this company.")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        described = self.name is not None
        if (self.id is not None) == described or (self.id is not None and (self.local_id or self.external_id)):
            raise ValueError("give either `id`, or `name` with what else is known")
        return self


class CompanyUpdate(Patch):
    """Changes to a company (JSON merge patch)."""

    name: Name = UNSET
    local_id: LocalId | None = None
    external_id: ExternalId | None = None


class CompanyRead(Output):
    """A company of the directory."""

    model_config = ConfigDict(json_schema_extra={"example": _COMPANY})

    id: UUID
    name: str
    local_id: LocalIdRead | None
    external_id: str | None
    registered_at: Instant | None = Field(description="When it first answered and so became known.")
    created_at: Instant


class CompanyFilter(ListQuery):
    """Filters of the list of companies."""

    q: Line | None = Field(None, description="Part of the name, the identifier or the external id.")
    external_id: ExternalId | None = Field(None, description="Your own key, whole.")
    id_scheme: list[IdScheme] = Field(default_factory=list, max_length=4, description="Repeatable.")
    sort: CompanySort = "name"


class ContactReplace(Input):
    """All that can be written of a contact; what is absent is emptied, or as its default says."""

    model_config = ConfigDict(json_schema_extra={"example": _sent(_CONTACT, "external_id")})

    company_id: UUID
    first_name: Name
    last_name: Name
    email: EmailAddress | None = None
    phone: Phone | None = Field(None, description="International, or French national form; kept as E.164.")
    locale: Locale = "fr"
    active: bool = Field(True, description="Whether the contact is in use.")


class ContactCreate(ContactReplace):
    """A person to add to a company."""

    model_config = ConfigDict(json_schema_extra={"example": _sent(_CONTACT)})

    external_id: ExternalId | None = Field(None, description="Your own key for this contact; unique.")


class ContactUpdate(Patch):
    """Changes to a contact (JSON merge patch)."""

    company_id: UUID = UNSET
    first_name: Name = UNSET
    last_name: Name = UNSET
    email: EmailAddress | None = None
    phone: Phone | None = None
    active: bool = UNSET
    locale: Locale = UNSET
    external_id: ExternalId | None = None


class ContactRead(Output):
    """A contact of the directory."""

    model_config = ConfigDict(json_schema_extra={"example": _CONTACT})

    id: UUID
    company_id: UUID
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    external_id: str | None
    active: bool
    locale: Locale
    created_at: Instant


class ContactFilter(ListQuery):
    """Filters of the list of contacts."""

    q: Line | None = Field(None, description="Part of a name or of the address.")
    company_id: list[UUID] = Field(default_factory=list, max_length=50, description="Repeatable.")
    email: EmailAddress | None = Field(None, description="The address, whole; without regard to case.")
    external_id: ExternalId | None = Field(None, description="Your own key, whole.")
    active: bool | None = Field(None, description="Only those in use, or only the others.")
    sort: ContactSort = "last_name"
