"""Files that a thing of the toolbox holds: a profile, a template."""

from collections.abc import Sequence
from uuid import UUID

from relance.capabilities.files.attachments import Attachments
from relance.capabilities.files.errors import FileTooLarge
from relance.capabilities.files.kinds import size_in_words
from relance.capabilities.files.models import StoredFile
from relance.capabilities.messaging.attachments import LARGEST_FILE
from relance.core.db import DbSession
from relance.core.errors import ValidationFailed
from relance.core.i18n import Text
from relance.core.security import Caller
from relance.core.subjects import SubjectRef

_UNKNOWN = Text(
    "Ce fichier n’est ni un des vôtres, ni un de ceux qui sont déjà là.",
    "This file is neither one of yours nor one of those that are there already.",
)


async def hold_files(
    session: DbSession,
    caller: Caller,
    holder: SubjectRef,
    ids: Sequence[UUID],
    *,
    pointer: str = "/file_ids",
    largest: int = LARGEST_FILE,
) -> list[StoredFile]:
    """Let `holder` hold `ids` and nothing else; the files in that order.

    Raises:
        ValidationFailed: one is neither the caller's own and free, nor held by `holder`.
        FileTooLarge: one is larger than `largest` bytes.
    """
    attachments = Attachments(session)
    wanted = list(dict.fromkeys(ids))
    known = await attachments.nameable_by(wanted, caller.user_id, [holder])
    for position, file_id in enumerate(ids):
        if file_id not in known:
            raise ValidationFailed.at(f"{pointer}/{position}", "file_not_available", _UNKNOWN)
        file = known[file_id]
        if file.size > largest:
            raise FileTooLarge(name=file.name, limit=size_in_words(largest), max_bytes=largest)
    await attachments.hold(holder, wanted)
    return [known[file_id] for file_id in wanted]
