"""Every query of the files."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, false, select

from relance.capabilities.files.models import StoredFile
from relance.capabilities.files.permissions import READ
from relance.core.repository import Repository, affected
from relance.core.security import Caller, Level


def _visible(caller: Caller) -> ColumnElement[bool]:
    level = caller.level(READ)
    if level is Level.NONE:
        return false()
    if level is Level.OWN:
        return StoredFile.created_by == caller.user_id
    if level is Level.GROUP:
        return StoredFile.created_by.in_(caller.group_ids)
    return StoredFile.id.is_not(None)


class FileRepository(Repository):
    """Files of the session's workspace, or of all of them in a system session."""

    async def find(self, file_id: UUID, caller: Caller) -> StoredFile | None:
        """The file, where the caller may read it."""
        found = await self.session.scalars(select(StoredFile).where(StoredFile.id == file_id, _visible(caller)))
        return found.one_or_none()

    async def names(self, ids: Collection[UUID]) -> dict[UUID, str]:
        """Names by id."""
        if not ids:
            return {}
        found = await self.session.execute(select(StoredFile.id, StoredFile.name).where(StoredFile.id.in_(ids)))
        return {row[0]: row[1] for row in found}

    async def expired(self, now: datetime, limit: int) -> Sequence[StoredFile]:
        """Files past their time, locked; those that another sweep holds are passed over."""
        found = await self.session.scalars(
            select(StoredFile)
            .where(StoredFile.expires_at <= now)
            .order_by(StoredFile.expires_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return found.all()

    async def forget(self, file: StoredFile) -> int:
        """Delete the row."""
        return await affected(
            self.session,
            delete(StoredFile).where(StoredFile.workspace_id == file.workspace_id, StoredFile.id == file.id),
        )
