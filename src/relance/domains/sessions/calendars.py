"""The slots of sessions as calendar events. The id of a slot is its event's, its changes are the SEQUENCE. No I/O."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from relance.capabilities.calendars.events import CalendarEvent, Method, calendar
from relance.core.i18n import Locale, Text
from relance.domains.sessions.models import DateProposal, SessionSlot
from relance.domains.sessions.repository import SessionRow

_TRAINER = Text("Formation : {trainer}", "Trainer: {trainer}")


def snapshot(slot: SessionSlot) -> dict[str, Any]:
    """A slot as a proposal keeps it: what was said, and what its event was."""
    return {
        "id": str(slot.id),
        "date": slot.day.isoformat(),
        "starts_at": f"{slot.starts_at:%H:%M}",
        "ends_at": f"{slot.ends_at:%H:%M}",
        "place": slot.place,
        "begins_at": slot.begins_at.isoformat(),
        "finishes_at": slot.finishes_at.isoformat(),
        "sequence": slot.sequence,
    }


def same_dates(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> bool:
    """Whether two proposals say the same."""
    names = ("date", "starts_at", "ends_at", "place", "begins_at")
    return [[slot[name] for name in names] for slot in one] == [[slot[name] for name in names] for slot in other]


def events_of(
    row: SessionRow, locale: Locale, changed_at: datetime, description: str | None = None
) -> list[CalendarEvent]:
    """The slots of a session as they are; described by their trainer where nothing else is said."""
    trainer = row.session.trainer
    said = description or (_TRAINER.format({"trainer": trainer}, locale) if trainer else None)
    return [
        CalendarEvent(
            id=slot.id,
            sequence=slot.sequence,
            starts_at=slot.begins_at,
            ends_at=slot.finishes_at,
            zone=row.zone,
            summary=row.session.title,
            changed_at=changed_at,
            location=slot.place,
            description=said,
        )
        for slot in row.slots
    ]


def gone(row: SessionRow, proposals: Iterable[DateProposal], changed_at: datetime) -> list[CalendarEvent]:
    """Events that earlier proposals brought and that are no slots any more: they are off."""
    present = {slot.id for slot in row.slots}
    found: dict[UUID, CalendarEvent] = {}
    for proposal in proposals:
        for slot in proposal.slots:
            if UUID(slot["id"]) not in present:
                event = _of_snapshot(row, proposal, slot, changed_at)
                found[event.id] = event
    return list(found.values())


def _of_snapshot(
    row: SessionRow, proposal: DateProposal, slot: Mapping[str, Any], changed_at: datetime
) -> CalendarEvent:
    return CalendarEvent(
        id=UUID(slot["id"]),
        sequence=int(slot["sequence"]) + 1,
        starts_at=datetime.fromisoformat(slot["begins_at"]),
        ends_at=datetime.fromisoformat(slot["finishes_at"]),
        zone=ZoneInfo(proposal.zone),
        summary=row.session.title,
        changed_at=changed_at,
        location=slot["place"],
        cancelled=True,
    )


def published(row: SessionRow, earlier: Iterable[DateProposal], locale: Locale, now: datetime) -> str:
    """What goes with a proposal: the slots, and the end of those that were proposed before and are not any more."""
    return calendar([*events_of(row, locale, now), *gone(row, earlier, now)], Method.PUBLISH)


def withdrawn(row: SessionRow, proposals: Sequence[DateProposal], now: datetime) -> str | None:
    """What takes everything out of a calendar that was ever proposed; None where nothing was."""
    found: dict[UUID, CalendarEvent] = {}
    for proposal in proposals:
        for slot in proposal.slots:
            event = _of_snapshot(row, proposal, slot, now)
            found[event.id] = event
    return calendar(list(found.values()), Method.CANCEL) if found else None
