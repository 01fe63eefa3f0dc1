"""Every query of the idempotency keys."""

from datetime import datetime

from sqlalchemy import delete, select, tuple_

from relance.core.driver import Statement
from relance.core.idempotency.models import IdempotencyRecord
from relance.core.ids import new_id
from relance.core.repository import Repository, affected

_TRY_LOCK = Statement("SELECT pg_try_advisory_xact_lock(CAST(:number AS bigint))")
_SEALED = Statement("""
SELECT sealed FROM idempotency_records WHERE workspace_id = :workspace AND digest = :digest AND expires_at > :now
""")
_PUT = Statement("""
INSERT INTO idempotency_records (workspace_id, id, digest, sealed, created_at, expires_at)
VALUES (:workspace, :id, :digest, :sealed, :now, :expires_at)
ON CONFLICT (workspace_id, digest) DO UPDATE
SET sealed = excluded.sealed, created_at = excluded.created_at, expires_at = excluded.expires_at
""")


class IdempotencyRepository(Repository):
    """Keys of the session's workspace, or of all of them in the sweep's system session."""

    async def try_lock(self, number: int) -> bool:
        """Take the advisory lock `number` until the end of the transaction, without waiting."""
        return bool(await _TRY_LOCK.value(self.session, number=number))

    async def sealed(self, digest: bytes, now: datetime) -> bytes | None:
        """What is kept under `digest` and has not expired."""
        found: bytes | None = await _SEALED.value(
            self.session, workspace=self.session.workspace_id, digest=digest, now=now
        )
        return found

    async def put(self, digest: bytes, sealed: bytes, now: datetime, expires_at: datetime) -> None:
        """Keep an answer; it takes the place of one that has expired and was not swept yet."""
        await _PUT.run(
            self.session,
            workspace=self.session.workspace_id,
            id=new_id(),
            digest=digest,
            sealed=sealed,
            now=now,
            expires_at=expires_at,
        )

    async def delete_expired(self, now: datetime, limit: int) -> int:
        """Delete up to `limit` expired keys; those that a request is replacing are left to it."""
        expired = (
            select(IdempotencyRecord.workspace_id, IdempotencyRecord.id)
            .where(IdempotencyRecord.expires_at <= now)
            .order_by(IdempotencyRecord.expires_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return await affected(
            self.session,
            delete(IdempotencyRecord).where(tuple_(IdempotencyRecord.workspace_id, IdempotencyRecord.id).in_(expired)),
        )
