"""Queries about deliveries."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import delete, select

from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import Repository, affected, fetch_page
from relance.domains.mandates.deliveries.lifecycle import DeliveryStatus
from relance.domains.mandates.lifecycle import MandateStatus
from relance.domains.mandates.models import Mandate, MandateContact, MandateDelivery
from relance.domains.mandates.repository import MandateRepository, MandateRow


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery with its mandate around it."""

    mandate: MandateRow
    delivery: MandateDelivery

    @property
    def active(self) -> bool:
        """Whether its mandate is."""
        return self.mandate.mandate.status == MandateStatus.ACTIVE


class DeliveryRepository(Repository):
    """Deliveries of the session's workspace."""

    async def page(
        self, mandate_id: UUID, status: Collection[DeliveryStatus], request: PageRequest
    ) -> Slice[MandateDelivery]:
        """One page of the deliveries of a mandate."""
        statement = select(MandateDelivery).where(MandateDelivery.mandate_id == mandate_id)
        if status:
            statement = statement.where(MandateDelivery.status.in_([one.value for one in status]))
        key = SortKey(request.key, MandateDelivery.due_on)
        found = await fetch_page(self.session, statement, request, key, MandateDelivery.id)
        return Slice([row[0] for row in found.rows], found.next)

    async def find(self, mandate_id: UUID, delivery_id: UUID) -> MandateDelivery | None:
        """One delivery of that mandate, as it is now."""
        found = select(MandateDelivery).where(
            MandateDelivery.mandate_id == mandate_id, MandateDelivery.id == delivery_id
        )
        return (await self.session.scalars(found.execution_options(populate_existing=True))).one_or_none()

    async def of_mandate(
        self, mandate_id: UUID, status: Collection[DeliveryStatus] = tuple(DeliveryStatus)
    ) -> Sequence[MandateDelivery]:
        """The deliveries of a mandate in these states, by date."""
        found = await self.session.scalars(
            select(MandateDelivery)
            .where(
                MandateDelivery.mandate_id == mandate_id,
                MandateDelivery.status.in_([one.value for one in status]),
            )
            .order_by(MandateDelivery.due_on)
            .execution_options(populate_existing=True)
        )
        return found.all()

    async def dates(self, mandate_id: UUID, since: date) -> set[date]:
        """The due dates from `since` on that a mandate has a delivery for."""
        found = await self.session.scalars(
            select(MandateDelivery.due_on).where(
                MandateDelivery.mandate_id == mandate_id, MandateDelivery.due_on >= since
            )
        )
        return set(found)

    async def mandates_of(self, ids: Collection[UUID]) -> Mapping[UUID, UUID]:
        """The mandate of each delivery."""
        found = await self.session.execute(
            select(MandateDelivery.id, MandateDelivery.mandate_id).where(MandateDelivery.id.in_(ids))
        )
        return {row[0]: row[1] for row in found}

    async def rows(self, ids: Collection[UUID]) -> Mapping[UUID, DeliveryRow]:
        """Deliveries with their mandates, by id; nothing is locked."""
        mandates = await MandateRepository(self.session).rows(set((await self.mandates_of(ids)).values()))
        return await self._within(ids, mandates)

    async def lock_all(self, ids: Collection[UUID]) -> Mapping[UUID, DeliveryRow]:
        """The same, their mandates locked in their order."""
        known = set((await self.mandates_of(ids)).values())
        return await self._within(ids, await MandateRepository(self.session).lock_all(known))

    async def lock_free(self, ids: Collection[UUID]) -> Mapping[UUID, DeliveryRow]:
        """Those whose mandates nobody else holds, locked; for the worker, which waits for nobody."""
        known = set((await self.mandates_of(ids)).values())
        return await self._within(ids, await MandateRepository(self.session).lock_free(known))

    async def _within(self, ids: Collection[UUID], mandates: Mapping[UUID, MandateRow]) -> Mapping[UUID, DeliveryRow]:
        found = await self.session.scalars(
            select(MandateDelivery)
            .where(MandateDelivery.id.in_(ids), MandateDelivery.mandate_id.in_(list(mandates)))
            .execution_options(populate_existing=True)
        )
        return {one.id: DeliveryRow(mandates[one.mandate_id], one) for one in found}

    async def states(self, ids: Collection[UUID]) -> Mapping[UUID, tuple[str, str]]:
        """The status of each delivery and of its mandate; a plain read."""
        found = await self.session.execute(
            select(MandateDelivery.id, MandateDelivery.status, Mandate.status)
            .join(
                Mandate,
                (Mandate.workspace_id == MandateDelivery.workspace_id) & (Mandate.id == MandateDelivery.mandate_id),
            )
            .where(MandateDelivery.id.in_(ids))
        )
        return {row[0]: (row[1], row[2]) for row in found}

    async def guests(self, mandate_id: UUID) -> Sequence[MandateContact]:
        """The further contacts who have joined a mandate."""
        found = await self.session.scalars(
            select(MandateContact)
            .where(MandateContact.mandate_id == mandate_id, MandateContact.status == MandateStatus.ACTIVE.value)
            .order_by(MandateContact.id)
        )
        return found.all()

    async def delete(self, delivery_id: UUID) -> None:
        """Take one away."""
        await affected(self.session, delete(MandateDelivery).where(MandateDelivery.id == delivery_id))
