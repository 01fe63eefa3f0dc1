"""Every query about calendar feeds, and the sessions that they show."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import delete, select

from relance.core.repository import Repository, affected
from relance.core.security import Caller
from relance.domains.sessions.lifecycle import SessionStatus
from relance.domains.sessions.models import CalendarFeed, TrainingSession
from relance.domains.sessions.repository import SessionRepository, SessionRow, visible

#: Sessions of one feed.
_MOST = 1000


class FeedRepository(Repository):
    """Feeds of the session's workspace; of every workspace where a token is looked for."""

    async def by_hash(self, hashes: Sequence[bytes]) -> CalendarFeed | None:
        """The feed with one of those hashes, in whatever workspace."""
        return (
            await self.session.scalars(select(CalendarFeed).where(CalendarFeed.token_hash.in_(hashes)))
        ).one_or_none()

    async def of_user(self, user_id: UUID, *, lock: bool = False) -> CalendarFeed | None:
        """The feed of a user."""
        statement = select(CalendarFeed).where(CalendarFeed.user_id == user_id)
        return (await self.session.scalars(statement.with_for_update() if lock else statement)).one_or_none()

    async def delete(self, user_id: UUID) -> bool:
        """Take the feed of a user away; whether there was one."""
        return bool(await affected(self.session, delete(CalendarFeed).where(CalendarFeed.user_id == user_id)))

    async def shown(self, caller: Caller, since: date) -> list[SessionRow]:
        """The planned sessions that `caller` may see and that last until `since` or longer, soonest first."""
        ids = await self.session.scalars(
            select(TrainingSession.id)
            .where(
                visible(caller),
                TrainingSession.status == SessionStatus.PLANNED.value,
                TrainingSession.last_on >= since,
            )
            .order_by(TrainingSession.begins_at, TrainingSession.id)
            .limit(_MOST)
        )
        wanted = ids.all()
        rows = await SessionRepository(self.session).rows(wanted)
        return [rows[one] for one in wanted if one in rows]
