"""Every query of the directory's settings."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from relance.capabilities.directory.models import ContactStatus, CustomFieldSchema, SavedView
from relance.core.ids import new_id
from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import Repository, affected, fetch_page


class SettingsRepository(Repository):
    """Statuses, own fields and saved views of the session's workspace."""

    async def statuses(self) -> Sequence[ContactStatus]:
        """The whole list, in its order."""
        statement = select(ContactStatus).order_by(ContactStatus.position, ContactStatus.id)
        return (await self.session.scalars(statement)).all()

    async def status_page(self, request: PageRequest) -> Slice[ContactStatus]:
        """One page of the list."""
        key = SortKey("position", ContactStatus.position)
        page = await fetch_page(self.session, select(ContactStatus), request, key, ContactStatus.id)
        return Slice([row[0] for row in page.rows], page.next)

    async def status(self, status_id: UUID, *, lock: bool = False) -> ContactStatus | None:
        """The status with that id."""
        statement = select(ContactStatus).where(ContactStatus.id == status_id)
        return (await self.session.scalars(statement.with_for_update() if lock else statement)).one_or_none()

    async def status_by_code(self, code: str) -> ContactStatus | None:
        """The status with that code."""
        return (await self.session.scalars(select(ContactStatus).where(ContactStatus.code == code))).one_or_none()

    async def insert_status(self, values: dict[str, Any]) -> ContactStatus | None:
        """A new status, or None where its code is taken."""
        statement = (
            insert(ContactStatus)
            .values(workspace_id=self.session.workspace_id, id=new_id(), version=1, **values)
            .on_conflict_do_nothing()
            .returning(ContactStatus)
        )
        return (await self.session.scalars(statement)).one_or_none()

    async def remove_status(self, status_id: UUID) -> bool:
        """Delete a status, unless a contact has it."""
        try:
            async with self.session.begin_nested():
                await affected(self.session, delete(ContactStatus).where(ContactStatus.id == status_id))
        except IntegrityError:
            return False
        return True

    async def custom_fields(self, record: str, *, lock: bool = False) -> CustomFieldSchema | None:
        """The workspace's own fields of contacts or companies."""
        statement = select(CustomFieldSchema).where(CustomFieldSchema.record == record)
        return (await self.session.scalars(statement.with_for_update() if lock else statement)).one_or_none()

    async def view_page(self, user_id: UUID, record: str | None, request: PageRequest) -> Slice[SavedView]:
        """One page of the views of a user."""
        statement = select(SavedView).where(SavedView.user_id == user_id)
        if record is not None:
            statement = statement.where(SavedView.record == record)
        page = await fetch_page(self.session, statement, request, SortKey("name", SavedView.name), SavedView.id)
        return Slice([row[0] for row in page.rows], page.next)

    async def view(self, view_id: UUID, user_id: UUID, *, lock: bool = False) -> SavedView | None:
        """One of the views of a user."""
        statement = select(SavedView).where(SavedView.id == view_id, SavedView.user_id == user_id)
        return (await self.session.scalars(statement.with_for_update() if lock else statement)).one_or_none()

    async def view_named(self, user_id: UUID, record: str, name: str) -> SavedView | None:
        """The view of a user with that name."""
        statement = select(SavedView).where(
            SavedView.user_id == user_id, SavedView.record == record, SavedView.name == name
        )
        return (await self.session.scalars(statement)).one_or_none()

    async def insert_view(self, values: dict[str, Any]) -> SavedView | None:
        """A new view, or None where its name is taken."""
        statement = (
            insert(SavedView)
            .values(workspace_id=self.session.workspace_id, id=new_id(), version=1, **values)
            .on_conflict_do_nothing()
            .returning(SavedView)
        )
        return (await self.session.scalars(statement)).one_or_none()

    async def remove_view(self, view: SavedView) -> None:
        """Delete a view."""
        await self.session.delete(view)
        await self.session.flush()
