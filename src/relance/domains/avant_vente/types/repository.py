"""Every query about the types of intervention."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from relance.core.i18n import Locale
from relance.core.ids import new_id
from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import Repository, fetch_page
from relance.core.search import folded
from relance.domains.avant_vente.models import InterventionType


class TypeRepository(Repository):
    """Types of intervention of the session's workspace."""

    async def offered(self, type_id: UUID) -> bool:
        """Whether it can be chosen."""
        statement = select(InterventionType.active).where(InterventionType.id == type_id)
        return bool(await self.session.scalar(statement))

    async def find(self, type_id: UUID, *, lock: bool = False) -> InterventionType | None:
        """The type with that id."""
        statement = select(InterventionType).where(InterventionType.id == type_id)
        return await self.session.scalar(statement.with_for_update() if lock else statement)

    async def by_label(self, label_fr: str) -> UUID | None:
        """The type that is called so."""
        return await self.session.scalar(select(InterventionType.id).where(InterventionType.label_fr == label_fr))

    async def insert(self, values: Mapping[str, object], now: datetime) -> InterventionType | None:
        """A new type; None where one is called so."""
        own = {"workspace_id": self.session.workspace_id, "id": new_id(), "version": 1, "created_at": now}
        statement = insert(InterventionType).values({**own, **values}).on_conflict_do_nothing()
        return await self.session.scalar(statement.returning(InterventionType))

    async def page(self, active: bool | None, locale: Locale, request: PageRequest) -> Slice[InterventionType]:
        """One page of the list, by name in a language."""
        label = InterventionType.label_en if locale == "en" else InterventionType.label_fr
        statement = select(InterventionType)
        if active is not None:
            statement = statement.where(InterventionType.active.is_(active))
        key = SortKey("name", func.coalesce(folded(label), ""))
        found = await fetch_page(self.session, statement, request, key, InterventionType.id)
        return Slice([row[0] for row in found.rows], found.next)
