"""Profiles as PDFs: filled, printed, and where that is wanted kept as files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from relance.capabilities.directory.models import Contact
from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.files.models import StoredFile
from relance.capabilities.files.store import FileStore
from relance.capabilities.identity.repository import IdentityRepository
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.i18n import as_locale
from relance.core.security import Caller
from relance.domains.crm_toolbox.export_templates.document import (
    AuthorFacts,
    ContactFacts,
    FieldFacts,
    ProfileDocument,
    ProfileFacts,
    filled,
)
from relance.domains.crm_toolbox.export_templates.models import ExportTemplate
from relance.domains.crm_toolbox.export_templates.printing import Printer
from relance.domains.crm_toolbox.profiles.models import Profile, ProfileKind
from relance.domains.crm_toolbox.profiles.service import KIND_LABELS


@dataclass(frozen=True, slots=True)
class Look:
    """What a template says, saved or only tried."""

    html: str
    css: str
    locale: str
    pictures: Sequence[StoredFile]

    @classmethod
    def of(cls, template: ExportTemplate, pictures: Sequence[StoredFile]) -> Self:
        """As it is saved."""
        return cls(template.html, template.css, template.locale, pictures)


class Sheets:
    """Prints profiles of the session's workspace in a caller's name."""

    def __init__(self, session: DbSession, clock: Clock, caller: Caller, printer: Printer, store: FileStore) -> None:
        self._session = session
        self._clock = clock
        self._caller = caller
        self._printer = printer
        self._store = store

    async def print(self, folder: Path, look: Look, profiles: Sequence[Profile], contact: Contact | None) -> list[Path]:
        """A PDF of each profile, in `folder`, in their order.

        Raises:
            ValidationFailed: a page becomes too long.
            DocumentTooComplex: one cannot be laid out.
            PdfUnavailable: this server makes none.
        """
        locale = as_locale(look.locale)
        pages = [filled(look.html, await self._document(profile, contact, look), locale) for profile in profiles]
        for picture in look.pictures:
            await self._store.fetch(picture.workspace_id, picture.id, folder / str(picture.id))
        return await self._printer.print(folder, pages, look.css)

    async def _document(self, profile: Profile, contact: Contact | None, look: Look) -> ProfileDocument:
        workspace = await IdentityRepository(self._session).workspace()
        zone = await IdentityRepository(self._session).zone()
        facts = None
        if contact is not None:
            names = await DirectoryRepository(self._session).company_names({contact.company_id})
            facts = ContactFacts(
                first_name=contact.first_name, last_name=contact.last_name, company=names[contact.company_id]
            )
        return ProfileDocument(
            profile=ProfileFacts(
                title=profile.title,
                kind=profile.kind,
                kind_label=KIND_LABELS[ProfileKind(profile.kind)].in_locale(as_locale(look.locale)),
                summary=profile.summary,
                description=profile.description,
                fields=[FieldFacts.model_validate(field) for field in profile.fields],
            ),
            contact=facts,
            author=AuthorFacts(name=self._caller.name, email=self._caller.email),
            workspace=workspace.name,
            today=self._clock.now().astimezone(zone).date(),
        )
