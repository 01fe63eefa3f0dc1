"""Use cases of the endpoints."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from relance.capabilities.journal.service import Journal
from relance.capabilities.webhooks.catalogue import Catalogue
from relance.capabilities.webhooks.endpoints.repository import EndpointRepository
from relance.capabilities.webhooks.endpoints.schemas import EndpointCreate, EndpointUpdate
from relance.capabilities.webhooks.endpoints.secrets import new_secret, seal
from relance.capabilities.webhooks.endpoints.urls import checked_url
from relance.capabilities.webhooks.errors import EndpointDisabled
from relance.capabilities.webhooks.events import DISABLED, KIND, TESTED
from relance.capabilities.webhooks.feed.sequencer import DELIVER
from relance.capabilities.webhooks.models import WebhookEndpoint, WebhookLane, WebhookSecret
from relance.core.clock import Clock, system_now
from relance.core.db import DbSession
from relance.core.durations import after
from relance.core.errors import NotFound, ValidationFailed
from relance.core.i18n import Text
from relance.core.ids import new_id
from relance.core.pagination import PageRequest, Slice
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import ActorRef, SubjectRef

BY_USER: Final = "by_user"
_LONGEST_OVERLAP = timedelta(days=30)


async def disable(session: DbSession, clock: Clock, endpoint: WebhookEndpoint, reason: str, actor: ActorRef) -> None:
    """Send nothing more to `endpoint`, which is enabled; what is queued waits until it is enabled again."""
    endpoint.enabled = False
    endpoint.disabled_reason = reason
    Journal(session, clock).record(
        DISABLED,
        SubjectRef(KIND, endpoint.id),
        actor,
        before={"enabled": True},
        after={"enabled": False, "reason": reason},
    )
    await session.flush()


class Endpoints:
    """The endpoints of the caller's workspace."""

    def __init__(self, session: DbSession, runtime: Runtime, catalogue: Catalogue, caller: Caller) -> None:
        self._session = session
        self._runtime = runtime
        self._catalogue = catalogue
        self._actor = ActorRef.of(caller)
        self._rows = EndpointRepository(session)

    async def get(self, endpoint_id: UUID, *, lock: bool = False) -> WebhookEndpoint:
        """The endpoint with that id.

        Raises:
            NotFound: there is none in this workspace.
        """
        found = await self._rows.find(endpoint_id, lock=lock)
        if found is None:
            raise NotFound()
        return found

    async def page(self, enabled: bool | None, request: PageRequest) -> Slice[WebhookEndpoint]:
        """One page of the endpoints."""
        return await self._rows.page(enabled, request)

    async def create(self, wanted: EndpointCreate) -> tuple[WebhookEndpoint, str]:
        """A new endpoint, enabled, and its secret.

        Raises:
            ValidationFailed: events may not be sent to this address, or a type is unknown.
        """
        endpoint = WebhookEndpoint(
            id=new_id(),
            url=await self._checked(wanted.url),
            description=wanted.description,
            types=self._catalogue.require(wanted.types, "/types"),
            enabled=True,
            created_at=self._runtime.clock.now(),
        )
        self._session.add(endpoint)
        await self._session.flush()
        self._session.add(WebhookLane(id=endpoint.id, failures=0))
        secret = await self._new_secret(endpoint)
        self._record("webhook_endpoint.created", endpoint)
        return endpoint, secret

    async def update(self, endpoint: WebhookEndpoint, wanted: EndpointUpdate) -> None:
        """Change an endpoint. Another address starts with a clean slate.

        Raises:
            ValidationFailed: events may not be sent to this address, or a type is unknown.
        """
        changes = wanted.changes()
        if "types" in changes:
            changes["types"] = self._catalogue.require(changes["types"], "/types")
        if "url" in changes:
            changes["url"] = await self._checked(changes["url"])
            await self._rows.forgive([(endpoint.workspace_id, endpoint.id)])
        for name, value in changes.items():
            setattr(endpoint, name, value)
        self._record("webhook_endpoint.changed", endpoint, after={"fields": sorted(changes)})
        await self._session.flush()

    async def enable(self, endpoint: WebhookEndpoint) -> None:
        """Send to it again, what is still queued first. Repeating it changes nothing."""
        if endpoint.enabled:
            return
        endpoint.enabled = True
        endpoint.disabled_reason = None
        await self._rows.forgive([(endpoint.workspace_id, endpoint.id)])
        self._record("webhook_endpoint.enabled", endpoint)
        self._session.ring(DELIVER)
        await self._session.flush()

    async def disable(self, endpoint: WebhookEndpoint) -> None:
        """Send nothing more to it. Repeating it changes nothing."""
        if endpoint.enabled:
            await disable(self._session, self._runtime.clock, endpoint, BY_USER, self._actor)

    async def delete(self, endpoint: WebhookEndpoint) -> None:
        """Forget an endpoint, its secrets and its log."""
        self._record("webhook_endpoint.deleted", endpoint)
        await self._session.flush()
        await self._rows.delete(endpoint.id)

    async def rotate(self, endpoint: WebhookEndpoint, overlap: str) -> str:
        """A new secret; the one it replaces signs beside it for `overlap`, any older one no more.

        Raises:
            ValidationFailed: the overlap is longer than thirty days.
        """
        now = system_now()
        end = after(now, overlap)
        if end > now + _LONGEST_OVERLAP:
            raise ValidationFailed.at(
                "/overlap", "overlap_too_long", Text("Trente jours au plus.", "Thirty days at most.")
            )
        newest = (await self._rows.secrets([endpoint.id], now))[:1]
        for secret in newest:
            secret.expires_at = end
        await self._rows.forget_secrets(endpoint.id, [secret.id for secret in newest])
        made = await self._new_secret(endpoint)
        self._record("webhook_endpoint.secret_rotated", endpoint)
        return made

    async def test(self, endpoint: WebhookEndpoint) -> UUID:
        """Have a test event sent to it, on the way of every other: its id.

        Raises:
            EndpointDisabled: nothing is sent to it.
        """
        if not endpoint.enabled:
            raise EndpointDisabled()
        return self._record(TESTED, endpoint, after={"enabled": True})

    async def _checked(self, url: str) -> str:
        return await checked_url(url, allow_private=self._runtime.settings.webhook_allow_private)

    async def _new_secret(self, endpoint: WebhookEndpoint) -> str:
        clear = new_secret()
        self._session.add(
            WebhookSecret(
                endpoint_id=endpoint.id,
                sealed=seal(self._runtime.keys, endpoint.id, clear),
                created_at=system_now(),
            )
        )
        await self._session.flush()
        return clear

    def _record(self, action: str, endpoint: WebhookEndpoint, after: Mapping[str, object] | None = None) -> UUID:
        journal = Journal(self._session, self._runtime.clock)
        return journal.record(action, SubjectRef(KIND, endpoint.id), self._actor, after=after)
