"""Every query about profiles."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import Repository, fetch_page
from relance.core.search import holds
from relance.domains.crm_toolbox.profiles.models import PROFILE_TITLE, Profile
from relance.domains.crm_toolbox.profiles.schemas import ProfileQuery

_SORTS = {"title": SortKey("title", PROFILE_TITLE), "changed_at": SortKey("changed_at", Profile.changed_at)}


class ProfileRepository(Repository):
    """Profiles of the session's workspace."""

    async def find(self, profile_id: UUID, *, lock: bool = False) -> Profile | None:
        """The profile with that id."""
        statement = select(Profile).where(Profile.id == profile_id)
        return await self.session.scalar(statement.with_for_update() if lock else statement)

    async def find_all(self, ids: Collection[UUID]) -> dict[UUID, Profile]:
        """Those of `ids` that are there, by id."""
        found = await self.session.scalars(select(Profile).where(Profile.id.in_(ids)))
        return {profile.id: profile for profile in found}

    async def remove(self, profile: Profile) -> None:
        """Delete its row."""
        await self.session.delete(profile)
        await self.session.flush()

    async def page(self, wanted: ProfileQuery, request: PageRequest) -> Slice[Profile]:
        """One page of the list."""
        archived = Profile.archived_at.is_not(None) if wanted.archived else Profile.archived_at.is_(None)
        statement = select(Profile).where(archived)
        if wanted.kind:
            statement = statement.where(Profile.kind.in_(wanted.kind))
        if wanted.q:
            statement = statement.where(holds(Profile.search_text, wanted.q))
        found = await fetch_page(self.session, statement, request, _SORTS[request.key], Profile.id)
        return Slice([row[0] for row in found.rows], found.next)
