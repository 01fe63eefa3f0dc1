"""From rows of messages to responses."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from relance.capabilities.messaging.attachments import read_all
from relance.capabilities.messaging.lifecycle import LIFECYCLE, STATE_LABELS, Facts
from relance.capabilities.messaging.mails import link_marker
from relance.capabilities.messaging.models import Message, MessageAttempt, MessageBody, MessageState
from relance.capabilities.messaging.repository import Kept
from relance.capabilities.messaging.schemas import (
    AttachmentRead,
    MessageAttemptRead,
    MessageLease,
    MessageListed,
    MessagePreview,
    MessageRead,
    MessageSubject,
)
from relance.capabilities.messaging.templates import Rendering
from relance.core.actions import AvailableAction, available_actions
from relance.core.i18n import Text, as_locale
from relance.core.security import Caller

#: Stands for the token in a preview. Nothing like it can be minted: tokens have no ellipsis.
_REDACTED = "…"

_STATES: Mapping[MessageState, Text] = {
    MessageState.QUEUED: Text("Il attend son tour chez le relais de courrier.", "It waits for its turn at the relay."),
    MessageState.SENDING: Text(
        "Un processus s’en occupe ; s’il s’arrête, un autre le reprend.",
        "A worker has it in hand; should it stop, another takes over.",
    ),
    MessageState.SENT: Text("Le relais l’a pris en charge.", "The relay has taken it."),
    MessageState.UNCERTAIN: Text(
        "Le relais n’a pas répondu après avoir reçu le message : nul ne peut savoir s’il est parti. "
        "Renvoyez-le, ou considérez-le comme envoyé.",
        "The relay did not answer after it was given the mail: nobody can know whether it left. "
        "Send it again, or take it as sent.",
    ),
    MessageState.FAILED: Text("Le relais l’a refusé définitivement.", "The relay has refused it for good."),
    MessageState.DEAD: Text("Il ne peut pas être préparé à l’envoi.", "It cannot be made ready to be sent."),
    MessageState.CANCELLED: Text("Il ne partira pas.", "It will not leave."),
    MessageState.SUPPRESSED: Text(
        "Plus aucun message ne part vers cette adresse.", "No mail leaves for this address any more."
    ),
    MessageState.BOUNCED: Text(
        "Le relais l’avait pris, puis un rapport a signalé qu’il n’arriverait pas.",
        "The relay had taken it, then a report said that it would not arrive.",
    ),
}
_REASONS: Mapping[str, Text] = {
    "refused_for_now": Text(
        "Le relais l’a refusé pour le moment : un nouvel essai est prévu.",
        "The relay has refused it for now: it is tried again later.",
    ),
    "relay_fault": Text(
        "Le relais était en défaut : un nouvel essai est prévu.", "The relay was at fault: it is tried again."
    ),
    "lease_lost": Text(
        "Le processus qui l’envoyait s’est arrêté avant de le remettre au relais : il repart.",
        "The worker that had it stopped before it was handed over: it goes again.",
    ),
    "lease_lost_after_handoff": Text(
        "Le processus qui l’envoyait s’est arrêté pendant la remise au relais : nul ne peut savoir s’il est parti. "
        "Renvoyez-le, ou considérez-le comme envoyé.",
        "The worker that had it stopped while it was handed over: nobody can know whether it left. "
        "Send it again, or take it as sent.",
    ),
    "refused_until_expiry": Text(
        "Le relais l’a refusé jusqu’à ce qu’il soit trop tard.", "The relay refused it until it was too late."
    ),
    "address_unwritable": Text(
        "L’adresse ne peut pas s’écrire dans un courrier.", "The address cannot be written in a mail."
    ),
    "kills_workers": Text(
        "Sa préparation arrête les processus qui l’essaient.", "Preparing it kills the workers that try."
    ),
    "cancelled_by_hand": Text("Une personne l’a annulé.", "A person has cancelled it."),
    "not_wanted": Text("Il n’était plus d’actualité au moment de partir.", "It was no longer wanted when it was due."),
    "expired": Text("Il était trop tard pour l’envoyer.", "It was too late to send it."),
    "subject_not_told": Text(
        "Le relais l’a pris, mais son sujet n’a pas pu en être informé ; considérez-le comme envoyé.",
        "The relay has taken it, but its subject could not be told; take it as sent.",
    ),
}


def _listed(message: Message) -> dict[str, Any]:
    state = MessageState(message.state)
    return {
        "id": message.id,
        "subject": MessageSubject(kind=message.subject_kind, id=message.subject_id),
        "template": message.mail_key,
        "recipient": message.recipient,
        "locale": as_locale(message.locale),
        "state": state,
        "state_label": STATE_LABELS[state].in_locale(),
        "reason": message.reason,
        "attempts_count": message.attempts,
        "created_at": message.created_at,
        "not_before": message.not_before,
        "expires_at": message.expires_at,
        "sent_at": message.sent_at,
    }


def listed(message: Message, actions: list[AvailableAction] | None) -> MessageListed:
    """One row of the list, with its actions where they were asked for."""
    return MessageListed.model_validate({**_listed(message), "available_actions": actions})


def actions_of(message: Message, facts: Facts, caller: Caller) -> list[AvailableAction]:
    """What `caller` may do with this mail now."""
    return available_actions(LIFECYCLE, message.state, facts, caller, None)


def detail(kept: Kept, attempts: Sequence[MessageAttempt], facts: Facts, caller: Caller) -> MessageRead:
    """One message in full."""
    message = kept.message
    explained = _REASONS.get(message.reason or "") or _STATES[MessageState(message.state)]
    return MessageRead.model_validate(
        {
            **_listed(message),
            "version": kept.version,
            "explanation": explained.in_locale(),
            "message_id": message_id_header(kept.body),
            "handoff_at": message.handoff_at,
            "lease": _lease(message),
            "attempts": [MessageAttemptRead.model_validate(_attempt(attempt)) for attempt in attempts],
            "available_actions": actions_of(message, facts, caller),
        }
    )


def _lease(message: Message) -> MessageLease | None:
    until: datetime | None = message.lease_until
    if message.state != MessageState.SENDING or until is None:
        return None
    return MessageLease(until=until, handed_over=message.handoff_at is not None)


def _attempt(attempt: MessageAttempt) -> dict[str, Any]:
    return {name: getattr(attempt, name) for name in ("at", "phase", "code", "enhanced", "reply")}


def message_id_header(body: MessageBody) -> str | None:
    """The Message-ID under which a mail left, without its brackets; None while it is not rendered."""
    value = next((value for name, value in body.headers or () if name.lower() == "message-id"), None)
    return str(value).strip("<>") if value is not None else None


def preview(kept: Kept, rendering: Rendering, public_url: str) -> MessagePreview:
    """What a mail says, its link replaced by an address that leads nowhere."""
    link_id = kept.message.link_id

    def redacted(part: str) -> str:
        return part.replace(link_marker(link_id), f"{public_url}/r/{_REDACTED}") if link_id is not None else part

    return MessagePreview(
        rendered_at=kept.body.rendered_at,
        subject=redacted(rendering.subject),
        text=redacted(rendering.text),
        html=redacted(rendering.html),
        attachments=[
            AttachmentRead(name=one.name, media_type=one.media_type, file_id=one.file_id)
            for one in read_all(kept.body.attachments)
        ],
    )
