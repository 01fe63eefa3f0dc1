"""Every query about invitations of users and password resets."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased

from relance.capabilities.identity.models import PasswordReset, User, UserInvitation, Workspace
from relance.core.repository import Repository


@dataclass(frozen=True, slots=True)
class InvitedUser:
    """An invitation with what its mails and its page say."""

    invitation: UserInvitation
    user: User
    workspace_name: str
    zone: str
    inviter_name: str | None
    inviter_email: str | None


@dataclass(frozen=True, slots=True)
class ResetOfUser:
    """A password reset with what its mail and its page say."""

    reset: PasswordReset
    user: User
    workspace_name: str
    zone: str


class AccountRepository(Repository):
    """Invitations and resets of the session's workspace."""

    async def invited(self, ids: Collection[UUID]) -> dict[UUID, InvitedUser]:
        """The invitations with those ids, by id, as they are now."""
        inviter = aliased(User)
        statement = (
            select(UserInvitation, User, Workspace.name, Workspace.zone, inviter.name, inviter.email)
            .join(User, User.id == UserInvitation.user_id)
            .join(Workspace, Workspace.id == UserInvitation.workspace_id)
            .outerjoin(inviter, inviter.id == UserInvitation.invited_by)
            .where(UserInvitation.id.in_(ids))
        )
        return {row[0].id: InvitedUser(*row) for row in await self.session.execute(statement)}

    async def lock_all(self, ids: Collection[UUID]) -> dict[UUID, InvitedUser]:
        """The same, the invitations locked in the order of their ids."""
        held = select(UserInvitation).where(UserInvitation.id.in_(ids)).order_by(UserInvitation.id).with_for_update()
        await self.session.scalars(held.execution_options(populate_existing=True))
        return await self.invited(ids)

    async def lock_free(self, ids: Collection[UUID]) -> dict[UUID, InvitedUser]:
        """Those that nobody else holds, locked; for the worker, which waits for nobody."""
        held = select(UserInvitation).where(UserInvitation.id.in_(ids)).with_for_update(skip_locked=True)
        free = await self.session.scalars(held.execution_options(populate_existing=True))
        return await self.invited({row.id for row in free})

    async def statuses(self, ids: Collection[UUID]) -> dict[UUID, str]:
        """The status of each of those invitations."""
        found = await self.session.execute(
            select(UserInvitation.id, UserInvitation.status).where(UserInvitation.id.in_(ids))
        )
        return {row[0]: row[1] for row in found}

    async def of_users(self, user_ids: Collection[UUID]) -> dict[UUID, UserInvitation]:
        """The invitations of those users, by user."""
        found = await self.session.scalars(select(UserInvitation).where(UserInvitation.user_id.in_(user_ids)))
        return {row.user_id: row for row in found}

    async def lock_of_user(self, user_id: UUID) -> UserInvitation | None:
        """The invitation of a user, locked. The user's own row was locked before."""
        statement = select(UserInvitation).where(UserInvitation.user_id == user_id).with_for_update()
        found = await self.session.scalars(statement.execution_options(populate_existing=True))
        return found.one_or_none()

    async def open_reset(self, user_id: UUID) -> PasswordReset | None:
        """The password reset of a user that was neither used nor replaced, locked; it may be too old."""
        statement = select(PasswordReset).where(PasswordReset.user_id == user_id, PasswordReset.closed_at.is_(None))
        return (await self.session.scalars(statement.with_for_update())).one_or_none()

    async def resets(self, ids: Collection[UUID]) -> dict[UUID, ResetOfUser]:
        """The password resets with those ids, by id, as they are now."""
        statement = (
            select(PasswordReset, User, Workspace.name, Workspace.zone)
            .join(User, User.id == PasswordReset.user_id)
            .join(Workspace, Workspace.id == PasswordReset.workspace_id)
            .where(PasswordReset.id.in_(ids))
            .execution_options(populate_existing=True)
        )
        return {row[0].id: ResetOfUser(*row) for row in await self.session.execute(statement)}
