"""The mails of this domain: one place builds them for the API, the worker and the answers."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from relance.capabilities.cycles.lifecycle import Delivery, Pace
from relance.capabilities.cycles.views import CycleMails
from relance.capabilities.links.service import Links
from relance.capabilities.messaging.handlers import MailFact
from relance.capabilities.messaging.mails import Mail
from relance.capabilities.messaging.outbox import Envelope, Outbox
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.i18n import Locale, Text, as_locale, long_date, long_datetime
from relance.core.subjects import SubjectRef
from relance.domains.sessions.emails import (
    AcceptedMail,
    ClientFacts,
    DatesChangedMail,
    DeclinedMail,
    OrganisationFacts,
    ProposalMail,
    ReminderMail,
    ResponsibleFacts,
    SessionFacts,
    SlotFacts,
    UndeliverableMail,
)
from relance.domains.sessions.lifecycle import Confirmation, Facts
from relance.domains.sessions.models import DateProposal, SessionClient
from relance.domains.sessions.planning import SlotTimes, day_in_words, hours_in_words, zone_in_words
from relance.domains.sessions.repository import ClientRow, SessionRow

SESSION_KIND = "session"
KIND = "session_client"

CYCLE_MAILS = CycleMails(
    ProposalMail.key,
    ReminderMail.key,
    "",  # nothing expires: past the due date the client is shown as overdue
    Text("Relance automatique si le client n’a pas répondu.", "Automatic reminder if the client has not answered."),
    Text("", ""),
)


def subject_of(client: SessionClient) -> SubjectRef:
    """How the capabilities name a client of a session."""
    return SubjectRef(KIND, client.id)


def facts_of(row: SessionRow, client: SessionClient, now: datetime, *, forced: bool = False) -> Facts:
    """What the guards ask about a client."""
    asked = max(filter(None, (client.last_asked_at, client.last_sent_at)), default=None)
    begins = row.session.begins_at
    return Facts(
        Pace(now, asked, client.delivery == Delivery.UNDELIVERABLE, forced),
        row.status,
        overdue=is_past_due(client, now),
        begun=begins is not None and now >= begins,
        prior=Confirmation(client.prior) if client.prior else None,
    )


def is_past_due(client: SessionClient, now: datetime) -> bool:
    """Whether the due date of the proposal in force is over, answered or not."""
    return client.due_at is not None and now >= client.due_at


def is_overdue(row: SessionRow, client: SessionClient, now: datetime) -> bool:
    """Whether an answer is still awaited after the due date."""
    awaited = client.confirmation == Confirmation.AWAITING and row.session.cancelled_at is None
    return awaited and is_past_due(client, now)


def contact_name(found: ClientRow) -> str:
    """Who the client is asked through; empty where nobody is known."""
    contact = found.contact
    return f"{contact.first_name} {contact.last_name}".strip() if contact else ""


def client_locale(row: SessionRow, found: ClientRow) -> Locale:
    """In which language a client is written to: its contact's, else the workspace's."""
    return as_locale(found.contact.locale) if found.contact and found.contact.locale else row.locale


def session_facts(
    row: SessionRow, recipient: str, locale: Locale, slots: Sequence[SlotTimes] | None = None
) -> dict[str, Any]:
    """What every mail says of the session."""
    shown = row.times if slots is None else slots
    return {
        "recipient_email": recipient,
        "session": SessionFacts(
            title=row.session.title,
            trainer=row.session.trainer or "",
            zone=zone_in_words(row.zone, shown, locale),
        ),
        "slots": [
            SlotFacts(day=day_in_words(slot.day, locale), hours=hours_in_words(slot), place=slot.place or "")
            for slot in shown
        ],
        "organisation": OrganisationFacts(name=row.organisation_name),
        "responsible": ResponsibleFacts(name=row.responsible.name, email=row.responsible.email),
    }


def client_facts(found: ClientRow) -> ClientFacts:
    """What a mail says of a client."""
    return ClientFacts(company=found.company.name, contact=contact_name(found))


def asking_values(
    row: SessionRow, found: ClientRow, recipient: str, locale: Locale, due_on: date, *, revised: bool
) -> dict[str, Any]:
    """The placeholders of a proposal and of its reminder; the outbox points the links to the envelope's."""
    return {
        **session_facts(row, recipient, locale),
        "client": client_facts(found),
        "due_on": long_date(due_on, locale),
        "revised": revised,
        "link": "",
        "accept_link": "",
        "decline_link": "",
    }


def copy_values(values: Mapping[str, Any], recipient: str) -> dict[str, Any]:
    """The placeholders of a proposal for somebody who reads along: without links."""
    shown = {name: value for name, value in values.items() if name not in ProposalMail.link_fields()}
    return {**shown, "recipient_email": recipient}


class SessionMails:
    """Queues the mails about sessions, in one session of the database."""

    def __init__(self, session: DbSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._outbox = Outbox(session, clock)

    async def remind(self, row: SessionRow, found: ClientRow, proposal: DateProposal, *, revised: bool) -> None:
        """Ask again, numbered by `reminders_asked`."""
        client, locale = found.client, as_locale(proposal.locale)
        link = await Links(self._session, self._clock).ensure(subject_of(client), proposal.recipient)
        values = asking_values(
            row, found, proposal.recipient, locale, client.due_on or proposal.due_on, revised=revised
        )
        await self._outbox.enqueue(
            Envelope(
                subject=subject_of(client),
                organisation_id=row.session.organisation_id,
                mail=ReminderMail(**values),
                recipient=proposal.recipient,
                locale=locale,
                cycle=client.proposal_version,
                ordinal=client.reminders_asked,
                link_id=link.id,
                sender_name=row.organisation_name,
                reply_to=row.responsible.email,
                expires_at=client.due_at,
                list_unsubscribe=True,
            )
        )

    async def tell_answered(self, row: SessionRow, found: ClientRow, *, changed: bool, ordinal: int) -> None:
        """Whoever is in charge reads the answer; each one is a mail of its own."""
        client, locale = found.client, row.responsible.locale
        mail = AcceptedMail if client.confirmation == Confirmation.ACCEPTED else DeclinedMail
        assert client.answered_at is not None  # it is an answer
        await self._tell(
            row,
            subject_of(client),
            mail(
                **session_facts(row, row.responsible.email, locale),
                client=client_facts(found),
                answered_on=long_datetime(client.answered_at, row.zone, locale),
                answered_by=client.answered_by or "",
                comment=client.comment or "",
                changed=changed,
                reference=str(row.session.id),
            ),
            client.proposal_version,
            ordinal,
        )

    async def tell_dates_changed(self, row: SessionRow, clients: Sequence[ClientRow]) -> None:
        """Whoever is in charge reads who has to be asked anew."""
        await self._tell(
            row,
            SubjectRef(SESSION_KIND, row.session.id),
            DatesChangedMail(
                **session_facts(row, row.responsible.email, row.responsible.locale),
                clients=[client_facts(found) for found in clients],
                reference=str(row.session.id),
            ),
            row.session.dates_version,
        )

    async def tell_undeliverable(self, row: SessionRow, found: ClientRow, failure: MailFact) -> None:
        """Whoever is in charge reads that mail does not reach the client, or that it never left."""
        locale = row.responsible.locale
        await self._tell(
            row,
            subject_of(found.client),
            UndeliverableMail(
                **session_facts(row, row.responsible.email, locale),
                client=client_facts(found),
                happened_on=long_datetime(failure.at, ZoneInfo(row.session.zone), locale),
                diagnosis=failure.enhanced or "",
                never_left=failure.never_left,
                reference=str(row.session.id),
            ),
            found.client.proposal_version,
        )

    async def _tell(self, row: SessionRow, subject: SubjectRef, mail: Mail, cycle: int, ordinal: int = 0) -> None:
        if not row.responsible.active:
            return
        await self._outbox.enqueue(
            Envelope(
                subject=subject,
                organisation_id=row.session.organisation_id,
                mail=mail,
                recipient=row.responsible.email,
                locale=row.responsible.locale,
                cycle=cycle,
                ordinal=ordinal,
                priority=150,
            )
        )
