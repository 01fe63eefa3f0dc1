"""The log of deliveries, and sending again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from relance.capabilities.webhooks.catalogue import Catalogue
from relance.capabilities.webhooks.deliveries.repository import DeliveryRepository
from relance.capabilities.webhooks.deliveries.schemas import DeliveryFilterQuery
from relance.capabilities.webhooks.endpoints.repository import EndpointRepository
from relance.capabilities.webhooks.errors import DeliveryUnderWay, EndpointDisabled, ReplayTooLarge
from relance.capabilities.webhooks.events import TESTED
from relance.capabilities.webhooks.feed.schemas import EventRead
from relance.capabilities.webhooks.feed.sequencer import DELIVER
from relance.capabilities.webhooks.feed.service import Feed
from relance.capabilities.webhooks.models import (
    DeliveryState,
    Trigger,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.errors import NotFound, ValidationFailed
from relance.core.i18n import Text
from relance.core.ids import new_id
from relance.core.pagination import PageRequest, Slice

#: Events of one replay.
MOST_REPLAYED: Final = 100_000
_OPEN = (DeliveryState.PENDING, DeliveryState.SENDING)
_RANK = {DeliveryState.SENDING: 0, DeliveryState.PENDING: 1}


def version_of(delivery: WebhookDelivery) -> int:
    """Grows with every change: a claim raises the epoch, and within one the state only goes on."""
    return delivery.lease_epoch * 3 + _RANK.get(DeliveryState(delivery.state), 2)


class Deliveries:
    """The deliveries of the session's workspace."""

    def __init__(self, session: DbSession, clock: Clock, catalogue: Catalogue) -> None:
        self._session = session
        self._clock = clock
        self._catalogue = catalogue
        self._rows = DeliveryRepository(session)

    async def page(self, wanted: DeliveryFilterQuery, request: PageRequest) -> Slice[WebhookDelivery]:
        """One page of the log.

        Raises:
            ValidationFailed: a type is unknown.
        """
        self._catalogue.require(wanted.type, "/query/type")
        return await self._rows.page(wanted, request)

    async def get(self, delivery_id: UUID) -> WebhookDelivery:
        """The delivery with that id.

        Raises:
            NotFound: there is none in this workspace.
        """
        found = await self._rows.find(delivery_id)
        if found is None:
            raise NotFound()
        return found

    async def attempts(self, delivery: WebhookDelivery) -> Sequence[WebhookAttempt]:
        """Its conversations, oldest first."""
        return await self._rows.attempts(delivery.id)

    async def event(self, delivery: WebhookDelivery) -> EventRead:
        """What it carries."""
        return await Feed(self._session, self._catalogue).get(delivery.event_id)

    async def replay(self, delivery: WebhookDelivery) -> WebhookDelivery:
        """A new delivery of the same event to the same endpoint.

        Raises:
            DeliveryUnderWay: the event is on its way there.
            EndpointDisabled: nothing is sent to it.
        """
        endpoint = await EndpointRepository(self._session).find(delivery.endpoint_id, lock=True)
        if endpoint is None or not endpoint.enabled:
            raise EndpointDisabled()
        if await self._rows.is_under_way(delivery.endpoint_id, delivery.event_id):
            raise DeliveryUnderWay()
        now = self._clock.now()
        again = WebhookDelivery(
            id=new_id(),
            endpoint_id=delivery.endpoint_id,
            event_id=delivery.event_id,
            type=delivery.type,
            subject_kind=delivery.subject_kind,
            subject_id=delivery.subject_id,
            position=delivery.position,
            trigger=Trigger.REPLAY,
            state=DeliveryState.PENDING,
            attempts=0,
            lease_epoch=0,
            lost_leases=0,
            created_at=now,
            not_before=now,
        )
        self._session.add(again)
        await self._session.flush()
        self._session.ring(DELIVER)
        return again

    async def replay_period(self, endpoint: WebhookEndpoint, since: datetime, until: datetime) -> int:
        """Queue again what happened in a period, by the filters of the endpoint: how many events.

        Raises:
            EndpointDisabled: nothing is sent to it.
            ValidationFailed: the period ends before it begins.
            ReplayTooLarge: it holds too much for one replay.
        """
        if not endpoint.enabled:
            raise EndpointDisabled()
        if until <= since:
            raise ValidationFailed.at(
                "/until", "period_empty", Text("La fin doit suivre le début.", "The end must come after the beginning.")
            )
        types = [name for name in endpoint.types or self._catalogue.names if name != TESTED]
        queued = await self._rows.replay(endpoint.id, types, since, until, self._clock.now(), MOST_REPLAYED + 1)
        if queued > MOST_REPLAYED:
            raise ReplayTooLarge(most=MOST_REPLAYED)
        self._session.ring(DELIVER)
        return queued
