"""Changing the slots of a session, and what follows from it. The session's row is locked by whoever does."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm.attributes import flag_modified

from relance.capabilities.followups.service import FollowUps
from relance.capabilities.journal.service import Journal
from relance.capabilities.messaging.outbox import Outbox
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.errors import ValidationFailed
from relance.core.i18n import Text
from relance.core.ids import new_id
from relance.core.lifecycle import Actor
from relance.core.subjects import ActorRef, SubjectRef
from relance.domains.sessions.asking import SESSION_KIND, SessionMails, facts_of, subject_of
from relance.domains.sessions.lifecycle import LIFECYCLE, SESSION_LIFECYCLE, Confirmation, SessionStatus, worst
from relance.domains.sessions.models import SessionClient, SessionSlot
from relance.domains.sessions.planning import MOST_SLOTS, SlotTimes, check
from relance.domains.sessions.repository import ClientRow, SessionRepository, SessionRow, times_of

#: A slot of the timetable to be: the id of the one that it was, and what it says.
Wanted = tuple[UUID | None, SlotTimes]

_UNKNOWN_SLOT = Text("Cette session n’a pas ce créneau.", "This session has no such slot.")
_TWICE = Text("Ce créneau est donné deux fois.", "This slot is given twice.")
_TOO_MANY = Text("Une session a 200 créneaux au plus.", "A session has 200 slots at most.")


class Timetables:
    """Sets the slots of sessions, on behalf of `actor`."""

    def __init__(self, session: DbSession, clock: Clock, actor: ActorRef) -> None:
        self._session = session
        self._clock = clock
        self._actor = actor
        self._rows = SessionRepository(session)
        self._journal = Journal(session, clock)

    async def set(self, row: SessionRow, wanted: Sequence[Wanted], pointer: str = "/slots") -> SessionRow:
        """Make the slots of a session what is wanted. Clients who were asked have to be asked anew.

        A slot that is named, or is there already as it is wanted, stays the same calendar event.

        Raises:
            ValidationFailed: a slot does not hold, overlaps another one, or is none of this session.
            TransitionNotAllowed: the session is cancelled.
        """
        session = row.session
        step = (
            SESSION_LIFECYCLE.require(session.status, "plan", Actor.USER, None)
            if wanted
            else SESSION_LIFECYCLE.require(session.status, "clear", Actor.WORKER, None)
        )
        if len(wanted) > MOST_SLOTS:
            raise ValidationFailed.at(pointer, "too_many", _TOO_MANY)
        check([times for _, times in wanted], row.zone, pointer)
        known = self._match(row, wanted, pointer)
        changed = await self._write(row, known)
        if not changed:
            return row
        before, session.status = session.status, SESSION_LIFECYCLE.target(step, session.status)
        session.dates_version += 1
        await self._session.flush()
        row = (await self._rows.rows([session.id]))[session.id]
        await self._reset(row)
        self._journal.record(
            step.journal,
            SubjectRef(SESSION_KIND, session.id),
            self._actor,
            before={"status": before},
            after={"status": session.status, "dates_version": session.dates_version, "slots": len(row.slots)},
        )
        return await self.refreshed(row)

    async def refreshed(self, row: SessionRow) -> SessionRow:
        """The session as it is now, with what its list shows of slots and clients brought up to date."""
        await self._session.flush()
        found = (await self._rows.rows([row.session.id]))[row.session.id]
        summarise(found)
        # What hangs on the row moves its version, and so its ETag, as well.
        flag_modified(found.session, "status")
        await self._session.flush()
        return found

    @staticmethod
    def _match(row: SessionRow, wanted: Sequence[Wanted], pointer: str) -> list[tuple[SessionSlot | None, SlotTimes]]:
        """Which slot of the session each wanted one is."""
        by_id = {slot.id: slot for slot in row.slots}
        named = [slot_id for slot_id, _ in wanted if slot_id is not None]
        for position, (slot_id, _) in enumerate(wanted):
            if slot_id is not None and slot_id not in by_id:
                raise ValidationFailed.at(f"{pointer}/{position}/id", "unknown_slot", _UNKNOWN_SLOT)
            if slot_id is not None and named.count(slot_id) > 1:
                raise ValidationFailed.at(f"{pointer}/{position}/id", "given_twice", _TWICE)
        by_times = {times_of(slot): slot for slot in row.slots if slot.id not in named}
        return [(by_id[slot_id] if slot_id else by_times.get(times), times) for slot_id, times in wanted]

    async def _write(self, row: SessionRow, matched: Sequence[tuple[SessionSlot | None, SlotTimes]]) -> bool:
        """Add, change and take away; whether anything was."""
        zone, changed = row.zone, False
        kept = {slot.id for slot, _ in matched if slot is not None}
        gone = [slot.id for slot in row.slots if slot.id not in kept]
        if gone:
            await self._rows.delete_slots(gone)
            changed = True
        for slot, times in matched:
            if slot is None:
                self._session.add(_made(row, times, zone))
                changed = True
            elif (
                times_of(slot) != times or slot.begins_at != times.begins(zone) or slot.finishes_at != times.ends(zone)
            ):
                _change(slot, times, zone)
                changed = True
        return changed

    async def _reset(self, row: SessionRow) -> None:
        """Nobody has been asked about these dates: whoever was asked about others is to be asked anew."""
        now, asked = self._clock.now(), [one for one in row.clients if one.client.confirmation != Confirmation.NOT_SENT]
        for found in asked:
            client = found.client
            step = LIFECYCLE.require(client.confirmation, "change_dates", Actor.WORKER, facts_of(row, client, now))
            before, client.confirmation = client.confirmation, LIFECYCLE.target(step, client.confirmation)
            forget_answer(client)
            client.prior = client.due_on = client.due_at = client.sent_at = None
            await FollowUps(self._session, self._clock).cancel(subject_of(client), "dates_changed")
            await Outbox(self._session, self._clock).cancel(subject_of(client), "dates_changed")
            record_client(self._journal, self._actor, found, step.journal, before)
        if asked:
            await self._session.flush()
            await SessionMails(self._session, self._clock).tell_dates_changed(row, asked)


def forget_answer(client: SessionClient) -> None:
    """No answer is in force any more; the history keeps what there was."""
    client.answered_at = client.answered_by = client.comment = None


def summarise(row: SessionRow) -> None:
    """Write to the session's row what its list shows of its slots and clients."""
    session, slots = row.session, row.slots
    days: list[date] = [slot.day for slot in slots]
    session.first_on, session.last_on = (min(days), max(days)) if days else (None, None)
    session.begins_at = min((slot.begins_at for slot in slots), default=None)
    session.finishes_at = max((slot.finishes_at for slot in slots), default=None)
    states = [Confirmation(found.client.confirmation) for found in row.clients]
    shown = worst(states)
    session.confirmation = shown.value if shown else None
    for state in Confirmation:
        setattr(session, f"{state.value}_count", states.count(state))
    awaited = (
        found.client.due_at
        for found in row.clients
        if found.client.confirmation == Confirmation.AWAITING and found.client.due_at is not None
    )
    session.due_at = min(awaited, default=None) if session.status == SessionStatus.PLANNED else None


def record_client(
    journal: Journal, actor: ActorRef, found: ClientRow, action: str, before: str | None, **details: object
) -> None:
    """Write to the journal what happened to a client, which is in its new state."""
    client = found.client
    journal.record(
        action,
        subject_of(client),
        actor,
        company_id=client.company_id,
        contact_id=client.contact_id,
        before={"confirmation": before} if before else None,
        after={
            "confirmation": client.confirmation,
            "session_id": str(client.session_id),
            "proposal_version": client.proposal_version,
            "due_on": client.due_on.isoformat() if client.due_on else None,
            **details,
        },
    )


def _made(row: SessionRow, times: SlotTimes, zone: ZoneInfo) -> SessionSlot:
    return SessionSlot(
        id=new_id(),
        session_id=row.session.id,
        day=times.day,
        starts_at=times.starts_at,
        ends_at=times.ends_at,
        place=times.place,
        begins_at=times.begins(zone),
        finishes_at=times.ends(zone),
        sequence=0,
    )


def _change(slot: SessionSlot, times: SlotTimes, zone: ZoneInfo) -> None:
    slot.day, slot.starts_at, slot.ends_at, slot.place = times.day, times.starts_at, times.ends_at, times.place
    slot.begins_at, slot.finishes_at = times.begins(zone), times.ends(zone)
    slot.sequence += 1
