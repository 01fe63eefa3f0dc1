"""Every query of the idempotency keys."""

from datetime import datetime

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from relance.core.idempotency.models import IdempotencyRecord
from relance.core.ids import new_id
from relance.core.repository import Repository, affected


class IdempotencyRepository(Repository):
    """Keys of the session's workspace, or of all of them in the sweep's system session."""

    async def try_lock(self, number: int) -> bool:
        """Take the advisory lock `number` until the end of the transaction, without waiting."""
        return bool(await self.session.scalar(select(func.pg_try_advisory_xact_lock(number))))

    async def sealed(self, digest: bytes, now: datetime) -> bytes | None:
        """What is kept under `digest` and has not expired."""
        return await self.session.scalar(
            select(IdempotencyRecord.sealed).where(
                IdempotencyRecord.digest == digest, IdempotencyRecord.expires_at > now
            )
        )

    async def put(self, digest: bytes, sealed: bytes, now: datetime, expires_at: datetime) -> None:
        """Keep an answer; it takes the place of one that has expired and was not swept yet."""
        values = {"sealed": sealed, "created_at": now, "expires_at": expires_at}
        row = {"workspace_id": self.session.workspace_id, "id": new_id(), "digest": digest, **values}
        await self.session.execute(
            insert(IdempotencyRecord)
            .values(row)
            .on_conflict_do_update(index_elements=["workspace_id", "digest"], set_=values)
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
