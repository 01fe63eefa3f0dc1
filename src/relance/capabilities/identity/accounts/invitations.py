"""Inviting users: asked by mail, reminded, over after the policy's time, asked again."""

from datetime import datetime
from uuid import UUID

from relance.capabilities.followups.service import FollowUps
from relance.capabilities.identity.accounts.asking import Asking, subject_of
from relance.capabilities.identity.accounts.lifecycle import INVITATION, InvitationFacts, InvitationStatus
from relance.capabilities.identity.accounts.repository import AccountRepository, InvitedUser
from relance.capabilities.identity.models import User, UserInvitation
from relance.capabilities.journal.service import Journal
from relance.capabilities.links.service import Links
from relance.capabilities.messaging.outbox import Outbox
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.ids import new_id
from relance.core.lifecycle import Actor
from relance.core.subjects import ActorRef

#: Under which name a workspace's policy of reminders and expiry is kept.
DOMAIN = "users"


def facts_of(invitation: UserInvitation, clock: Clock) -> InvitationFacts:
    """What the guards ask about `invitation` now."""
    return InvitationFacts(clock.now(), invitation.last_asked_at, invitation.undeliverable)


class UserInvitations:
    """The invitations of the session's workspace. The caller holds the lock of the user's row."""

    def __init__(self, session: DbSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._rows = AccountRepository(session)
        self._follow_ups = FollowUps(session, clock)

    async def invite(self, user: User, actor: ActorRef, invited_by: UUID | None) -> UserInvitation:
        """Ask a new user by mail to take up the account. The user is in the database already."""
        invitation = UserInvitation(
            id=new_id(),
            user_id=user.id,
            invited_by=invited_by,
            status=InvitationStatus.QUEUED,
            cycle=1,
            reminders_asked=0,
            undeliverable=False,
            created_at=self._clock.now(),
        )
        self._session.add(invitation)
        await self._session.flush()
        await self._ask(await self._row(invitation))
        self._record("user_invitation.created", invitation, actor)
        return invitation

    async def resend(self, user: User, actor: ActorRef) -> None:
        """Ask again: a reminder while the invitation is open, a new one after its end.

        Raises:
            TooRecent: the last mail is less than 24 h old.
            TransitionNotAllowed: the invitation was accepted or cancelled.
        """
        invitation = await self._rows.lock_of_user(user.id)
        if invitation is None:
            await self.invite(user, actor, actor.id if actor.kind == "user" else None)
            return
        row = await self._row(invitation)
        action = "renew" if invitation.status == InvitationStatus.EXPIRED else "remind"
        step = INVITATION.require(invitation.status, action, Actor.USER, facts_of(invitation, self._clock))
        before, invitation.status = invitation.status, INVITATION.target(step, invitation.status)
        if action == "renew":
            self._begin_cycle(invitation)
            await self._ask(row)
        else:
            await Asking(self._session, self._clock).remind(row, invitation.expires_at or await self._expiry())
        self._record(step.journal, invitation, actor, before)

    async def readdress(self, user: User, actor: ActorRef) -> None:
        """The invited user has another address: what went to the old one answers no more, the new one is asked."""
        invitation = await self._rows.lock_of_user(user.id)
        if invitation is None or invitation.status in (InvitationStatus.ACCEPTED, InvitationStatus.CANCELLED):
            return
        await self._stop(invitation, "readdressed")
        before, invitation.status = invitation.status, InvitationStatus.QUEUED
        self._begin_cycle(invitation)
        await self._session.flush()
        await self._ask(await self._row(invitation))
        self._record("user_invitation.readdressed", invitation, actor, before)

    async def settle(self, user: User, action: str, by: Actor, actor: ActorRef) -> None:
        """End the invitation of a user, if it is not over: `accept` or `cancel`."""
        invitation = await self._rows.lock_of_user(user.id)
        if invitation is None or INVITATION.find(invitation.status, action, by) is None:
            return
        step = INVITATION.require(invitation.status, action, by, facts_of(invitation, self._clock))
        before, invitation.status = invitation.status, INVITATION.target(step, invitation.status)
        await FollowUps(self._session, self._clock).cancel(subject_of(invitation), invitation.status)
        await Outbox(self._session, self._clock).cancel(subject_of(invitation), invitation.status)
        if action == "cancel":
            await Links(self._session, self._clock).revoke(subject_of(invitation))
        self._record(step.journal, invitation, actor, before)

    async def _stop(self, invitation: UserInvitation, reason: str) -> None:
        await self._follow_ups.cancel(subject_of(invitation), reason)
        await Outbox(self._session, self._clock).cancel(subject_of(invitation), reason)
        await Links(self._session, self._clock).revoke(subject_of(invitation))

    @staticmethod
    def _begin_cycle(invitation: UserInvitation) -> None:
        invitation.cycle += 1
        invitation.reminders_asked = 0
        invitation.undeliverable = False
        invitation.expires_at = None
        invitation.last_sent_at = None

    async def _ask(self, row: InvitedUser) -> None:
        await Asking(self._session, self._clock).invite(row, await self._expiry())
        await self._session.flush()

    async def _expiry(self) -> datetime:
        return (await self._follow_ups.policy(DOMAIN)).expiry(self._clock.now())

    async def _row(self, invitation: UserInvitation) -> InvitedUser:
        return (await self._rows.invited([invitation.id]))[invitation.id]

    def _record(self, action: str, invitation: UserInvitation, actor: ActorRef, before: str | None = None) -> None:
        Journal(self._session, self._clock).record(
            action,
            subject_of(invitation),
            actor,
            before={"status": before} if before else {},
            after={"status": invitation.status, "user_id": str(invitation.user_id)},
        )
