"""Every query of the deliveries: claiming, settling, the log, replays."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, tuple_

from relance.capabilities.journal.models import JournalEntry
from relance.capabilities.webhooks.deliveries.schedule import MOST_LOST_LEASES, PATIENCE
from relance.capabilities.webhooks.deliveries.schemas import DeliveryFilterQuery
from relance.capabilities.webhooks.feed.repository import UUID7, Entry
from relance.capabilities.webhooks.models import (
    Event,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSecret,
)
from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import Repository, fetch_page

_SHARDS = 8
_COUNT = f"""
INSERT INTO webhook_totals AS t (outcome, shard, total)
SELECT outcome, floor(random() * {_SHARDS})::smallint, count(*) FROM counted GROUP BY outcome
ON CONFLICT (outcome, shard) DO UPDATE SET total = t.total + excluded.total
"""  # noqa: S608 - a number of ours

# The lanes that have something due, each locked: who claims for an endpoint is alone, so that its bound holds.
_LANES = text("""
SELECT l.workspace_id, l.id
FROM webhook_lanes l JOIN webhook_endpoints e ON e.workspace_id = l.workspace_id AND e.id = l.id
WHERE e.enabled AND (l.paused_until IS NULL OR l.paused_until <= :now)
  AND EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.workspace_id = l.workspace_id AND d.endpoint_id = l.id
              AND d.state = 'pending' AND d.not_before <= :now)
ORDER BY random() LIMIT :most
FOR UPDATE OF l SKIP LOCKED
""")
# Of each endpoint the first open delivery of a subject, in the order of the feed: a later one waits for it.
_CLAIM = text(f"""
WITH heads AS (
    SELECT h.workspace_id, h.id
    FROM unnest(CAST(:workspaces AS uuid[]), CAST(:endpoints AS uuid[])) AS k(workspace_id, id)
    JOIN webhook_lanes l ON l.workspace_id = k.workspace_id AND l.id = k.id
    CROSS JOIN LATERAL (
        SELECT d.workspace_id, d.id FROM webhook_deliveries d
        WHERE d.workspace_id = l.workspace_id AND d.endpoint_id = l.id AND d.state = 'pending'
          AND d.not_before <= :now AND d.type = ANY(:types)
          AND NOT EXISTS (
            SELECT 1 FROM webhook_deliveries o
            WHERE o.workspace_id = d.workspace_id AND o.endpoint_id = d.endpoint_id AND o.subject_id = d.subject_id
              AND o.subject_kind = d.subject_kind AND o.state IN ('pending', 'sending') AND o.position < d.position)
        ORDER BY d.position
        LIMIT GREATEST(0, CASE WHEN l.failures >= {PATIENCE} THEN 1 ELSE :bound END - (
            SELECT count(*) FROM webhook_deliveries b
            WHERE b.workspace_id = l.workspace_id AND b.endpoint_id = l.id AND b.state = 'sending'))
        FOR UPDATE OF d SKIP LOCKED
    ) h
    LIMIT :most
)
UPDATE webhook_deliveries d
SET state = 'sending', lease_owner = :owner, lease_epoch = d.lease_epoch + 1,
    lease_until = clock_timestamp() + CAST(:lease AS interval)
FROM heads h WHERE d.workspace_id = h.workspace_id AND d.id = h.id
RETURNING d.workspace_id, d.id
""")  # noqa: S608 - a number of ours
_RECOVER = text(f"""
WITH lost AS (
    SELECT workspace_id, id FROM webhook_deliveries
    WHERE state = 'sending' AND lease_until < clock_timestamp() FOR UPDATE SKIP LOCKED
), counted AS (
    UPDATE webhook_deliveries d
    SET state = CASE WHEN d.lost_leases + 1 >= {MOST_LOST_LEASES} THEN 'dead' ELSE 'pending' END,
        finished_at = CASE WHEN d.lost_leases + 1 >= {MOST_LOST_LEASES} THEN CAST(:now AS timestamptz) END,
        lost_leases = d.lost_leases + 1, reason = 'worker_lost', lease_owner = NULL, lease_until = NULL
    FROM lost WHERE d.workspace_id = lost.workspace_id AND d.id = lost.id
    RETURNING 'lease_lost' AS outcome
) {_COUNT}
""")  # noqa: S608 - a number of ours
# The epoch alone decides: an answer that comes after the lease still counts, unless somebody else has claimed since.
_SETTLE = text(f"""
WITH k AS (
    SELECT * FROM unnest(
        CAST(:workspaces AS uuid[]), CAST(:ids AS uuid[]), CAST(:epochs AS int[]), CAST(:states AS text[]),
        CAST(:reasons AS text[]), CAST(:dues AS timestamptz[]), CAST(:ends AS timestamptz[]),
        CAST(:attempt_ids AS uuid[]), CAST(:ats AS timestamptz[]), CAST(:urls AS text[]), CAST(:asked AS text[]),
        CAST(:statuses AS int[]), CAST(:told AS text[]), CAST(:bodies AS text[]), CAST(:times AS int[]))
    AS k(workspace_id, id, epoch, state, reason, due, ends, attempt_id, at, url, asked, status, told, body, ms)
), changed AS (
    UPDATE webhook_deliveries d
    SET state = k.state, reason = k.reason, attempts = d.attempts + 1, not_before = COALESCE(k.due, d.not_before),
        finished_at = k.ends, last_status = k.status, lease_owner = NULL, lease_until = NULL
    FROM k
    WHERE d.workspace_id = k.workspace_id AND d.id = k.id AND d.lease_epoch = k.epoch
      AND d.state IN ('sending', 'pending')
    RETURNING d.workspace_id, d.id, d.state
), logged AS (
    INSERT INTO webhook_attempts (workspace_id, id, delivery_id, at, url, request_headers, status, response_headers,
                                  response_body, reason, milliseconds)
    SELECT k.workspace_id, k.attempt_id, k.id, k.at, k.url, CAST(k.asked AS jsonb), k.status, CAST(k.told AS jsonb),
           k.body, k.reason, k.ms
    FROM k JOIN changed c ON c.workspace_id = k.workspace_id AND c.id = k.id
), counted AS (
    SELECT CASE WHEN state = 'pending' THEN 'deferred' ELSE state END AS outcome FROM changed
) {_COUNT}
""")  # noqa: S608 - a number of ours
_REPLAY = text(f"""
INSERT INTO webhook_deliveries (workspace_id, id, endpoint_id, event_id, type, subject_kind, subject_id, position,
                                trigger, state, created_at, not_before)
SELECT e.workspace_id, {UUID7}, :endpoint, e.id, e.type, e.subject_kind, e.subject_id, e.position,
       'replay', 'pending', :now, :now
FROM events e
WHERE e.workspace_id = :workspace AND e.at >= :since AND e.at < :until AND e.type = ANY(:types)
LIMIT :most
ON CONFLICT (workspace_id, endpoint_id, event_id) WHERE state IN ('pending', 'sending') DO NOTHING
RETURNING id
""")  # noqa: S608 - an expression of ours
_FORGET = text("""
DELETE FROM webhook_deliveries d USING (
    SELECT workspace_id, id FROM webhook_deliveries WHERE finished_at < :before LIMIT :most FOR UPDATE SKIP LOCKED
) old WHERE d.workspace_id = old.workspace_id AND d.id = old.id
RETURNING d.id
""")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A claimed delivery with all that its conversation takes."""

    delivery: WebhookDelivery
    entry: Entry
    endpoint: WebhookEndpoint
    sealed: Sequence[bytes]


class DeliveryRepository(Repository):
    """Deliveries of the session's workspace, or of all of them in the worker's system session."""

    # --- the worker ------------------------------------------------------------------------------------------------

    async def claim(
        self, types: Collection[str], *, owner: UUID, bound: int, most: int, lease_seconds: float, now: datetime
    ) -> list[tuple[UUID, UUID]]:
        """Lease what is due: workspaces and ids.

        Args:
            types: what this process knows how to write.
            owner: of the leases.
            bound: conversations with one endpoint at a time, whoever has them.
            most: how many to claim.
            lease_seconds: on the database's clock.
            now: in business time.
        """
        lanes = (await self.session.execute(_LANES, {"now": now, "most": most})).all()
        if not lanes:
            return []
        values = {
            "workspaces": [lane.workspace_id for lane in lanes],
            "endpoints": [lane.id for lane in lanes],
            "types": list(types),
            "bound": bound,
            "most": most,
            "owner": owner,
            "lease": timedelta(seconds=lease_seconds),
            "now": now,
        }
        return [(row.workspace_id, row.id) for row in await self.session.execute(_CLAIM, values)]

    async def load(self, claimed: Sequence[tuple[UUID, UUID]], live_at: datetime) -> list[Loaded]:
        """Claimed deliveries with their events, endpoints and live secrets, the newest secret first."""
        d, e, j, w = WebhookDelivery, Event, JournalEntry, WebhookEndpoint
        statement = (
            select(d, e, j, w)
            .join(e, (e.workspace_id == d.workspace_id) & (e.id == d.event_id))
            .join(j, (j.workspace_id == e.workspace_id) & (j.id == e.id))
            .join(w, (w.workspace_id == d.workspace_id) & (w.id == d.endpoint_id))
            .where(tuple_(d.workspace_id, d.id).in_(claimed))
        )
        rows = (await self.session.execute(statement)).all()
        endpoints = {(row[3].workspace_id, row[3].id) for row in rows}
        sealed = await self._secrets(endpoints, live_at)
        return [
            Loaded(row[0], Entry(row[1], row[2]), row[3], sealed.get((row[3].workspace_id, row[3].id), ()))
            for row in rows
        ]

    async def _secrets(
        self, endpoints: Collection[tuple[UUID, UUID]], live_at: datetime
    ) -> dict[tuple[UUID, UUID], list[bytes]]:
        s = WebhookSecret
        statement = (
            select(s)
            .where(tuple_(s.workspace_id, s.endpoint_id).in_(endpoints))
            .where(s.expires_at.is_(None) | (s.expires_at > live_at))
            .order_by(s.id.desc())
        )
        found: dict[tuple[UUID, UUID], list[bytes]] = {}
        for secret in await self.session.scalars(statement):
            found.setdefault((secret.workspace_id, secret.endpoint_id), []).append(secret.sealed)
        return found

    async def recover(self, now: datetime) -> None:
        """Take back what processes died with."""
        await self.session.execute(_RECOVER, {"now": now})

    async def settle(self, columns: dict[str, list[Any]]) -> None:
        """Write what came of conversations, an array a column: see `Ledger.settle`."""
        await self.session.execute(_SETTLE, columns)

    async def forget(self, before: datetime, most: int) -> int:
        """Delete finished deliveries with their attempts: how many."""
        return len((await self.session.execute(_FORGET, {"before": before, "most": most})).all())

    # --- the API ---------------------------------------------------------------------------------------------------

    async def page(self, wanted: DeliveryFilterQuery, request: PageRequest) -> Slice[WebhookDelivery]:
        """One page of the log."""
        d = WebhookDelivery
        statement = select(d)
        for column, values in (
            (d.endpoint_id, wanted.endpoint_id),
            (d.event_id, wanted.event_id),
            (d.subject_id, wanted.subject_id),
            (d.state, wanted.state),
            (d.type, wanted.type),
        ):
            if values:
                statement = statement.where(column.in_(values))
        if wanted.created_from is not None:
            statement = statement.where(d.created_at >= wanted.created_from)
        if wanted.created_to is not None:
            statement = statement.where(d.created_at < wanted.created_to)
        page = await fetch_page(self.session, statement, request, SortKey("created_at", d.created_at), d.id)
        return Slice([row[0] for row in page.rows], page.next)

    async def find(self, delivery_id: UUID) -> WebhookDelivery | None:
        """The delivery with that id."""
        found = await self.session.scalars(select(WebhookDelivery).where(WebhookDelivery.id == delivery_id))
        return found.one_or_none()

    async def attempts(self, delivery_id: UUID) -> Sequence[WebhookAttempt]:
        """Its conversations, oldest first."""
        a = WebhookAttempt
        return (await self.session.scalars(select(a).where(a.delivery_id == delivery_id).order_by(a.id))).all()

    async def is_under_way(self, endpoint_id: UUID, event_id: UUID) -> bool:
        """Whether the event is on its way to the endpoint."""
        d = WebhookDelivery
        open_ones = select(d.id).where(
            d.endpoint_id == endpoint_id, d.event_id == event_id, d.state.in_(("pending", "sending"))
        )
        return (await self.session.scalars(open_ones)).first() is not None

    async def replay(
        self, endpoint_id: UUID, types: Collection[str], since: datetime, until: datetime, now: datetime, most: int
    ) -> int:
        """Queue what happened in a period once more: how many events, those already under way not counted."""
        values = {
            "workspace": self.session.workspace_id,
            "endpoint": endpoint_id,
            "types": list(types),
            "since": since,
            "until": until,
            "now": now,
            "most": most,
        }
        return len((await self.session.execute(_REPLAY, values)).all())
