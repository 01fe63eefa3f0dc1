"""From rows to what `/v1/webhook-deliveries` answers."""

from collections.abc import Sequence

from relance.capabilities.webhooks.deliveries.schemas import (
    AttemptRead,
    AttemptRequest,
    AttemptResponse,
    DeliveryListed,
    DeliveryRead,
)
from relance.capabilities.webhooks.deliveries.service import version_of
from relance.capabilities.webhooks.feed.schemas import EventRead, EventSubject
from relance.capabilities.webhooks.models import DeliveryState, Trigger, WebhookAttempt, WebhookDelivery
from relance.core.i18n import Text

STATE_LABELS = {
    DeliveryState.PENDING: Text("En attente", "Waiting"),
    DeliveryState.SENDING: Text("En cours d’envoi", "Being sent"),
    DeliveryState.DELIVERED: Text("Remis", "Delivered"),
    DeliveryState.DEAD: Text("Abandonné", "Given up"),
}


def listed(delivery: WebhookDelivery) -> DeliveryListed:
    """One delivery of the log."""
    state = DeliveryState(delivery.state)
    return DeliveryListed(
        id=delivery.id,
        endpoint_id=delivery.endpoint_id,
        event_id=delivery.event_id,
        type=delivery.type,
        subject=EventSubject(kind=delivery.subject_kind, id=delivery.subject_id),
        trigger=Trigger(delivery.trigger),
        state=state,
        state_label=STATE_LABELS[state].in_locale(),
        reason=delivery.reason,
        attempts_count=delivery.attempts,
        last_status=delivery.last_status,
        created_at=delivery.created_at,
        not_before=delivery.not_before,
        finished_at=delivery.finished_at,
    )


def detail(delivery: WebhookDelivery, event: EventRead, attempts: Sequence[WebhookAttempt]) -> DeliveryRead:
    """One delivery in full."""
    return DeliveryRead(
        **dict(listed(delivery)),
        version=version_of(delivery),
        event=event,
        attempts=[_attempt(one) for one in attempts],
    )


def _attempt(one: WebhookAttempt) -> AttemptRead:
    answered = one.status is not None
    return AttemptRead(
        at=one.at,
        milliseconds=one.milliseconds,
        reason=one.reason,
        request=AttemptRequest(url=one.url, headers=one.request_headers),
        response=AttemptResponse(status=one.status or 0, headers=one.response_headers, body=one.response_body)
        if answered
        else None,
    )
