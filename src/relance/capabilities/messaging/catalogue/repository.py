"""Every query of edited templates and branding."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import column, or_, select, table, tuple_
from sqlalchemy.orm import undefer

from relance.capabilities.messaging.catalogue.models import MailBranding, MailLogo, TemplateOverride, TemplateVersion
from relance.core.pagination import PageRequest, Slice, SortKey
from relance.core.repository import Repository, fetch_page

_ORGANISATIONS = table("organisations", column("workspace_id"), column("id"))

#: Workspace, organisation, mail, language.
Place = tuple[UUID, UUID | None, str, str]


class CatalogueRepository(Repository):
    """Overrides and brandings of the session's workspace; those of any for delivery."""

    async def has_organisation(self, organisation_id: UUID) -> bool:
        """Whether the workspace has that organisation."""
        found = await self.session.scalar(
            select(_ORGANISATIONS.c.id).where(
                _ORGANISATIONS.c.workspace_id == self.session.workspace_id, _ORGANISATIONS.c.id == organisation_id
            )
        )
        return found is not None

    async def overrides(self, key: str | None, organisation_id: UUID | None) -> Sequence[TemplateOverride]:
        """The overrides of one owner, of one mail or of all."""
        statement = select(TemplateOverride).where(
            TemplateOverride.organisation_id.is_not_distinct_from(organisation_id)
        )
        if key is not None:
            statement = statement.where(TemplateOverride.mail_key == key)
        return (await self.session.scalars(statement)).all()

    async def override(
        self, key: str, locale: str, organisation_id: UUID | None, *, lock: bool = False
    ) -> TemplateOverride | None:
        """One override, also one whose shipped words are back."""
        statement = select(TemplateOverride).where(
            TemplateOverride.mail_key == key,
            TemplateOverride.locale == locale,
            TemplateOverride.organisation_id.is_not_distinct_from(organisation_id),
        )
        if lock:
            statement = statement.with_for_update().execution_options(populate_existing=True)
        return (await self.session.scalars(statement)).one_or_none()

    async def version(self, override_id: UUID, number: int) -> TemplateVersion | None:
        """One version of an override."""
        statement = select(TemplateVersion).where(
            TemplateVersion.override_id == override_id, TemplateVersion.number == number
        )
        return (await self.session.scalars(statement)).one_or_none()

    async def versions(self, ids: Collection[UUID]) -> Sequence[TemplateVersion]:
        """The versions with those ids."""
        if not ids:
            return []
        return (await self.session.scalars(select(TemplateVersion).where(TemplateVersion.id.in_(ids)))).all()

    async def version_page(self, override_id: UUID, request: PageRequest) -> Slice[TemplateVersion]:
        """A page of the versions of an override."""
        statement = select(TemplateVersion).where(TemplateVersion.override_id == override_id)
        key = SortKey("number", TemplateVersion.number)
        page = await fetch_page(self.session, statement, request, key, TemplateVersion.id)
        return Slice([row[0] for row in page.rows], page.next)

    async def branding(self, organisation_id: UUID | None, *, lock: bool = False) -> MailBranding | None:
        """The branding of one owner."""
        statement = select(MailBranding).where(MailBranding.organisation_id.is_not_distinct_from(organisation_id))
        if lock:
            statement = statement.with_for_update().execution_options(populate_existing=True)
        return (await self.session.scalars(statement)).one_or_none()

    async def logo(self, logo_id: UUID) -> MailLogo | None:
        """One logo of the workspace."""
        return (await self.session.scalars(select(MailLogo).where(MailLogo.id == logo_id))).one_or_none()

    async def logo_like(self, digest: str) -> MailLogo | None:
        """A logo by its bytes, these loaded; of any workspace in a session of none."""
        statement = select(MailLogo).where(MailLogo.digest == digest).limit(1).options(undefer(MailLogo.content))
        return (await self.session.scalars(statement)).one_or_none()

    async def current(self, places: Collection[Place]) -> dict[Place, UUID]:
        """Which versions are in use at `places`, their organisations' own and their workspaces'."""
        keys = {(workspace, key, locale) for workspace, _, key, locale in places}
        organisations = {organisation for _, organisation, _, _ in places if organisation}
        one = TemplateOverride
        statement = select(one.workspace_id, one.organisation_id, one.mail_key, one.locale, one.current_id).where(
            tuple_(one.workspace_id, one.mail_key, one.locale).in_(keys),
            or_(one.organisation_id.is_(None), one.organisation_id.in_(organisations)),
            one.current_id.is_not(None),
        )
        found = await self.session.execute(statement)
        return {(row[0], row[1], row[2], row[3]): row[4] for row in found if row[4] is not None}

    async def brandings(
        self, workspaces: Collection[UUID], organisations: Collection[UUID]
    ) -> Sequence[tuple[MailBranding, MailLogo | None]]:
        """The brandings of workspaces and of organisations, with their logos."""
        statement = (
            select(MailBranding, MailLogo)
            .outerjoin(
                MailLogo, (MailLogo.workspace_id == MailBranding.workspace_id) & (MailLogo.id == MailBranding.logo_id)
            )
            .where(
                MailBranding.workspace_id.in_(workspaces),
                or_(MailBranding.organisation_id.is_(None), MailBranding.organisation_id.in_(organisations)),
            )
        )
        return [(row[0], row[1]) for row in await self.session.execute(statement)]
