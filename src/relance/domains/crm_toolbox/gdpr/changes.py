"""Setting the status of many contacts at once: all or none, or each that can have it; one entry with those that did."""

from relance.capabilities.directory.models import Contact
from relance.core.db import DbSession
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import ActorRef
from relance.domains.crm_toolbox.actions.running import Running
from relance.domains.crm_toolbox.actions.schemas import ActionReport
from relance.domains.crm_toolbox.actions.targets import Choosing, Row
from relance.domains.crm_toolbox.gdpr.change_schemas import ACTION, GdprChange
from relance.domains.crm_toolbox.gdpr.consents import Consents
from relance.domains.crm_toolbox.rich_text import RichText


async def change_statuses(session: DbSession, runtime: Runtime, caller: Caller, wanted: GdprChange) -> ActionReport:
    """Set the status, mail those concerned where a template is chosen, and record it.

    Raises:
        ValidationFailed: a contact, a participant or a file is not known.
        TargetsNotAllowed: the caller's right does not reach some of the contacts.
        RelanceError: of the first contact that cannot have the status, where all or none is asked for.
    """
    description = RichText.read_optional(wanted.description, "/description")
    running = Running(session, runtime.clock, caller, wanted)
    await running.check()
    chosen = await Choosing(session, caller).choose(
        wanted.targets, ACTION.permission, partial=wanted.partial, lock=True
    )
    consents = Consents(session, runtime.clock, ActorRef.of(caller))

    async def act(row: Row) -> bool:
        assert isinstance(row, Contact)  # the schema takes contacts only
        return await consents.set_status(row, wanted.status, wanted.template, caller.email, wanted.justification)

    await chosen.each(act)
    entry = await running.record(
        ACTION.key,
        chosen,
        description=description,
        content={"status": wanted.status.value, "template": wanted.template.value if wanted.template else None},
    )
    return chosen.report(entry.id if entry else None)
