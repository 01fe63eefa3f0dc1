"""The mails about deliveries: one place builds them for the API, the worker and the answers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from relance.capabilities.cycles.lifecycle import Pace
from relance.capabilities.links.service import Links
from relance.capabilities.messaging.mails import Mail
from relance.capabilities.messaging.outbox import Envelope, Outbox
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.i18n import Locale, Text, as_locale, long_date, long_datetime
from relance.core.subjects import SubjectRef
from relance.domains.mandates.asking import answers_to
from relance.domains.mandates.deliveries.dates import due_end
from relance.domains.mandates.deliveries.emails import UploadDueMail, UploadLateMail, UploadReceivedMail
from relance.domains.mandates.deliveries.lifecycle import CHANNEL_LABELS, Channel, DeliveryStatus, Facts
from relance.domains.mandates.deliveries.repository import DeliveryRepository, DeliveryRow
from relance.domains.mandates.emails import CompanyFacts, FirmFacts, RequesterFacts
from relance.domains.mandates.lifecycle import MandateKind, TeamRole
from relance.domains.mandates.models import Invitee, MandateDelivery
from relance.domains.mandates.repository import MandateRow, Member
from relance.domains.mandates.schedule import ScheduleKind

KIND = "mandate_delivery"

_ASKED = {
    ScheduleKind.UPLOAD_REMINDER: Text("Documents", "Documents"),
    ScheduleKind.DATA_REFRESH: Text("Données actualisées", "Refreshed data"),
}


@dataclass(frozen=True, slots=True)
class Addressee:
    """Somebody who is asked for documents."""

    email: str
    name: str
    locale: Locale


@dataclass(frozen=True, slots=True)
class Receipt:
    """That documents came: when, how, and how many files."""

    at: datetime
    channel: Channel
    files: int


def subject_of(delivery: MandateDelivery) -> SubjectRef:
    """How the capabilities name a delivery."""
    return SubjectRef(KIND, delivery.id)


def zone_of(row: DeliveryRow) -> ZoneInfo:
    """In which a due date begins and ends."""
    return ZoneInfo(row.mandate.zone)


def asked_for(mandate: MandateRow, locale: Locale | None = None) -> str:
    """What is to be handed in, in words."""
    kind = (mandate.mandate.schedule or {}).get("kind", ScheduleKind.UPLOAD_REMINDER)
    return _ASKED[ScheduleKind(kind)].in_locale(locale)


def facts_of(row: DeliveryRow, clock: Clock, *, forced: bool = False) -> Facts:
    """What the guards ask about `row`."""
    delivery = row.delivery
    asked = max(filter(None, (delivery.last_asked_at, delivery.last_sent_at)), default=None)
    return Facts(Pace(clock.now(), asked, forced=forced), row.active)


class DeliveryMails:
    """Queues the mails about deliveries, in one session."""

    def __init__(self, session: DbSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._outbox = Outbox(session, clock)

    async def addressees(self, mandate: MandateRow) -> Sequence[Addressee]:
        """The main contact and those who have joined; of an internal mandate, the firm's own agents."""
        locale = as_locale(mandate.mandate.locale)
        found: dict[str, Addressee] = {}
        if mandate.mandate.kind == MandateKind.INTERNAL:
            agents = (member for member in mandate.members(TeamRole.AGENT) if member.active)
            return [Addressee(agent.email, agent.name, as_locale(agent.locale)) for agent in agents]
        guests = await DeliveryRepository(self._session).guests(mandate.mandate.id)
        invitees: list[Invitee] = [mandate.mandate, *guests]
        for invitee in invitees:
            if invitee.contact_email:
                name = f"{invitee.contact_first_name or ''} {invitee.contact_last_name or ''}".strip()
                found.setdefault(invitee.contact_email.casefold(), Addressee(invitee.contact_email, name, locale))
        return list(found.values())

    async def ask(self, row: DeliveryRow, people: Sequence[Addressee]) -> None:
        """Ask each of `people` for the documents; numbered by `reminders_count`, so that it is a mail of its own."""
        delivery, zone = row.delivery, zone_of(row)
        late = delivery.status == DeliveryStatus.LATE
        links = await Links(self._session, self._clock).ensure_all(
            [(subject_of(delivery), person.email) for person in people]
        )
        end = None if late else due_end(delivery.due_on, zone)
        await self._outbox.enqueue_all(
            [
                Envelope(
                    subject=subject_of(delivery),
                    organisation_id=row.mandate.mandate.issuing_organisation_id,
                    mail=upload_due(row, person),
                    recipient=person.email,
                    locale=person.locale,
                    cycle=delivery.cycle,
                    ordinal=delivery.reminders_count,
                    link_id=link.id,
                    sender_name=row.mandate.organisation_name,
                    reply_to=answers_to(row.mandate),
                    expires_at=end,
                )
                for person, link in zip(people, links, strict=True)
            ]
        )

    async def tell_late(self, row: DeliveryRow) -> None:
        """The owners read that nothing has come."""
        await self._tell(
            row,
            row.mandate.members(TeamRole.OWNER),
            lambda to, locale: upload_late(row, to, locale),
        )

    async def tell_received(self, row: DeliveryRow, files: int) -> None:
        """Owners and agents read what has come, each once."""
        delivery = row.delivery
        assert delivery.received_at is not None  # it is received
        assert delivery.channel is not None
        receipt = Receipt(delivery.received_at, Channel(delivery.channel), files)
        await self._tell(row, row.mandate.team, lambda to, locale: upload_received(row, receipt, to, locale))

    async def _tell(self, row: DeliveryRow, members: Iterable[Member], notice: Callable[[str, Locale], Mail]) -> None:
        people = {member.email: as_locale(member.locale) for member in members if member.active}
        await self._outbox.enqueue_all(
            [
                Envelope(
                    subject=subject_of(row.delivery),
                    organisation_id=row.mandate.mandate.issuing_organisation_id,
                    mail=notice(address, locale),
                    recipient=address,
                    locale=locale,
                    cycle=row.delivery.cycle,
                    priority=150,
                )
                for address, locale in people.items()
            ]
        )


def upload_due(row: DeliveryRow, person: Addressee) -> UploadDueMail:
    """Asks one of the company for the documents."""
    late = row.delivery.status == DeliveryStatus.LATE
    # The outbox points `link` to the link's id.
    return UploadDueMail(**_facts(row, person.email, person.locale), link="", addressee=person.name, late=late)


def upload_late(row: DeliveryRow, to: str, locale: Locale) -> UploadLateMail:
    """To the owners: nothing has come."""
    return UploadLateMail(**_facts(row, to, locale), reference=str(row.mandate.mandate.id))


def upload_received(row: DeliveryRow, receipt: Receipt, to: str, locale: Locale) -> UploadReceivedMail:
    """To the team: what has come."""
    return UploadReceivedMail(
        **_facts(row, to, locale),
        received_on=long_datetime(receipt.at, zone_of(row), locale),
        channel=CHANNEL_LABELS[receipt.channel].in_locale(locale),
        files=str(receipt.files),
        comment=row.delivery.comment or "",
        late=receipt.at >= due_end(row.delivery.due_on, zone_of(row)),
        reference=str(row.mandate.mandate.id),
    )


def _facts(row: DeliveryRow, recipient: str, locale: Locale) -> dict[str, Any]:
    mandate = row.mandate
    return {
        "recipient_email": recipient,
        "company": CompanyFacts(name=mandate.company.name),
        "organisation": FirmFacts(name=mandate.organisation_name),
        "requester": RequesterFacts(
            name=mandate.submitter_name or mandate.creator_name,
            email=mandate.submitter_email or mandate.creator_email,
        ),
        "asked": asked_for(mandate, locale),
        "due_on": long_date(row.delivery.due_on, locale),
    }
