"""What every action does around its own work: what stands beside the targets is checked, and one entry is made."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.security import Caller
from relance.domains.crm_toolbox.actions.schemas import PlainActionInput
from relance.domains.crm_toolbox.actions.targets import Chosen
from relance.domains.crm_toolbox.infobox.mails import EntryMails
from relance.domains.crm_toolbox.infobox.participants import expanded
from relance.domains.crm_toolbox.infobox.recording import Infobox, NewEntry, Target
from relance.domains.crm_toolbox.models import InfoboxEntry
from relance.domains.crm_toolbox.rich_text import RichText


class Running:
    """One run of an action, of a caller in one session: `check` before anything is done, `record` afterwards."""

    def __init__(self, session: DbSession, clock: Clock, caller: Caller, wanted: PlainActionInput) -> None:
        self._session = session
        self._clock = clock
        self._wanted = wanted
        self._infobox = Infobox.of(session, clock, caller)
        #: Who takes part, the lists as they are when it begins.
        self._people: Sequence[UUID] = ()

    async def check(self) -> None:
        """See to what stands beside the targets.

        Raises:
            ValidationFailed: a participant, a list or a file is not known.
        """
        self._people = await expanded(self._session, self._wanted.participants)
        await self._infobox.check_people(self._people)
        await self._infobox.check_files(self._wanted.file_ids)

    async def record(
        self,
        type_: str,
        chosen: Chosen,
        *,
        description: RichText | None = None,
        content: Mapping[str, Any] | None = None,
        action_at: datetime | None = None,
        further: Sequence[Target] = (),
        file_ids: Sequence[UUID] | None = None,
    ) -> InfoboxEntry | None:
        """The entry of the run, its participants told; None where nothing was done with anybody.

        Args:
            type_: the key of the action.
            chosen: its targets.
            description: the words.
            content: what the action was given besides.
            action_at: when it happened or is to happen; now where unset.
            further: what the entry is about besides the targets with which something was done.
            file_ids: what it holds, where that is not just what the caller named.
        """
        if not chosen.done:
            return None
        entry = await self._infobox.record(
            NewEntry(
                type=type_,
                targets=[*chosen.done, *further],
                description=description,
                content=content or {},
                action_at=action_at,
                participants=self._people,
                file_ids=self._wanted.file_ids if file_ids is None else file_ids,
            )
        )
        await EntryMails(self._session, self._clock).tell(entry, self._people)
        return entry
