"""Deletes files past their time."""

from relance.capabilities.files.repository import FileRepository
from relance.capabilities.files.store import FileStore
from relance.core.clock import system_now
from relance.core.runtime import Runtime

_BATCH = 50


class FileSweeper:
    """One instance a process; any number of processes."""

    def __init__(self, runtime: Runtime, store: FileStore) -> None:
        self._runtime = runtime
        self._store = store

    async def sweep(self) -> int:
        """Delete what is past its time, bytes first: a row without bytes is a 404, bytes without a row are lost.

        Returns:
            How many files were deleted.
        """
        total = 0
        while True:
            async with self._runtime.db.transaction(None) as session:
                rows = FileRepository(session)
                found = await rows.expired(system_now(), _BATCH)
                for file in found:
                    await self._store.delete(file)
                    await rows.forget(file)
            total += len(found)
            if len(found) < _BATCH:
                return total
