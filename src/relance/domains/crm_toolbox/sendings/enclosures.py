"""What a sending encloses: copies of the profiles' files, and a PDF of each profile.

Copies, because a file has one holder: what was sent stays with the entry of the infobox, whatever becomes of the
profile.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from relance.capabilities.files.attachments import Attachments
from relance.capabilities.files.errors import FileTooLarge
from relance.capabilities.files.kinds import size_in_words
from relance.capabilities.files.models import StoredFile
from relance.capabilities.files.names import clean_name
from relance.capabilities.files.store import FileStore
from relance.capabilities.messaging.attachments import LARGEST_FILE, LARGEST_SUM
from relance.capabilities.messaging.errors import AttachmentsTooLarge
from relance.core.db import DbSession
from relance.core.errors import ValidationFailed
from relance.core.i18n import Text
from relance.core.security import Caller
from relance.domains.crm_toolbox.export_templates.models import ExportTemplate
from relance.domains.crm_toolbox.export_templates.printing import Printer
from relance.domains.crm_toolbox.export_templates.service import holder_of as template_holder
from relance.domains.crm_toolbox.export_templates.sheets import Look, Sheets
from relance.domains.crm_toolbox.profiles.models import Profile
from relance.domains.crm_toolbox.profiles.service import holder_of

_UNKNOWN_FILE = Text(
    "Ce fichier est inconnu, ou quelque chose l’utilise déjà.", "This file is not known, or something holds it already."
)


class Enclosures:
    """Collects the files of one sending."""

    def __init__(self, session: DbSession, caller: Caller, store: FileStore, printer: Printer, sheets: Sheets) -> None:
        self._session = session
        self._caller = caller
        self._store = store
        self._printer = printer
        self._sheets = sheets

    async def collect(
        self, own: Sequence[UUID], profiles: Sequence[Profile], template: ExportTemplate | None, *, with_files: bool
    ) -> list[UUID]:
        """Ids of the files that the entry is to hold: the caller's own first.

        Raises:
            ValidationFailed: one of `own` is not the caller's to give; or a page becomes too long.
            FileTooLarge: one is too large for a mail.
            AttachmentsTooLarge: all of them are, together.
            DocumentTooComplex: a PDF cannot be laid out.
            PdfUnavailable: this server makes none.
        """
        attachments = Attachments(self._session)
        known = await attachments.nameable_by(own, self._caller.user_id)
        for position, file_id in enumerate(own):
            if file_id not in known:
                raise ValidationFailed.at(f"/file_ids/{position}", "file_not_available", _UNKNOWN_FILE)
        copied: Sequence[StoredFile] = ()
        if with_files:
            copied = await attachments.held([holder_of(profile.id) for profile in profiles])
        _check([*known.values(), *copied])
        with tempfile.TemporaryDirectory(prefix="relance-sending-") as folder:
            made = [await self._copy(Path(folder), file) for file in copied]
        if template is not None:
            made += await self._print(profiles, template)
        _check([*known.values(), *made])
        return list(dict.fromkeys([*own, *(file.id for file in made)]))

    async def _copy(self, folder: Path, file: StoredFile) -> StoredFile:
        path = folder / str(file.id)
        await self._store.fetch(file.workspace_id, file.id, path)
        return await self._store.keep(self._session, self._caller.user_id, path, file.name, file.media_type)

    async def _print(self, profiles: Sequence[Profile], template: ExportTemplate) -> list[StoredFile]:
        pictures = await Attachments(self._session).held([template_holder(template.id)])
        made = []
        with self._printer.folder() as folder:
            paths = await self._sheets.print(folder, Look.of(template, pictures), profiles, None)
            for profile, path in zip(profiles, paths, strict=True):
                name = clean_name(f"{profile.title.replace('/', '-')}.pdf")
                made.append(await self._store.keep(self._session, self._caller.user_id, path, name, "application/pdf"))
        return made


def _check(files: Sequence[StoredFile]) -> None:
    for file in files:
        if file.size > LARGEST_FILE:
            raise FileTooLarge(name=file.name, limit=size_in_words(LARGEST_FILE), max_bytes=LARGEST_FILE)
    together = sum(file.size for file in files)
    if together > LARGEST_SUM:
        raise AttachmentsTooLarge(size=size_in_words(together), limit=size_in_words(LARGEST_SUM))
