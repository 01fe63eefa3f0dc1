"""Files that go with proposals. The session holds them: several clients get the same programme."""

from collections.abc import Collection, Sequence
from uuid import UUID

from relance.capabilities.files.attachments import Attachments
from relance.capabilities.files.errors import FileTooLarge
from relance.capabilities.files.kinds import size_in_words
from relance.capabilities.files.models import StoredFile
from relance.capabilities.messaging.attachments import LARGEST_FILE, LARGEST_SUM
from relance.capabilities.messaging.errors import AttachmentsTooLarge
from relance.core.db import DbSession
from relance.core.errors import ValidationFailed
from relance.core.i18n import Text
from relance.core.security import Caller
from relance.core.subjects import SubjectRef
from relance.domains.sessions.asking import SESSION_KIND
from relance.domains.sessions.repository import SessionRow

_UNKNOWN = Text(
    "Ce fichier n’est ni un des vôtres, ni un de ceux de cette session.",
    "This file is neither one of yours nor one of this session.",
)


class ProposalFiles:
    """The files of sessions, for a caller in one session of the database."""

    def __init__(self, session: DbSession, caller: Caller) -> None:
        self._attachments = Attachments(session)
        self._caller = caller

    async def of(self, row: SessionRow, ids: Collection[str]) -> list[StoredFile]:
        """Those of the session's files that are named, in the order of their coming."""
        if not ids:
            return []
        return [file for file in await self.held(row) if str(file.id) in ids]

    async def held(self, row: SessionRow) -> Sequence[StoredFile]:
        """Every file that the session holds."""
        return await self._attachments.held([_holder(row)])

    async def take(self, row: SessionRow, ids: Sequence[UUID]) -> list[StoredFile]:
        """Let the session hold `ids`, in their order.

        Raises:
            ValidationFailed: one is neither the caller's own nor one of the session.
            FileTooLarge: one is too large for a mail.
            AttachmentsTooLarge: all of them are, together.
        """
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return []
        holder = _holder(row)
        known = await self._attachments.nameable_by(wanted, self._caller.user_id, [holder])
        for position, file_id in enumerate(ids):
            if file_id not in known:
                raise ValidationFailed.at(f"/file_ids/{position}", "file_not_available", _UNKNOWN)
        files = [known[file_id] for file_id in wanted]
        for file in files:
            if file.size > LARGEST_FILE:
                raise FileTooLarge(name=file.name, limit=size_in_words(LARGEST_FILE), max_bytes=LARGEST_FILE)
        together = sum(file.size for file in files)
        if together > LARGEST_SUM:
            raise AttachmentsTooLarge(size=size_in_words(together), limit=size_in_words(LARGEST_SUM))
        held = {file.id for file in await self._attachments.held([holder])}
        await self._attachments.hold(holder, held | set(wanted))
        return files


def _holder(row: SessionRow) -> SubjectRef:
    return SubjectRef(SESSION_KIND, row.session.id)
