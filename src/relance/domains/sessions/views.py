"""From rows to responses: labels, counts, available actions."""

from datetime import datetime

from relance.core.actions import AvailableAction, available_actions
from relance.core.i18n import Locale, current_locale
from relance.core.schemas import Reference
from relance.core.security import Caller
from relance.domains.sessions.asking import is_overdue
from relance.domains.sessions.lifecycle import (
    CONFIRMATION_LABELS,
    SESSION_LABELS,
    SESSION_LIFECYCLE,
    STATUS_LABELS,
    Confirmation,
    SessionConfirmation,
    SessionStatus,
)
from relance.domains.sessions.models import SessionSlot, TrainingSession
from relance.domains.sessions.planning import SlotTimes, short_date
from relance.domains.sessions.repository import ClientRow, ListedRow, SessionRow
from relance.domains.sessions.schemas import ConfirmationCounts, SessionClientState, SessionListed, SessionRead
from relance.domains.sessions.slot_schemas import PlannedSlot, SlotRead


def reaches(session: TrainingSession, caller: Caller, permission: str) -> bool:
    """Whether the caller's `permission` reaches the session."""
    return caller.reaches(permission, session.responsible_id)


def confirmation_label(row: SessionRow, found: ClientRow, locale: Locale | None = None) -> str:
    """« Etat confirmation », on the clocks of the session's zone."""
    client, spoken = found.client, locale or current_locale()
    sent = client.sent_at or client.last_asked_at
    marks = {
        "sent": short_date(sent.astimezone(row.zone).date(), spoken) if sent else "",
        "due": short_date(client.due_on, spoken) if client.due_on else "",
        "answered": short_date(client.answered_at.astimezone(row.zone).date(), spoken) if client.answered_at else "",
    }
    return CONFIRMATION_LABELS[Confirmation(client.confirmation)].format(marks, spoken)


def actions_of(session: TrainingSession, caller: Caller) -> list[AvailableAction]:
    """What `caller` may do with a session now."""
    return available_actions(SESSION_LIFECYCLE, session.status, None, caller, session.responsible_id)


def slot_read(slot: SessionSlot) -> SlotRead:
    """One slot."""
    return SlotRead(
        id=slot.id,
        date=slot.day,
        starts_at=f"{slot.starts_at:%H:%M}",
        ends_at=f"{slot.ends_at:%H:%M}",
        place=slot.place,
        begins_at=slot.begins_at,
        finishes_at=slot.finishes_at,
    )


def planned_slot(times: SlotTimes, row: SessionRow) -> PlannedSlot:
    """One slot that the planning makes."""
    return PlannedSlot(
        date=times.day,
        starts_at=f"{times.starts_at:%H:%M}",
        ends_at=f"{times.ends_at:%H:%M}",
        place=times.place,
        begins_at=times.begins(row.zone),
        finishes_at=times.ends(row.zone),
    )


def _summary(found: ListedRow, now: datetime) -> dict[str, object]:
    row, session = found.row, found.row.session
    shown = SessionConfirmation(session.confirmation) if session.confirmation else None
    return {
        "id": session.id,
        "organisation": Reference(id=session.organisation_id, name=row.organisation_name),
        "responsible": Reference(id=row.responsible.id, name=row.responsible.name),
        "external_id": session.external_id,
        "title": session.title,
        "trainer": session.trainer,
        "capacity": session.capacity,
        "zone": session.zone,
        "status": SessionStatus(session.status),
        "status_label": STATUS_LABELS[SessionStatus(session.status)].in_locale(),
        "first_on": session.first_on,
        "last_on": session.last_on,
        "places": list(found.places),
        "clients": [Reference(id=company_id, name=name) for company_id, name in found.clients],
        "confirmation": shown,
        "confirmation_label": SESSION_LABELS[shown].in_locale() if shown else None,
        "counts": ConfirmationCounts.model_validate(
            {state.value: getattr(session, f"{state.value}_count") for state in Confirmation}
        ),
        "overdue": session.due_at is not None and session.due_at <= now,
        "created_at": session.created_at,
    }


def listed(found: ListedRow, now: datetime, actions: list[AvailableAction] | None) -> SessionListed:
    """One row of the list, with its actions where they were asked for."""
    return SessionListed.model_validate({**_summary(found, now), "available_actions": actions})


def detail(row: SessionRow, caller: Caller, now: datetime) -> SessionRead:
    """One session in full."""
    session = row.session
    places = list(dict.fromkeys(slot.place for slot in row.slots if slot.place))
    names = [(found.company.id, found.company.name) for found in row.clients]
    return SessionRead.model_validate(
        {
            **_summary(ListedRow(row, places, names), now),
            "version": session.version,
            "automatic_reminders": session.automatic_reminders,
            "slots": [slot_read(slot) for slot in row.slots],
            "client_states": [_state(row, found, now) for found in row.clients],
            "created_by": Reference(id=session.created_by, name=row.creator_name),
            "cancelled_at": session.cancelled_at,
            "cancel_reason": session.cancel_reason,
            "available_actions": actions_of(session, caller),
        }
    )


def _state(row: SessionRow, found: ClientRow, now: datetime) -> SessionClientState:
    return SessionClientState(
        id=found.client.id,
        company=Reference(id=found.company.id, name=found.company.name),
        confirmation=Confirmation(found.client.confirmation),
        confirmation_label=confirmation_label(row, found),
        overdue=is_overdue(row, found.client, now),
    )
