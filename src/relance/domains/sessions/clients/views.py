"""From rows to responses: one client of a session."""

from collections.abc import Sequence
from datetime import datetime

from relance.capabilities.cycles.lifecycle import DELIVERY_LABELS, Delivery
from relance.capabilities.cycles.views import next_messages
from relance.capabilities.followups.models import FollowUp
from relance.capabilities.messaging.models import Message
from relance.core.actions import AvailableAction, available_actions
from relance.core.i18n import Text
from relance.core.schemas import Reference
from relance.core.security import Caller
from relance.domains.sessions.asking import CYCLE_MAILS, contact_name, facts_of, is_overdue
from relance.domains.sessions.clients.schemas import ContactPerson, NoMail, SessionClientListed, SessionClientRead
from relance.domains.sessions.lifecycle import LIFECYCLE, Confirmation, SessionStatus
from relance.domains.sessions.repository import ClientRow, SessionRow
from relance.domains.sessions.views import confirmation_label

_SILENCES = {
    "not_sent": Text("Les dates n’ont pas été proposées.", "The dates were not proposed."),
    "answered": Text("Le client a répondu.", "The client has answered."),
    "validated": Text("Les dates sont validées manuellement.", "The dates are validated manually."),
    "cancelled": Text("La session est annulée.", "The session is cancelled."),
    "undeliverable": Text("L’adresse est injoignable.", "The address cannot be reached."),
    "nothing_planned": Text("Aucun envoi n’est prévu.", "No mail is planned."),
}
_BY_STATE = {
    Confirmation.NOT_SENT: "not_sent",
    Confirmation.ACCEPTED: "answered",
    Confirmation.DECLINED: "answered",
    Confirmation.MANUAL: "validated",
}


def _shown(row: SessionRow, found: ClientRow, now: datetime) -> dict[str, object]:
    client, contact = found.client, found.contact
    delivery = Delivery(client.delivery) if client.delivery else None
    return {
        "id": client.id,
        "session_id": client.session_id,
        "company": Reference(id=found.company.id, name=found.company.name),
        "contact": ContactPerson(id=contact.id, name=contact_name(found), email=contact.email) if contact else None,
        "confirmation": Confirmation(client.confirmation),
        "confirmation_label": confirmation_label(row, found),
        "manual_validation": client.confirmation == Confirmation.MANUAL,
        "overdue": is_overdue(row, client, now),
        "proposal_version": client.proposal_version,
        "due_on": client.due_on,
        "sent_at": client.sent_at,
        "answered_at": client.answered_at,
        "answered_by": client.answered_by,
        "comment": client.comment,
        "last_sent_at": client.last_sent_at,
        "reminders_count": client.reminders_count,
        "delivery": delivery,
        "delivery_label": DELIVERY_LABELS[delivery].in_locale() if delivery else None,
        "created_at": client.created_at,
    }


def actions_of(row: SessionRow, found: ClientRow, caller: Caller, now: datetime) -> list[AvailableAction]:
    """What `caller` may do with a client now."""
    client, owner = found.client, row.session.responsible_id
    return available_actions(LIFECYCLE, client.confirmation, facts_of(row, client, now), caller, owner)


def listed(
    row: SessionRow, found: ClientRow, now: datetime, actions: list[AvailableAction] | None
) -> SessionClientListed:
    """One row of the list, with its actions where they were asked for."""
    return SessionClientListed.model_validate({**_shown(row, found, now), "available_actions": actions})


def detail(
    row: SessionRow,
    found: ClientRow,
    caller: Caller,
    now: datetime,
    to: str,
    queued: Sequence[Message],
    planned: Sequence[FollowUp],
) -> SessionClientRead:
    """One client in full."""
    client = found.client
    messages = next_messages(CYCLE_MAILS, to, now, queued, planned)
    return SessionClientRead.model_validate(
        {
            **_shown(row, found, now),
            "version": client.version,
            "available_actions": actions_of(row, found, caller, now),
            "next_messages": messages,
            "no_message_reason": None if messages else _silence(row, found),
        }
    )


def _silence(row: SessionRow, found: ClientRow) -> NoMail:
    client = found.client
    unreachable = client.delivery == Delivery.UNDELIVERABLE
    code = _BY_STATE.get(Confirmation(client.confirmation), "undeliverable" if unreachable else "nothing_planned")
    if row.status is SessionStatus.CANCELLED:
        code = "cancelled"
    return NoMail.model_validate({"code": code, "message": _SILENCES[code].in_locale()})
