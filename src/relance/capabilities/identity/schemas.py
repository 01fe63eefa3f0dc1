"""Bodies and answers of identity."""

from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from relance.capabilities.identity.models import OrganisationKind
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
    Reference,
    RequiredLine,
)

LevelCode = Literal["none", "own", "group", "all"]
UserStatusCode = Literal["invited", "active", "deactivated"]
InvitationStatusCode = Literal["queued", "sent", "expired", "accepted", "cancelled"]
UserSort = Literal["name", "-name", "created_at", "-created_at"]
OrganisationSort = Literal["name", "-name", "created_at", "-created_at"]

_ID = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"
_AT = "2026-11-02T09:30:00Z"
_REFERENCE: JsonDict = {"id": _ID, "name": "Achats France"}
_ORGANISATION: JsonDict = {**_REFERENCE, "external_id": None, "kind": "vendor", "active": True}
_API_KEY: JsonDict = {
    "id": _ID,
    "name": "ERP",
    "user": {"id": _ID, "name": "Léa Petit"},
    "hint": "k3Xz",
    "permissions": {"companies:write": "all"},
    "replaces_id": None,
    "live": True,
    "created_at": _AT,
    "expires_at": None,
    "revoked_at": None,
    "last_used_at": None,
}


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise PydanticCustomError("zone", "an IANA zone is expected, Europe/Paris for example")
    return value


def _encodable(value: str) -> str:
    # A password is kept as it was typed, whatever it holds; it only has to be bytes in the end.
    try:
        value.encode()
    except UnicodeEncodeError:
        raise PydanticCustomError("string_unicode", "this text is not valid Unicode") from None
    return value


Zone = Annotated[str, StringConstraints(max_length=60), AfterValidator(_zone)]
#: At least 12 characters, of any kind (NIST SP 800-63B: length counts, composition rules do not).
NewPassword = Annotated[str, StringConstraints(min_length=12, max_length=200), AfterValidator(_encodable)]
PermissionCode = Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z-]+:[a-z-]+$")]
OrganisationIds = Annotated[list[UUID], Field(max_length=200)]


class TokenForm(Input):
    """The form of the token endpoint. Fields it does not know are ignored, as RFC 6749 asks."""

    model_config = ConfigDict(extra="ignore")

    grant_type: str = Field("password", max_length=100, description="`password` or `refresh_token`.")
    username: Line | None = Field(None, description="E-mail address, for the grant `password`.")
    password: str | None = Field(None, max_length=1000)
    refresh_token: str | None = Field(None, max_length=200)
    workspace: Line | None = Field(None, description="Slug, where the account exists in several workspaces.")


class TokenRead(Output):
    """Tokens of a session (RFC 6749, 5.1)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "access_token": "eyJhbGciOiJIUzI1NiIs…",
                "token_type": "bearer",
                "expires_in": 3600,
                "refresh_token": "rl_refresh_0Jq1…",
            }
        }
    )

    access_token: str
    token_type: Literal["bearer"]
    expires_in: int = Field(description="Life of the access token, in seconds.")
    refresh_token: str = Field(description="Good for one use; its answer brings the next.")


class WorkspaceRead(Output):
    """The caller's workspace."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": _ID,
                "slug": "acme",
                "name": "Acme",
                "zone": "Europe/Paris",
                "default_locale": "fr",
                "features": ["data_refresh", "upload_reminders", "passthrough"],
                "created_at": _AT,
            }
        }
    )

    id: UUID
    slug: str
    name: str
    zone: str = Field(description="IANA zone in which deadlines that are dates end.")
    default_locale: Locale
    features: list[str] = Field(description="Options of the subscription; the operator of the deployment sets them.")
    created_at: Instant


class WorkspaceUpdate(Patch):
    """Changes to the workspace (JSON merge patch)."""

    name: RequiredLine = UNSET
    zone: Zone = UNSET
    default_locale: Locale = UNSET


class OrganisationReplace(Input):
    """All that can be written of an organisation; what is absent is as its default says."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Achats France"}})

    name: RequiredLine
    kind: OrganisationKind = Field(OrganisationKind.VENDOR, description="`vendor`: one's own; `partner`: a reseller.")
    active: bool = Field(True, description="Whether the organisation is in use.")


class OrganisationCreate(OrganisationReplace):
    """An organisation to add."""

    external_id: ExternalId | None = Field(None, description="Your own key for this organisation; unique.")


class OrganisationUpdate(Patch):
    """Changes to an organisation (JSON merge patch)."""

    name: RequiredLine = UNSET
    external_id: ExternalId | None = None
    kind: OrganisationKind = UNSET
    active: bool = UNSET


class OrganisationRead(Output):
    """A unit of the workspace in whose name partners are asked, or a partner."""

    model_config = ConfigDict(json_schema_extra={"example": {**_ORGANISATION, "created_at": _AT}})

    id: UUID
    name: str
    external_id: str | None
    kind: OrganisationKind
    active: bool
    created_at: Instant


class OrganisationQuery(ListQuery):
    """Filters of the list of organisations."""

    q: Line | None = Field(None, description="Part of the name.")
    external_id: ExternalId | None = Field(None, description="Your own key, whole.")
    active: bool | None = Field(None, description="Only those in use, or only the others.")
    kind: OrganisationKind | None = Field(None, description="Only units of the workspace, or only partners.")
    sort: OrganisationSort = "name"


class RoleCreate(Input):
    """A role to add."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"name": "Lecture seule", "permissions": {"users:read": "own", "companies:read": "all"}}
        }
    )

    name: RequiredLine
    permissions: dict[PermissionCode, LevelCode] = Field(
        max_length=200, description="Permission → level; absent: `none`."
    )


class RoleUpdate(Patch):
    """Changes to a role (JSON merge patch: permissions that are not sent stay as they are)."""

    name: RequiredLine = UNSET
    permissions: dict[PermissionCode, LevelCode] = Field(default=UNSET, max_length=200)


class RoleRead(Output):
    """An editable set of permissions."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": _ID,
                "key": "member",
                "name": "Membre",
                "permissions": {"users:read": "own"},
                "created_at": _AT,
            }
        }
    )

    id: UUID
    key: str | None = Field(description="`admin`, `manager` or `member` for a built-in role.")
    name: str
    permissions: dict[str, LevelCode]
    created_at: Instant


class RoleQuery(ListQuery):
    """Query of the list of roles."""

    sort: Literal["name", "-name"] = "name"


class EffectivePermission(Output):
    """A right of the caller, and how far it reaches."""

    code: str
    level: LevelCode
    label: str = Field(description="In the caller's language.")


class MeRead(Output):
    """The caller."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "kind": "user",
                "id": _ID,
                "email": "lea.petit@acme.example",
                "name": "Léa Petit",
                "locale": "fr",
                "workspace": {"id": _ID, "name": "Acme"},
                "role": {"id": _ID, "name": "Membre"},
                "organisations": [_REFERENCE],
                "permissions": [{"code": "users:read", "level": "own", "label": "Consulter les utilisateurs"}],
            }
        }
    )

    kind: Literal["user", "api_key"]
    id: UUID = Field(description="The user; for an API key, its owner.")
    email: str
    name: str
    locale: Locale
    workspace: Reference
    role: Reference
    organisations: list[Reference]
    permissions: list[EffectivePermission] = Field(description="Those above `none`; for an API key, what is left.")


class PasswordChange(Input):
    """A new password for the caller."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"current_password": "ancienne phrase secrète", "new_password": "une phrase plus longue encore"}
        }
    )

    current_password: Annotated[str, StringConstraints(max_length=1000), AfterValidator(_encodable)]
    new_password: NewPassword


class PasswordResetRequest(Input):
    """Who wants a new password."""

    model_config = ConfigDict(json_schema_extra={"example": {"email": "lea.petit@acme.example"}})

    email: EmailAddress
    workspace: Line | None = Field(None, description="Slug; absent: a mail for each workspace that has an account.")
