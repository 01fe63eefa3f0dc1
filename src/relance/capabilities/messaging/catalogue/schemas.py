"""Requests and answers of the template catalogue and of branding."""

from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from relance.capabilities.messaging.catalogue.placeholders import Kind
from relance.core.addresses import EmailAddress
from relance.core.i18n import Locale
from relance.core.schemas import Input, Instant, ListQuery, Output, clean_text, one_line

_HTML = '<p>Bonjour,</p>\n<p><a class="button" href="{{ link }}">Répondre</a></p>'
_WORDING: dict[str, Any] = {
    "subject": "{{ organisation.name }} attend votre réponse",
    "html": _HTML,
    "text": "Bonjour,\n\nRépondre\n{{ link }}",
}
_OVERRIDE: dict[str, Any] = {
    "key": "invitations.invitation",
    "locale": "fr",
    "organisation_id": None,
    "overridden": True,
    "version": 3,
    "wording": _WORDING,
    "errors": [],
    "changed_at": "2026-11-24T09:00:00Z",
}

Subject = Annotated[str, StringConstraints(min_length=1, max_length=300), AfterValidator(one_line)]
Source = Annotated[str, StringConstraints(min_length=1, max_length=50_000), AfterValidator(clean_text)]


def _sender(value: str) -> str:
    if "=?" in value:
        raise PydanticCustomError("encoded_word", "“=?” is not accepted in a header")
    return one_line(value)


def _contrasted(value: str) -> str:
    red, green, blue = (int(value[at : at + 2], 16) / 255 for at in (1, 3, 5))
    shares = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in (red, green, blue)]
    luminance = 0.2126 * shares[0] + 0.7152 * shares[1] + 0.0722 * shares[2]
    if 1.05 / (luminance + 0.05) < 4.5:
        raise PydanticCustomError("contrast_too_low", "white text on this colour has a contrast below 4.5:1")
    return value.lower()


SenderName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"\S"), AfterValidator(_sender)]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$"), AfterValidator(_contrasted)]


class WordingWrite(Input):
    """The words of a mail, in the reduced language."""

    model_config = ConfigDict(json_schema_extra={"example": {"subject": _WORDING["subject"], "html": _HTML}})

    subject: Subject = Field(description="Objet. One line.")
    html: Source = Field(description="Corps: rich text. What mails may not hold is removed.")
    text: Source | None = Field(None, description="The plain part; derived from the HTML where it is absent.")


class TemplateTry(Input):
    """What to show or to send as a test: a draft, or the template in use where none is given."""

    model_config = ConfigDict(json_schema_extra={"example": {"draft": {"subject": _WORDING["subject"], "html": _HTML}}})

    draft: WordingWrite | None = Field(None, description="Words that are not saved.")
    subject_id: UUID | None = Field(
        None, description="A row of the mail's own kind (an invitation, for one) to fill it from; sample data without."
    )


class WordingRead(Output):
    """The words of a mail."""

    model_config = ConfigDict(json_schema_extra={"example": _WORDING})

    subject: str
    html: str = Field(description="As it is stored: cleaned.")
    text: str


class TemplateFaultRead(Output):
    """Why a saved template is not used."""

    pointer: str
    code: str
    message: str
    line: int
    column: int


class OverrideRead(Output):
    """The edited words of one mail in one language, for the workspace or for an organisation."""

    model_config = ConfigDict(json_schema_extra={"example": _OVERRIDE})

    key: str
    locale: Locale
    organisation_id: UUID | None
    overridden: bool = Field(description="False: the words of the next owner are used, the shipped ones at last.")
    version: int = Field(description="Counts the changes, 0 before the first; the ETag.")
    wording: WordingRead | None
    errors: list[TemplateFaultRead] = Field(
        description="Not empty: invalid, since the mail has changed in a release; the shipped words go out instead."
    )
    changed_at: Instant | None


_LISTED: dict[str, Any] = {
    "key": "invitations.invitation",
    "domain": "invitations",
    "title": "Invitation",
    "title_fr": "Invitation",
    "title_en": "Invitation",
    "description": "Demande au partenaire de remplir le formulaire.",
    "link_required": True,
    "locales": ["fr", "en"],
    "overridden": ["fr"],
    "invalid": [],
    "placeholders": ["organisation.name", "link"],
}
_PLACEHOLDER: dict[str, Any] = {
    "path": "organisation.name",
    "kind": "text",
    "optional": False,
    "description_fr": "Nom de l’organisation qui invite",
    "description_en": "Name of the inviting organisation",
    "sample": "Groupe Vasseur Achats",
    "allowed_in": ["subject", "html", "text"],
}
_FILTER: dict[str, Any] = {"name": "upper", "description": "En majuscules.", "example": "{{ name|upper }}"}


class TemplateListed(Output):
    """One mail of the product."""

    model_config = ConfigDict(json_schema_extra={"example": _LISTED})

    key: str
    domain: str
    title: str
    title_fr: str
    title_en: str
    description: str
    link_required: bool = Field(description="Whether the mail must hold `{{ link }}`.")
    locales: list[Locale]
    overridden: list[Locale] = Field(description="The languages that this owner has edited.")
    invalid: list[Locale] = Field(description="Those of them that no longer fit and are not used.")
    placeholders: list[str]


class PlaceholderRead(Output):
    """One placeholder."""

    model_config = ConfigDict(json_schema_extra={"example": _PLACEHOLDER})

    path: str = Field(description="As it is written between `{{` and `}}`; `[]` marks the items of a list.")
    kind: Kind
    optional: bool = Field(description="May be absent; what is below it is used inside of an `if`.")
    description_fr: str
    description_en: str
    sample: str
    allowed_in: list[str]


class FilterRead(Output):
    """One filter."""

    model_config = ConfigDict(json_schema_extra={"example": _FILTER})

    name: str
    description: str
    example: str


class ShippedRead(Output):
    """The product's own words, to start from."""

    model_config = ConfigDict(json_schema_extra={"example": {"locale": "fr", "wording": _WORDING}})

    locale: Locale
    wording: WordingRead


class TemplateRead(TemplateListed):
    """One mail with all that its editor needs."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_LISTED,
                "shipped": [{"locale": "fr", "wording": _WORDING}],
                "overrides": [_OVERRIDE],
                "documented": [_PLACEHOLDER],
                "filters": [_FILTER],
            }
        }
    )

    shipped: list[ShippedRead]
    overrides: list[OverrideRead]
    documented: list[PlaceholderRead]
    filters: list[FilterRead]


class TemplateQuery(ListQuery):
    """Query of the list of mails."""

    organisation_id: UUID | None = Field(None, description="As this organisation has them; the workspace without.")
    sort: Literal["key", "-key"] = "key"


class VersionSort(StrEnum):
    """Orders of the list."""

    NUMBER_DESC = "-number"
    NUMBER = "number"


class VersionQuery(ListQuery):
    """A page of versions."""

    organisation_id: UUID | None = Field(None, description="Of this organisation; of the workspace without.")
    sort: VersionSort = VersionSort.NUMBER_DESC


class VersionRead(Output):
    """What a template said at one time."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "version": 3,
                "action": "saved",
                "wording": _WORDING,
                "created_by": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10",
                "created_at": "2026-11-24T09:00:00Z",
            }
        }
    )

    version: int
    action: str = Field(description="`saved`, `restored` or `reset`.")
    wording: WordingRead | None = Field(description="Null for a reset.")
    created_by: UUID
    created_at: Instant


class TemplatePreview(Output):
    """A mail as it would leave; its link leads nowhere."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "sender_name": "Groupe Vasseur",
                "reply_to": "contact@vasseur.example",
                "subject": "Groupe Vasseur attend votre réponse",
                "text": "Bonjour,\n\nRépondre\nhttps://relance.example/r/…",
                "html": "<!doctype html>…",
            }
        }
    )

    sender_name: str | None = Field(description="Shown as “<name> via <product>”; null: as the mail itself says.")
    reply_to: str | None
    subject: str
    text: str
    html: str


class TestSent(Output):
    """A test mail on its way."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"message_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10", "recipient": "claire@vasseur.example"}
        }
    )

    message_id: UUID = Field(description="Follow it at `/v1/messages/{message_id}`.")
    recipient: str


_BRANDING: dict[str, Any] = {
    "sender_name": "Groupe Vasseur",
    "reply_to": "contact@vasseur.example",
    "colour": "#7a1f4d",
    "logo_id": None,
}


class BrandingWrite(Input):
    """The look of mails. What is absent or null is inherited: from the workspace, then from the product."""

    model_config = ConfigDict(json_schema_extra={"example": _BRANDING})

    sender_name: SenderName | None = Field(None, description="Shown as “<name> via <product>”.")
    reply_to: EmailAddress | None = Field(None, description="Where answers go, instead of to who asked.")
    colour: Colour | None = Field(
        None, description="Of buttons and links, `#rrggbb`. White on it must have a contrast of 4.5:1."
    )
    logo_id: UUID | None = Field(None, description="From `POST /v1/email-branding/logos`.")


class BrandingRead(Output):
    """The look of mails, as this owner has set it."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"organisation_id": None, **_BRANDING, "logo_url": None, "version": 1}}
    )

    organisation_id: UUID | None
    sender_name: str | None
    reply_to: str | None
    colour: str | None
    logo_id: UUID | None
    logo_url: str | None
    version: int = Field(description="Counts the changes, 0 before the first; the ETag.")


class LogoRead(Output):
    """A logo."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10",
                "url": "https://relance.example/logos/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "media_type": "image/png",
                "width": 160,
                "height": 48,
            }
        }
    )

    id: UUID
    url: str = Field(description="Public, and the same for ever.")
    media_type: str
    width: int = Field(description="CSS pixels, as mails show it.")
    height: int
