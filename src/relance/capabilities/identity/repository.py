"""Every query of identity."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, func, not_, or_, select, update
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import insert

from relance.capabilities.identity.models import (
    ORGANISATION_NAME,
    ROLE_NAME,
    USER_NAME,
    ApiKey,
    Membership,
    Organisation,
    RefreshToken,
    Role,
    User,
    Workspace,
)
from relance.core.ids import new_id
from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import Repository, affected, fetch_page
from relance.core.search import holds
from relance.core.security import Caller, Level

_USER_SORTS = {"name": SortKey("name", USER_NAME), "created_at": SortKey("created_at", User.created_at)}
_ORGANISATION_SORTS = {
    "name": SortKey("name", ORGANISATION_NAME),
    "created_at": SortKey("created_at", Organisation.created_at),
}
ACTIVE = "active"
_LAST_USE_PRECISION = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account that a sign-in may be for."""

    user_id: UUID
    workspace_id: UUID
    slug: str
    active: bool
    password_hash: str | None


class IdentityRepository(Repository):
    """Identity of the session's workspace; the queries that look for a workspace say so."""

    # Who calls

    async def touch_key(self, key_id: UUID, now: datetime) -> None:
        """Note that a key was used, unless that was noted less than a minute ago; no change of its version."""
        stale = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at <= now - _LAST_USE_PRECISION)
        free = select(ApiKey.id).where(ApiKey.id == key_id, stale).with_for_update(skip_locked=True)
        touched = update(ApiKey).where(ApiKey.id.in_(free)).values(last_used_at=now, version=ApiKey.version)
        await affected(self.session, touched)

    # Signing in: these look across workspaces, in a session that has none yet

    async def candidates(self, email: str, slug: str | None, limit: int = 10) -> Sequence[Candidate]:
        """The accounts with that address; at most `limit`, because each costs a hash."""
        statement = (
            select(User.id, User.workspace_id, Workspace.slug, User.status == ACTIVE, User.password_hash)
            .join(Workspace, Workspace.id == User.workspace_id)
            .where(User.email == email)
            .order_by(User.created_at)
            .limit(limit)
        )
        if slug is not None:
            statement = statement.where(Workspace.slug == slug)
        return [Candidate(*row) for row in (await self.session.execute(statement))]

    async def refresh_token(self, hashes: Sequence[bytes]) -> RefreshToken | None:
        """The refresh token with one of those hashes, locked: of two uses at once, the second sees the first."""
        statement = select(RefreshToken).where(RefreshToken.token_hash.in_(hashes)).with_for_update()
        return (await self.session.scalars(statement)).one_or_none()

    async def revoke_family(self, family_id: UUID, now: datetime) -> int:
        """End a session: none of its tokens holds any more."""
        statement = update(RefreshToken).where(RefreshToken.family_id == family_id, RefreshToken.revoked_at.is_(None))
        return await affected(self.session, statement.values(revoked_at=now))

    async def revoke_sessions(self, user_id: UUID, now: datetime, *, but: UUID | None = None) -> int:
        """End every session of a user, except one."""
        statement = update(RefreshToken).where(RefreshToken.user_id == user_id, RefreshToken.revoked_at.is_(None))
        if but is not None:
            statement = statement.where(RefreshToken.family_id != but)
        return await affected(self.session, statement.values(revoked_at=now))

    async def forget_expired_tokens(self, user_id: UUID, before: datetime) -> int:
        """Delete the user's tokens that expired before that instant."""
        statement = delete(RefreshToken).where(RefreshToken.user_id == user_id, RefreshToken.expires_at < before)
        return await affected(self.session, statement)

    async def note_sign_in(self, user_id: UUID, at: datetime) -> None:
        """Remember when somebody last signed in; no change of the row's version."""
        await affected(
            self.session,
            update(User).where(User.id == user_id).values(last_sign_in_at=at, version=User.version),
        )

    # Workspace and organisations

    async def workspace(self, *, lock: bool = False) -> Workspace:
        """The workspace of the session; locked where a rule about the whole of it must hold."""
        statement = select(Workspace).where(Workspace.id == self.session.workspace_id)
        return (await self.session.scalars(statement.with_for_update() if lock else statement)).one()

    async def zone(self) -> ZoneInfo:
        """In which instants are written for the workspace of the session."""
        found = await self.session.scalars(select(Workspace.zone).where(Workspace.id == self.session.workspace_id))
        return ZoneInfo(found.one())

    async def workspaces(self) -> Sequence[Workspace]:
        """Every workspace."""
        return (await self.session.scalars(select(Workspace))).all()

    async def workspace_by_slug(self, slug: str) -> Workspace | None:
        """The workspace with that slug."""
        return (await self.session.scalars(select(Workspace).where(Workspace.slug == slug))).one_or_none()

    async def organisation(self, organisation_id: UUID, *, lock: bool = False) -> Organisation | None:
        """The organisation with that id."""
        statement = select(Organisation).where(Organisation.id == organisation_id)
        return (await self.session.scalars(statement.with_for_update() if lock else statement)).one_or_none()

    async def organisation_like(self, *, name: str | None = None, external_id: str | None = None) -> UUID | None:
        """The id of an organisation with that name (whatever its case and accents) or that external id."""
        same: ColumnElement[bool] = Organisation.external_id == external_id
        if name is not None:
            same = func.relance_fold(name, type_=SqlText()) == ORGANISATION_NAME
        return (await self.session.scalars(select(Organisation.id).where(same))).one_or_none()

    async def organisation_by_external_id(self, external_id: str, *, lock: bool = False) -> Organisation | None:
        """The organisation with that key of the partner."""
        statement = select(Organisation).where(Organisation.external_id == external_id)
        return (await self.session.scalars(statement.with_for_update() if lock else statement)).one_or_none()

    async def insert_organisation(self, values: Mapping[str, Any], now: datetime) -> Organisation | None:
        """A new organisation, or None where one with its name or its external id exists."""
        own = {"workspace_id": self.session.workspace_id, "id": new_id(), "version": 1, "created_at": now}
        statement = insert(Organisation).values(**own, **values).on_conflict_do_nothing().returning(Organisation)
        return (await self.session.scalars(statement)).one_or_none()

    async def organisations(self, ids: Collection[UUID]) -> dict[UUID, Organisation]:
        """The organisations with those ids, by id."""
        found = await self.session.scalars(select(Organisation).where(Organisation.id.in_(ids)))
        return {organisation.id: organisation for organisation in found}

    async def organisations_of(self, caller: Caller) -> Sequence[Organisation]:
        """The organisations that the caller works for, by name."""
        statement = select(Organisation).where(Organisation.id.in_(caller.organisation_ids))
        return (await self.session.scalars(statement.order_by(ORGANISATION_NAME, Organisation.id))).all()

    async def organisation_page(
        self, caller: Caller, q: str | None, filters: Mapping[str, Any], request: PageRequest
    ) -> Slice[Organisation]:
        """One page of the organisations that the caller may read; `filters`: `active`, `external_id`, `kind`."""
        statement = select(Organisation)
        if caller.level("organisations:read") is not Level.ALL:
            statement = statement.where(Organisation.id.in_(caller.organisation_ids))
        if q:
            statement = statement.where(holds(ORGANISATION_NAME, q))
        if filters.get("external_id") is not None:
            statement = statement.where(Organisation.external_id == filters["external_id"])
        if filters.get("active") is not None:
            statement = statement.where(Organisation.active.is_(filters["active"]))
        if filters.get("kind") is not None:
            statement = statement.where(Organisation.kind == filters["kind"])
        sort = _ORGANISATION_SORTS[request.key]
        page = await fetch_page(self.session, statement, request, sort, Organisation.id)
        return Slice([row[0] for row in page.rows], page.next)

    # Users and roles

    async def user(self, user_id: UUID, *, lock: bool = False) -> User | None:
        """The user with that id."""
        statement = select(User).where(User.id == user_id)
        return (await self.session.scalars(statement.with_for_update() if lock else statement)).one_or_none()

    async def users(self, ids: Collection[UUID]) -> dict[UUID, User]:
        """The users with those ids, by id."""
        return {user.id: user for user in await self.session.scalars(select(User).where(User.id.in_(ids)))}

    async def active_users(self, ids: Collection[UUID]) -> dict[UUID, User]:
        """Those of `ids` who are active users of the workspace."""
        if not ids:
            return {}
        statement = select(User).where(User.id.in_(ids), User.status == "active")
        return {user.id: user for user in await self.session.scalars(statement)}

    async def user_by_email(self, email: str) -> User | None:
        """The user with that address."""
        return (await self.session.scalars(select(User).where(User.email == email))).one_or_none()

    async def ids_by_email(self) -> dict[str, UUID]:
        """Every user of the workspace who is not deactivated, by address."""
        found = await self.session.execute(select(User.email, User.id).where(User.status != "deactivated"))
        return {row.email: row.id for row in found}

    async def insert_user(self, values: Mapping[str, Any]) -> User | None:
        """A new user, or None where somebody has that address already."""
        own = {"workspace_id": self.session.workspace_id, "version": 1}
        statement = insert(User).values({**own, **values}).on_conflict_do_nothing().returning(User)
        return (await self.session.scalars(statement)).one_or_none()

    async def user_page(
        self, caller: Caller, q: str | None, filters: Mapping[str, Any], request: PageRequest
    ) -> Slice[User]:
        """One page of the users that the caller may read; `filters`: `status`, `role_id`, `organisation_id`."""
        statement = select(User)
        reach = reach_of(caller, "users:read", User.id)
        if reach is not None:
            statement = statement.where(reach)
        if q:
            statement = statement.where(or_(holds(USER_NAME, q), User.email.contains(q.lower(), autoescape=True)))
        if filters.get("status"):
            statement = statement.where(User.status.in_(filters["status"]))
        if filters.get("role_id") is not None:
            statement = statement.where(User.role_id == filters["role_id"])
        if filters.get("organisation_id") is not None:
            members = select(Membership.user_id).where(Membership.organisation_id == filters["organisation_id"])
            statement = statement.where(User.id.in_(members))
        page = await fetch_page(self.session, statement, request, _USER_SORTS[request.key], User.id)
        return Slice([row[0] for row in page.rows], page.next)

    async def memberships(self, user_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Organisation]]:
        """The organisations of each of those users, by name."""
        statement = (
            select(Membership.user_id, Organisation)
            .join(Organisation, Organisation.id == Membership.organisation_id)
            .where(Membership.user_id.in_(user_ids))
            .order_by(ORGANISATION_NAME, Organisation.id)
        )
        found: dict[UUID, list[Organisation]] = {user_id: [] for user_id in user_ids}
        for user_id, organisation in await self.session.execute(statement):
            found[user_id].append(organisation)
        return found

    async def set_memberships(self, user_id: UUID, organisation_ids: Collection[UUID]) -> None:
        """Make a user work for exactly those organisations."""
        gone = delete(Membership).where(
            Membership.user_id == user_id, Membership.organisation_id.not_in(organisation_ids)
        )
        await affected(self.session, gone)
        if organisation_ids:
            rows = [
                {"workspace_id": self.session.workspace_id, "user_id": user_id, "organisation_id": one}
                for one in organisation_ids
            ]
            await self.session.execute(insert(Membership).values(rows).on_conflict_do_nothing())

    async def managers_above(self, user_id: UUID) -> set[UUID]:
        """The user and everybody they report to, transitively."""
        chain = select(User.id, User.manager_id).where(User.id == user_id).cte("chain", recursive=True)
        above = select(User.id, User.manager_id).join(chain, User.id == chain.c.manager_id)
        return set(await self.session.scalars(select(chain.union(above).c.id)))

    async def role(self, role_id: UUID, *, lock: bool = False) -> Role | None:
        """The role with that id."""
        statement = select(Role).where(Role.id == role_id)
        return (await self.session.scalars(statement.with_for_update() if lock else statement)).one_or_none()

    async def role_by_key(self, key: str) -> Role | None:
        """A built-in role of the workspace."""
        return (await self.session.scalars(select(Role).where(Role.key == key))).one_or_none()

    async def role_named(self, name: str) -> UUID | None:
        """The id of the role with that name, whatever its case and accents."""
        same = func.relance_fold(name, type_=SqlText()) == ROLE_NAME
        return (await self.session.scalars(select(Role.id).where(same))).one_or_none()

    async def roles(self, ids: Collection[UUID]) -> dict[UUID, Role]:
        """The roles with those ids, by id."""
        return {role.id: role for role in await self.session.scalars(select(Role).where(Role.id.in_(ids)))}

    async def built_in_roles(self) -> Sequence[Role]:
        """The built-in roles that the session sees: of its workspace, or of all where it has none."""
        return (await self.session.scalars(select(Role).where(Role.key.is_not(None)).with_for_update())).all()

    async def role_page(self, request: PageRequest) -> Slice[Role]:
        """One page of the roles."""
        page = await fetch_page(self.session, select(Role), request, SortKey("name", ROLE_NAME), Role.id)
        return Slice([row[0] for row in page.rows], page.next)

    async def administrators(self) -> int:
        """How many active users may change both the users and the roles of the whole workspace."""
        statement = (
            select(func.count())
            .select_from(User)
            .join(Role, Role.id == User.role_id)
            .where(
                User.status == ACTIVE,
                Role.permissions["users:write"].astext == "all",
                Role.permissions["roles:write"].astext == "all",
            )
        )
        return (await self.session.scalars(statement)).one()

    # API keys

    async def api_key(self, key_id: UUID, *, lock: bool = False) -> ApiKey | None:
        """The API key with that id."""
        statement = select(ApiKey).where(ApiKey.id == key_id)
        return (await self.session.scalars(statement.with_for_update() if lock else statement)).one_or_none()

    async def api_key_replacing(self, key_id: UUID) -> Sequence[ApiKey]:
        """The keys that take over from that one, the latest first."""
        statement = select(ApiKey).where(ApiKey.replaces_id == key_id).order_by(ApiKey.created_at.desc())
        return (await self.session.scalars(statement)).all()

    async def api_key_page(
        self, caller: Caller, live: bool | None, now: datetime, request: PageRequest
    ) -> Slice[ApiKey]:
        """One page of the API keys that the caller may read; `live`: only those that hold at `now`, or do not."""
        statement = select(ApiKey)
        reach = reach_of(caller, "api-keys:read", ApiKey.user_id)
        if reach is not None:
            statement = statement.where(reach)
        if live is not None:
            holding = ApiKey.revoked_at.is_(None) & or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now)
            statement = statement.where(holding if live else not_(holding))
        key = SortKey("created_at", ApiKey.created_at)
        page = await fetch_page(self.session, statement, request, key, ApiKey.id)
        return Slice([row[0] for row in page.rows], page.next)


def reach_of(caller: Caller, permission: str, owner: ColumnElement[UUID] | Any) -> ColumnElement[bool] | None:
    """The condition that keeps the rows which `permission` reaches for `caller`; None: all of them."""
    level = caller.level(permission)
    if level is Level.ALL:
        return None
    condition: ColumnElement[bool] = owner.in_(caller.group_ids if level is Level.GROUP else [caller.user_id])
    return condition
