"""Roles: editable sets of permissions."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from relance.capabilities.identity.errors import NameTaken
from relance.capabilities.identity.models import Role
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.identity.schemas import RoleCreate, RoleUpdate
from relance.capabilities.identity.service.guards import keep_an_administrator, refuse_beyond
from relance.capabilities.journal.service import Journal
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.errors import FieldError, NotFound, ValidationFailed
from relance.core.etag import Precondition
from relance.core.i18n import Text
from relance.core.ids import new_id
from relance.core.security import Caller, Permission
from relance.core.subjects import ActorRef, SubjectRef

_UNKNOWN = Text("Ce droit n’existe pas.", "There is no such permission.")
_WHOLE = Text(
    "Ce droit s’accorde en entier (all) ou pas du tout (none).",
    "This permission is granted whole (all) or not at all (none).",
)


class Roles:
    """The roles of the caller's workspace. `known` are the permissions of the running program."""

    def __init__(self, session: DbSession, clock: Clock, caller: Caller, known: Sequence[Permission]) -> None:
        self._session = session
        self._clock = clock
        self._caller = caller
        self._known = {permission.code: permission for permission in known}
        self._rows = IdentityRepository(session)

    async def get(self, role_id: UUID) -> Role:
        """The role with that id.

        Raises:
            NotFound: there is none in this workspace.
        """
        role = await self._rows.role(role_id)
        if role is None:
            raise NotFound()
        return role

    async def create(self, wanted: RoleCreate) -> Role:
        """A new role.

        Raises:
            ValidationFailed: it names a permission that does not exist, or a level that it has not.
            PermissionDenied: it grants more than the caller has.
            NameTaken: another role has this name.
        """
        self._check(wanted.permissions)
        refuse_beyond(self._caller, wanted.permissions)
        await self._refuse_name(wanted.name, None)
        role = Role(
            id=new_id(), key=None, name=wanted.name, permissions=wanted.permissions, created_at=self._clock.now()
        )
        self._session.add(role)
        self._record("role.created", role, {}, wanted.permissions)
        await self._session.flush()
        return role

    async def update(self, role_id: UUID, wanted: RoleUpdate, precondition: Precondition) -> Role:
        """Change a role; everybody who has it is changed at once.

        Raises:
            NotFound: there is none in this workspace.
            PreconditionFailed: it has changed since the caller read it.
            ValidationFailed: it names a permission that does not exist, or a level that it has not.
            PermissionDenied: it grants more than the caller has.
            NameTaken: another role has this name.
            LastAdministrator: nobody would be left who can manage users and roles.
        """
        await self._rows.workspace(lock=True)
        role = await self._rows.role(role_id, lock=True)
        if role is None:
            raise NotFound()
        precondition.check(role.version)
        changes = wanted.changes()
        granted: Mapping[str, str] = changes.get("permissions", {})
        self._check(granted)
        before = {code: role.permissions.get(code, "none") for code in granted}
        changed = {code: level for code, level in granted.items() if before[code] != level}
        # What stays as it is may exceed the caller; what changes may not, in either direction.
        refuse_beyond(self._caller, changed)
        refuse_beyond(self._caller, {code: before[code] for code in changed})
        if "name" in changes:
            await self._refuse_name(wanted.name, role.id)
            role.name = wanted.name
        role.permissions = role.permissions | changed
        self._record("role.changed", role, {code: before[code] for code in changed}, changed)
        await self._session.flush()
        await keep_an_administrator(self._rows)
        return role

    def _check(self, permissions: Mapping[str, str]) -> None:
        faults: list[FieldError] = []
        for code, level in permissions.items():
            permission = self._known.get(code)
            if permission is None:
                faults.append(FieldError(f"/permissions/{code}", "unknown_permission", _UNKNOWN.in_locale()))
            elif permission.shared and level not in ("none", "all"):
                faults.append(FieldError(f"/permissions/{code}", "level_not_applicable", _WHOLE.in_locale()))
        if faults:
            raise ValidationFailed(faults)

    async def _refuse_name(self, name: str, own_id: UUID | None) -> None:
        known = await self._rows.role_named(name)
        if known is not None and known != own_id:
            raise NameTaken(known, "/name")

    def _record(self, action: str, role: Role, before: Mapping[str, str], after: Mapping[str, str]) -> None:
        journal = Journal(self._session, self._clock)
        subject = SubjectRef("role", role.id)
        journal.record(action, subject, ActorRef.of(self._caller), before=before, after=after)
