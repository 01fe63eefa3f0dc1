"""Queries about the further contacts of mandates."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from relance.core.ids import new_id
from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import Repository, fetch_page
from relance.domains.mandates.lifecycle import MandateStatus
from relance.domains.mandates.models import MandateContact
from relance.domains.mandates.repository import MandateRepository, MandateRow


class ContactRepository(Repository):
    """Further contacts of the session's workspace, each with its mandate around it."""

    async def insert(self, values: Mapping[str, object]) -> UUID | None:
        """A new one; None where that address is asked for this mandate already."""
        own = {
            "workspace_id": self.session.workspace_id,
            "id": new_id(),
            "version": 1,
            "cycle": 1,
            "reminders_count": 0,
            "reminders_asked": 0,
        }
        statement = insert(MandateContact).values({**own, **values}).on_conflict_do_nothing()
        return await self.session.scalar(statement.returning(MandateContact.id))

    async def page(self, mandate_id: UUID, request: PageRequest) -> Slice[MandateContact]:
        """One page of the further contacts of a mandate."""
        statement = select(MandateContact).where(MandateContact.mandate_id == mandate_id)
        key = SortKey(request.key, MandateContact.created_at)
        found = await fetch_page(self.session, statement, request, key, MandateContact.id)
        return Slice([row[0] for row in found.rows], found.next)

    async def find(self, mandate_id: UUID, contact_id: UUID) -> MandateContact | None:
        """One further contact of that mandate."""
        statement = select(MandateContact).where(
            MandateContact.mandate_id == mandate_id, MandateContact.id == contact_id
        )
        return (await self.session.scalars(statement)).one_or_none()

    async def by_address(self, mandate_id: UUID, email_key: str) -> UUID | None:
        """Whoever is asked for that mandate at that address."""
        statement = select(MandateContact.id).where(
            MandateContact.mandate_id == mandate_id,
            MandateContact.contact_email_key == email_key,
            MandateContact.status != MandateStatus.CANCELLED.value,
        )
        return await self.session.scalar(statement)

    async def lock_unfinished(self, mandate_id: UUID) -> Mapping[UUID, MandateRow]:
        """Those that still wait or have joined, locked."""
        held = (
            select(MandateContact.id)
            .where(
                MandateContact.mandate_id == mandate_id,
                MandateContact.status.in_([MandateStatus.INVITED.value, MandateStatus.INVITATION_EXPIRED.value]),
            )
            .order_by(MandateContact.id)
            .with_for_update()
        )
        return await self.rows((await self.session.scalars(held)).all())

    async def rows(self, ids: Collection[UUID]) -> Mapping[UUID, MandateRow]:
        """Further contacts with their mandates around them, by id, as they are now in the database."""
        if not ids:
            return {}
        statement = select(MandateContact).where(MandateContact.id.in_(ids)).execution_options(populate_existing=True)
        found = (await self.session.scalars(statement)).all()
        mandates = await MandateRepository(self.session).rows({contact.mandate_id for contact in found})
        return {
            contact.id: replace(mandates[contact.mandate_id], further=contact)
            for contact in found
            if contact.mandate_id in mandates
        }

    async def lock_all(self, ids: Collection[UUID]) -> Mapping[UUID, MandateRow]:
        """`ids`, locked in their order."""
        held = select(MandateContact.id).where(MandateContact.id.in_(ids)).order_by(MandateContact.id).with_for_update()
        return await self.rows((await self.session.scalars(held)).all())

    async def lock_free(self, ids: Collection[UUID]) -> Mapping[UUID, MandateRow]:
        """Those of `ids` that nobody else holds, locked; for the worker, which waits for nobody."""
        held = select(MandateContact.id).where(MandateContact.id.in_(ids)).with_for_update(skip_locked=True)
        return await self.rows((await self.session.scalars(held)).all())

    async def statuses(self, ids: Collection[UUID]) -> Mapping[UUID, str]:
        """Where each stands; nothing is locked."""
        found = await self.session.execute(
            select(MandateContact.id, MandateContact.status).where(MandateContact.id.in_(ids))
        )
        return {row[0]: row[1] for row in found}
