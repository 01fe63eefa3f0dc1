"""Deletes files past their time, and bytes that a transaction that was rolled back left behind."""

from datetime import datetime, timedelta

from relance.capabilities.files.repository import FileRepository
from relance.capabilities.files.store import FileStore
from relance.core.clock import system_now
from relance.core.runtime import Runtime

_BATCH = 50
#: Bytes come before their row is committed: within a day that is over, whatever became of it.
_SETTLED = timedelta(days=1)
#: How far back bytes without a row are looked for, and how often.
_LOOKED_BACK = timedelta(days=15)
_EVERY = timedelta(hours=6)


class FileSweeper:
    """One instance a process; any number of processes."""

    def __init__(self, runtime: Runtime, store: FileStore) -> None:
        self._runtime = runtime
        self._store = store
        self._looked_at: datetime | None = None

    async def sweep(self) -> int:
        """Delete what is past its time, bytes first: a row without bytes is a 404, bytes without a row are lost.

        Returns:
            How many files were deleted.
        """
        total = await self._expired()
        now = system_now()
        if self._looked_at is None or now - self._looked_at >= _EVERY:
            self._looked_at = now
            total += await self.sweep_orphans(now)
        return total

    async def _expired(self) -> int:
        total = 0
        while True:
            async with self._runtime.db.transaction(None) as session:
                rows = FileRepository(session)
                found = await rows.expired(system_now(), _BATCH)
                for file in found:
                    await self._store.delete(file.workspace_id, file.id)
                    await rows.forget(file)
            total += len(found)
            if len(found) < _BATCH:
                return total

    async def sweep_orphans(self, now: datetime) -> int:
        """Delete bytes without a row that were stored more than a day before `now`.

        Returns:
            How many there were.
        """
        total = 0
        async for workspace_id, ids in self._store.objects(now - _LOOKED_BACK, now - _SETTLED):
            async with self._runtime.db.reading(workspace_id) as session:
                known = await FileRepository(session).known(ids)
            for file_id in ids:
                if file_id not in known:
                    await self._store.delete(workspace_id, file_id)
                    total += 1
        return total
