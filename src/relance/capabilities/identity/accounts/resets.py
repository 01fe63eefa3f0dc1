"""Password resets: asked by anybody who knows an address, answered by whoever reads its mail, once, within an hour."""

import asyncio
import time
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from email_validator import EmailNotValidError

from relance.capabilities.identity.accounts.emails import PasswordResetMail, WorkspaceFacts
from relance.capabilities.identity.accounts.lifecycle import UserStatus
from relance.capabilities.identity.accounts.repository import AccountRepository, ResetOfUser
from relance.capabilities.identity.models import PasswordReset
from relance.capabilities.identity.repository import Candidate, IdentityRepository
from relance.capabilities.journal.service import Journal
from relance.capabilities.links.service import Links
from relance.capabilities.messaging.outbox import Envelope, Outbox
from relance.core.addresses import normalise_address
from relance.core.clock import Clock, system_now
from relance.core.db import DbSession
from relance.core.i18n import as_locale, long_datetime
from relance.core.ids import new_id
from relance.core.runtime import Runtime
from relance.core.subjects import SYSTEM, SubjectRef

RESET = "password_reset"
LIFETIME = timedelta(hours=1)
#: A second request so soon after the first sends no second mail: the first is on its way.
_PATIENCE = timedelta(minutes=5)
#: What every request takes at least, in seconds, so that the time of the answer does not tell who has an account.
_FLOOR = 0.2


def is_open(row: ResetOfUser) -> bool:
    """Whether the link of a reset still answers."""
    unused = row.reset.closed_at is None and row.reset.expires_at > system_now()
    return unused and row.user.status == UserStatus.ACTIVE


async def request_reset(runtime: Runtime, email: str, workspace: str | None) -> None:
    """Mail a link to everybody active who has that address; say nothing about whether there is anybody."""
    started = time.monotonic()
    try:
        address = normalise_address(email)
    except EmailNotValidError:
        address = None
    if address is not None:
        async with runtime.db.reading(None) as session:
            candidates = await IdentityRepository(session).candidates(address, workspace)
        for one in candidates:
            if one.active:
                await _request(runtime, one)
    await asyncio.sleep(max(0.0, started + _FLOOR - time.monotonic()))


async def _request(runtime: Runtime, candidate: Candidate) -> None:
    async with runtime.db.transaction(candidate.workspace_id) as session:
        user = await IdentityRepository(session).user(candidate.user_id, lock=True)
        if user is None or user.status != UserStatus.ACTIVE:
            return
        now = system_now()
        held = await AccountRepository(session).open_reset(user.id)
        if held is not None and now - held.requested_at < _PATIENCE:
            return
        await close_resets(session, runtime.clock, user.id)
        reset = PasswordReset(id=new_id(), user_id=user.id, requested_at=now, expires_at=now + LIFETIME)
        session.add(reset)
        await session.flush()
        await _mail(session, runtime.clock, (await AccountRepository(session).resets([reset.id]))[reset.id])
        journal = Journal(session, runtime.clock)
        journal.record("user.password_reset_requested", SubjectRef("user", user.id), SYSTEM)


async def _mail(session: DbSession, clock: Clock, row: ResetOfUser) -> None:
    subject, locale = SubjectRef(RESET, row.reset.id), as_locale(row.user.locale)
    link = await Links(session, clock).ensure(subject, row.user.email)
    await Outbox(session, clock).enqueue(
        Envelope(
            subject=subject,
            mail=PasswordResetMail(
                recipient_email=row.user.email,
                recipient_name=row.user.name,
                workspace=WorkspaceFacts(name=row.workspace_name),
                link="",  # the outbox points it to `link_id`
                expires_on=long_datetime(row.reset.expires_at, ZoneInfo(row.zone), locale),
            ),
            recipient=row.user.email,
            locale=locale,
            link_id=link.id,
            sender_name=row.workspace_name,
            priority=10,  # somebody waits in front of a screen
            expires_at=clock.now() + LIFETIME,
        )
    )


async def close_resets(session: DbSession, clock: Clock, user_id: UUID) -> None:
    """Make sure that no link to reset the password of that user answers any more. Their row is locked."""
    held = await AccountRepository(session).open_reset(user_id)
    if held is None:
        return
    held.closed_at = system_now()
    subject = SubjectRef(RESET, held.id)
    await Links(session, clock).revoke(subject)
    await Outbox(session, clock).cancel(subject, "replaced")
    await session.flush()
