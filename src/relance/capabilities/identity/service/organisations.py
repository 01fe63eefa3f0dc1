"""Organisations, and the workspace itself."""

from uuid import UUID

from relance.capabilities.identity.errors import NameTaken
from relance.capabilities.identity.models import Organisation, Workspace
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.identity.schemas import OrganisationCreate, OrganisationUpdate, WorkspaceUpdate
from relance.capabilities.identity.service.provisioning import create_organisation
from relance.capabilities.journal.service import Journal
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.errors import NotFound, PermissionDenied
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
        created = await create_organisation(
            self._session, wanted.name, external_id=wanted.external_id, clock=self._clock
        )
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
        if not self._reaches("organisations:write", organisation_id):
            raise PermissionDenied("organisations:write")
        precondition.check(organisation.version)
        await self._refuse_taken(wanted.name, wanted.external_id, organisation_id)
        for name, value in wanted.changes().items():
            setattr(organisation, name, value)
        self._record("organisation.changed", organisation)
        await self._session.flush()
        return organisation

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
