"""Organisations, and the workspace itself."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from relance.capabilities.identity.errors import NameTaken
from relance.capabilities.identity.models import Organisation, Workspace
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.identity.schemas import (
    OrganisationCreate,
    OrganisationReplace,
    OrganisationUpdate,
    WorkspaceUpdate,
)
from relance.capabilities.journal.service import Journal
from relance.core.by_reference import ByReference, changed
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.errors import Conflict, NotFound, PermissionDenied
from relance.core.etag import Precondition
from relance.core.security import Caller, Level
from relance.core.subjects import ActorRef, SubjectRef


class Organisations:
    """The organisations of the caller's workspace. The caller's own are those they are a member of."""

    def __init__(self, session: DbSession, clock: Clock, caller: Caller) -> None:
        self._session = session
        self._clock = clock
        self._caller = caller
        self._rows = IdentityRepository(session)

    async def get(self, organisation_id: UUID, *, lock: bool = False) -> Organisation:
        """The organisation with that id.

        Raises:
            NotFound: there is none in this workspace, or the caller may not read it.
        """
        found = await self._rows.organisation(organisation_id, lock=lock)
        if found is None or not self._reaches("organisations:read", organisation_id):
            raise NotFound()
        return found

    async def create(self, wanted: OrganisationCreate) -> Organisation:
        """A new organisation.

        Raises:
            PermissionDenied: the caller may not change all organisations.
            NameTaken: another one has this name or external id.
        """
        if self._caller.level("organisations:write") is not Level.ALL:
            raise PermissionDenied("organisations:write")
        await self._refuse_taken(wanted.name, wanted.external_id, None)
        created = await self._rows.insert_organisation(wanted.model_dump(), self._clock.now())
        if created is None:  # somebody was faster
            await self._refuse_taken(wanted.name, wanted.external_id, None)
            raise Conflict()
        self._record("organisation.created", created)
        return created

    async def update(
        self, organisation_id: UUID, wanted: OrganisationUpdate, precondition: Precondition
    ) -> Organisation:
        """Change an organisation.

        Raises:
            NotFound: there is none in this workspace, or the caller may not read it.
            PermissionDenied: the caller may read it, not change it.
            PreconditionFailed: it has changed since the caller read it.
            NameTaken: another one has this name or external id.
        """
        organisation = await self.get(organisation_id, lock=True)
        self._require_write(organisation)
        precondition.check(organisation.version)
        await self._change(organisation, wanted.changes())
        return organisation

    async def find(self, external_id: str, *, lock: bool = False) -> Organisation | None:
        """The organisation with that key of the partner that the caller may read."""
        found = await self._rows.organisation_by_external_id(external_id, lock=lock)
        return found if found is not None and self._reaches("organisations:read", found.id) else None

    async def replace(self, organisation: Organisation, wanted: OrganisationReplace) -> None:
        """Make a locked organisation what is wanted; where it is so already, nothing is written.

        Raises:
            PermissionDenied: the caller may read it, not change it.
            NameTaken: another one has this name.
        """
        self._require_write(organisation)
        changes = changed(organisation, wanted.model_dump())
        if changes:
            await self._change(organisation, changes)

    async def _change(self, organisation: Organisation, changes: Mapping[str, Any]) -> None:
        await self._refuse_taken(changes.get("name"), changes.get("external_id"), organisation.id)
        for name, value in changes.items():
            setattr(organisation, name, value)
        self._record("organisation.changed", organisation)
        await self._session.flush()

    def _require_write(self, organisation: Organisation) -> None:
        if not self._reaches("organisations:write", organisation.id):
            raise PermissionDenied("organisations:write")

    def _reaches(self, permission: str, organisation_id: UUID) -> bool:
        level = self._caller.level(permission)
        return level is Level.ALL or (level > Level.NONE and organisation_id in self._caller.organisation_ids)

    async def _refuse_taken(self, name: str | None, external_id: str | None, own_id: UUID | None) -> None:
        for pointer, known in (
            ("/name", await self._rows.organisation_like(name=name) if name else None),
            (
                "/external_id",
                await self._rows.organisation_like(external_id=external_id) if external_id else None,
            ),
        ):
            if known is not None and known != own_id:
                raise NameTaken(known, pointer)

    def _record(self, action: str, organisation: Organisation) -> None:
        journal = Journal(self._session, self._clock)
        journal.record(action, SubjectRef("organisation", organisation.id), ActorRef.of(self._caller))


class OrganisationsByReference(ByReference[Organisation, OrganisationReplace]):
    """Organisations of the caller's workspace by their external id."""

    def __init__(self, session: DbSession, clock: Clock, caller: Caller) -> None:
        self._organisations = Organisations(session, clock, caller)

    async def find(self, external_id: str, *, lock: bool = False) -> Organisation | None:
        """The organisation with that key that the caller may read."""
        return await self._organisations.find(external_id, lock=lock)

    async def create(self, external_id: str, wanted: OrganisationReplace) -> Organisation:
        """A new organisation; see `Organisations.create`."""
        created = OrganisationCreate.model_construct(**dict(wanted), external_id=external_id)
        return await self._organisations.create(created)

    async def replace(self, row: Organisation, wanted: OrganisationReplace) -> None:
        """See `Organisations.replace`."""
        await self._organisations.replace(row, wanted)


async def update_workspace(
    session: DbSession, clock: Clock, caller: Caller, wanted: WorkspaceUpdate, precondition: Precondition
) -> Workspace:
    """Change the caller's workspace.

    Raises:
        PreconditionFailed: it has changed since the caller read it.
    """
    workspace = await IdentityRepository(session).workspace(lock=True)
    precondition.check(workspace.version)
    for name, value in wanted.changes().items():
        setattr(workspace, name, value)
    Journal(session, clock).record(
        "workspace.changed",
        SubjectRef("workspace", workspace.id),
        ActorRef.of(caller),
        after={"fields": sorted(wanted.model_fields_set)},
    )
    await session.flush()
    return workspace
