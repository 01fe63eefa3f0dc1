"""What users look like from outside."""

from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue
from pydantic.config import JsonDict

from relance.capabilities.identity.schemas import (
    InvitationStatusCode,
    NewPassword,
    OrganisationIds,
    UserSort,
    UserStatusCode,
)
from relance.core.actions import AvailableAction
from relance.core.addresses import EmailAddress
from relance.core.i18n import Locale
from relance.core.schemas import UNSET, ActionsQuery, Input, Instant, Line, Output, Patch, Reference, RequiredLine

_ID = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"
_AT = "2026-11-02T09:30:00Z"
_REFERENCE: JsonDict = {"id": _ID, "name": "Achats France"}


class UserCreate(Input):
    """A user to add."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"email": "lea.petit@acme.example", "name": "Léa Petit", "organisation_ids": [_ID]}
        }
    )

    email: EmailAddress
    name: RequiredLine
    locale: Locale = "fr"
    role_id: UUID | None = Field(None, description="Absent: the built-in role `member`.")
    manager_id: UUID | None = Field(None, description="Whom they report to; gives the level `group` its reach.")
    organisation_ids: OrganisationIds = Field(default_factory=list)
    password: NewPassword | None = Field(
        None, description="At least 12 characters, not easy to guess. Absent: the user is invited by mail."
    )


class UserUpdate(Patch):
    """Changes to a user (JSON merge patch). At level `own`: `name` and `locale` only."""

    email: EmailAddress = UNSET
    name: RequiredLine = UNSET
    locale: Locale = UNSET
    role_id: UUID = UNSET
    manager_id: UUID | None = None
    organisation_ids: OrganisationIds = UNSET
    password: NewPassword = Field(
        default=UNSET, description="Ends every session of the user. Too easy to guess: `password_too_common`."
    )


class UserInvitationRead(Output):
    """Where the invitation of a user stands."""

    status: InvitationStatusCode
    status_label: str
    last_sent_at: Instant | None
    expires_at: Instant | None = Field(description="Null until the mail was sent.")
    undeliverable: bool = Field(description="Whether the address refused the mail for good.")


_USER: JsonDict = {
    "id": _ID,
    "email": "lea.petit@acme.example",
    "name": "Léa Petit",
    "locale": "fr",
    "role": {"id": _ID, "name": "Membre"},
    "manager": None,
    "organisations": [_REFERENCE],
    "status": "invited",
    "status_label": "Invité",
    "invitation": {
        "status": "sent",
        "status_label": "Envoyée",
        "last_sent_at": _AT,
        "expires_at": "2026-12-02T09:30:00Z",
        "undeliverable": False,
    },
    "last_sign_in_at": None,
    "created_at": _AT,
}
_ACTIONS: list[JsonValue] = [
    {"action": "resend", "allowed": True, "reason": None},
    {"action": "deactivate", "allowed": True, "reason": None},
]


class UserSummary(Output):
    """What somebody who signs in shows of themselves, in lists too."""

    id: UUID
    email: str
    name: str
    locale: Locale
    role: Reference
    manager: Reference | None
    organisations: list[Reference]
    status: UserStatusCode = Field(description="Only `active` users sign in.")
    status_label: str
    invitation: UserInvitationRead | None = Field(description="Null for somebody who was never invited by mail.")
    last_sign_in_at: Instant | None
    created_at: Instant


class UserListed(UserSummary):
    """Somebody who signs in, in the list, with what may be done where that was asked for."""

    model_config = ConfigDict(json_schema_extra={"example": {**_USER, "available_actions": None}})

    available_actions: list[AvailableAction] | None = Field(description="With `include=available_actions`.")


class UserRead(UserSummary):
    """Somebody who signs in."""

    model_config = ConfigDict(json_schema_extra={"example": {**_USER, "available_actions": _ACTIONS}})

    available_actions: list[AvailableAction] = Field(description="What the caller may do with the user now.")


class UserQuery(ActionsQuery):
    """Filters of the list of users."""

    q: Line | None = Field(None, description="Part of the name or of the address.")
    status: list[UserStatusCode] = Field(default_factory=list, max_length=3, description="Repeatable.")
    role_id: UUID | None = Field(None, description="Only those with this role.")
    organisation_id: UUID | None = Field(None, description="Only those who work for this organisation.")
    sort: UserSort = "name"
