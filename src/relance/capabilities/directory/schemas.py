"""Bodies and answers of the directory."""

from typing import Annotated, Any, Literal, Self, TypeVar
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from relance.capabilities.directory.consent import ConsentStatus
from relance.capabilities.directory.consent_schemas import ContactConsent, Readmission
from relance.capabilities.directory.phones import normalise_phone
from relance.core.addresses import EmailAddress
from relance.core.custom_fields import CustomValues
from relance.core.i18n import Locale
from relance.core.schemas import (
    UNSET,
    ExternalId,
    GivenInstant,
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
ContactSort = Literal["last_name", "-last_name", "created_at", "-created_at", "last_action_at", "-last_action_at"]

_COMPANY: JsonDict = {
    "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10",
    "name": "Fonderie Martin",
    "local_id": {"scheme": "siren", "country": "FR", "value": "732829320"},
    "external_id": "F-00412",
    "email": "contact@fonderie.example",
    "other_emails": [],
    "phone": "+33142685300",
    "other_phones": [],
    "assigned_to": None,
    "assigned_to_name": None,
    "tags": ["client"],
    "custom_fields": {},
    "registered_at": None,
    "created_at": "2026-11-02T09:30:00Z",
}
_CONTACT: JsonDict = {
    "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a11",
    "company_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10",
    "company_name": "Fonderie Martin",
    "first_name": "Camille",
    "last_name": "Martin",
    "email": "camille.martin@fonderie.example",
    "other_emails": ["c.martin@fonderie.example"],
    "phone": "+33142685300",
    "other_phones": ["+33612345678"],
    "external_id": "C-01877",
    "active": True,
    "active_label": "Actif",
    "status": None,
    "status_label": None,
    "assigned_to": None,
    "assigned_to_name": None,
    "tags": ["client"],
    "custom_fields": {},
    "locale": "fr",
    "gdpr": {
        "status": "accepted",
        "status_label": "Accepté",
        "since": "2026-11-02T09:30:00Z",
        "empties_at": "2028-11-02T09:30:00Z",
        "proof": {"at": "2026-11-02T09:30:00Z", "how": "link", "wording": "5c1e0f", "locale": "fr"},
    },
    "created_at": "2026-11-02T09:30:00Z",
    "last_action_at": "2026-11-20T14:05:00Z",
}


DUPLICATE: JsonDict = {
    "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a12",
    "name": "Camille Martin",
    "company_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a13",
    "company_name": "Fonderie du Nord",
    "reason": "email",
    "reason_label": "Même adresse e-mail",
}


def _sent(shown: JsonDict, *but: str) -> JsonDict:
    """What is sent to make what is shown."""
    made = {"id", "created_at", "last_action_at", "active", "company_name", "gdpr", *but}
    return {
        name: value
        for name, value in shown.items()
        if name not in made and not name.endswith("_label") and name != "assigned_to_name"
    }


def _collapsed(value: str) -> str:
    """One space between words, none around: names pasted from a spreadsheet bring tabs and no-break spaces."""
    found = " ".join(one_line(value).split())
    if not found:
        raise PydanticCustomError("string_too_short", "a text is expected")
    return found


ItemT = TypeVar("ItemT")


def _distinct(values: list[ItemT]) -> list[ItemT]:
    return list(dict.fromkeys(values))


Name = Annotated[RequiredLine, AfterValidator(_collapsed)]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=r"\S"), AfterValidator(_collapsed)]
Tags = Annotated[list[Tag], Field(max_length=50), AfterValidator(_distinct)]
#: A name of the workspace's own that programs use: of a status, of a kind of action.
OwnCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Phone = Annotated[str, StringConstraints(max_length=40), AfterValidator(normalise_phone)]


OtherEmails = Annotated[list[EmailAddress], Field(max_length=10), AfterValidator(_distinct)]
OtherPhones = Annotated[list[Phone], Field(max_length=10), AfterValidator(_distinct)]


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


class _Reachable(Input):
    email: EmailAddress | None = Field(None, description="The address that mails go to.")
    other_emails: OtherEmails = Field(default_factory=list, description="Further addresses.")
    phone: Phone | None = Field(None, description="International, or French national form; kept as E.164.")
    other_phones: OtherPhones = Field(default_factory=list, description="Further numbers.")
    assigned_to: UUID | None = Field(None, description="The user who looks after it.")
    tags: Tags = Field(default_factory=list, description="Free words; each once.")
    custom_fields: CustomValues = Field(
        default_factory=dict, description="Of the workspace's own fields: see `/v1/custom-fields`."
    )


class _ReachablePatch(Patch):
    email: EmailAddress | None = None
    other_emails: OtherEmails = UNSET
    phone: Phone | None = None
    other_phones: OtherPhones = UNSET
    assigned_to: UUID | None = None
    tags: Tags = UNSET
    custom_fields: CustomValues = Field(UNSET, description="Merged with what there is; null takes a field away.")


class _ReachableRead(Output):
    email: str | None
    other_emails: list[str]
    phone: str | None
    other_phones: list[str]
    assigned_to: UUID | None
    assigned_to_name: str | None
    tags: list[str]
    custom_fields: dict[str, Any]


class CompanyReplace(_Reachable):
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


class CompanyUpdate(_ReachablePatch):
    """Changes to a company (JSON merge patch)."""

    name: Name = UNSET
    local_id: LocalId | None = None
    external_id: ExternalId | None = None


class CompanyRead(_ReachableRead):
    """A company of the directory."""

    model_config = ConfigDict(json_schema_extra={"example": _COMPANY})

    id: UUID
    name: str
    local_id: LocalIdRead | None
    external_id: str | None
    registered_at: Instant | None = Field(description="When it first answered and so became known.")
    created_at: Instant


class _SharedCriteria(Input):
    assigned_to: list[UUID] = Field(default_factory=list, max_length=50, description="Repeatable.")
    unassigned: bool | None = Field(None, description="Only what nobody looks after, or only the rest.")
    tag: list[Tag] = Field(default_factory=list, max_length=10, description="Repeatable; all of them.")
    custom_field: list[Line] = Field(
        default_factory=list,
        max_length=10,
        description="`name:value` of a field of the workspace's own; repeatable, all of them.",
        examples=[["sector:metal"]],
    )


class CompanyCriteria(_SharedCriteria):
    """Filters of the list of companies."""

    q: Line | None = Field(
        None, description="Words of the name, the identifier, the external id, an address or a number."
    )
    external_id: ExternalId | None = Field(None, description="Your own key, whole.")
    id_scheme: list[IdScheme] = Field(default_factory=list, max_length=4, description="Repeatable.")


class CompanyFilter(ListQuery, CompanyCriteria):
    """Query of the list of companies."""

    sort: CompanySort = "name"


class ContactReplace(_Reachable):
    """All that can be written of a contact; what is absent is emptied, or as its default says."""

    model_config = ConfigDict(json_schema_extra={"example": _sent(_CONTACT, "external_id")})

    company_id: UUID
    first_name: Name
    last_name: Name
    locale: Locale = "fr"
    active: bool = Field(True, description="Whether the contact is in use; the others are left out of sendings.")
    status: OwnCode | None = Field(None, description="The code of one of `/v1/contact-statuses`.")


class ContactCreate(ContactReplace):
    """A person to add to a company."""

    model_config = ConfigDict(json_schema_extra={"example": _sent(_CONTACT)})

    external_id: ExternalId | None = Field(None, description="Your own key for this contact; unique.")
    readmission: Readmission | None = Field(
        None, description="Takes in somebody who was erased (`person_erased`); asks for the right `gdpr:readmit`."
    )


class ContactUpdate(_ReachablePatch):
    """Changes to a contact (JSON merge patch)."""

    company_id: UUID = UNSET
    first_name: Name = UNSET
    last_name: Name = UNSET
    active: bool = UNSET
    status: OwnCode | None = None
    locale: Locale = UNSET
    external_id: ExternalId | None = None


class ContactRead(_ReachableRead):
    """A contact of the directory."""

    model_config = ConfigDict(json_schema_extra={"example": _CONTACT})

    id: UUID
    company_id: UUID
    company_name: str
    first_name: str
    last_name: str
    external_id: str | None
    active: bool
    active_label: str
    status: str | None
    status_label: str | None
    locale: Locale
    gdpr: ContactConsent
    created_at: Instant
    last_action_at: Instant | None = Field(description="When something was last done with the contact.")


class ContactCriteria(_SharedCriteria):
    """Filters of the list of contacts."""

    q: Line | None = Field(None, description="Words of the name, of an address or of a telephone number.")
    company_id: list[UUID] = Field(default_factory=list, max_length=50, description="Repeatable.")
    email: EmailAddress | None = Field(None, description="One of the addresses, whole; without regard to case.")
    external_id: ExternalId | None = Field(None, description="Your own key, whole.")
    active: bool | None = Field(None, description="Only those in use, or only the others.")
    status: list[OwnCode] = Field(default_factory=list, max_length=50, description="Repeatable.")
    gdpr: list[ConsentStatus] = Field(default_factory=list, max_length=5, description="Repeatable.")
    gdpr_empties_before: GivenInstant | None = Field(None, description="Only those who are emptied until then.")


class ContactFilter(ListQuery, ContactCriteria):
    """Query of the list of contacts."""

    sort: ContactSort = "last_name"


DuplicateReason = Literal["email", "name"]


class PossibleDuplicate(Output):
    """An entry that may be the same as the new one."""

    id: UUID
    name: str
    company_id: UUID = Field(description="Of a contact: where it works. Of a company: itself.")
    company_name: str
    reason: DuplicateReason
    reason_label: str


class CompanyCreated(CompanyRead):
    """A company that was added, and what it may repeat."""

    model_config = ConfigDict(json_schema_extra={"example": {**_COMPANY, "possible_duplicates": [DUPLICATE]}})

    possible_duplicates: list[PossibleDuplicate] = Field(description="A warning: the company was added all the same.")


class ContactCreated(ContactRead):
    """A contact that was added, and whom it may repeat."""

    model_config = ConfigDict(json_schema_extra={"example": {**_CONTACT, "possible_duplicates": [DUPLICATE]}})

    possible_duplicates: list[PossibleDuplicate] = Field(description="A warning: the contact was added all the same.")


class PossibleDuplicates(Output):
    """What a new entry would repeat."""

    model_config = ConfigDict(json_schema_extra={"example": {"possible_duplicates": [DUPLICATE]}})

    possible_duplicates: list[PossibleDuplicate]


class ContactDuplicateQuery(Input):
    """Of the contact that somebody is about to add."""

    email: EmailAddress | None = Field(None, description="Its address.")
    first_name: Name | None = Field(None, description="Its first name; together with `last_name` and `company_id`.")
    last_name: Name | None = Field(None, description="Its last name.")
    company_id: UUID | None = Field(None, description="Its company.")


class CompanyDuplicateQuery(Input):
    """Of the company that somebody is about to add."""

    name: Name | None = Field(None, description="Its name.")
    email: EmailAddress | None = Field(None, description="Its address.")
