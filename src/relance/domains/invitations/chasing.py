"""Reminding, renewing and correcting an address, one invitation or hundreds, once the lifecycle has agreed to each."""

from collections.abc import Sequence
from uuid import UUID

from relance.capabilities.followups.service import FollowUps
from relance.capabilities.journal.service import Entry, Journal
from relance.capabilities.links.service import Links
from relance.capabilities.messaging.outbox import Outbox
from relance.core.db import DbSession
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import ActorRef
from relance.domains.invitations.asked import Asked
from relance.domains.invitations.asked.repository import AskedRepository, OpenKey
from relance.domains.invitations.asking import Ask, Asking, asked_of, subject_of
from relance.domains.invitations.creation import DOMAIN, reason_of
from relance.domains.invitations.errors import AlreadyOpen
from relance.domains.invitations.lifecycle import FormStatus, Reason, Status
from relance.domains.invitations.repository import InvitationRow


class Chasing:
    """Asks again, for a caller in one session. The rows are locked."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._clock = runtime.clock
        self._caller = caller
        self._rows = AskedRepository(session)
        self._asking = Asking(session, runtime)
        self._journal = Journal(session, runtime.clock)
        self._follow_ups = FollowUps(session, runtime.clock)
        self._links = Links(session, runtime.clock)
        self._outbox = Outbox(session, runtime.clock)

    async def remind(self, rows: Sequence[Asked], *, forced: bool = False) -> None:
        """Enqueue a reminder for each; the expiry does not move."""
        await self._asking.remind(rows)
        await self._record("invitation.reminded", [(row, row.status) for row in rows], forced=forced)

    async def renew(self, rows: Sequence[Asked]) -> dict[UUID, AlreadyOpen]:
        """Begin a new cycle of each: the inviting mail again, follow-ups armed again once it has left.

        Returns:
            By id, those that were left alone: another row is open for the same address.
        """
        if not rows:
            return {}
        now = self._clock.now()
        open_rows = await self._rows.open_rows({_key(row) for row in rows})
        policy = await self._follow_ups.policy(DOMAIN)
        refused: dict[UUID, AlreadyOpen] = {}
        renewed: list[tuple[Asked, str]] = []
        for row in rows:
            if _key(row) in open_rows:
                refused[row.id] = AlreadyOpen(open_rows[_key(row)])
                continue
            open_rows[_key(row)] = row.id
            renewed.append((row, row.status))
            row.status = Status.SENT
            row.cycle += 1
            row.delivery = None
            row.expires_at = policy.expiry(now)
            row.reason = _reason(row)
        await self._rows.write_cycles([row for row, _ in renewed])
        await self._asking.invite([Ask(row, row.expires_at or now) for row, _ in renewed])
        await self._record("invitation.renewed", renewed)
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
        taken = (await self._rows.open_rows([key])).get(key)
        if taken is not None:
            raise AlreadyOpen(taken)
        await self._outbox.cancel(subject, "address_corrected")
        await self._follow_ups.cancel(subject, "address_corrected")
        await self._links.revoke(subject)
        before, invitation.status = invitation.status, Status.QUEUED
        invitation.email, invitation.email_key = email, email.casefold()
        invitation.cycle += 1
        invitation.expires_at = invitation.delivery = None
        invitation.reason = _reason(asked_of(row))
        await self._session.flush()
        asked = asked_of(row)
        policy = await self._follow_ups.policy(DOMAIN)
        await self._asking.invite([Ask(asked, policy.expiry(self._clock.now()))])
        await self._record("invitation.address_corrected", [(asked, before)])

    async def _record(self, action: str, rows: Sequence[tuple[Asked, str]], **details: object) -> None:
        """Write what happened to each, from the state it had before."""
        entries = [
            Entry(
                action,
                row.subject,
                row.company_id,
                before={"status": before},
                after={"status": row.status, **details},
            )
            for row, before in rows
        ]
        await self._journal.record_all(entries, ActorRef.of(self._caller))


def _key(row: Asked) -> OpenKey:
    return row.issuing_organisation_id, row.company_id, row.email_key


def _reason(row: Asked) -> Reason:
    return reason_of(FormStatus(row.form_status), registered=row.company_registered_at is not None)
