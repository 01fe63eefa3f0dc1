"""Every query about actions of the workspace's own."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from relance.capabilities.identity.models import Role, User
from relance.core.bulk import among, insert_all
from relance.core.ids import new_id
from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import Repository, affected, fetch_page
from relance.domains.crm_toolbox.models import CustomActionType


class CustomTypeRepository(Repository):
    """Actions of the session's workspace."""

    async def page(self, request: PageRequest) -> Slice[CustomActionType]:
        """One page of them, by key."""
        key = SortKey("key", CustomActionType.key)
        found = await fetch_page(self.session, select(CustomActionType), request, key, CustomActionType.id)
        return Slice([row[0] for row in found.rows], found.next)

    async def offered(self) -> Sequence[CustomActionType]:
        """Those in use, by key."""
        statement = select(CustomActionType).where(CustomActionType.active.is_(True)).order_by(CustomActionType.key)
        return (await self.session.scalars(statement)).all()

    async def find(self, type_id: UUID, *, lock: bool = False) -> CustomActionType | None:
        """The one with that id."""
        statement = select(CustomActionType).where(CustomActionType.id == type_id)
        return (await self.session.scalars(statement.with_for_update() if lock else statement)).one_or_none()

    async def keyed(self, key: str) -> CustomActionType | None:
        """The one with that key."""
        statement = select(CustomActionType).where(CustomActionType.key == key)
        return (await self.session.scalars(statement)).one_or_none()

    async def insert(self, values: Mapping[str, Any]) -> UUID | None:
        """A new one, or None where its key is taken."""
        row = {"workspace_id": self.session.workspace_id, "id": new_id(), "version": 1, **values}
        return next(iter(await insert_all(self.session, CustomActionType, [row], unless="workspace_id, key")), None)

    async def remove(self, found: CustomActionType) -> None:
        """Delete one; its entries keep what it was called."""
        await affected(self.session, delete(CustomActionType).where(CustomActionType.id == found.id))
        self.session.expunge(found)

    async def roles(self, ids: Collection[UUID]) -> set[UUID]:
        """Those of `ids` that are roles of the workspace."""
        if not ids:
            return set()
        return set(await self.session.scalars(select(Role.id).where(among(Role.id, list(ids)))))

    async def role_of(self, user_id: UUID) -> UUID | None:
        """The role of a user."""
        found: UUID | None = await self.session.scalar(select(User.role_id).where(User.id == user_id))
        return found
