"""Putting a mail of this domain into the outbox: one place builds them for the API, the worker and the answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from relance.capabilities.links.service import Links
from relance.capabilities.messaging.handlers import MailFact
from relance.capabilities.messaging.mails import Mail, link_marker
from relance.capabilities.messaging.outbox import Envelope, Outbox
from relance.core.db import DbSession
from relance.core.i18n import Locale, as_locale, long_date, long_datetime
from relance.core.runtime import Runtime
from relance.core.subjects import SubjectRef
from relance.domains.invitations.asked import KIND, Asked
from relance.domains.invitations.asked.repository import AskedRepository
from relance.domains.invitations.emails import (
    CompletedMail,
    DeclinedMail,
    ExpiredMail,
    InvitationMail,
    OrganisationFacts,
    PartnerFacts,
    ReminderMail,
    RequesterFacts,
    UndeliverableMail,
    failure_sentence,
    reason_sentence,
)
from relance.domains.invitations.lifecycle import Reason
from relance.domains.invitations.models import Invitation
from relance.domains.invitations.repository import InvitationRow


def subject_of(invitation: Invitation) -> SubjectRef:
    """How the capabilities name an invitation."""
    return SubjectRef(KIND, invitation.id)


def asked_of(row: InvitationRow) -> Asked:
    """One invitation that is locked, as asking sees it. What is written afterwards, `refresh` shows on the entity."""
    invitation, company = row.invitation, row.company
    return Asked(
        id=invitation.id,
        company_id=invitation.company_id,
        issuing_organisation_id=invitation.issuing_organisation_id,
        requested_by=invitation.requested_by,
        email=invitation.email,
        email_key=invitation.email_key,
        locale=invitation.locale,
        status=invitation.status,
        reason=invitation.reason,
        cycle=invitation.cycle,
        expires_at=invitation.expires_at,
        last_sent_at=invitation.last_sent_at,
        last_asked_at=invitation.last_asked_at,
        reminders_asked=invitation.reminders_asked,
        delivery=invitation.delivery,
        declined_at=invitation.declined_at,
        archived_at=invitation.archived_at,
        company_name=company.name,
        company_id_value=company.id_value,
        company_registered_at=company.registered_at,
        organisation_name=row.organisation_name,
        requester_name=row.requester_name,
        requester_email=row.requester_email,
        zone=row.zone,
        form_status=row.form_status,
    )


@dataclass(frozen=True, slots=True)
class Ask:
    """One invitation to be asked by mail, and the deadline that the mail names."""

    row: Asked
    expires_at: datetime


class Asking:
    """Enqueues the mails of invitations in the session's transaction, many of them with few statements."""

    def __init__(self, session: DbSession, runtime: Runtime) -> None:
        self._outbox = Outbox(session, runtime.clock)
        self._links = Links(session, runtime.clock)
        self._rows = AskedRepository(session)
        self._clock = runtime.clock

    async def invite(self, asks: Sequence[Ask], *, new: bool = False) -> None:
        """Enqueue the inviting mail of the current cycle of each; `new` where they were made so in this transaction."""
        if not asks:
            return
        if not new:
            await self._rows.mark_asked([ask.row for ask in asks], self._clock.now(), reminders=0)
        await self._enqueue(InvitationMail, asks, priority=50, new=new)

    async def remind(self, rows: Sequence[Asked]) -> None:
        """Enqueue one more reminder for each; the deadline stays."""
        if not rows:
            return
        now = self._clock.now()
        await self._rows.mark_asked(rows, now, reminders=1)
        await self._enqueue(ReminderMail, [Ask(row, row.expires_at or now) for row in rows], priority=100)

    async def tell_expired(self, rows: Sequence[Asked]) -> None:
        """Tell the partners that their invitations are over."""
        now = self._clock.now()
        await self._enqueue(ExpiredMail, [Ask(row, row.expires_at or now) for row in rows], priority=200)

    async def _enqueue(
        self,
        mail: type[InvitationMail] | type[ReminderMail] | type[ExpiredMail],
        asks: Sequence[Ask],
        priority: int,
        *,
        new: bool = False,
    ) -> None:
        if not asks:
            return
        links = await self._links.ensure_all([(ask.row.subject, ask.row.email_key) for ask in asks], new=new)
        await self._outbox.enqueue_all(
            [_envelope(mail, ask, link.id, priority) for ask, link in zip(asks, links, strict=True)]
        )

    async def tell_undeliverable(self, row: InvitationRow, failure: MailFact) -> None:
        """Tell the requester that mail does not reach the partner, or that it never left; once a cycle."""
        locale, zone = as_locale(row.requester_locale), ZoneInfo(row.zone)
        notice = UndeliverableMail(
            recipient_email=row.requester_email,
            partner=_partner(row),
            organisation=OrganisationFacts(name=row.organisation_name),
            address=row.invitation.email,
            reason=failure_sentence(failure.enhanced, failure.reason, locale),
            diagnosis=failure.enhanced or "",
            happened_on=long_datetime(failure.at, zone, locale),
            never_left=failure.never_left,
        )
        await self._tell(row, notice)

    async def tell_completed(self, row: InvitationRow, completed_at: datetime) -> None:
        """Tell the requester that the partner has answered."""
        notice = CompletedMail(
            recipient_email=row.requester_email,
            partner=_partner(row),
            organisation=OrganisationFacts(name=row.organisation_name),
            completed_on=_day(row, completed_at),
            reference=str(row.invitation.id),
        )
        await self._tell(row, notice)

    async def tell_declined(self, row: InvitationRow, declined_at: datetime) -> None:
        """Tell the requester that the partner does not want to be contacted any more."""
        notice = DeclinedMail(
            recipient_email=row.requester_email,
            partner=_partner(row),
            organisation=OrganisationFacts(name=row.organisation_name),
            partner_email=row.invitation.email,
            declined_on=_day(row, declined_at),
            reason=row.invitation.decline_reason or "",
            reference=str(row.invitation.id),
        )
        await self._tell(row, notice)

    async def _tell(self, row: InvitationRow, notice: Mail) -> None:
        if not row.requester_active:
            return
        await self._outbox.enqueue(
            Envelope(
                subject=subject_of(row.invitation),
                mail=notice,
                recipient=row.requester_email,
                locale=as_locale(row.requester_locale),
                cycle=row.invitation.cycle,
                priority=150,
                organisation_id=row.invitation.issuing_organisation_id,
            )
        )


def _partner(row: InvitationRow) -> PartnerFacts:
    return PartnerFacts(name=row.company.name, local_id=row.company.id_value or "")


def _day(row: InvitationRow, at: datetime) -> str:
    return long_date(at.astimezone(ZoneInfo(row.zone)).date(), as_locale(row.requester_locale))


@lru_cache(maxsize=1024)
def _organisation(name: str) -> OrganisationFacts:
    return OrganisationFacts(name=name)


@lru_cache(maxsize=1024)
def _requester(name: str, email: str) -> RequesterFacts:
    return RequesterFacts(name=name, email=email)


def asking_mail(
    mail: type[InvitationMail] | type[ReminderMail] | type[ExpiredMail], ask: Ask, locale: Locale, link: str = ""
) -> InvitationMail | ReminderMail | ExpiredMail:
    """What a mail to the partner says; a link that is not given yet is the outbox's to point."""
    row = ask.row
    return mail(
        recipient_email=row.email,
        partner=PartnerFacts(name=row.company_name, local_id=row.company_id_value or ""),
        organisation=_organisation(row.organisation_name),
        requester=_requester(row.requester_name, row.requester_email),
        reason=reason_sentence(Reason(row.reason), locale),
        link=link,
        expires_on=long_datetime(ask.expires_at, ZoneInfo(row.zone), locale),
    )


def _envelope(
    mail: type[InvitationMail] | type[ReminderMail] | type[ExpiredMail], ask: Ask, link_id: UUID, priority: int
) -> Envelope:
    row = ask.row
    locale: Locale = as_locale(row.locale)
    return Envelope(
        subject=row.subject,
        mail=asking_mail(mail, ask, locale, link_marker(link_id)),
        recipient=row.email,
        locale=locale,
        cycle=row.cycle,
        ordinal=row.reminders_asked if mail is ReminderMail else 0,
        link_id=link_id,
        sender_name=row.organisation_name,
        reply_to=row.requester_email,
        priority=priority,
        expires_at=None if mail is ExpiredMail else ask.expires_at,
        list_unsubscribe=mail is ReminderMail,
        organisation_id=row.issuing_organisation_id,
    )
