"""Making workspaces and what is in them, without a caller: for the demo, the command line and the tests."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from relance.capabilities.identity import credentials
from relance.capabilities.identity.accounts.clients import CLIENT
from relance.capabilities.identity.accounts.invitations import UserInvitations
from relance.capabilities.identity.accounts.lifecycle import UserStatus
from relance.capabilities.identity.models import ApiKey, Organisation, OrganisationKind, Role, User, Workspace
from relance.capabilities.identity.passwords import hash_password
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.journal.service import Journal
from relance.core.addresses import normalise_address
from relance.core.clock import Clock, SystemClock, system_now
from relance.core.db import DbSession
from relance.core.i18n import Locale, Text, as_locale
from relance.core.ids import new_id
from relance.core.keys import KeyRing
from relance.core.security import Level, Permission
from relance.core.subjects import SYSTEM, ActorRef, SubjectRef

#: Keys of the roles of a reseller's people, and of the team that they ask for help.
PARTNER, PRE_SALES = "partner", "pre_sales"
_BUILT_IN: Mapping[str, Text] = {
    "admin": Text("Administrateur", "Administrator"),
    "manager": Text("Responsable", "Manager"),
    "member": Text("Membre", "Member"),
    CLIENT: Text("Client", "Client"),
    PARTNER: Text("Partenaire", "Partner"),
    PRE_SALES: Text("Avant-vente", "Pre-sales"),
}
_HINT_LENGTH = 4


async def create_workspace(
    session: DbSession,
    slug: str,
    name: str,
    permissions: Sequence[Permission],
    *,
    zone: str = "Europe/Paris",
    default_locale: Locale = "fr",
    clock: Clock | None = None,
) -> Workspace:
    """A new workspace with its built-in roles; `session`, which has no workspace yet, is narrowed to it."""
    now = (clock or SystemClock()).now()
    workspace = Workspace(id=new_id(), slug=slug, name=name, zone=zone, default_locale=default_locale, created_at=now)
    session.add(workspace)
    await session.flush()
    session.enter_workspace(workspace.id)
    for key in _BUILT_IN:
        session.add(_built_in_role(key, permissions, default_locale, now))
    await session.flush()
    return workspace


def _built_in_role(key: str, permissions: Sequence[Permission], locale: Locale, now: datetime) -> Role:
    granted = {permission.code: _default_level(key, permission) for permission in permissions}
    return Role(id=new_id(), key=key, name=_BUILT_IN[key].in_locale(locale), permissions=granted, created_at=now)


async def synchronise_roles(session: DbSession, permissions: Sequence[Permission]) -> int:
    """Give every workspace the built-in roles, and those roles the permissions, that a new release has brought.

    Only codes that a role has never had are added, so that what an administrator changed stays changed.

    Args:
        session: a system session.
        permissions: those of the running program.

    Returns:
        How many roles are new or have changed.
    """
    changed = 0
    known = await IdentityRepository(session).built_in_roles()
    for workspace in await IdentityRepository(session).workspaces():
        for key in _BUILT_IN.keys() - {role.key for role in known if role.workspace_id == workspace.id}:
            role = _built_in_role(key, permissions, as_locale(workspace.default_locale), workspace.created_at)
            role.workspace_id = workspace.id
            session.add(role)
            changed += 1
    for role in known:
        brought = {p.code: _default_level(role.key, p) for p in permissions if p.code not in role.permissions}
        if brought:
            role.permissions = role.permissions | brought
            changed += 1
    await session.flush()
    return changed


async def create_organisation(
    session: DbSession,
    name: str,
    *,
    kind: OrganisationKind = OrganisationKind.VENDOR,
    external_id: str | None = None,
    clock: Clock | None = None,
) -> Organisation:
    """A new organisation in the session's workspace."""
    now = (clock or SystemClock()).now()
    organisation = Organisation(id=new_id(), name=name, kind=kind, external_id=external_id, active=True, created_at=now)
    session.add(organisation)
    await session.flush()
    return organisation


async def create_user(
    session: DbSession,
    email: str,
    name: str,
    *,
    role: str = "member",
    password: str | None = None,
    locale: Locale = "fr",
    organisation_ids: Collection[UUID] = (),
    manager_id: UUID | None = None,
    invite: bool = False,
    clock: Clock | None = None,
) -> User:
    """A new user in the session's workspace.

    Args:
        session: narrowed to the workspace.
        email: where they are written to and what they sign in with.
        name: as shown to people.
        role: key of a built-in role: `admin`, `manager` or `member`.
        password: in clear; None for somebody who cannot sign in with one yet.
        locale: their language.
        organisation_ids: what they work for.
        manager_id: whom they report to.
        invite: ask them by mail to choose a password.
        clock: business time; the machine's where absent.

    Raises:
        EmailNotValidError: the address does not hold.
        LookupError: there is no such role.
    """
    rows = IdentityRepository(session)
    found = await rows.role_by_key(role)
    if found is None:
        raise LookupError(f"no built-in role {role!r} in this workspace")
    user = User(
        id=new_id(),
        email=normalise_address(email),
        name=name,
        locale=locale,
        role_id=found.id,
        manager_id=manager_id,
        status=UserStatus.INVITED if invite else UserStatus.ACTIVE,
        password_hash=await hash_password(password) if password is not None else None,
        created_at=(clock or SystemClock()).now(),
    )
    session.add(user)
    await session.flush()
    await rows.set_memberships(user.id, organisation_ids)
    if invite:
        await UserInvitations(session, clock or SystemClock()).invite(user, SYSTEM, None)
    return user


async def create_api_key(
    session: DbSession,
    keys: KeyRing,
    user_id: UUID,
    name: str,
    permissions: Mapping[str, str],
    *,
    expires_at: datetime | None = None,
    replaces_id: UUID | None = None,
    actor: ActorRef = SYSTEM,
    clock: Clock | None = None,
    clear: str | None = None,
) -> tuple[ApiKey, str]:
    """A new API key that acts for `user_id`, and its clear form, which is kept nowhere.

    Args:
        session: narrowed to the workspace.
        keys: the secrets of the deployment.
        user_id: whose rights bound the key's.
        name: by which people know the key.
        permissions: code → level; at each use the lower of this and of the owner's level counts.
        expires_at: on the machine's clock; None for a key that lives until it is revoked.
        replaces_id: the key that it takes over from.
        actor: who makes it, for the journal.
        clock: business time, for the journal; the machine's where absent.
        clear: the key itself, minted by the caller; a new one where absent.
    """
    opaque = credentials.api_keys(keys)
    clear = clear or opaque.mint()
    key = ApiKey(
        id=new_id(),
        name=name,
        user_id=user_id,
        key_hash=opaque.hash(clear),
        hint=clear[-_HINT_LENGTH:],
        permissions=dict(permissions),
        replaces_id=replaces_id,
        created_at=system_now(),
        expires_at=expires_at,
    )
    session.add(key)
    Journal(session, clock or SystemClock()).record("api_key.created", SubjectRef("api_key", key.id), actor)
    await session.flush()
    return key, clear


def _default_level(key: str | None, permission: Permission) -> str:
    levels = {"admin": Level.ALL, "manager": permission.manager, "member": permission.member, CLIENT: permission.client}
    return levels.get(key or "", permission.roles.get(key or "", Level.NONE)).name.lower()
