"""How a proposal leaves: the mail that asks, its copies without links, the dates for calendars, and the reminders."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from relance.capabilities.files.models import StoredFile
from relance.capabilities.journal.service import Journal
from relance.capabilities.links.service import Links
from relance.capabilities.messaging.attachments import Attachment
from relance.capabilities.messaging.catalogue.checking import Draft
from relance.capabilities.messaging.catalogue.drafts import MailDrafts
from relance.capabilities.messaging.catalogue.styles import Wording
from relance.capabilities.messaging.mails import Mail
from relance.capabilities.messaging.outbox import Envelope, Outbox
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.errors import ValidationFailed
from relance.core.i18n import Locale, as_locale
from relance.core.lifecycle import Actor
from relance.core.subjects import SYSTEM, ActorRef
from relance.domains.sessions.asking import SessionMails, asking_values, copy_values, facts_of, subject_of
from relance.domains.sessions.calendars import published, same_dates
from relance.domains.sessions.emails import ProposalCopy, ProposalMail
from relance.domains.sessions.lifecycle import LIFECYCLE
from relance.domains.sessions.models import DateProposal
from relance.domains.sessions.proposals.repository import ProposalRepository
from relance.domains.sessions.repository import ClientRow, SessionRow
from relance.domains.sessions.timetable import record_client


@dataclass(frozen=True, slots=True)
class Words:
    """What a person wrote for one proposal, and the same without links for those who read along."""

    asking: Wording
    copy: Wording | None

    @classmethod
    def of(cls, drafts: MailDrafts, locale: Locale, draft: Draft, *, copied: bool) -> Self:
        """The words of a draft.

        Raises:
            ValidationFailed: what is wrong with them.
        """
        try:
            asking = drafts.checked(ProposalMail, locale, draft)
            return cls(asking, drafts.copy(ProposalMail, ProposalCopy, locale, asking) if copied else None)
        except ValidationFailed as refused:
            # What a template calls `html` is the `body` of a proposal.
            errors = [replace(one, pointer=one.pointer.replace("/html", "/body", 1)) for one in refused.errors]
            raise ValidationFailed(errors) from None


class Sending:
    """Queues proposals and reminders, on behalf of `actor`. The session's row is locked."""

    def __init__(self, session: DbSession, clock: Clock, actor: ActorRef = SYSTEM) -> None:
        self._session = session
        self._clock = clock
        self._actor = actor

    async def send(
        self,
        row: SessionRow,
        found: ClientRow,
        proposal: DateProposal,
        earlier: Sequence[DateProposal],
        files: Sequence[StoredFile],
        words: Words | None,
        *,
        revised: bool,
    ) -> None:
        """Queue the proposal and its copies, each a mail of its own."""
        client, locale = found.client, as_locale(proposal.locale)
        link = await Links(self._session, self._clock).ensure(subject_of(client), proposal.recipient)
        dates = Attachment.calendar(published(row, earlier, locale, self._clock.now()), "PUBLISH")
        enclosed = (*(Attachment.of(file) for file in files), dates)
        values = asking_values(row, found, proposal.recipient, locale, proposal.due_on, revised=revised)

        def envelope(mail: Mail, to: str, wording: Wording | None) -> Envelope:
            return Envelope(
                subject=subject_of(client),
                organisation_id=row.session.organisation_id,
                mail=mail,
                recipient=to,
                locale=locale,
                cycle=proposal.version,
                link_id=link.id if mail.link_bearing else None,
                sender_name=row.organisation_name,
                reply_to=row.responsible.email,
                priority=50,
                expires_at=client.due_at,
                words=wording,
                attachments=enclosed,
            )

        mails = [envelope(ProposalMail(**values), proposal.recipient, words.asking if words else None)]
        for address in (*proposal.cc, *proposal.bcc):
            copy = ProposalCopy(**copy_values(values, address))
            mails.append(envelope(copy, address, words.copy if words else None))
        await Outbox(self._session, self._clock).enqueue_all(mails)

    async def remind(self, row: SessionRow, found: ClientRow, by: Actor, *, forced: bool = False) -> None:
        """Ask again.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        client, now = found.client, self._clock.now()
        step = LIFECYCLE.require(client.confirmation, "remind", by, facts_of(row, client, now, forced=forced))
        proposals = await ProposalRepository(self._session).of_client(client.id)
        client.last_asked_at = now
        client.reminders_asked += 1
        await self._session.flush()
        mails = SessionMails(self._session, self._clock)
        await mails.remind(row, found, proposals[-1], revised=was_revised(proposals))
        record_client(
            Journal(self._session, self._clock), self._actor, found, step.journal, client.confirmation, forced=forced
        )


def was_revised(proposals: Sequence[DateProposal]) -> bool:
    """Whether the last proposal says other dates than the one before."""
    return len(proposals) > 1 and not same_dates(proposals[-1].slots, proposals[-2].slots)
