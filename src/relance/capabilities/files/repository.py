"""Every query of the files."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, false, func, or_, select, tuple_, update

from relance.capabilities.files.models import StoredFile
from relance.capabilities.files.permissions import READ
from relance.core.repository import Repository, affected
from relance.core.security import Caller, Level
from relance.core.subjects import SubjectRef


def _visible(caller: Caller) -> ColumnElement[bool]:
    level = caller.level(READ)
    if level is Level.NONE:
        return false()
    # What a subject holds, or came through a link, is its domain's to show.
    free = StoredFile.subject_id.is_(None)
    if level is Level.OWN:
        return and_(free, StoredFile.created_by == caller.user_id)
    if level is Level.GROUP:
        return and_(free, StoredFile.created_by.in_(caller.group_ids))
    return and_(free, StoredFile.created_by.is_not(None))


def _held_by(holders: Collection[SubjectRef]) -> ColumnElement[bool]:
    columns = tuple_(StoredFile.subject_kind, StoredFile.subject_id)
    return columns.in_([(holder.kind, holder.id) for holder in holders])


class FileRepository(Repository):
    """Files of the session's workspace, or of all of them in a system session."""

    async def find(self, file_id: UUID, caller: Caller) -> StoredFile | None:
        """The file, where the caller may read it."""
        found = await self.session.scalars(select(StoredFile).where(StoredFile.id == file_id, _visible(caller)))
        return found.one_or_none()

    # --- files that a subject holds, and those that came through a link --------------------------------------------

    async def held(self, holders: Collection[SubjectRef]) -> Sequence[StoredFile]:
        """The files of these subjects, oldest first."""
        found = await self.session.scalars(select(StoredFile).where(_held_by(holders)).order_by(StoredFile.id))
        return found.all()

    async def of_ids(self, ids: Collection[UUID]) -> Sequence[StoredFile]:
        """Those of `ids` that are there, whoever may see them."""
        return (await self.session.scalars(select(StoredFile).where(StoredFile.id.in_(ids)))).all()

    async def nameable(
        self, ids: Collection[UUID], holders: Collection[SubjectRef], link_id: UUID, *, lock: bool
    ) -> Sequence[StoredFile]:
        """Those of `ids` that came through the link and are free, or that one of `holders` holds."""
        free = and_(StoredFile.link_id == link_id, StoredFile.subject_id.is_(None))
        allowed = or_(free, _held_by(holders)) if holders else free
        statement = select(StoredFile).where(StoredFile.id.in_(ids), allowed).order_by(StoredFile.id)
        if lock:
            statement = statement.with_for_update().execution_options(populate_existing=True)
        return (await self.session.scalars(statement)).all()

    async def nameable_by(
        self, ids: Collection[UUID], holders: Collection[SubjectRef], user_id: UUID
    ) -> Sequence[StoredFile]:
        """Those of `ids` that the user uploaded and are free, or that one of `holders` holds, locked."""
        free = and_(StoredFile.created_by == user_id, StoredFile.subject_id.is_(None))
        statement = (
            select(StoredFile)
            .where(StoredFile.id.in_(ids), or_(free, _held_by(holders)) if holders else free)
            .order_by(StoredFile.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return (await self.session.scalars(statement)).all()

    async def lock_same(self, link_id: UUID, name: str, digest: str) -> StoredFile | None:
        """The file with that name and content that came through the link before, locked."""
        found = await self.session.scalars(
            select(StoredFile)
            .where(StoredFile.link_id == link_id, StoredFile.name == name, StoredFile.digest == digest)
            .order_by(StoredFile.id)
            .limit(1)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return found.one_or_none()

    async def count_of_link(self, link_id: UUID) -> int:
        """How many files that came through the link are kept."""
        found = await self.session.scalar(
            select(func.count()).select_from(StoredFile).where(StoredFile.link_id == link_id)
        )
        return int(found or 0)

    async def hold(self, holder: SubjectRef, ids: Collection[UUID]) -> None:
        """Let `holder` hold those files."""
        await affected(
            self.session,
            update(StoredFile)
            .where(StoredFile.id.in_(ids))
            .values(subject_kind=holder.kind, subject_id=holder.id, expires_at=None),
        )

    async def release_others(self, holder: SubjectRef, kept: Collection[UUID], until: datetime) -> None:
        """Let go of what `holder` holds besides `kept`; it is deleted at `until`."""
        await affected(
            self.session,
            update(StoredFile)
            .where(_held_by([holder]), StoredFile.id.not_in(kept))
            .values(subject_kind=None, subject_id=None, expires_at=until),
        )

    async def known(self, ids: Collection[UUID]) -> set[UUID]:
        """Those of `ids` that have a row."""
        return set((await self.session.scalars(select(StoredFile.id).where(StoredFile.id.in_(ids)))).all())

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
