"""What people do with an entry once it is there."""

from relance.core.db import DbSession
from relance.core.errors import PermissionDenied
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.domains.crm_toolbox.actions.declared import settled_by_hand
from relance.domains.crm_toolbox.errors import EntryRunsItself
from relance.domains.crm_toolbox.infobox.entry_schemas import EntryUpdate
from relance.domains.crm_toolbox.infobox.outcomes import Outcome
from relance.domains.crm_toolbox.infobox.recording import Infobox
from relance.domains.crm_toolbox.models import InfoboxEntry
from relance.domains.crm_toolbox.permissions import INFOBOX_WRITE
from relance.domains.crm_toolbox.rich_text import RichText


class Entries:
    """Changes to entries, for a caller in one session. Each is locked, at a version that the caller accepts."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._caller = caller
        self._infobox = Infobox.of(session, runtime.clock, caller)

    async def update(self, entry: InfoboxEntry, wanted: EntryUpdate) -> None:
        """Give it other words.

        Raises:
            PermissionDenied: it is somebody else's.
            ValidationFailed: the words hold something that runs.
            TargetsDeleted: all that it is about is deleted.
        """
        self._own(entry)
        if "description" not in wanted.model_fields_set:
            return
        description = RichText.read_optional(wanted.description, "/description")
        await self._infobox.require_open(entry)
        await self._infobox.change(entry, description)

    async def settle(self, entry: InfoboxEntry, outcome: Outcome) -> None:
        """Say what has become of it.

        Raises:
            PermissionDenied: it is somebody else's.
            EntryRunsItself: the action will see to that.
            EntrySettled: it is not to come any more.
        """
        self._own(entry)
        if not settled_by_hand(entry.type):
            raise EntryRunsItself(entry.type)
        await self._infobox.settle(entry, outcome)

    async def delete(self, entry: InfoboxEntry) -> None:
        """Delete it with its comments; its files are free again.

        Raises:
            PermissionDenied: it is somebody else's.
            EntryRunsItself: the action is still to come, and is cancelled first.
        """
        self._own(entry)
        if entry.outcome == Outcome.PLANNED and not settled_by_hand(entry.type):
            raise EntryRunsItself(entry.type)
        await self._infobox.remove(entry)

    def _own(self, entry: InfoboxEntry) -> None:
        if not self._caller.reaches(INFOBOX_WRITE, entry.author_id):
            raise PermissionDenied(INFOBOX_WRITE)
