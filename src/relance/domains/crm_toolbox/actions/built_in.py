"""The actions on the directory: each changes what it is for, and records that as one entry."""

from collections.abc import Sequence
from uuid import UUID

from relance.capabilities.directory.changing import Changing
from relance.capabilities.directory.deletion import Deletion
from relance.capabilities.directory.fields import UNKNOWN_STATUS, UNKNOWN_USER, Fields
from relance.capabilities.directory.models import Company, Contact
from relance.capabilities.directory.permissions import COMPANIES_DELETE
from relance.capabilities.directory.schemas import ContactUpdate
from relance.capabilities.directory.service import Directory
from relance.capabilities.directory.watchers import DepartureWatcher
from relance.capabilities.identity.repository import IdentityRepository
from relance.core.db import DbSession
from relance.core.errors import ValidationFailed
from relance.core.etag import Precondition
from relance.core.i18n import Text
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import ActorRef
from relance.domains.crm_toolbox.actions.built_in_schemas import (
    ACTIVATION,
    ASSIGNMENT,
    COMPANY_ASSIGNMENT,
    DELETION,
    STATUS_CHANGE,
    Activation,
    Assignment,
    CompanyAssignment,
    DeletionRequest,
    StatusChange,
)
from relance.domains.crm_toolbox.actions.running import Running
from relance.domains.crm_toolbox.actions.schemas import ActionReport
from relance.domains.crm_toolbox.actions.targets import Choosing, Row
from relance.domains.crm_toolbox.infobox.mails import EntryMails
from relance.domains.crm_toolbox.infobox.recording import Target
from relance.domains.crm_toolbox.rich_text import RichText

_UNKNOWN_COMPANY = Text("Cette société est inconnue.", "This company is not known.")
_WHATEVER = Precondition()


class BuiltIn:
    """The actions on the directory, for a caller in one session.

    All of them: a target that is not known is a `ValidationFailed`, one that the right does not reach a
    `TargetsNotAllowed`, and what a target itself refuses is raised; nothing is done then, unless `partial`.
    """

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._actor = ActorRef.of(caller)
        self._choosing = Choosing(session, caller)
        self._directory = Directory(session, runtime.clock, self._actor, runtime.keys)
        self._changing = Changing(session, runtime.clock, self._actor)

    async def change_status(self, wanted: StatusChange) -> ActionReport:
        """Another status; who has it already is left as they are.

        Raises:
            ValidationFailed: the status is not in the list.
        """
        description = RichText.read_optional(wanted.description, "/description")
        running = Running(self._session, self._runtime.clock, self._caller, wanted)
        await running.check()
        if wanted.status is not None and wanted.status not in await Fields(self._session, "contacts").statuses():
            raise ValidationFailed.at("/status", "unknown_status", UNKNOWN_STATUS)
        chosen = await self._choosing.choose(
            wanted.targets, STATUS_CHANGE.permission, partial=wanted.partial, lock=True
        )
        before = {str(row.id): row.status for row in chosen.rows if isinstance(row, Contact)}

        async def act(row: Row) -> bool:
            return self._changing.change(row, {"status": wanted.status})

        await chosen.each(act)
        changed = [str(one.contact_id) for one in chosen.done]
        entry = await running.record(
            STATUS_CHANGE.key,
            chosen,
            description=description,
            content={"status": wanted.status, "previous": {one: before[one] for one in changed}},
        )
        return chosen.report(entry.id if entry else None)

    async def activate(self, wanted: Activation) -> ActionReport:
        """In use or not; who is so already is left as they are."""
        description = RichText.read_optional(wanted.description, "/description")
        running = Running(self._session, self._runtime.clock, self._caller, wanted)
        await running.check()
        chosen = await self._choosing.choose(wanted.targets, ACTIVATION.permission, partial=wanted.partial, lock=True)

        async def act(row: Row) -> bool:
            return self._changing.change(row, {"active": wanted.active})

        await chosen.each(act)
        entry = await running.record(
            ACTIVATION.key,
            chosen,
            description=description,
            content={"active": wanted.active},
        )
        return chosen.report(entry.id if entry else None)

    async def delete(self, wanted: DeletionRequest, watchers: Sequence[DepartureWatcher]) -> ActionReport:
        """Delete for good; the entry names ids alone. Contacts first, so that a company can go with its last ones.

        Raises:
            ValidationFailed: the company that gets the contacts is not known.
            CompanyHasContacts: neither `cascade` nor `reassign_to` is given.
            StillReferred: something is about one of them.
        """
        running = Running(self._session, self._runtime.clock, self._caller, wanted)
        await running.check()
        if wanted.reassign_to is not None and await self._directory.find(wanted.reassign_to) is None:
            raise ValidationFailed.at("/reassign_to", "unknown_company", _UNKNOWN_COMPANY)
        chosen = await self._choosing.choose(
            wanted.targets,
            DELETION.permission,
            partial=wanted.partial,
            lock=True,
            company_permission=COMPANIES_DELETE,
        )
        deletion = Deletion(self._session, self._runtime.clock, self._actor, watchers)

        async def act(row: Row) -> bool:
            if isinstance(row, Company):
                await deletion.company(row.id, _WHATEVER, cascade=wanted.cascade, reassign_to=wanted.reassign_to)
            else:
                await deletion.contact(row.id, _WHATEVER)
            return True

        await chosen.each(act, contacts_first=True)
        content: dict[str, object] = {
            "cascade": wanted.cascade,
            "reassign_to": str(wanted.reassign_to) if wanted.reassign_to else None,
        }
        entry = await running.record(DELETION.key, chosen, content=content)
        return chosen.report(entry.id if entry else None)

    async def assign(self, wanted: Assignment) -> ActionReport:
        """Another owner, who is told as the participants are; what is theirs already is left as it is.

        Raises:
            ValidationFailed: there is no such active user.
        """
        description = RichText.read_optional(wanted.description, "/description")
        running = Running(self._session, self._runtime.clock, self._caller, wanted)
        await running.check()
        owner = (await IdentityRepository(self._session).active_users([wanted.user_id])).get(wanted.user_id)
        if owner is None:
            raise ValidationFailed.at("/user_id", "unknown_user", UNKNOWN_USER)
        chosen = await self._choosing.choose(wanted.targets, ASSIGNMENT.permission, partial=wanted.partial, lock=True)

        async def act(row: Row) -> bool:
            return self._changing.change(row, {"assigned_to": wanted.user_id})

        await chosen.each(act)
        entry = await running.record(
            ASSIGNMENT.key,
            chosen,
            description=description,
            content={"user": {"id": str(owner.id), "name": owner.name}},
        )
        if entry is not None and owner.id != self._caller.user_id:
            await EntryMails(self._session, self._runtime.clock).tell_assigned(entry, owner.id)
        return chosen.report(entry.id if entry else None)

    async def assign_company(self, wanted: CompanyAssignment) -> ActionReport:
        """Another company. What was done stays with the contact and with the former company; the entry is on both.

        Raises:
            ValidationFailed: the company is not known.
            AlreadyInDirectory: it has a contact with the address of one of them.
        """
        description = RichText.read_optional(wanted.description, "/description")
        running = Running(self._session, self._runtime.clock, self._caller, wanted)
        await running.check()
        if await self._directory.find(wanted.company_id) is None:
            raise ValidationFailed.at("/company_id", "unknown_company", _UNKNOWN_COMPANY)
        chosen = await self._choosing.choose(
            wanted.targets, COMPANY_ASSIGNMENT.permission, partial=wanted.partial, lock=True
        )

        async def act(row: Row) -> bool:
            if not isinstance(row, Contact) or row.company_id == wanted.company_id:
                return False
            await self._directory.update_contact(row.id, ContactUpdate(company_id=wanted.company_id), _WHATEVER)
            return True

        await chosen.each(act)
        moved: list[UUID] = [one.contact_id for one in chosen.done if one.contact_id is not None]
        entry = await running.record(
            COMPANY_ASSIGNMENT.key,
            chosen,
            description=description,
            content={"company_id": str(wanted.company_id)},
            further=[Target(wanted.company_id, one) for one in moved],
        )
        return chosen.report(entry.id if entry else None)
