"""Every query about distribution lists."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, delete, select

from relance.capabilities.identity.models import User
from relance.core.bulk import among, insert_all
from relance.core.ids import new_id
from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import Repository, affected, fetch_page
from relance.domains.crm_toolbox.models import DistributionList, DistributionListMember


class ListRepository(Repository):
    """Distribution lists of the session's workspace."""

    async def page(self, request: PageRequest) -> Slice[DistributionList]:
        """One page of the lists, by name."""
        found = await fetch_page(
            self.session,
            select(DistributionList),
            request,
            SortKey("name", DistributionList.name),
            DistributionList.id,
        )
        return Slice([row[0] for row in found.rows], found.next)

    async def find(self, list_id: UUID, *, lock: bool = False) -> DistributionList | None:
        """The list with that id."""
        statement = select(DistributionList).where(DistributionList.id == list_id)
        return (await self.session.scalars(statement.with_for_update() if lock else statement)).one_or_none()

    async def insert(self, name: str, created_by: UUID, now: datetime) -> UUID | None:
        """A new list, or None where its name is taken."""
        row = {
            "workspace_id": self.session.workspace_id,
            "id": new_id(),
            "name": name,
            "created_by": created_by,
            "created_at": now,
            "version": 1,
        }
        made = await insert_all(self.session, DistributionList, [row], unless="workspace_id, name")
        return next(iter(made), None)

    async def named(self, name: str) -> UUID | None:
        """The id of the list of that name."""
        found: UUID | None = await self.session.scalar(select(DistributionList.id).where(DistributionList.name == name))
        return found

    async def members(self, ids: Collection[UUID]) -> Mapping[UUID, Sequence[User]]:
        """Who is on the lists that there are of `ids`, by name."""
        if not ids:
            return {}
        member = DistributionListMember
        known = await self.session.scalars(select(DistributionList.id).where(among(DistributionList.id, list(ids))))
        found: dict[UUID, list[User]] = {one: [] for one in known}
        statement = (
            select(member.distribution_list_id, User)
            .join(User, and_(User.workspace_id == member.workspace_id, User.id == member.user_id))
            .where(among(member.distribution_list_id, list(ids)))
            .order_by(User.name, User.id)
        )
        for row in await self.session.execute(statement):
            found[row[0]].append(row[1])
        return found

    async def set_members(self, list_id: UUID, users: Collection[UUID]) -> None:
        """Who is on a list, which is locked."""
        member = DistributionListMember
        await affected(self.session, delete(member).where(member.distribution_list_id == list_id))
        own = {"workspace_id": self.session.workspace_id, "distribution_list_id": list_id}
        await insert_all(self.session, member, [{**own, "id": new_id(), "user_id": user} for user in users])

    async def remove(self, found: DistributionList) -> None:
        """Delete a list; entries keep whom they took from it."""
        await affected(self.session, delete(DistributionList).where(DistributionList.id == found.id))
        self.session.expunge(found)
