"""Adding a note."""

from datetime import timedelta

from relance.core.db import DbSession
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.domains.crm_toolbox.actions.schemas import ActionReport
from relance.domains.crm_toolbox.actions.targets import Choosing
from relance.domains.crm_toolbox.infobox.mails import EntryMails
from relance.domains.crm_toolbox.infobox.recording import Infobox, NewEntry
from relance.domains.crm_toolbox.notes.schemas import ACTION, NoteCreate
from relance.domains.crm_toolbox.rich_text import RichText


async def add_note(session: DbSession, runtime: Runtime, caller: Caller, wanted: NoteCreate) -> ActionReport:
    """One entry with all its targets. Its participants are mailed; its author gets the entry for a calendar.

    Raises:
        ValidationFailed: the words hold something that runs, or a target, participant or file is not known.
        TargetsNotAllowed: the caller's right does not reach some of the targets.
    """
    description = RichText.read(wanted.description, "/description")
    chosen = await Choosing(session, caller).choose(wanted.targets, ACTION.permission, partial=wanted.partial)
    chosen.all_done()
    if not chosen.done:
        return chosen.report(None)
    entry = await Infobox.of(session, runtime.clock, caller).record(
        NewEntry(
            type=ACTION.key,
            targets=chosen.done,
            description=description,
            content={"add_to_calendar": wanted.add_to_calendar},
            action_at=wanted.action_at,
            participants=wanted.participants.user_ids,
            file_ids=wanted.file_ids,
        )
    )
    mails = EntryMails(session, runtime.clock)
    await mails.tell(entry, wanted.participants.user_ids)
    if wanted.add_to_calendar:
        await mails.send_calendar(entry, timedelta(minutes=wanted.duration_minutes))
    return chosen.report(entry.id)
