"""What every action does once it is done: one entry with all its targets, its participants told."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from relance.core.db import DbSession
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.domains.crm_toolbox.actions.schemas import PlainActionInput
from relance.domains.crm_toolbox.actions.targets import Chosen
from relance.domains.crm_toolbox.infobox.mails import EntryMails
from relance.domains.crm_toolbox.infobox.participants import expanded
from relance.domains.crm_toolbox.infobox.recording import Infobox, NewEntry, Target
from relance.domains.crm_toolbox.models import InfoboxEntry
from relance.domains.crm_toolbox.rich_text import RichText


async def check_around(session: DbSession, runtime: Runtime, caller: Caller, wanted: PlainActionInput) -> None:
    """What stands beside the targets, before anything is done with them.

    Raises:
        ValidationFailed: a participant, a list or a file is not known.
    """
    infobox = Infobox.of(session, runtime.clock, caller)
    await infobox.check_people(await expanded(session, wanted.participants))
    await infobox.check_files(wanted.file_ids)


async def recorded(
    session: DbSession,
    runtime: Runtime,
    caller: Caller,
    type_: str,
    chosen: Chosen,
    wanted: PlainActionInput,
    *,
    description: RichText | None = None,
    content: Mapping[str, Any] | None = None,
    action_at: datetime | None = None,
    further: Sequence[Target] = (),
) -> InfoboxEntry | None:
    """The entry of a run; None where nothing was done with anybody.

    Args:
        further: what the entry is about besides the targets with which something was done.

    Raises:
        ValidationFailed: a participant, a list or a file is not known.
    """
    people = await expanded(session, wanted.participants)
    if not chosen.done:
        return None
    entry = await Infobox.of(session, runtime.clock, caller).record(
        NewEntry(
            type=type_,
            targets=[*chosen.done, *further],
            description=description,
            content=content or {},
            action_at=action_at,
            participants=people,
            file_ids=wanted.file_ids,
        )
    )
    await EntryMails(session, runtime.clock).tell(entry, people)
    return entry
