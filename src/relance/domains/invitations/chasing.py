"""Reminding, renewing and correcting an address, one invitation or hundreds, once the lifecycle has agreed to each."""

from collections.abc import Sequence
from uuid import UUID

from relance.capabilities.followups.service import FollowUps
from relance.capabilities.journal.service import Journal
from relance.capabilities.links.service import Links
from relance.capabilities.messaging.outbox import Outbox
from relance.core.db import DbSession
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import ActorRef
from relance.domains.invitations.asking import Ask, Asking, subject_of
from relance.domains.invitations.creation import DOMAIN, reason_for
from relance.domains.invitations.errors import AlreadyOpen
from relance.domains.invitations.lifecycle import Status
from relance.domains.invitations.repository import (
    InvitationRepository,
    InvitationRow,
    OpenKey,
    PrequalificationRepository,
)


class Chasing:
    """Asks again, for a caller in one session. The rows are locked."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._clock = runtime.clock
        self._caller = caller
        self._asking = Asking(session, runtime)
        self._journal = Journal(session, runtime.clock)
        self._follow_ups = FollowUps(session, runtime.clock)
        self._links = Links(session, runtime.clock)
        self._outbox = Outbox(session, runtime.clock)

    async def remind(self, rows: Sequence[InvitationRow], *, forced: bool = False) -> None:
        """Enqueue a reminder for each; the expiry does not move."""
        await self._asking.remind(rows)
        for row in rows:
            self._record(row, "invitation.reminded", row.invitation.status, forced=forced)

    async def renew(self, rows: Sequence[InvitationRow]) -> dict[UUID, AlreadyOpen]:
        """Begin a new cycle of each: the inviting mail again, follow-ups armed again once it has left.

        Returns:
            By id, those that were left alone: another row is open for the same address.
        """
        now = self._clock.now()
        open_rows = await InvitationRepository(self._session).open_rows([_key(row) for row in rows])
        forms = await PrequalificationRepository(self._session).of_companies(
            {row.invitation.company_id for row in rows}
        )
        policy = await self._follow_ups.policy(DOMAIN)
        refused: dict[UUID, AlreadyOpen] = {}
        asks: list[Ask] = []
        for row in rows:
            invitation = row.invitation
            if _key(row) in open_rows:
                refused[invitation.id] = AlreadyOpen(open_rows[_key(row)])
                continue
            open_rows[_key(row)] = invitation.id
            before, invitation.status = invitation.status, Status.SENT
            invitation.cycle += 1
            invitation.delivery = None
            invitation.expires_at = policy.expiry(now)
            invitation.reason = reason_for(row.company, forms.get(invitation.company_id))
            asks.append(Ask(row, invitation.expires_at))
            self._record(row, "invitation.renewed", before)
        await self._asking.invite(asks)
        return refused

    async def correct(self, row: InvitationRow, email: str) -> None:
        """Ask at `email` instead of the address so far: nothing of the old one is left, and a new cycle is waited for.

        A mail to the old address that is in the relay's hands may still arrive; its link answers no more, and it begins
        no cycle.

        Raises:
            AlreadyOpen: another row is open for that address.
        """
        invitation, subject = row.invitation, subject_of(row.invitation)
        key = (invitation.issuing_organisation_id, invitation.company_id, email.casefold())
        taken = (await InvitationRepository(self._session).open_rows([key])).get(key)
        if taken is not None:
            raise AlreadyOpen(taken)
        await self._outbox.cancel(subject, "address_corrected")
        await self._follow_ups.cancel(subject, "address_corrected")
        await self._links.revoke(subject)
        before, invitation.status = invitation.status, Status.QUEUED
        invitation.email, invitation.email_key = email, email.casefold()
        invitation.cycle += 1
        invitation.expires_at = invitation.delivery = None
        forms = await PrequalificationRepository(self._session).of_companies([invitation.company_id])
        invitation.reason = reason_for(row.company, forms.get(invitation.company_id))
        policy = await self._follow_ups.policy(DOMAIN)
        await self._asking.invite([Ask(row, policy.expiry(self._clock.now()))])
        self._record(row, "invitation.address_corrected", before)

    def _record(self, row: InvitationRow, action: str, before: str, **details: object) -> None:
        self._journal.record(
            action,
            subject_of(row.invitation),
            ActorRef.of(self._caller),
            company_id=row.invitation.company_id,
            before={"status": before},
            after={"status": row.invitation.status, **details},
        )


def _key(row: InvitationRow) -> OpenKey:
    return row.invitation.issuing_organisation_id, row.invitation.company_id, row.invitation.email_key
