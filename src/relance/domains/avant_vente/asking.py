"""The mails of a request: one place builds them for the API, the worker and the answers."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from relance.capabilities.links.service import Links
from relance.capabilities.messaging.handlers import MailFact
from relance.capabilities.messaging.mails import Mail
from relance.capabilities.messaging.outbox import Envelope, Outbox
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.i18n import Locale, Text, as_locale, long_date
from relance.core.subjects import SubjectRef
from relance.domains.avant_vente.dates import period_words
from relance.domains.avant_vente.emails import (
    AcceptedMail,
    CancelledMail,
    InfoAnsweredMail,
    InfoAskedMail,
    InterventionChangedMail,
    OtherSlotsAskedMail,
    PartnerFacts,
    ProposedMail,
    RefusedMail,
    ReminderMail,
    RequestFacts,
    SlotAcceptedMail,
    SpeakerReleasedMail,
    SubmittedMail,
    UndeliverableMail,
    VendorFacts,
)
from relance.domains.avant_vente.invites import intervention
from relance.domains.avant_vente.models import AvantVenteRequest
from relance.domains.avant_vente.repository import Person, RequestRow, SlotRow
from relance.domains.avant_vente.speakers.repository import SpeakerRepository
from relance.domains.avant_vente.states import RequestStatus

KIND = "avant_vente_request"
#: Under which name a workspace's policy of reminders is kept; nobody is reminded unless it says so.
DOMAIN = "avant_vente"
#: The mails that ask the partner for an answer.
ASKING = frozenset({ProposedMail.key, InfoAskedMail.key, ReminderMail.key})

_REMOTE = Text("à distance", "remote")
_TEAM = Text("l’équipe avant-vente", "the pre-sales team")
_NONE = Text("non précisé", "not given")

Builder = Callable[[Person, Locale], Mail]


def subject_of(request: AvantVenteRequest) -> SubjectRef:
    """How the capabilities name a request."""
    return SubjectRef(KIND, request.id)


class RequestMails:
    """Queues the mails about requests, in one session."""

    def __init__(self, session: DbSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._outbox = Outbox(session, clock)
        self._people = SpeakerRepository(session)

    # --- who ---------------------------------------------------------------------------------------------------------

    async def team(self, row: RequestRow) -> Sequence[Person]:
        """Whoever has accepted the request; the whole team while nobody has, or where they have left."""
        if row.handler is not None and row.handler.active:
            return [row.handler]
        return await self._people.team()

    async def partner(self, row: RequestRow) -> Sequence[Person]:
        """Who asked, of those who may answer; else everybody at the partner who may; else who asked on its behalf."""
        people = await self._people.partners(row.request.organisation_id)
        asked = {row.request.created_by, row.request.submitted_by}
        found = [person for person in people if person.id in asked] or people
        if found or row.submitter is None or not row.submitter.active:
            return found
        return [row.submitter]

    # --- asking the partner ----------------------------------------------------------------------------------------

    async def propose(self, row: RequestRow) -> None:
        """Three slots, with the link by which one is accepted. It does not leave once the last of them has begun."""
        first, second, third = row.slots

        def build(to: Person, locale: Locale) -> Mail:
            return ProposedMail(
                **_facts(row, to, locale),
                link="",  # the outbox points it to `link_id`
                first_slot=slot_words(first, locale),
                second_slot=slot_words(second, locale),
                third_slot=slot_words(third, locale),
            )

        await self._ask(row, build, expires_at=max(one.slot.starts_at for one in row.slots))

    async def ask_info(self, row: RequestRow) -> None:
        """The team's question, with the link by which it is answered."""
        question = row.info.question if row.info is not None else ""
        await self._ask(row, lambda to, locale: InfoAskedMail(**_facts(row, to, locale), link="", question=question))

    async def remind(self, row: RequestRow) -> None:
        """What is not answered yet; numbered by `reminders_asked`, so that it is a mail of its own."""
        asks_info = row.request.status == RequestStatus.AWAITING_INFO

        def build(to: Person, locale: Locale) -> Mail:
            return ReminderMail(**_facts(row, to, locale), link="", asks_info=asks_info)

        await self._ask(row, build, ordinal=row.request.reminders_asked)

    async def _ask(self, row: RequestRow, build: Builder, ordinal: int = 0, expires_at: Any = None) -> None:
        people = await self.partner(row)
        subject = subject_of(row.request)
        links = await Links(self._session, self._clock).ensure_all([(subject, person.email) for person in people])
        envelopes = [
            self._envelope(row, person, build, ordinal=ordinal, link_id=link.id, expires_at=expires_at, priority=50)
            for person, link in zip(people, links, strict=True)
        ]
        await self._outbox.enqueue_all(envelopes)

    # --- telling ---------------------------------------------------------------------------------------------------

    async def tell_submitted(self, row: RequestRow) -> None:
        """The team reads that there is something to process."""
        text = row.request.description or ""
        await self._tell(
            row, await self.team(row), lambda to, locale: SubmittedMail(**_facts(row, to, locale), description=text)
        )

    async def tell_accepted(self, row: RequestRow) -> None:
        """The partner reads that the team works on it."""
        await self._tell(row, await self.partner(row), lambda to, locale: AcceptedMail(**_facts(row, to, locale)))

    async def tell_agreed(self, row: RequestRow, slot: SlotRow) -> None:
        """Both sides and the speaker read which slot it is."""
        partner = await self.partner(row)
        theirs = {person.id for person in partner}

        def build(to: Person, locale: Locale) -> Mail:
            words = slot_words(slot, locale)
            return SlotAcceptedMail(**_facts(row, to, locale), slot=words, to_partner=to.id in theirs)

        await self._tell(row, [*partner, *await self._ours(row, slot)], build, dates=slot)

    async def tell_changed(self, row: RequestRow, slot: SlotRow) -> None:
        """Both sides and the speaker read what the intervention is now."""

        def build(to: Person, locale: Locale) -> Mail:
            return InterventionChangedMail(**_facts(row, to, locale), slot=slot_words(slot, locale))

        people = [*await self.partner(row), *await self._ours(row, slot)]
        await self._tell(row, people, build, ordinal=row.request.calendar_sequence, dates=slot)

    async def tell_released(self, row: RequestRow, slot: SlotRow, speaker: Person) -> None:
        """Whoever was replaced is not expected any more."""

        def build(to: Person, locale: Locale) -> Mail:
            return SpeakerReleasedMail(**_facts(row, to, locale), slot=slot_words(slot, locale, speaker))

        released = SlotRow(slot.slot, speaker)
        await self._tell(row, [speaker], build, ordinal=row.request.calendar_sequence, dates=released, cancelled=True)

    async def tell_other_slots_asked(self, row: RequestRow) -> None:
        """The team reads what the partner expects."""
        text = row.request.expectations or ""
        await self._tell(
            row,
            await self.team(row),
            lambda to, locale: OtherSlotsAskedMail(**_facts(row, to, locale), expectations=text),
        )

    async def tell_answered(self, row: RequestRow, question: str, answer: str, *, propose_again: bool) -> None:
        """The team reads the answer, and whether it has to propose again."""

        def build(to: Person, locale: Locale) -> Mail:
            return InfoAnsweredMail(
                **_facts(row, to, locale), question=question, answer=answer, propose_again=propose_again
            )

        await self._tell(row, await self.team(row), build)

    async def tell_refused(self, row: RequestRow) -> None:
        """The partner reads why."""
        text = row.request.reason or ""
        await self._tell(
            row, await self.partner(row), lambda to, locale: RefusedMail(**_facts(row, to, locale), reason=text)
        )

    async def tell_cancelled(self, row: RequestRow, *, by_partner: bool) -> None:
        """The side that has not cancelled reads why."""
        text = row.request.reason or ""
        people = await (self.team(row) if by_partner else self.partner(row))
        await self._tell(
            row,
            people,
            lambda to, locale: CancelledMail(**_facts(row, to, locale), reason=text, by_partner=by_partner),
        )

    async def tell_undeliverable(self, row: RequestRow, failure: MailFact) -> None:
        """The team reads that the partner has received nothing."""

        def build(to: Person, locale: Locale) -> Mail:
            return UndeliverableMail(
                **_facts(row, to, locale),
                undelivered=failure.recipient,
                diagnosis=failure.enhanced or "",
                never_left=failure.never_left,
            )

        await self._tell(row, await self.team(row), build)

    async def _ours(self, row: RequestRow, slot: SlotRow) -> Sequence[Person]:
        speaker = [slot.speaker] if slot.speaker is not None and slot.speaker.active else []
        return [*await self.team(row), *speaker]

    async def _tell(
        self,
        row: RequestRow,
        people: Iterable[Person],
        build: Builder,
        ordinal: int = 0,
        dates: SlotRow | None = None,
        *,
        cancelled: bool = False,
    ) -> None:
        """One mail to each of `people`, with the calendar entry of `dates` where there are any."""
        once = {person.email: person for person in people}
        envelopes = []
        for person in once.values():
            envelope = self._envelope(row, person, build, ordinal=ordinal)
            if dates is not None:
                locale = envelope.locale
                words = {"type": type_words(row, locale), "place": place_words(row, locale)}
                entry = intervention(row, dates, words, self._clock.now(), locale, cancelled=cancelled)
                envelope = replace(envelope, attachments=(entry,))
            envelopes.append(envelope)
        await self._outbox.enqueue_all(envelopes)

    def _envelope(
        self,
        row: RequestRow,
        to: Person,
        build: Builder,
        *,
        ordinal: int = 0,
        link_id: UUID | None = None,
        expires_at: Any = None,
        priority: int = 150,
    ) -> Envelope:
        locale = as_locale(to.locale)
        return Envelope(
            subject=subject_of(row.request),
            mail=build(to, locale),
            recipient=to.email,
            locale=locale,
            cycle=row.request.cycle,
            ordinal=ordinal,
            link_id=link_id,
            sender_name=row.workspace_name,
            reply_to=_reply_to(row, to),
            priority=priority,
            expires_at=expires_at,
            list_unsubscribe=ordinal > 0 and link_id is not None,
        )


def _reply_to(row: RequestRow, to: Person) -> str | None:
    """The other side: who handles the request for the partner, who asked for the team."""
    asker = row.submitter or row.creator
    for person in (row.handler, asker):
        if person is not None and person.active and person.id != to.id:
            return person.email
    return None


def slot_words(one: SlotRow, locale: Locale | None = None, speaker: Person | None = None) -> str:
    """The slot and who comes."""
    words = period_words(one.slot.starts_at, one.slot.ends_at, one.slot.zone, locale)
    who = speaker or one.speaker
    return f"{words}, {who.name}" if who is not None else words


def type_words(row: RequestRow, locale: Locale | None = None) -> str:
    """The type of intervention in words."""
    if row.type is None:
        return _NONE.in_locale(locale)
    return Text(row.type.label_fr, row.type.label_en).in_locale(locale)


def place_words(row: RequestRow, locale: Locale | None = None) -> str:
    """Where the intervention is, in words."""
    return (row.request.place or "") if row.request.on_site else _REMOTE.in_locale(locale)


def zone_of(row: RequestRow) -> ZoneInfo:
    """The workspace's."""
    return ZoneInfo(row.zone)


def _facts(row: RequestRow, to: Person, locale: Locale) -> dict[str, Any]:
    request = row.request
    asker = row.submitter or row.creator
    return {
        "recipient_email": to.email,
        "addressee": to.name,
        "opportunity": RequestFacts(
            name=row.opportunity.title,
            number=request.number or "",
            customer=row.company.name,
            type=type_words(row, locale),
            place=place_words(row, locale),
            wanted_on=long_date(request.wanted_date, locale) if request.wanted_date else _NONE.in_locale(locale),
        ),
        "partner": PartnerFacts(name=row.organisation_name, requester=asker.name, requester_email=asker.email),
        "vendor": VendorFacts(
            name=row.workspace_name, handler=row.handler.name if row.handler else _TEAM.in_locale(locale)
        ),
        "reference": str(request.id),
    }
