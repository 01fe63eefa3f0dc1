"""Requests and responses of export templates."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from relance.capabilities.files.schemas import FileFacts
from relance.capabilities.messaging.catalogue.schemas import PlaceholderRead
from relance.core.i18n import Locale
from relance.core.schemas import UNSET, Input, Instant, ListQuery, Output, Patch, Reference, RequiredLine, clean_text
from relance.domains.crm_toolbox.profiles.schemas import EXAMPLE_ID

_HTML = "<h1>{{ profile.title }}</h1>{% if contact %}<p>Pour {{ contact.first_name }}</p>{% endif %}"
_CSS = "h1 { color: #1f4fb8 }"
_WORDS: JsonDict = {"name": "Fiche d’une page", "locale": "fr", "html": _HTML, "css": _CSS}
_PERSON: JsonDict = {"id": EXAMPLE_ID, "name": "Camille Martin"}
_LISTED: JsonDict = {
    "id": EXAMPLE_ID,
    "name": "Fiche d’une page",
    "locale": "fr",
    "active": True,
    "created_at": "2030-03-01T09:30:00Z",
    "created_by": _PERSON,
    "changed_at": "2030-03-02T09:30:00Z",
    "changed_by": _PERSON,
    "version": 2,
}
_PICTURE: JsonDict = {
    "id": EXAMPLE_ID,
    "name": "logo.png",
    "media_type": "image/png",
    "size": 4821,
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
_PLACEHOLDER: JsonDict = {
    "path": "profile.title",
    "kind": "text",
    "optional": False,
    "description_fr": "Titre du profil",
    "description_en": "Title of the profile",
    "sample": "Chargée de prévention",
    "allowed_in": ["html"],
}

Html = Annotated[str, StringConstraints(min_length=1, max_length=100_000), AfterValidator(clean_text)]
Css = Annotated[str, StringConstraints(max_length=50_000), AfterValidator(clean_text)]
Pictures = Annotated[list[UUID], Field(max_length=10)]


class ExportTemplateCreate(Input):
    """A template to add."""

    model_config = ConfigDict(json_schema_extra={"example": _WORDS})

    name: RequiredLine
    locale: Locale = Field("fr", description="The language of the document.")
    html: Html = Field(description="What stands between `<body>` and `</body>`, in the language of mail templates.")
    css: Css = Field("", description="A style sheet, `@page` included. Nothing is loaded from elsewhere.")
    picture_ids: Pictures = Field(
        default_factory=list,
        description="Files of the caller's own, PNG or JPEG; named `picture:<id>` in `src` and `url()`.",
    )
    active: bool = Field(True, description="Whether it is offered.")


class ExportTemplateUpdate(Patch):
    """Changes to a template (JSON merge patch)."""

    model_config = ConfigDict(json_schema_extra={"example": {"css": _CSS}})

    name: RequiredLine = UNSET
    locale: Locale = UNSET
    html: Html = UNSET
    css: Css = UNSET
    picture_ids: Pictures = Field(UNSET, description="All of its pictures.")
    active: bool = UNSET


class ExportTemplateListed(Output):
    """A template in a list."""

    model_config = ConfigDict(json_schema_extra={"example": _LISTED})

    id: UUID
    name: str
    locale: Locale
    active: bool
    created_at: Instant
    created_by: Reference | None = Field(description="Null: the product brought it along.")
    changed_at: Instant
    changed_by: Reference | None
    version: int = Field(description="Counts the changes; the ETag.")


class ExportTemplateRead(ExportTemplateListed):
    """A template."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_LISTED,
                "html": _HTML,
                "css": _CSS,
                "pictures": [_PICTURE],
                "documented": [_PLACEHOLDER],
            }
        }
    )

    html: str
    css: str
    pictures: list[FileFacts]
    documented: list[PlaceholderRead] = Field(description="What can stand in it.")


class ExportTemplateQuery(ListQuery):
    """Query of the list."""

    active: bool | None = Field(None, description="Only those that are offered, or only the others.")
    sort: Literal["name", "-name"] = "name"


class ExportPreview(Input):
    """A profile to look at, as a PDF."""

    model_config = ConfigDict(json_schema_extra={"example": {"profile_id": EXAMPLE_ID, "contact_id": EXAMPLE_ID}})

    profile_id: UUID
    contact_id: UUID | None = Field(None, description="Whom it is made for.")
    html: Html | None = Field(None, description="Instead of what is saved.")
    css: Css | None = Field(None, description="Instead of what is saved.")
