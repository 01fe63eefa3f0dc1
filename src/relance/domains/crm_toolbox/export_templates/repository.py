"""Every query about export templates."""

from uuid import UUID

from sqlalchemy import select

from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import Repository, fetch_page
from relance.domains.crm_toolbox.export_templates.models import TEMPLATE_NAME, ExportTemplate


class ExportTemplateRepository(Repository):
    """Export templates of the session's workspace."""

    async def find(self, template_id: UUID, *, lock: bool = False) -> ExportTemplate | None:
        """The template with that id."""
        statement = select(ExportTemplate).where(ExportTemplate.id == template_id)
        return await self.session.scalar(statement.with_for_update() if lock else statement)

    async def remove(self, template: ExportTemplate) -> None:
        """Delete its row."""
        await self.session.delete(template)
        await self.session.flush()

    async def page(self, active: bool | None, request: PageRequest) -> Slice[ExportTemplate]:
        """One page of the list."""
        statement = select(ExportTemplate)
        if active is not None:
            statement = statement.where(ExportTemplate.active.is_(active))
        found = await fetch_page(self.session, statement, request, SortKey("name", TEMPLATE_NAME), ExportTemplate.id)
        return Slice([row[0] for row in found.rows], found.next)
