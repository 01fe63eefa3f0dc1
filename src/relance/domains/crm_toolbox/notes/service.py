"""Adding a note."""

from datetime import timedelta

from relance.core.db import DbSession
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.domains.crm_toolbox.actions.running import Running
from relance.domains.crm_toolbox.actions.schemas import ActionReport
from relance.domains.crm_toolbox.actions.targets import Choosing
from relance.domains.crm_toolbox.infobox.mails import EntryMails
from relance.domains.crm_toolbox.notes.schemas import ACTION, NoteCreate
from relance.domains.crm_toolbox.rich_text import RichText


async def add_note(session: DbSession, runtime: Runtime, caller: Caller, wanted: NoteCreate) -> ActionReport:
    """One entry with all its targets. Its participants are mailed; its author gets the entry for a calendar.

    Raises:
        ValidationFailed: the words hold something that runs, or a target, participant or file is not known.
        TargetsNotAllowed: the caller's right does not reach some of the targets.
    """
    description = RichText.read(wanted.description, "/description")
    running = Running(session, runtime.clock, caller, wanted)
    await running.check()
    chosen = await Choosing(session, caller).choose(wanted.targets, ACTION.permission, partial=wanted.partial)
    chosen.all_done()
    entry = await running.record(
        ACTION.key,
        chosen,
        description=description,
        content={"add_to_calendar": wanted.add_to_calendar},
        action_at=wanted.action_at,
    )
    if entry is not None and wanted.add_to_calendar:
        mails = EntryMails(session, runtime.clock)
        await mails.send_calendar(entry, timedelta(minutes=wanted.duration_minutes))
    return chosen.report(entry.id if entry else None)
