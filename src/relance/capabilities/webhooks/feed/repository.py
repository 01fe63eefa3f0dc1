"""Every query of the feed. How entries get their places: docs/adr/0016."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, text

from relance.capabilities.journal.models import JournalEntry
from relance.capabilities.webhooks.models import Event
from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import Repository, fetch_page

#: Of PostgreSQL's advisory locks: whoever holds it gives places, alone in the whole deployment.
_SEQUENCER = 727432016

_LOCK = text("SELECT pg_try_advisory_xact_lock(:key)")
# Where the snapshot is of another cluster, or of one whose transactions were counted further, its ids mean nothing.
_STATE = text("""
SELECT s.snapshot, c.cluster,
       s.cluster = c.cluster AND pg_snapshot_xmax(CAST(s.snapshot AS pg_snapshot)) <= pg_snapshot_xmax(c.now) AS known
FROM (SELECT system_identifier::text AS cluster, pg_current_snapshot() AS now FROM pg_control_system()) c
LEFT JOIN feed_state s ON s.id = 1
""")

#: UUIDv7, as the application makes it: PostgreSQL has a function for it from version 18 on.
UUID7 = """encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) PLACING substring(int8send(
    floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid"""

# One statement, hence one snapshot: what it reads as new is exactly what it writes down as seen.
_PLACE = """
WITH fresh AS MATERIALIZED (
    SELECT j.workspace_id, j.id, j.action, j.at, j.subject_kind, j.subject_id,
           row_number() OVER (PARTITION BY j.workspace_id ORDER BY j.sequence) AS number
    FROM journal_entries j WHERE {new}
), ends AS MATERIALIZED (
    SELECT w.workspace_id,
           COALESCE((SELECT max(e.position) FROM events e WHERE e.workspace_id = w.workspace_id), 0) AS position
    FROM (SELECT DISTINCT workspace_id FROM fresh) w
), placed AS (
    INSERT INTO events (workspace_id, id, position, type, at, subject_kind, subject_id)
    SELECT f.workspace_id, f.id, n.position + f.number, f.action, f.at, f.subject_kind, f.subject_id
    FROM fresh f JOIN ends n ON n.workspace_id = f.workspace_id
    RETURNING workspace_id, id, position, type, subject_kind, subject_id
), fanned AS (
    INSERT INTO webhook_deliveries (workspace_id, id, endpoint_id, event_id, type, subject_kind, subject_id, position,
                                    trigger, state, created_at, not_before)
    SELECT p.workspace_id, {uuid7}, w.id, p.id, p.type, p.subject_kind, p.subject_id, p.position,
           'event', 'pending', :now, :now
    FROM placed p JOIN webhook_endpoints w ON w.workspace_id = p.workspace_id
    WHERE w.enabled AND p.type = ANY(:types)
      AND CASE WHEN p.type = :test THEN p.subject_id = w.id
               ELSE w.types = '[]'::jsonb OR w.types @> to_jsonb(p.type) END
    RETURNING id
)
INSERT INTO feed_state (id, snapshot, cluster)
SELECT 1, pg_current_snapshot()::text, :cluster
ON CONFLICT (id) DO UPDATE SET snapshot = excluded.snapshot, cluster = excluded.cluster
RETURNING (SELECT count(*) FROM placed) AS placed, (SELECT count(*) FROM fanned) AS fanned
"""
_UNSEEN = """j.transaction_id >= CAST(CAST(pg_snapshot_xmin(
        CAST(CAST(:snapshot AS text) AS pg_snapshot)) AS text) AS bigint)
      AND NOT pg_visible_in_snapshot(
        CAST(CAST(j.transaction_id AS text) AS xid8), CAST(CAST(:snapshot AS text) AS pg_snapshot))"""
_UNPLACED = "NOT EXISTS (SELECT 1 FROM events e WHERE e.workspace_id = j.workspace_id AND e.id = j.id)"
_PLACE_UNSEEN = text(_PLACE.format(new=_UNSEEN, uuid7=UUID7))
_PLACE_UNPLACED = text(_PLACE.format(new=_UNPLACED, uuid7=UUID7))


@dataclass(frozen=True, slots=True)
class Placed:
    """What one pass of the sequencer did."""

    events: int
    deliveries: int


@dataclass(frozen=True, slots=True)
class Entry:
    """An event, and the journal entry that it is the place of."""

    event: Event
    journal: JournalEntry


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events: each a list of what may be; empty for whatever it is."""

    types: Sequence[str] = ()
    subject_kinds: Sequence[str] = ()
    subject_ids: Sequence[UUID] = ()
    #: Only what comes later in the feed.
    after: int | None = None


class FeedRepository(Repository):
    """Events of the session's workspace; placing is the system's own work, over all of them."""

    async def place(self, types: Collection[str], test: str, now: datetime) -> Placed | None:
        """Give every entry that has become visible its place, and its deliveries; None where another process does.

        The transaction must write nothing to the journal: a snapshot takes its own writes for seen.
        """
        if not await self.session.scalar(_LOCK, {"key": _SEQUENCER}):
            return None
        # A statement of its own: the snapshot of the next one is younger than the lock.
        state = (await self.session.execute(_STATE)).one()
        values: dict[str, Any] = {"types": list(types), "test": test, "now": now, "cluster": state.cluster}
        if state.known:
            done = await self.session.execute(_PLACE_UNSEEN, {**values, "snapshot": state.snapshot})
        else:
            done = await self.session.execute(_PLACE_UNPLACED, values)
        row = done.one()
        return Placed(row.placed, row.fanned)

    async def page(self, wanted: EventFilter, request: PageRequest) -> Slice[Entry]:
        """One page of the feed."""
        statement = _entries().where(Event.type.in_(wanted.types))
        if wanted.subject_kinds:
            statement = statement.where(Event.subject_kind.in_(wanted.subject_kinds))
        if wanted.subject_ids:
            statement = statement.where(Event.subject_id.in_(wanted.subject_ids))
        if wanted.after is not None:
            statement = statement.where(Event.position > wanted.after)
        page = await fetch_page(self.session, statement, request, SortKey("position", Event.position), Event.id)
        return Slice([Entry(row[0], row[1]) for row in page.rows], page.next)

    async def find(self, event_id: UUID) -> Entry | None:
        """The event with that id."""
        row = (await self.session.execute(_entries().where(Event.id == event_id))).one_or_none()
        return Entry(row[0], row[1]) if row else None

    async def position(self, event_id: UUID) -> int | None:
        """The place of the event with that id."""
        return await self.session.scalar(select(Event.position).where(Event.id == event_id))


def _entries() -> Select[*tuple[Any, ...]]:
    joined = (JournalEntry.workspace_id == Event.workspace_id) & (JournalEntry.id == Event.id)
    return select(Event, JournalEntry).join(JournalEntry, joined)
