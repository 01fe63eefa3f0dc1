"""Users: who may add and change whom."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm.attributes import flag_modified

from relance.capabilities.identity.accounts.invitations import UserInvitations
from relance.capabilities.identity.accounts.lifecycle import USER, USERS_WRITE, UserFacts, UserStatus
from relance.capabilities.identity.accounts.notices import Way, tell_password_changed
from relance.capabilities.identity.accounts.repository import AccountRepository
from relance.capabilities.identity.accounts.resets import close_resets
from relance.capabilities.identity.errors import NameTaken, WrongPassword
from relance.capabilities.identity.models import Role, User
from relance.capabilities.identity.passwords import hash_password, require_strong, verify_password
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.identity.service.guards import beyond, keep_an_administrator, refuse_beyond
from relance.capabilities.identity.user_schemas import UserCreate, UserUpdate
from relance.capabilities.journal.service import Journal
from relance.core.clock import Clock, system_now
from relance.core.db import DbSession
from relance.core.errors import NotFound, PermissionDenied, ValidationFailed
from relance.core.etag import Precondition
from relance.core.i18n import Text
from relance.core.ids import new_id
from relance.core.lifecycle import Actor
from relance.core.security import Caller, Level
from relance.core.subjects import ActorRef, SubjectRef

_WRITE = USERS_WRITE
#: What somebody may change of themselves with `users:write` at level own.
_OWN_FIELDS = frozenset({"name", "locale"})
_OWN_PASSWORD = Text(
    "Changez votre mot de passe par POST /v1/me/password.", "Change your own password by POST /v1/me/password."
)
#: Fields that are columns of the row itself.
_COLUMNS = ("email", "name", "locale", "manager_id")
_NOT_JOINED = Text(
    "Cet utilisateur n’est pas actif : il choisit lui-même son mot de passe.",
    "This user is not active: they choose their password themselves.",
)


class Users:
    """The users of the caller's workspace."""

    def __init__(self, session: DbSession, clock: Clock, caller: Caller) -> None:
        self._session = session
        self._clock = clock
        self._caller = caller
        self._rows = IdentityRepository(session)
        self._invitations = UserInvitations(session, clock)
        self._actor = ActorRef.of(caller)

    async def get(self, user_id: UUID, *, lock: bool = False) -> User:
        """The user with that id.

        Raises:
            NotFound: there is none in this workspace, or the caller may not read them.
        """
        found = await self._rows.user(user_id, lock=lock)
        if found is None or not self._caller.reaches("users:read", user_id):
            raise NotFound()
        return found

    async def create(self, wanted: UserCreate) -> User:
        """A new user, invited by mail unless a password comes along. At level group, they report to the group.

        Raises:
            PermissionDenied: the caller may not add users there, or grants more than they have.
            ValidationFailed: the role, the manager or an organisation is not known.
            NameTaken: another user has this address.
        """
        level = self._caller.level(_WRITE)
        if level < Level.GROUP:
            raise PermissionDenied(_WRITE)
        manager_id = wanted.manager_id
        if level is Level.GROUP:
            manager_id = manager_id or self._caller.user_id
        await self._check_manager(manager_id, None)
        role = await self._role(wanted.role_id)
        await self._check_organisations(wanted.organisation_ids, ())
        await self._refuse_address(wanted.email, None)
        password = wanted.password
        if password is not None:
            await require_strong(password, "/password", (wanted.name, wanted.email))
        user = User(
            id=new_id(),
            email=wanted.email,
            name=wanted.name,
            locale=wanted.locale,
            role_id=role.id,
            manager_id=manager_id,
            status=UserStatus.INVITED if password is None else UserStatus.ACTIVE,
            password_hash=await hash_password(password) if password is not None else None,
            created_at=self._clock.now(),
        )
        self._session.add(user)
        self._record("user.created", user, {"role_id": str(role.id)})
        await self._session.flush()
        await self._rows.set_memberships(user.id, wanted.organisation_ids)
        if password is None:
            await self._invitations.invite(user, self._actor, self._caller.user_id)
        return user

    async def act(self, user_id: UUID, action: str, precondition: Precondition) -> User:
        """Take an action of the lifecycle: `resend`, `deactivate` or `reactivate`.

        Raises:
            NotFound: there is none in this workspace, or the caller may not read them.
            PermissionDenied: the caller may not change them.
            PreconditionFailed: they have changed since the caller read them.
            TransitionNotAllowed: the user's state does not have that action.
            TooRecent: the last invitation is less than 24 h old.
            LastAdministrator: nobody would be left who can manage users and roles.
        """
        await self._rows.workspace(lock=True)
        user = await self.get(user_id, lock=True)
        if not self._caller.reaches(_WRITE, user.id):
            raise PermissionDenied(_WRITE)
        precondition.check(user.version)
        facts = (await self.facts([user]))[user.id]
        step = USER.require(user.status, action, Actor.USER, facts)
        before, user.status = user.status, USER.target(step, user.status)
        if action == "resend":
            await self._invitations.resend(user, self._actor)
        if action == "deactivate":
            await self._rows.revoke_sessions(user.id, system_now())
            await self._invitations.settle(user, "cancel", Actor.USER, self._actor)
            await close_resets(self._session, self._clock, user.id)
        self._record(step.journal, user, {"status": user.status}, {"status": before})
        await self._session.flush()
        await keep_an_administrator(self._rows)
        return user

    async def facts(self, users: Sequence[User]) -> dict[UUID, UserFacts]:
        """What the guards of the lifecycle ask about each of `users`, for this caller."""
        roles = await self._rows.roles({user.role_id for user in users})
        invitations = await AccountRepository(self._session).of_users([user.id for user in users])
        found: dict[UUID, UserFacts] = {}
        for user in users:
            asked = invitations.get(user.id)
            missing = self._missing(user, roles[user.role_id].permissions)
            found[user.id] = UserFacts(self._clock.now(), missing, asked.last_asked_at if asked else None)
        return found

    def _missing(self, user: User, permissions: Mapping[str, str]) -> str | None:
        """The right that the caller lacks to manage `user`; nobody manages who has more rights than they have."""
        if self._caller.level(_WRITE) is Level.OWN:
            return _WRITE
        if user.id == self._caller.user_id:
            return None
        return beyond(self._caller, permissions)

    async def update(self, user_id: UUID, wanted: UserUpdate, precondition: Precondition) -> User:
        """Change a user.

        Raises:
            NotFound: there is none in this workspace, or the caller may not read them.
            PermissionDenied: the caller may not change them, or not this field, or grants more than they have.
            PreconditionFailed: they have changed since the caller read them.
            ValidationFailed: the role, the manager or an organisation is not known.
            NameTaken: another user has this address.
            LastAdministrator: nobody would be left who can manage users and roles.
        """
        # Rules about the whole workspace (an administrator remains, reports form no circle) hold under its lock.
        await self._rows.workspace(lock=True)
        user = await self.get(user_id, lock=True)
        await self._may_change(user, wanted)
        precondition.check(user.version)
        await self._check(user, wanted)
        changes, address = wanted.changes(), user.email
        for name in _COLUMNS:
            if name in changes:
                setattr(user, name, changes[name])
        if "role_id" in changes:
            user.role_id = (await self._role(wanted.role_id)).id
        if "password" in changes:
            user.password_hash = await hash_password(wanted.password)
        # A change of what hangs on the row (memberships) moves its version, and so its ETag, as well.
        if "organisation_ids" in changes:
            await self._rows.set_memberships(user.id, wanted.organisation_ids)
            flag_modified(user, "name")
        if "password" in changes:
            await self._rows.revoke_sessions(user.id, system_now())
        if "password" in changes or "email" in changes:
            await close_resets(self._session, self._clock, user.id)
        self._record("user.changed", user, self._codes(changes))
        await self._session.flush()
        if "password" in changes:
            await tell_password_changed(self._session, self._clock, user, Way.ADMINISTRATOR, address)
        if "email" in changes and user.status == UserStatus.INVITED:
            await self._invitations.readdress(user, self._actor)
        await keep_an_administrator(self._rows)
        return user

    async def change_password(self, current: str, new: str, session_id: UUID) -> None:
        """Give the caller a new password; every other session of theirs ends.

        Raises:
            WrongPassword: `current` is not their password.
            ValidationFailed: the new one is too easy to guess.
        """
        user = await self._rows.user(self._caller.user_id, lock=True)
        if user is None or not await verify_password(current, user.password_hash):
            raise WrongPassword()
        await require_strong(new, "/new_password", (user.name, user.email))
        user.password_hash = await hash_password(new)
        await close_resets(self._session, self._clock, user.id)
        await self._rows.revoke_sessions(user.id, system_now(), but=session_id)
        self._record("user.password_changed", user, {})
        await self._session.flush()
        await tell_password_changed(self._session, self._clock, user, Way.ACCOUNT, user.email)

    async def _may_change(self, user: User, wanted: UserUpdate) -> None:
        if not self._caller.reaches(_WRITE, user.id):
            raise PermissionDenied(_WRITE)
        if self._caller.level(_WRITE) is Level.OWN and not wanted.model_fields_set <= _OWN_FIELDS:
            raise PermissionDenied(_WRITE)
        if user.id == self._caller.user_id:
            if "password" in wanted.model_fields_set:
                # A token that was left open somewhere must not be enough to take the account over.
                raise ValidationFailed.at("/password", "own_password", _OWN_PASSWORD)
        else:
            # Else whoever may change users could take over an administrator by a new password.
            role = await self._rows.role(user.role_id)
            refuse_beyond(self._caller, role.permissions if role else {})

    async def _check(self, user: User, wanted: UserUpdate) -> None:
        changes = wanted.changes()
        if "manager_id" in changes and changes["manager_id"] != user.manager_id:
            await self._check_manager(changes["manager_id"], user)
        if "organisation_ids" in changes:
            current = (await self._rows.memberships([user.id]))[user.id]
            await self._check_organisations(wanted.organisation_ids, [one.id for one in current])
        if "email" in changes:
            await self._refuse_address(wanted.email, user.id)
        if "password" in changes:
            if user.status != UserStatus.ACTIVE:
                raise ValidationFailed.at("/password", "not_joined", _NOT_JOINED)
            about = (str(changes.get("name", user.name)), str(changes.get("email", user.email)))
            await require_strong(wanted.password, "/password", about)

    async def _check_manager(self, manager_id: UUID | None, user: User | None) -> None:
        if manager_id is None:
            if self._caller.level(_WRITE) is not Level.ALL:
                raise PermissionDenied(_WRITE)
            return
        manager = await self._rows.user(manager_id)
        if manager is None or not self._caller.reaches(_WRITE, manager_id):
            raise ValidationFailed.at(
                "/manager_id", "unknown_user", Text("Cet utilisateur est inconnu.", "This user is not known.")
            )
        if user is not None and user.id in await self._rows.managers_above(manager_id):
            raise ValidationFailed.at(
                "/manager_id",
                "manager_cycle",
                Text("Ce responsable dépend de cet utilisateur.", "This manager reports to this user."),
            )

    async def _check_organisations(self, wanted: Collection[UUID], kept: Collection[UUID]) -> None:
        known = await self._rows.organisations(wanted)
        everywhere = self._caller.level("organisations:read") is Level.ALL
        for position, one in enumerate(wanted):
            reachable = everywhere or one in kept or one in self._caller.organisation_ids
            if one not in known or not reachable:
                raise ValidationFailed.at(
                    f"/organisation_ids/{position}",
                    "unknown_organisation",
                    Text("Cette organisation est inconnue.", "This organisation is not known."),
                )

    async def _role(self, role_id: UUID | None) -> Role:
        role = await (self._rows.role(role_id) if role_id else self._rows.role_by_key("member"))
        if role is None:
            raise ValidationFailed.at(
                "/role_id", "unknown_role", Text("Ce rôle est inconnu.", "This role is not known.")
            )
        refuse_beyond(self._caller, role.permissions)
        return role

    async def _refuse_address(self, email: str, own_id: UUID | None) -> None:
        known = await self._rows.user_by_email(email)
        if known is not None and known.id != own_id:
            raise NameTaken(known.id, "/email")

    @staticmethod
    def _codes(changes: dict[str, Any]) -> dict[str, object]:
        found: dict[str, object] = {"fields": sorted(changes)}
        if "role_id" in changes:
            found["role_id"] = str(changes["role_id"])
        return found

    def _record(
        self, action: str, user: User, after: dict[str, object], before: dict[str, object] | None = None
    ) -> None:
        journal = Journal(self._session, self._clock)
        journal.record(action, SubjectRef("user", user.id), self._actor, before=before, after=after)
