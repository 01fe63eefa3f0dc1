"""Use cases of distribution lists."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.orm.attributes import flag_modified

from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.journal.service import Journal
from relance.core.db import DbSession
from relance.core.errors import Conflict, DuplicateResource, NotFound, PermissionDenied, RelanceError, ValidationFailed
from relance.core.etag import Precondition
from relance.core.i18n import Text
from relance.core.pagination import PageRequest
from relance.core.runtime import Runtime
from relance.core.schemas import Reference
from relance.core.security import Caller
from relance.core.subjects import ActorRef, SubjectRef
from relance.domains.crm_toolbox.lists.repository import ListRepository
from relance.domains.crm_toolbox.lists.schemas import ListCreate, ListRead, ListUpdate
from relance.domains.crm_toolbox.models import DistributionList
from relance.domains.crm_toolbox.permissions import LISTS

_UNKNOWN_USER = Text("Cet utilisateur est inconnu ou inactif.", "This user is not known, or not active.")


class DistributionLists:
    """Distribution lists, for a caller in one session. Whoever may see the infobox sees all of them."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._rows = ListRepository(session)

    async def page(self, request: PageRequest) -> tuple[list[ListRead], str | None]:
        """One page of the lists, and the cursor of the next."""
        found = await self._rows.page(request)
        items = await self._shown(found.rows)
        return items, self._runtime.cursors.encode(found.next) if found.next else None

    async def get(self, list_id: UUID) -> ListRead:
        """The list with that id.

        Raises:
            NotFound: there is none in this workspace.
        """
        found = await self._rows.find(list_id)
        if found is None:
            raise NotFound()
        return (await self._shown([found]))[0]

    async def create(self, wanted: ListCreate) -> ListRead:
        """A new list.

        Raises:
            DuplicateResource: its name is taken.
            ValidationFailed: a user is not known.
        """
        await self._check(wanted.user_ids)
        made = await self._rows.insert(wanted.name, self._caller.user_id, self._runtime.clock.now())
        if made is None:
            raise await self._taken(wanted.name)
        await self._rows.set_members(made, dict.fromkeys(wanted.user_ids))
        self._record("created", made)
        return await self.get(made)

    async def update(self, list_id: UUID, wanted: ListUpdate, precondition: Precondition) -> ListRead:
        """Change a list. Entries keep whom they took from it.

        Raises:
            NotFound: there is none in this workspace.
            PermissionDenied: it is somebody else's.
            PreconditionFailed: it has changed since the caller read it.
            DuplicateResource: its new name is taken.
            ValidationFailed: a user is not known.
        """
        found = await self._own(list_id, precondition)
        changes = wanted.changes()
        users: Sequence[UUID] | None = changes.pop("user_ids", None)
        if "name" in changes and await self._rows.named(changes["name"]) not in {None, found.id}:
            raise await self._taken(changes["name"])
        found.name = changes.get("name", found.name)
        if users is not None:
            await self._check(users)
            await self._rows.set_members(found.id, dict.fromkeys(users))
            flag_modified(found, "name")  # who is on it is part of it: its version counts that too
        await self._session.flush()
        self._record("changed", found.id)
        return (await self._shown([found]))[0]

    async def delete(self, list_id: UUID, precondition: Precondition) -> None:
        """Delete a list.

        Raises:
            NotFound: there is none in this workspace.
            PermissionDenied: it is somebody else's.
            PreconditionFailed: it has changed since the caller read it.
        """
        await self._rows.remove(await self._own(list_id, precondition))
        self._record("deleted", list_id)

    async def _own(self, list_id: UUID, precondition: Precondition) -> DistributionList:
        found = await self._rows.find(list_id, lock=True)
        if found is None:
            raise NotFound()
        if not self._caller.reaches(LISTS, found.created_by):
            raise PermissionDenied(LISTS)
        precondition.check(found.version)
        return found

    async def _check(self, users: Collection[UUID]) -> None:
        known = await IdentityRepository(self._session).active_users(users)
        for index, one in enumerate(users):
            if one not in known:
                raise ValidationFailed.at(f"/user_ids/{index}", "unknown_user", _UNKNOWN_USER)

    async def _taken(self, name: str) -> RelanceError:
        known = await self._rows.named(name)
        return Conflict() if known is None else DuplicateResource(existing_id=str(known), pointer="/name")

    async def _shown(self, found: Sequence[DistributionList]) -> list[ListRead]:
        members = await self._rows.members([one.id for one in found])
        return [
            ListRead(
                id=one.id,
                name=one.name,
                members=[Reference(id=user.id, name=user.name) for user in members.get(one.id, ())],
                created_by=one.created_by,
                created_at=one.created_at,
                version=one.version,
            )
            for one in found
        ]

    def _record(self, verb: str, list_id: UUID) -> None:
        subject = SubjectRef("distribution_list", list_id)
        journal = Journal(self._session, self._runtime.clock)
        journal.record(f"distribution_list.{verb}", subject, ActorRef.of(self._caller))
