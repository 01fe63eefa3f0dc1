"""Every query about consents."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from relance.capabilities.directory.models import ConsentRecord, Contact
from relance.capabilities.identity.models import Role, User
from relance.core.bulk import among
from relance.core.ids import new_id
from relance.core.repository import Repository
from relance.domains.crm_toolbox.gdpr.models import GdprSettings
from relance.domains.crm_toolbox.gdpr.permissions import CONFIGURE

#: What a workspace has that has set nothing.
OWN = {"enabled": False, "pending_for": "P30D", "refused_for": "P7D", "accepted_for": "P24M", "notice_before": "P3D"}


class GdprRepository(Repository):
    """Consents and their settings, of the session's workspace."""

    async def settings(self) -> GdprSettings:
        """What holds; at version 0 where the workspace has set nothing."""
        found = (await self.session.scalars(select(GdprSettings))).one_or_none()
        return found or GdprSettings(version=0, **OWN)

    async def lock_settings(self) -> GdprSettings:
        """The row, made where there is none, and locked."""
        new = {"workspace_id": self.session.workspace_id, "id": new_id(), "version": 0, **OWN}
        await self.session.execute(insert(GdprSettings).values(new).on_conflict_do_nothing())
        statement = select(GdprSettings).with_for_update().execution_options(populate_existing=True)
        return (await self.session.scalars(statement)).one()

    async def lock_free(self, ids: Collection[UUID]) -> Mapping[UUID, Contact]:
        """Those of these contacts that nobody holds, locked."""
        found = await self.session.scalars(
            select(Contact)
            .where(among(Contact.id, list(ids)))
            .order_by(Contact.id)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
        return {contact.id: contact for contact in found}

    async def history(self, contact_id: UUID) -> Sequence[ConsentRecord]:
        """What happened to the consent of a contact, oldest first."""
        statement = select(ConsentRecord).where(ConsentRecord.contact_id == contact_id).order_by(ConsentRecord.id)
        return (await self.session.scalars(statement)).all()

    async def statuses(self, ids: Collection[UUID]) -> Mapping[UUID, tuple[str, int, bool]]:
        """Status, cycle and whether they are active, of those contacts that are there."""
        found = await self.session.execute(
            select(Contact.id, Contact.gdpr_status, Contact.gdpr_cycle, Contact.active).where(
                among(Contact.id, list(ids))
            )
        )
        return {row[0]: (row[1], row[2], row[3]) for row in found}

    async def planned(self, until: datetime) -> Mapping[str, tuple[int, datetime]]:
        """How many contacts are emptied until then, and the first instant, by their status."""
        found = await self.session.execute(
            select(Contact.gdpr_status, func.count(), func.min(Contact.gdpr_empties_at))
            .where(Contact.gdpr_empties_at <= until)
            .group_by(Contact.gdpr_status)
        )
        return {row[0]: (row[1], row[2]) for row in found if row[2] is not None}

    async def administrators(self) -> Sequence[User]:
        """Who sets up the GDPR here."""
        found = await self.session.scalars(
            select(User)
            .join(Role, Role.id == User.role_id)
            .where(User.status == "active", Role.permissions[CONFIGURE].astext == "all")
            .order_by(User.id)
        )
        return found.all()
