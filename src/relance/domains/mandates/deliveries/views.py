"""From rows to responses: labels, available actions, next messages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from relance.capabilities.cycles.schemas import NextMessage, Silence
from relance.capabilities.files.models import StoredFile
from relance.capabilities.files.schemas import FileFacts
from relance.capabilities.followups.models import FollowUp, FollowUpKind
from relance.capabilities.messaging.models import Message
from relance.core.actions import AvailableAction, available_actions
from relance.core.i18n import Text
from relance.core.security import Caller
from relance.domains.mandates.deliveries.asking import Addressee
from relance.domains.mandates.deliveries.emails import UploadDueMail, UploadLateMail
from relance.domains.mandates.deliveries.lifecycle import (
    CHANNEL_LABELS,
    LIFECYCLE,
    STATUS_LABELS,
    Channel,
    DeliveryStatus,
    Facts,
)
from relance.domains.mandates.deliveries.repository import DeliveryRow
from relance.domains.mandates.deliveries.schemas import MandateDeliveryListed, MandateDeliveryRead
from relance.domains.mandates.lifecycle import TeamRole
from relance.domains.mandates.views import owner_for

_QUEUED = Text("En file d’attente, part dès que possible.", "Queued, leaves as soon as possible.")
_REMINDER = Text("Relance automatique si rien n’est déposé.", "Automatic reminder if nothing is handed in.")
_LATE = Text("Avis aux propriétaires si rien n’est déposé à temps.", "Notice to the owners if nothing comes in time.")
_SILENCES = {
    "received": Text("Les documents sont reçus.", "The documents are received."),
    "mandate_not_active": Text("Le mandat n’est pas actif.", "The mandate is not active."),
    "nothing_planned": Text("Aucun envoi n’est prévu.", "No mail is planned."),
}


@dataclass(frozen=True, slots=True)
class Coming:
    """What is queued and planned about a delivery, and who is asked."""

    queued: Sequence[Message]
    planned: Sequence[FollowUp]
    people: Sequence[Addressee]
    now: datetime


def listed(
    row: DeliveryRow, files: Sequence[StoredFile], actions: list[AvailableAction] | None
) -> MandateDeliveryListed:
    """One row of the list, with its actions where they were asked for."""
    return MandateDeliveryListed.model_validate({**_summary(row, files), "available_actions": actions})


def actions_of(row: DeliveryRow, caller: Caller, facts: Facts) -> list[AvailableAction]:
    """What `caller` may do with this delivery now."""
    return available_actions(LIFECYCLE, row.delivery.status, facts, caller, owner_for(row.mandate, caller))


def detail(
    row: DeliveryRow, caller: Caller, facts: Facts, files: Sequence[StoredFile], coming: Coming
) -> MandateDeliveryRead:
    """One delivery in full."""
    messages = list(_messages(row, coming))
    return MandateDeliveryRead.model_validate(
        {
            **_summary(row, files),
            "available_actions": actions_of(row, caller, facts),
            "next_messages": messages,
            "no_message_reason": None if messages else _silence(row),
        }
    )


def _summary(row: DeliveryRow, files: Sequence[StoredFile]) -> dict[str, object]:
    delivery = row.delivery
    status = DeliveryStatus(delivery.status)
    channel = Channel(delivery.channel) if delivery.channel else None
    return {
        "id": delivery.id,
        "mandate_id": delivery.mandate_id,
        "due_on": delivery.due_on,
        "status": status,
        "status_label": STATUS_LABELS[status].in_locale(),
        "channel": channel,
        "channel_label": CHANNEL_LABELS[channel].in_locale() if channel else None,
        "received_at": delivery.received_at,
        "received_by_id": delivery.received_by,
        "comment": delivery.comment,
        "files": [FileFacts.of(file) for file in files],
        "last_sent_at": delivery.last_sent_at,
        "reminders_count": delivery.reminders_count,
        "undeliverable": delivery.undeliverable,
        "created_at": delivery.created_at,
        "version": delivery.version,
    }


def _messages(row: DeliveryRow, coming: Coming) -> Iterator[NextMessage]:
    for message in coming.queued:
        if message.mail_key == UploadDueMail.key:
            at = max(coming.now, message.not_before) if message.not_before else coming.now
            yield _message("reminder", message.mail_key, at, message.recipient, _QUEUED)
    for follow_up in coming.planned:
        if follow_up.kind == FollowUpKind.REMINDER:
            for person in coming.people:
                yield _message("reminder", UploadDueMail.key, follow_up.due_at, person.email, _REMINDER)
        else:
            for owner in row.mandate.members(TeamRole.OWNER):
                if owner.active:
                    yield _message("expiry_notice", UploadLateMail.key, follow_up.due_at, owner.email, _LATE)


def _message(kind: str, template: str, at: datetime, to: str, why: Text) -> NextMessage:
    found = {"kind": kind, "template": template, "at": at, "to": to, "why": why.in_locale()}
    return NextMessage.model_validate(found)


def _silence(row: DeliveryRow) -> Silence:
    if row.delivery.status == DeliveryStatus.RECEIVED:
        code = "received"
    else:
        code = "nothing_planned" if row.active else "mandate_not_active"
    return Silence(code=code, message=_SILENCES[code].in_locale())
