"""Identity's tables."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import orjson
from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from relance.core.db import Base, Versioned, WorkspaceOwned, owned_reference
from relance.core.ids import new_id
from relance.core.search import folded, trigram_index

#: Options of a subscription.
FEATURES = ("data_refresh", "upload_reminders", "passthrough")


class Workspace(Versioned, Base):
    """A tenant. The one table that is not owned by a workspace, because it is one."""

    __tablename__ = "workspaces"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    #: IANA name of the zone in which deadlines that are dates end.
    zone: Mapped[str] = mapped_column(default="Europe/Paris")
    default_locale: Mapped[str] = mapped_column(default="fr")
    #: Options that this workspace has subscribed to; the operator changes them, see `relance workspace features`.
    features: Mapped[list[str]] = mapped_column(
        default=lambda: list(FEATURES), server_default=text(f"'{orjson.dumps(FEATURES).decode()}'")
    )
    created_at: Mapped[datetime]


class OrganisationKind(StrEnum):
    """Whose side an organisation is on: the workspace's own, or that of a partner who works with it."""

    VENDOR = "vendor"
    PARTNER = "partner"


class Organisation(WorkspaceOwned, Versioned, Base):
    """A unit of the workspace in whose name partners are asked; or a partner, with users of its own."""

    __tablename__ = "organisations"
    __table_args__ = (CheckConstraint("kind IN ('vendor', 'partner')", name="kind"),)

    name: Mapped[str]
    kind: Mapped[str] = mapped_column(default=OrganisationKind.VENDOR, server_default="vendor")
    external_id: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class Role(WorkspaceOwned, Versioned, Base):
    """An editable set of permissions, each at a level."""

    __tablename__ = "roles"

    #: `admin`, `manager` or `member` for the built-in roles of the workspace, null for its own.
    key: Mapped[str | None]
    name: Mapped[str]
    #: Permission code → name of the level. A code that is absent is at level none.
    permissions: Mapped[dict[str, str]] = mapped_column(JSONB)
    created_at: Mapped[datetime]


class User(WorkspaceOwned, Versioned, Base):
    """Somebody who signs in. The same address may have an account in several workspaces."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("status IN ('invited', 'active', 'deactivated')", name="status"),
        owned_reference("role_id", "roles"),
        owned_reference("manager_id", "users"),
        Index("uq_users_workspace_id_email", "workspace_id", "email", unique=True),
        Index("ix_users_email", "email"),
        Index("ix_users_workspace_id_manager_id", "workspace_id", "manager_id"),
        Index("ix_users_workspace_id_role_id", "workspace_id", "role_id"),
    )

    email: Mapped[str]
    name: Mapped[str]
    locale: Mapped[str]
    role_id: Mapped[UUID]
    manager_id: Mapped[UUID | None]
    #: See accounts.lifecycle: `invited`, `active` or `deactivated`.
    status: Mapped[str] = mapped_column(default="active")
    #: Argon2id; null for somebody who cannot sign in with a password (not yet, or not at all).
    password_hash: Mapped[str | None]
    last_sign_in_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Membership(WorkspaceOwned, Base):
    """A user works for an organisation."""

    __tablename__ = "memberships"
    __table_args__ = (
        owned_reference("user_id", "users"),
        owned_reference("organisation_id", "organisations"),
        Index("uq_memberships_user_organisation", "workspace_id", "user_id", "organisation_id", unique=True),
        Index("ix_memberships_workspace_id_organisation_id", "workspace_id", "organisation_id"),
    )

    user_id: Mapped[UUID]
    organisation_id: Mapped[UUID]


class ApiKey(WorkspaceOwned, Versioned, Base):
    """A credential of a partner's program. It acts for its owner, never with more rights."""

    __tablename__ = "api_keys"
    __table_args__ = (
        owned_reference("user_id", "users"),
        owned_reference("replaces_id", "api_keys"),
        Index("uq_api_keys_workspace_id_key_hash", "workspace_id", "key_hash", unique=True),
        # A caller is looked up by the hash alone: the workspace is what the key tells.
        Index("ix_api_keys_key_hash", "key_hash"),
        Index("ix_api_keys_workspace_id_user_id", "workspace_id", "user_id"),
        Index("ix_api_keys_workspace_id_replaces_id", "workspace_id", "replaces_id"),
    )

    name: Mapped[str]
    user_id: Mapped[UUID]
    #: Keyed hash; the key itself is shown once and kept nowhere.
    key_hash: Mapped[bytes]
    #: The last characters of the key, by which a person tells two keys apart.
    hint: Mapped[str]
    permissions: Mapped[dict[str, str]] = mapped_column(JSONB)
    #: The key that this one takes over from.
    replaces_id: Mapped[UUID | None]
    #: On the machine's clock, as every lifetime of a credential.
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    #: To the minute: written at most once a minute.
    last_used_at: Mapped[datetime | None]


class RefreshToken(WorkspaceOwned, Base):
    """One link in the chain of refresh tokens of a session; each is good for one use."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        owned_reference("user_id", "users"),
        Index("uq_refresh_tokens_workspace_id_token_hash", "workspace_id", "token_hash", unique=True),
        Index("ix_refresh_tokens_token_hash", "token_hash"),
        Index("ix_refresh_tokens_workspace_id_family_id", "workspace_id", "family_id"),
        Index("ix_refresh_tokens_workspace_id_user_id", "workspace_id", "user_id"),
    )

    user_id: Mapped[UUID]
    #: The session: every token that descends from one sign-in.
    family_id: Mapped[UUID]
    token_hash: Mapped[bytes]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class UserInvitation(WorkspaceOwned, Versioned, Base):
    """Somebody is asked by mail to take up the account that was made for them; one row a user."""

    __tablename__ = "user_invitations"
    __table_args__ = (
        owned_reference("user_id", "users"),
        owned_reference("invited_by", "users"),
        CheckConstraint("status IN ('queued', 'sent', 'expired', 'accepted', 'cancelled')", name="status"),
        Index("uq_user_invitations_workspace_id_user_id", "workspace_id", "user_id", unique=True),
        Index("ix_user_invitations_workspace_id_invited_by", "workspace_id", "invited_by"),
    )

    user_id: Mapped[UUID]
    #: Null where the command line asked.
    invited_by: Mapped[UUID | None]
    status: Mapped[str]
    #: Counts the invitations of the user: each has its own reminders and its own end.
    cycle: Mapped[int] = mapped_column(default=1)
    reminders_asked: Mapped[int] = mapped_column(default=0)
    undeliverable: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    last_asked_at: Mapped[datetime | None]
    last_sent_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class PasswordReset(WorkspaceOwned, Base):
    """Somebody asked for a new password. Open until it is used, replaced or an hour old."""

    __tablename__ = "password_resets"
    __table_args__ = (
        owned_reference("user_id", "users"),
        Index("ix_password_resets_workspace_id_user_id", "workspace_id", "user_id"),
        # One open request at most: two that come at once cannot both be answered.
        Index(
            "uq_password_resets_open",
            "workspace_id",
            "user_id",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    user_id: Mapped[UUID]
    #: On the machine's clock, as every lifetime of a credential.
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    #: When it was used, or replaced by a later one.
    closed_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


USER_NAME = folded(User.name)
ORGANISATION_NAME = folded(Organisation.name)
ROLE_NAME = folded(Role.name)

Index("uq_organisations_workspace_id_name", Organisation.workspace_id, ORGANISATION_NAME, unique=True)
Index(
    "uq_organisations_workspace_id_external_id",
    Organisation.workspace_id,
    Organisation.external_id,
    unique=True,
    postgresql_where=Organisation.external_id.is_not(None),
)
Index("uq_roles_workspace_id_name", Role.workspace_id, ROLE_NAME, unique=True)
Index("uq_roles_workspace_id_key", Role.workspace_id, Role.key, unique=True, postgresql_where=Role.key.is_not(None))
Index("ix_users_workspace_id_name", User.workspace_id, USER_NAME, User.id)
trigram_index("ix_users_name_trigrams", USER_NAME)
