"""Actions of the workspace's own: setting them, and running them."""

from collections.abc import Collection, Sequence
from uuid import UUID

from relance.capabilities.journal.service import Journal
from relance.core.custom_fields import check_schema, check_values
from relance.core.db import DbSession
from relance.core.errors import Conflict, DuplicateResource, NotFound, PermissionDenied, ValidationFailed
from relance.core.etag import Precondition
from relance.core.i18n import Text
from relance.core.pagination import PageRequest, Slice
from relance.core.runtime import Runtime
from relance.core.security import Caller, Level
from relance.core.subjects import ActorRef, SubjectRef
from relance.domains.crm_toolbox.actions.declared import OWN
from relance.domains.crm_toolbox.actions.running import Running
from relance.domains.crm_toolbox.actions.schemas import ActionReport
from relance.domains.crm_toolbox.actions.targets import Choosing
from relance.domains.crm_toolbox.custom.repository import CustomTypeRepository
from relance.domains.crm_toolbox.custom.schemas import (
    CustomActionCreate,
    CustomTypeCreate,
    CustomTypeRead,
    CustomTypeUpdate,
)
from relance.domains.crm_toolbox.models import CustomActionType
from relance.domains.crm_toolbox.permissions import CUSTOM
from relance.domains.crm_toolbox.rich_text import RichText

_UNKNOWN_ROLE = Text("Ce rôle est inconnu.", "This role is not known.")
_ONE = Text("Cette action s’exécute avec une cible à la fois.", "This action is run with one target at a time.")


class CustomActions:
    """Actions of the workspace's own, for a caller in one session."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._rows = CustomTypeRepository(session)

    # --- setting them ------------------------------------------------------------------------------------------------

    async def page(self, request: PageRequest) -> Slice[CustomActionType]:
        """One page of them."""
        return await self._rows.page(request)

    async def get(self, type_id: UUID) -> CustomActionType:
        """The one with that id.

        Raises:
            NotFound: there is none in this workspace.
        """
        found = await self._rows.find(type_id)
        if found is None:
            raise NotFound()
        return found

    async def create(self, wanted: CustomTypeCreate) -> CustomActionType:
        """A new one.

        Raises:
            ValidationFailed: its fields are no flat schema, or a role is not known.
            DuplicateResource: its key is taken.
        """
        schema = check_schema(wanted.json_schema)
        await self._check_roles(wanted.role_ids)
        values = wanted.model_dump(exclude={"json_schema", "role_ids"})
        made = await self._rows.insert(
            {
                **values,
                "json_schema": schema,
                "role_ids": [str(one) for one in wanted.role_ids],
                "created_at": self._runtime.clock.now(),
            }
        )
        if made is None:
            known = await self._rows.keyed(wanted.key)
            raise Conflict() if known is None else DuplicateResource(existing_id=str(known.id), pointer="/key")
        self._record("created", made)
        return await self.get(made)

    async def update(self, type_id: UUID, wanted: CustomTypeUpdate, precondition: Precondition) -> CustomActionType:
        """Change one. What is recorded stays as it is.

        Raises:
            NotFound: there is none in this workspace.
            PreconditionFailed: it has changed since the caller read it.
            ValidationFailed: its fields are no flat schema, or a role is not known.
        """
        found = await self._locked(type_id, precondition)
        changes = wanted.changes()
        if "json_schema" in changes:
            changes["json_schema"] = check_schema(changes["json_schema"])
        if "role_ids" in changes:
            await self._check_roles(changes["role_ids"])
            changes["role_ids"] = [str(one) for one in changes["role_ids"]]
        for name, value in changes.items():
            setattr(found, name, value)
        await self._session.flush()
        self._record("changed", type_id)
        return found

    async def delete(self, type_id: UUID, precondition: Precondition) -> None:
        """Delete one. Its entries keep what it was called.

        Raises:
            NotFound: there is none in this workspace.
            PreconditionFailed: it has changed since the caller read it.
        """
        await self._rows.remove(await self._locked(type_id, precondition))
        self._record("deleted", type_id)

    async def _locked(self, type_id: UUID, precondition: Precondition) -> CustomActionType:
        found = await self._rows.find(type_id, lock=True)
        if found is None:
            raise NotFound()
        precondition.check(found.version)
        return found

    async def _check_roles(self, ids: Sequence[UUID]) -> None:
        known = await self._rows.roles(ids)
        for index, one in enumerate(ids):
            if one not in known:
                raise ValidationFailed.at(f"/role_ids/{index}", "unknown_role", _UNKNOWN_ROLE)

    def _record(self, verb: str, type_id: UUID) -> None:
        subject = SubjectRef("custom_action_type", type_id)
        journal = Journal(self._session, self._runtime.clock)
        journal.record(f"custom_action_type.{verb}", subject, ActorRef.of(self._caller))

    # --- running them ------------------------------------------------------------------------------------------------

    async def offered(self) -> Sequence[CustomActionType]:
        """Those that the caller may run."""
        if self._caller.level(CUSTOM) is Level.NONE:
            return []
        role = await self._rows.role_of(self._caller.user_id)
        return [one for one in await self._rows.offered() if _is_for(one.role_ids, role)]

    async def run(self, key: str, wanted: CustomActionCreate) -> ActionReport:
        """One entry with all its targets, the values in it.

        Raises:
            NotFound: there is none with that key in use.
            PermissionDenied: it is for other roles.
            ValidationFailed: values that do not fit, each named; or a target is not known.
            TargetsNotAllowed: the caller's right does not reach some of the targets.
        """
        kind = await self._rows.keyed(key)
        if kind is None or not kind.active:
            raise NotFound()
        if not _is_for(kind.role_ids, await self._rows.role_of(self._caller.user_id)):
            raise PermissionDenied(CUSTOM)
        if not kind.several and len(wanted.targets) > 1:
            raise ValidationFailed.at("/targets", "one_target", _ONE)
        check_values(kind.json_schema, wanted.values, "/values")
        description = RichText.read_optional(wanted.description, "/description")
        running = Running(self._session, self._runtime.clock, self._caller, wanted)
        await running.check()
        chosen = await Choosing(self._session, self._caller).choose(wanted.targets, CUSTOM, partial=wanted.partial)
        chosen.all_done()
        entry = await running.record(
            f"{OWN}{kind.key}",
            chosen,
            description=description,
            content={"label": {"fr": kind.label_fr, "en": kind.label_en}, "values": wanted.values},
            action_at=wanted.action_at,
        )
        return chosen.report(entry.id if entry else None)


def _is_for(role_ids: Collection[str], role: UUID | None) -> bool:
    return not role_ids or str(role) in role_ids


def read(found: CustomActionType) -> CustomTypeRead:
    """As the API shows it."""
    return CustomTypeRead(
        id=found.id,
        key=found.key,
        label=Text(found.label_fr, found.label_en).in_locale(),
        label_fr=found.label_fr,
        label_en=found.label_en,
        icon=found.icon,
        json_schema=found.json_schema,
        several=found.several,
        role_ids=[UUID(one) for one in found.role_ids],
        active=found.active,
        created_at=found.created_at,
        version=found.version,
    )
