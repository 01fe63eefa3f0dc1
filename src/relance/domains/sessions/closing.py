"""What ends with a session: its asking, its links, and its dates in the calendars of clients. Its row is locked."""

from collections.abc import Sequence

from relance.capabilities.files.attachments import Attachments
from relance.capabilities.followups.service import FollowUps
from relance.capabilities.links.service import Links
from relance.capabilities.messaging.attachments import Attachment
from relance.capabilities.messaging.outbox import Envelope, Outbox
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.i18n import as_locale
from relance.core.subjects import SubjectRef
from relance.domains.sessions.asking import SESSION_KIND, client_facts, session_facts, subject_of
from relance.domains.sessions.calendars import withdrawn
from relance.domains.sessions.emails import CancelledMail
from relance.domains.sessions.models import DateProposal
from relance.domains.sessions.proposals.repository import ProposalRepository
from relance.domains.sessions.repository import ClientRow, SessionRow


class Closing:
    """Ends sessions."""

    def __init__(self, session: DbSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    async def cancel(self, row: SessionRow) -> None:
        """Nobody is asked any more, and whoever was asked reads that the session will not take place."""
        for found in row.clients:
            await self._quiet(found, "cancelled")
            proposals = await ProposalRepository(self._session).of_client(found.client.id)
            if proposals:
                await self._tell(row, found, proposals)

    async def delete(self, row: SessionRow) -> None:
        """Nothing leads to the session any more."""
        for found in row.clients:
            await self._quiet(found, "deleted")
            await Links(self._session, self._clock).revoke(subject_of(found.client))
        session = SubjectRef(SESSION_KIND, row.session.id)
        await Outbox(self._session, self._clock).cancel(session, "deleted")
        await Attachments(self._session).hold(session, ())

    async def _quiet(self, found: ClientRow, reason: str) -> None:
        subject = subject_of(found.client)
        await Outbox(self._session, self._clock).cancel(subject, reason)
        await FollowUps(self._session, self._clock).cancel(subject, reason)

    async def _tell(self, row: SessionRow, found: ClientRow, proposals: Sequence[DateProposal]) -> None:
        """The recipient of the last proposal and those in its copies; a calendar takes out all that was proposed."""
        last = proposals[-1]
        locale = as_locale(last.locale)
        dates = withdrawn(row, proposals, self._clock.now())
        await Outbox(self._session, self._clock).enqueue_all(
            [
                Envelope(
                    subject=subject_of(found.client),
                    organisation_id=row.session.organisation_id,
                    mail=CancelledMail(
                        **session_facts(row, address, locale),
                        client=client_facts(found),
                        reason=row.session.cancel_reason or "",
                    ),
                    recipient=address,
                    locale=locale,
                    cycle=last.version,
                    sender_name=row.organisation_name,
                    reply_to=row.responsible.email,
                    priority=50,
                    attachments=(Attachment.calendar(dates, "CANCEL"),) if dates else (),
                )
                for address in dict.fromkeys((last.recipient, *last.cc, *last.bcc))
            ]
        )
