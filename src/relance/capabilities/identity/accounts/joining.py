"""Taking up an account, by the link of the invitation or by a first sign-in through an issuer."""

from relance.capabilities.identity.accounts.invitations import UserInvitations
from relance.capabilities.identity.accounts.lifecycle import USER, UserFacts
from relance.capabilities.identity.models import User
from relance.capabilities.journal.service import Journal
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.lifecycle import Actor
from relance.core.subjects import ActorRef, SubjectRef


async def join(session: DbSession, clock: Clock, user: User, by: Actor, actor: ActorRef) -> None:
    """Make an invited user, whose row is locked, active, and end their invitation.

    Raises:
        TransitionNotAllowed: the user is not invited.
    """
    step = USER.require(user.status, "join", by, UserFacts(clock.now()))
    before, user.status = user.status, USER.target(step, user.status)
    await UserInvitations(session, clock).settle(user, "accept", by, actor)
    Journal(session, clock).record(
        step.journal, SubjectRef("user", user.id), actor, before={"status": before}, after={"status": user.status}
    )
    await session.flush()
