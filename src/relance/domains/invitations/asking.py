"""Putting a mail of this domain into the outbox: one place builds them for the API, the worker and the answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from relance.capabilities.links.service import Links
from relance.capabilities.messaging.handlers import MailFact
from relance.capabilities.messaging.mails import Mail
from relance.capabilities.messaging.outbox import Envelope, Outbox
from relance.core.db import DbSession
from relance.core.i18n import Locale, as_locale, long_date, long_datetime
from relance.core.runtime import Runtime
from relance.core.subjects import SubjectRef
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
from relance.domains.invitations.repository import InvitationRepository, InvitationRow

KIND = "invitation"


def subject_of(invitation: Invitation) -> SubjectRef:
    """How the capabilities name an invitation."""
    return SubjectRef(KIND, invitation.id)


@dataclass(frozen=True, slots=True)
class Ask:
    """One invitation to be asked by mail, and the deadline that the mail names."""

    row: InvitationRow
    expires_at: datetime


class Asking:
    """Enqueues the mails of invitations in the session's transaction, many of them with few statements."""

    def __init__(self, session: DbSession, runtime: Runtime) -> None:
        self._outbox = Outbox(session, runtime.clock)
        self._links = Links(session, runtime.clock)
        self._rows = InvitationRepository(session)
        self._clock = runtime.clock

    async def invite(self, asks: Sequence[Ask]) -> None:
        """Enqueue the inviting mail of the current cycle of each."""
        await self._rows.mark_asked([ask.row.invitation for ask in asks], self._clock.now(), reminders=0)
        await self._enqueue(InvitationMail, asks, priority=50)

    async def remind(self, rows: Sequence[InvitationRow]) -> None:
        """Enqueue one more reminder for each; the deadline stays."""
        now = self._clock.now()
        await self._rows.mark_asked([row.invitation for row in rows], now, reminders=1)
        await self._enqueue(ReminderMail, [Ask(row, row.invitation.expires_at or now) for row in rows], priority=100)

    async def tell_expired(self, row: InvitationRow) -> None:
        """Tell the partner that the invitation is over."""
        await self._enqueue(ExpiredMail, [Ask(row, row.invitation.expires_at or self._clock.now())], priority=200)

    async def _enqueue(
        self, mail: type[InvitationMail] | type[ReminderMail] | type[ExpiredMail], asks: Sequence[Ask], priority: int
    ) -> None:
        if not asks:
            return
        links = await self._links.ensure_all(
            [(subject_of(ask.row.invitation), ask.row.invitation.email_key) for ask in asks]
        )
        await self._outbox.enqueue_all(
            [_envelope(mail, ask, link.id, priority) for ask, link in zip(asks, links, strict=True)]
        )

    async def tell_undeliverable(self, row: InvitationRow, failure: MailFact) -> None:
        """Tell the requester that mail does not reach the partner, or that it never left; once a cycle."""
        locale, zone = as_locale(row.invitation.locale), ZoneInfo(row.zone)
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
        await self._tell(row, notice, locale)

    async def tell_completed(self, row: InvitationRow, completed_at: datetime) -> None:
        """Tell the requester that the partner has answered."""
        locale = as_locale(row.invitation.locale)
        notice = CompletedMail(
            recipient_email=row.requester_email,
            partner=_partner(row),
            organisation=OrganisationFacts(name=row.organisation_name),
            completed_on=_day(row, completed_at, locale),
            reference=str(row.invitation.id),
        )
        await self._tell(row, notice, locale)

    async def tell_declined(self, row: InvitationRow, declined_at: datetime) -> None:
        """Tell the requester that the partner does not want to be contacted any more."""
        locale = as_locale(row.invitation.locale)
        notice = DeclinedMail(
            recipient_email=row.requester_email,
            partner=_partner(row),
            organisation=OrganisationFacts(name=row.organisation_name),
            partner_email=row.invitation.email,
            declined_on=_day(row, declined_at, locale),
            reason=row.invitation.decline_reason or "",
            reference=str(row.invitation.id),
        )
        await self._tell(row, notice, locale)

    async def _tell(self, row: InvitationRow, notice: Mail, locale: Locale) -> None:
        await self._outbox.enqueue(
            Envelope(
                subject=subject_of(row.invitation),
                mail=notice,
                recipient=row.requester_email,
                locale=as_locale(row.invitation.locale),
                cycle=row.invitation.cycle,
                priority=150,
                organisation_id=row.invitation.issuing_organisation_id,
            )
        )


def _partner(row: InvitationRow) -> PartnerFacts:
    return PartnerFacts(name=row.company.name, local_id=row.company.id_value or "")


def _day(row: InvitationRow, at: datetime, locale: Locale) -> str:
    return long_date(at.astimezone(ZoneInfo(row.zone)).date(), locale)


def asking_mail(
    mail: type[InvitationMail] | type[ReminderMail] | type[ExpiredMail], ask: Ask, locale: Locale
) -> InvitationMail | ReminderMail | ExpiredMail:
    """What a mail to the partner says."""
    row, invitation = ask.row, ask.row.invitation
    return mail(
        recipient_email=invitation.email,
        partner=_partner(row),
        organisation=OrganisationFacts(name=row.organisation_name),
        requester=RequesterFacts(name=row.requester_name, email=row.requester_email),
        reason=reason_sentence(Reason(invitation.reason), locale),
        link="",  # the outbox points it to `link_id`
        expires_on=long_datetime(ask.expires_at, ZoneInfo(row.zone), locale),
    )


def _envelope(
    mail: type[InvitationMail] | type[ReminderMail] | type[ExpiredMail], ask: Ask, link_id: UUID, priority: int
) -> Envelope:
    row, invitation = ask.row, ask.row.invitation
    locale: Locale = as_locale(invitation.locale)
    return Envelope(
        subject=subject_of(invitation),
        mail=asking_mail(mail, ask, locale),
        recipient=invitation.email,
        locale=locale,
        cycle=invitation.cycle,
        ordinal=invitation.reminders_asked if mail is ReminderMail else 0,
        link_id=link_id,
        sender_name=row.organisation_name,
        reply_to=row.requester_email,
        priority=priority,
        expires_at=None if mail is ExpiredMail else ask.expires_at,
        list_unsubscribe=mail is ReminderMail,
        organisation_id=invitation.issuing_organisation_id,
    )
