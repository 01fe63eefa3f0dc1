"""The cycle of a mandate's invitation, and its mails: one place builds them for the API, the worker and the answers."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from relance.capabilities.cycles.chase import Chase
from relance.capabilities.cycles.lifecycle import Pace
from relance.capabilities.cycles.views import CycleMails
from relance.capabilities.links.service import Links
from relance.capabilities.messaging.handlers import MailFact
from relance.capabilities.messaging.mails import Mail
from relance.capabilities.messaging.outbox import Envelope, Outbox
from relance.core.db import DbSession
from relance.core.i18n import Text, as_locale
from relance.core.lifecycle import Lifecycle
from relance.core.runtime import Runtime
from relance.core.subjects import SubjectRef
from relance.domains.mandates.completeness import missing_codes
from relance.domains.mandates.contacts.repository import ContactRepository
from relance.domains.mandates.emails import (
    AcceptedMail,
    CancelledMail,
    DeclinedMail,
    ExpiredMail,
    ExpiredNotice,
    InviteMail,
    ReminderMail,
    UndeliverableMail,
)
from relance.domains.mandates.filling import Filling
from relance.domains.mandates.lifecycle import CONTACT_LIFECYCLE, LIFECYCLE, Facts, MandateKind, MandateStatus, TeamRole
from relance.domains.mandates.repository import MandateRepository, MandateRow, Member

KIND = "mandate"
CONTACT_KIND = "mandate_contact"
DOMAIN = "mandates"

CYCLE_MAILS = CycleMails(
    InviteMail.key,
    ReminderMail.key,
    ExpiredMail.key,
    Text("Relance automatique si la PME n’a pas accepté.", "Automatic reminder if the company has not accepted."),
    Text(
        "Avis d’expiration si la PME n’a toujours pas accepté.", "Expiry notice if the company has still not accepted."
    ),
)
_EVERY_STATE = frozenset(MandateStatus)


def subject_of(row: MandateRow) -> SubjectRef:
    """How the capabilities name a mandate, or a further contact of it."""
    return SubjectRef(CONTACT_KIND if row.further is not None else KIND, row.invitee.id)


class MandateChase(Chase[MandateRow]):
    """What a mandate says about its cycles."""

    kind = KIND
    domain = DOMAIN
    lifecycle: Lifecycle[Facts] = LIFECYCLE
    inviting = InviteMail.key
    reminding = ReminderMail.key
    open_states = frozenset({MandateStatus.INVITED})
    wanted_in: Mapping[str, Collection[str]] = {
        InviteMail.key: {MandateStatus.INVITED},
        ReminderMail.key: {MandateStatus.INVITED},
        ExpiredMail.key: {MandateStatus.INVITATION_EXPIRED},
        ExpiredNotice.key: _EVERY_STATE,
        AcceptedMail.key: _EVERY_STATE,
        DeclinedMail.key: _EVERY_STATE,
        UndeliverableMail.key: _EVERY_STATE,
        CancelledMail.key: {MandateStatus.CANCELLED},
    }

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock

    async def lock_all(self, session: DbSession, ids: Collection[UUID]) -> Mapping[UUID, MandateRow]:
        """See `Chase`."""
        return await MandateRepository(session).lock_all(ids)

    async def lock_free(self, session: DbSession, ids: Collection[UUID]) -> Mapping[UUID, MandateRow]:
        """See `Chase`."""
        return await MandateRepository(session).lock_free(ids)

    async def statuses(self, session: DbSession, ids: Collection[UUID]) -> Mapping[UUID, str]:
        """See `Chase`."""
        return await MandateRepository(session).statuses(ids)

    def facts(self, row: MandateRow, pace: Pace) -> Facts:
        """What the guards ask about `row`."""
        return Facts(pace, MandateKind(row.mandate.kind), missing_codes(row))

    async def invite(self, session: DbSession, rows: Sequence[MandateRow], expires_at: datetime) -> None:
        """See `Chase`."""
        await self._ask(session, InviteMail, rows, expires_at, priority=50)

    async def remind(self, session: DbSession, rows: Sequence[MandateRow]) -> None:
        """See `Chase`. Who has opened an account meanwhile is asked to accept, no longer to register."""
        await self._ask(session, ReminderMail, rows, self._clock.now(), priority=100)

    async def tell_expired(self, session: DbSession, row: MandateRow) -> None:
        """The contact reads whom to write to; the owners, that nobody has accepted."""
        at = row.invitee.expires_at or self._clock.now()
        mail = Filling.to_contact(row).expired(at)
        await Outbox(session, self._clock).enqueue(_to_contact(row, mail, priority=200))
        await self._tell(session, row, row.members(TeamRole.OWNER), lambda words: words.expired_notice(at))

    async def tell_undeliverable(self, session: DbSession, row: MandateRow, failure: MailFact) -> None:
        """The owners read that mail does not reach the contact, or that it never left."""
        diagnosis, at, never_left = failure.enhanced or "", failure.at, failure.never_left
        owners = row.members(TeamRole.OWNER)
        await self._tell(session, row, owners, lambda words: words.undeliverable(at, diagnosis, never_left=never_left))

    async def tell_accepted(self, session: DbSession, row: MandateRow, at: datetime) -> None:
        """Owners, agents and the submitter read it, each once."""
        await self._tell(session, row, row.team, lambda words: words.accepted(at), submitter=True)

    async def tell_declined(self, session: DbSession, row: MandateRow, at: datetime) -> None:
        """The owners read it, with the reason where there is one."""
        await self._tell(session, row, row.members(TeamRole.OWNER), lambda words: words.declined(at))

    async def tell_cancelled(self, session: DbSession, row: MandateRow) -> None:
        """The contact reads that nothing is asked any more."""
        mail = Filling.to_contact(row).cancelled()
        await Outbox(session, self._clock).enqueue(_to_contact(row, mail, priority=150))

    async def _ask(
        self,
        session: DbSession,
        mail: type[InviteMail] | type[ReminderMail],
        rows: Sequence[MandateRow],
        deadline: datetime,
        priority: int,
    ) -> None:
        addresses = [row.invitee.contact_email_key or "" for row in rows]
        links = await Links(session, self._clock).ensure_all(
            [(subject_of(row), address) for row, address in zip(rows, addresses, strict=True)]
        )
        known = await MandateRepository(session).registered(addresses)
        envelopes = []
        for row, address, link in zip(rows, addresses, links, strict=True):
            expires_at = (row.invitee.expires_at if mail is ReminderMail else None) or deadline
            built = Filling.to_contact(row).asking(mail, expires_at, registered=address in known)
            envelopes.append(_to_contact(row, built, priority, link.id, expires_at))
        await Outbox(session, self._clock).enqueue_all(envelopes)

    async def _tell(
        self,
        session: DbSession,
        row: MandateRow,
        members: Iterable[Member],
        notice: Callable[[Filling], Mail],
        *,
        submitter: bool = False,
    ) -> None:
        """One notice to each active member, and to the submitter, whatever their roles; each in their own language."""
        people = {member.email: as_locale(member.locale) for member in members if member.active}
        if submitter and row.submitter_email is not None and row.submitter_active:
            people.setdefault(row.submitter_email, as_locale(row.submitter_locale))
        await Outbox(session, self._clock).enqueue_all(
            [
                Envelope(
                    subject=subject_of(row),
                    organisation_id=row.mandate.issuing_organisation_id,
                    mail=notice(Filling(row, locale, address)),
                    recipient=address,
                    locale=locale,
                    cycle=row.invitee.cycle,
                    priority=150,
                )
                for address, locale in people.items()
            ]
        )


class ContactChase(MandateChase):
    """The same for a further contact of the company, by the same mails."""

    kind = CONTACT_KIND
    lifecycle = CONTACT_LIFECYCLE

    async def lock_all(self, session: DbSession, ids: Collection[UUID]) -> Mapping[UUID, MandateRow]:
        """See `Chase`."""
        return await ContactRepository(session).lock_all(ids)

    async def lock_free(self, session: DbSession, ids: Collection[UUID]) -> Mapping[UUID, MandateRow]:
        """See `Chase`."""
        return await ContactRepository(session).lock_free(ids)

    async def statuses(self, session: DbSession, ids: Collection[UUID]) -> Mapping[UUID, str]:
        """See `Chase`."""
        return await ContactRepository(session).statuses(ids)


def chase_of(row: MandateRow, runtime: Runtime) -> MandateChase:
    """The chase of whoever `row` is about."""
    return ContactChase(runtime) if row.further is not None else MandateChase(runtime)


def answers_to(row: MandateRow) -> str:
    """Where the contact's answers by mail go."""
    return row.submitter_email or row.creator_email


def _to_contact(
    row: MandateRow, mail: Mail, priority: int, link_id: UUID | None = None, expires_at: datetime | None = None
) -> Envelope:
    return Envelope(
        subject=subject_of(row),
        organisation_id=row.mandate.issuing_organisation_id,
        mail=mail,
        recipient=row.invitee.contact_email or "",
        locale=as_locale(row.mandate.locale),
        cycle=row.invitee.cycle,
        ordinal=row.invitee.reminders_asked if isinstance(mail, ReminderMail) else 0,
        link_id=link_id,
        sender_name=row.organisation_name,
        reply_to=answers_to(row),
        priority=priority,
        expires_at=expires_at,
        list_unsubscribe=isinstance(mail, ReminderMail),
    )
