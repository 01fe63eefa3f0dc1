"""Every query of delivery. They run in system sessions, across workspaces, and name rows by their whole key.

Written as SQL, because each is one statement over arrays: a batch costs one round trip, whatever its size. What runs
for every batch is handed to the driver as it is.
Leases and lanes run on the database's clock (`clock_timestamp()`), the one clock that all processes share.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from relance.capabilities.messaging.delivery.parcel import Claimed, Parcel, Settlement
from relance.capabilities.messaging.delivery.rows import claimed_from
from relance.capabilities.messaging.models import MessageState
from relance.capabilities.messaging.repository import counting
from relance.core.driver import Statement
from relance.core.ids import new_id
from relance.core.repository import Repository

#: Claims take turns, so that two of them cannot take two messages for the same recipient.
_CLAIM_LOCK = 727432002
#: A process that is stopped inside a transaction must not hold its locks for longer than this.
_STALL_MILLISECONDS = "15000"
#: Rows of one transaction of a sweep.
SWEPT_AT_ONCE = 500
_LOST_RENDERS = 2

_GUARD = text("SELECT set_config('idle_in_transaction_session_timeout', :stall, true)")
# The claim must walk its index in order and stop at the limit. After a burst the statistics lag behind, and the planner
# would rather read and sort the whole backlog for every batch: that is forbidden here, for this transaction only.
_TAKE_TURN = text("""
SELECT set_config('idle_in_transaction_session_timeout', :stall, true), set_config('enable_sort', 'off', true),
       set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true),
       set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
       pg_advisory_xact_lock(:key), clock_timestamp() AS now
""")

_TAKE = """
UPDATE messages m
SET state = 'sending', lease_owner = :owner, lease_epoch = m.lease_epoch + 1, handoff_at = NULL,
    lease_until = clock_timestamp() + make_interval(secs => :lease), attempts = m.attempts + 1
FROM picked p WHERE m.workspace_id = p.workspace_id AND m.id = p.id
RETURNING m.*"""
_WITH_BODIES = """
SELECT c.*, b.sender_name, b.reply_to, b.list_unsubscribe, b.placeholders, b.headers, b.subject, b.text, b.html,
       b.template_version, b.rendered_at, b.organisation_id, b.wording_id, b.words, b.attachments
FROM claimed c JOIN message_bodies b ON b.workspace_id = c.workspace_id AND b.id = c.id"""
_CLAIM = text(f"""
WITH picked AS (
    SELECT m.workspace_id, m.id FROM messages m
    WHERE m.state = 'queued' AND m.not_before <= :now AND (m.expires_at IS NULL OR m.expires_at > :now)
      AND (m.domain = ANY(CAST(:domains AS text[]))) = :only
      AND NOT EXISTS (
        SELECT 1 FROM messages o
        WHERE o.workspace_id = m.workspace_id AND o.recipient = m.recipient AND o.state IN ('queued', 'sending')
          AND (o.state = 'sending' OR (o.id < m.id AND o.not_before <= :now)))
    ORDER BY m.priority, m.not_before, m.id
    LIMIT :most FOR UPDATE OF m SKIP LOCKED
), claimed AS ({_TAKE}
){_WITH_BODIES}
""")  # noqa: S608 - joined from constants of this module
_CLAIM_LATE = text(f"""
WITH picked AS (
    SELECT workspace_id, id FROM messages WHERE state = 'queued' AND expires_at <= :now
    ORDER BY expires_at LIMIT :most FOR UPDATE SKIP LOCKED
), claimed AS ({_TAKE}
){_WITH_BODIES}
""")  # noqa: S608 - joined from constants of this module

_KEYS = (
    "unnest(CAST(:workspaces AS uuid[]), CAST(:ids AS uuid[]), CAST(:epochs AS int[])) AS k(workspace_id, id, epoch)"
)
_OURS = "m.workspace_id = k.workspace_id AND m.id = k.id AND m.lease_owner = :owner AND m.lease_epoch = k.epoch"

_MARK_RENDER = text(
    f"UPDATE messages m SET lost_renders = :count FROM {_KEYS} WHERE {_OURS}"  # noqa: S608 - constants
)
# `state || ''`: by its key each row is found at once; by the index of leases, which the planner takes where it knows
# little of a queue, all that is being sent is compared with all that is about to be.
_INTEND = Statement("""
WITH k AS (
    SELECT * FROM unnest(
        CAST(:workspaces AS uuid[]), CAST(:ids AS uuid[]), CAST(:epochs AS int[]), CAST(:headers AS text[]),
        CAST(:subjects AS text[]), CAST(:texts AS text[]), CAST(:htmls AS text[]), CAST(:versions AS text[]),
        CAST(:rendered AS timestamptz[]))
    AS k(workspace_id, id, epoch, headers, subject, plain, html, version, rendered_at)
), blocked AS MATERIALIZED (
    SELECT h.id FROM unnest(CAST(:hashed_workspaces AS uuid[]), CAST(:hashed_ids AS uuid[]), CAST(:hashes AS bytea[]))
         AS h(workspace_id, id, hash)
    JOIN suppressions s ON s.workspace_id = h.workspace_id AND s.address_hash = h.hash
    WHERE s.until IS NULL OR s.until > :now
), intended AS (
    UPDATE messages m
    SET handoff_at = clock_timestamp(), lease_until = clock_timestamp() + make_interval(secs => :lease)
    FROM k
    WHERE m.workspace_id = k.workspace_id AND m.id = k.id AND m.lease_owner = :owner AND m.lease_epoch = k.epoch
      AND m.state || '' = 'sending' AND m.lease_until > clock_timestamp()
      AND (m.expires_at IS NULL OR m.expires_at > :now)
      AND k.id NOT IN (SELECT id FROM blocked)
    RETURNING m.workspace_id, m.id
), stored AS (
    UPDATE message_bodies b
    SET headers = CAST(k.headers AS jsonb), subject = k.subject, text = k.plain, html = k.html,
        template_version = k.version, rendered_at = k.rendered_at, placeholders = NULL
    FROM k JOIN intended i ON i.workspace_id = k.workspace_id AND i.id = k.id
    WHERE b.workspace_id = k.workspace_id AND b.id = k.id AND b.rendered_at IS NULL
)
SELECT id FROM intended
""")
_SUPPRESSED = Statement("""
SELECT k.id FROM unnest(CAST(:workspaces AS uuid[]), CAST(:ids AS uuid[]), CAST(:hashes AS bytea[]))
     AS k(workspace_id, id, hash)
JOIN suppressions s ON s.workspace_id = k.workspace_id AND s.address_hash = k.hash
WHERE s.until IS NULL OR s.until > :now
""")
_SUPPRESS = Statement("""
INSERT INTO suppressions (workspace_id, id, address_hash, reason, created_at)
SELECT * FROM unnest(CAST(:workspaces AS uuid[]), CAST(:ids AS uuid[]), CAST(:hashes AS bytea[]),
                     CAST(:reasons AS text[]), CAST(:ats AS timestamptz[]))
ON CONFLICT (workspace_id, address_hash) DO NOTHING
""")

_SETTLE = Statement(f"""
WITH k AS (
    SELECT * FROM unnest(
        CAST(:workspaces AS uuid[]), CAST(:ids AS uuid[]), CAST(:epochs AS int[]), CAST(:states AS text[]),
        CAST(:reasons AS text[]), CAST(:dues AS timestamptz[]), CAST(:refunds AS int[]), CAST(:phases AS text[]),
        CAST(:codes AS int[]), CAST(:enhanced AS text[]), CAST(:replies AS text[]), CAST(:ats AS timestamptz[]),
        CAST(:log_ids AS uuid[]))
    AS k(workspace_id, id, epoch, state, reason, due, refund, phase, code, enhanced, reply, at, log_id)
), changed AS (
    UPDATE messages m
    SET state = k.state, reason = k.reason, not_before = COALESCE(k.due, m.not_before),
        attempts = GREATEST(m.attempts - k.refund, 0),
        last_code = CASE WHEN k.phase IS NULL THEN m.last_code ELSE k.code END,
        last_enhanced = CASE WHEN k.phase IS NULL THEN m.last_enhanced ELSE k.enhanced END,
        last_error = CASE WHEN k.state = 'sent' THEN NULL WHEN k.phase IS NULL THEN m.last_error ELSE k.reply END,
        sent_at = CASE WHEN k.state = 'sent' THEN k.at ELSE m.sent_at END,
        handoff_at = CASE WHEN k.state IN ('sent', 'uncertain') THEN m.handoff_at END,
        lease_owner = CASE WHEN k.state = 'uncertain' THEN m.lease_owner END,
        lease_until = NULL
    FROM k
    WHERE m.workspace_id = k.workspace_id AND m.id = k.id AND m.lease_owner = :owner AND m.lease_epoch = k.epoch
      AND m.state IN ('sending', 'uncertain', 'queued')
    RETURNING m.id
), logged AS (
    INSERT INTO message_attempts (workspace_id, id, message_id, epoch, phase, code, enhanced, reply, at)
    SELECT k.workspace_id, k.log_id, k.id, k.epoch, k.phase, k.code, k.enhanced, k.reply, k.at
    FROM k JOIN changed ON changed.id = k.id WHERE k.phase IS NOT NULL
), outcomes AS (
    SELECT CASE WHEN k.state = 'queued' THEN 'deferred' ELSE k.state END AS outcome
    FROM k JOIN changed ON changed.id = k.id WHERE k.state <> 'queued' OR k.phase IS NOT NULL
), counted AS ({counting("outcomes")}
)
SELECT id FROM changed
""")  # noqa: S608 - joined from constants of this package

_RECOVER = text(f"""
WITH gone AS (
    SELECT workspace_id, id FROM messages
    WHERE state = 'sending' AND lease_until < clock_timestamp()
    ORDER BY lease_until LIMIT :most FOR UPDATE SKIP LOCKED
), recovered AS (
UPDATE messages m
SET state = CASE WHEN m.handoff_at IS NOT NULL AND NOT (:resend_all OR m.mail_key = ANY(CAST(:resend AS text[])))
                 THEN 'uncertain'
                 WHEN m.handoff_at IS NULL AND m.lost_renders >= :lost_renders THEN 'dead'
                 ELSE 'queued' END,
    reason = CASE WHEN m.handoff_at IS NOT NULL THEN 'lease_lost_after_handoff'
                  WHEN m.lost_renders >= :lost_renders THEN 'kills_workers'
                  ELSE 'lease_lost' END,
    attempts = GREATEST(m.attempts - CASE WHEN m.handoff_at IS NULL THEN 1 ELSE 0 END, 0),
    lost_leases = m.lost_leases + CASE WHEN m.handoff_at IS NULL THEN 1 ELSE 0 END,
    lease_until = NULL
FROM gone WHERE m.workspace_id = gone.workspace_id AND m.id = gone.id
RETURNING m.workspace_id, m.id, m.lease_epoch, m.state, m.reason
), counted AS ({counting("(SELECT 'lease_' || state AS outcome FROM recovered)")}
)
SELECT * FROM recovered
""")  # noqa: S608 - joined from constants of this package
_LOG_LOST = text("""
INSERT INTO message_attempts (workspace_id, id, message_id, epoch, phase, reply, at)
SELECT k.*, :at FROM unnest(CAST(:workspaces AS uuid[]), CAST(:log_ids AS uuid[]), CAST(:ids AS uuid[]),
                            CAST(:epochs AS int[]), CAST(:phases AS text[]), CAST(:replies AS text[])) AS k
""")


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a sweep of lost leases did."""

    queued: int
    uncertain: int
    dead: int


class DeliveryRepository(Repository):
    """The queue as the deliverer sees it."""

    async def guard(self) -> None:
        """Let the database end this transaction where its process stops in the middle of it."""
        await self.session.execute(_GUARD, {"stall": _STALL_MILLISECONDS})

    async def take_turn(self) -> datetime:
        """Wait until no other process claims; held until the end of the transaction.

        Returns:
            The database's time.
        """
        row = await self.session.execute(_TAKE_TURN, {"stall": _STALL_MILLISECONDS, "key": _CLAIM_LOCK})
        now: datetime = row.one().now
        return now

    async def claim(
        self, owner: UUID, lease: float, now: datetime, most: int, domains: Collection[str], only: bool
    ) -> list[Claimed]:
        """Take up to `most` due messages under a lease, oldest first by priority, one a recipient.

        Args:
            owner: this process.
            lease: seconds.
            now: business time.
            most: how many at most.
            domains: recipient domains.
            only: take only mail to `domains`; false, only mail to all others.
        """
        rows = await self.session.execute(
            _CLAIM,
            {"owner": owner, "lease": lease, "now": now, "most": most, "domains": list(domains), "only": only},
        )
        # Sorted here: in the statement it would bring back the sort that the claim must not have.
        return [claimed_from(row) for row in sorted(rows, key=lambda row: (row.priority, row.not_before, row.id))]

    async def mark_render(self, owner: UUID, message: Claimed, count: int) -> None:
        """Write how many renderings were begun and never ended. Safe to repeat."""
        await self.session.execute(_MARK_RENDER, {**_keys([message]), "owner": owner, "count": count})

    async def intend(
        self,
        owner: UUID,
        lease: float,
        now: datetime,
        parcels: Sequence[Parcel],
        hashes: Sequence[tuple[Claimed, bytes]],
    ) -> set[UUID]:
        """Commit to handing over `parcels`: from here on the relay may have them.

        Renews their leases, and keeps what was rendered, so that every later attempt carries the same bytes.

        Args:
            owner: this process.
            lease: seconds.
            now: business time.
            parcels: what is about to go.
            hashes: the addresses, under each key of the deployment.

        Returns:
            Those that are still ours to send: the lease holds, it is not too late, the address is not suppressed.
        """
        values = {
            **_keys([one.message for one in parcels]),
            "owner": owner,
            "lease": lease,
            "now": now,
            "hashed_workspaces": [message.workspace_id for message, _ in hashes],
            "hashed_ids": [message.id for message, _ in hashes],
            "hashes": [hashed for _, hashed in hashes],
            "headers": [orjson.dumps(list(one.body.headers)).decode() for one in parcels],
            "subjects": [one.body.subject for one in parcels],
            "texts": [one.body.text for one in parcels],
            "htmls": [one.body.html for one in parcels],
            "versions": [one.body.version for one in parcels],
            "rendered": [one.body.rendered_at for one in parcels],
        }
        return {row[0] for row in await _INTEND.rows(self.session, **values)}

    async def suppressed(self, hashes: Sequence[tuple[Claimed, bytes]], now: datetime) -> set[UUID]:
        """Which messages go to an address that gets no mail; a message may come with several hashes."""
        values = {
            "workspaces": [message.workspace_id for message, _ in hashes],
            "ids": [message.id for message, _ in hashes],
            "hashes": [hashed for _, hashed in hashes],
            "now": now,
        }
        return {row[0] for row in await _SUPPRESSED.rows(self.session, **values)}

    async def suppress(self, hashes: Sequence[tuple[Settlement, bytes]]) -> None:
        """Send nothing more to these addresses."""
        if hashes:
            values = {
                "workspaces": [settled.message.workspace_id for settled, _ in hashes],
                "ids": [new_id() for _ in hashes],
                "hashes": [hashed for _, hashed in hashes],
                "reasons": [(settled.reply and settled.reply.enhanced) or "refused" for settled, _ in hashes],
                "ats": [settled.at for settled, _ in hashes],
            }
            await _SUPPRESS.run(self.session, **values)

    async def settle(self, owner: UUID, settled: Sequence[Settlement]) -> set[UUID]:
        """Write what became of messages, and the attempts.

        Returns:
            Those that were ours to write: same owner, same epoch, not settled by anybody else.
        """
        values = {
            **_keys([one.message for one in settled]),
            "owner": owner,
            "states": [one.state.value for one in settled],
            "reasons": [one.reason for one in settled],
            "dues": [one.due for one in settled],
            "refunds": [int(one.refund) for one in settled],
            "phases": [one.phase.value if one.phase else None for one in settled],
            "codes": [one.reply.code if one.reply else None for one in settled],
            "enhanced": [one.reply.enhanced if one.reply else None for one in settled],
            "replies": [one.kept_reply for one in settled],
            "ats": [one.at for one in settled],
            "log_ids": [new_id() for _ in settled],
        }
        return {row[0] for row in await _SETTLE.rows(self.session, **values)}

    async def recover(self, at: datetime, resend_all: bool, resend: Sequence[str]) -> Recovered:
        """Take back expired leases: before the hand-off they are sent again, after it nobody knows.

        Args:
            at: business time, for the log.
            resend_all: send again even what nobody knows about.
            resend: the mails for which that holds in any case.
        """
        values: dict[str, Any] = {"most": SWEPT_AT_ONCE, "resend_all": resend_all, "resend": list(resend)}
        values["lost_renders"] = _LOST_RENDERS
        rows = (await self.session.execute(_RECOVER, values)).all()
        if rows:
            values = {
                "workspaces": [row.workspace_id for row in rows],
                "ids": [row.id for row in rows],
                "log_ids": [new_id() for _ in rows],
                "epochs": [row.lease_epoch for row in rows],
                "phases": ["lease" for _ in rows],
                "replies": [row.reason for row in rows],
                "at": at,
            }
            await self.session.execute(_LOG_LOST, values)
        states = [row.state for row in rows]
        return Recovered(
            states.count(MessageState.QUEUED), states.count(MessageState.UNCERTAIN), states.count(MessageState.DEAD)
        )

    async def claim_late(self, owner: UUID, lease: float, now: datetime) -> list[Claimed]:
        """Take queued messages that are too late to go under a lease: whoever settles them tells their domains."""
        values = {"owner": owner, "lease": lease, "now": now, "most": SWEPT_AT_ONCE}
        return [claimed_from(row) for row in await self.session.execute(_CLAIM_LATE, values)]


def _keys(messages: Sequence[Claimed]) -> dict[str, Any]:
    return {
        "workspaces": [message.workspace_id for message in messages],
        "ids": [message.id for message in messages],
        "epochs": [message.epoch for message in messages],
    }
