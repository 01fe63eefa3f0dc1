"""Every query of the endpoints, their lanes and their secrets."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, delete, func, or_, select, tuple_, update

from relance.capabilities.webhooks.models import WebhookEndpoint, WebhookLane, WebhookSecret
from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import Repository, affected, fetch_page

EndpointKey = tuple[UUID, UUID]


class EndpointRepository(Repository):
    """Endpoints of the session's workspace, or of all of them in the worker's system session."""

    async def find(self, endpoint_id: UUID, *, lock: bool = False) -> WebhookEndpoint | None:
        """The endpoint with that id."""
        statement = select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id)
        if lock:
            # No stronger than needed: new deliveries refer to the row meanwhile.
            statement = statement.with_for_update(key_share=True)
        return (await self.session.scalars(statement)).one_or_none()

    async def page(self, enabled: bool | None, request: PageRequest) -> Slice[WebhookEndpoint]:
        """One page of the endpoints."""
        statement = select(WebhookEndpoint)
        if enabled is not None:
            statement = statement.where(WebhookEndpoint.enabled == enabled)
        key = SortKey("created_at", WebhookEndpoint.created_at)
        page = await fetch_page(self.session, statement, request, key, WebhookEndpoint.id)
        return Slice([row[0] for row in page.rows], page.next)

    async def lanes(self, endpoint_ids: Collection[UUID]) -> dict[UUID, WebhookLane]:
        """The lanes of endpoints."""
        found = await self.session.scalars(select(WebhookLane).where(WebhookLane.id.in_(endpoint_ids)))
        return {lane.id: lane for lane in found}

    async def secrets(self, endpoint_ids: Collection[UUID], live_at: datetime) -> Sequence[WebhookSecret]:
        """The live secrets of endpoints, the newest first."""
        s = WebhookSecret
        statement = select(s).where(s.endpoint_id.in_(endpoint_ids), s.expires_at.is_(None) | (s.expires_at > live_at))
        return (await self.session.scalars(statement.order_by(s.id.desc()))).all()

    async def forget_secrets(self, endpoint_id: UUID, kept: Collection[UUID]) -> None:
        """Delete the secrets of an endpoint but for those `kept`."""
        s = WebhookSecret
        await affected(self.session, delete(s).where(s.endpoint_id == endpoint_id, s.id.not_in(kept)))

    async def delete(self, endpoint_id: UUID) -> None:
        """Delete an endpoint, its secrets and its log."""
        await affected(self.session, delete(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id))

    async def forgive(self, endpoints: Collection[EndpointKey]) -> None:
        """Open the lanes of endpoints, where they were troubled."""
        lane = WebhookLane
        troubled = or_(lane.failures > 0, lane.failing_since.is_not(None))
        statement = update(lane).where(tuple_(lane.workspace_id, lane.id).in_(endpoints), troubled)
        await affected(self.session, statement.values(failures=0, failing_since=None, paused_until=None))

    async def blame(self, endpoint: EndpointKey, failures: int, now: datetime, quiet: timedelta) -> WebhookLane | None:
        """Count failures of an endpoint: its lane as it then is. A failure `quiet` ago or earlier was another story."""
        lane = WebhookLane
        since = case((lane.paused_until <= now - quiet, now), else_=func.coalesce(lane.failing_since, now))
        statement = (
            update(lane)
            .where(lane.workspace_id == endpoint[0], lane.id == endpoint[1])
            .values(failures=lane.failures + failures, failing_since=since)
            .returning(lane)
            .execution_options(populate_existing=True)
        )
        return (await self.session.scalars(statement)).one_or_none()

    async def pause(self, endpoint: EndpointKey, now: datetime, duration: timedelta) -> None:
        """Leave an endpoint alone for a while."""
        lane = WebhookLane
        statement = update(lane).where(lane.workspace_id == endpoint[0], lane.id == endpoint[1])
        await affected(self.session, statement.values(paused_until=now + duration))
