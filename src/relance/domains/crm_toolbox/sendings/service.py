"""Sending profiles, or noting that it was done; and taking back or moving what is still to come."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from relance.capabilities.directory.models import Contact
from relance.capabilities.files.store import FileStore
from relance.capabilities.followups.service import FollowUps, Policy
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.messaging.catalogue.checking import Draft
from relance.capabilities.messaging.catalogue.drafts import MailDrafts
from relance.capabilities.messaging.templates import Templates
from relance.core.db import DbSession
from relance.core.errors import ValidationFailed
from relance.core.i18n import Locale, Text
from relance.core.ids import new_id
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import ActorRef
from relance.domains.crm_toolbox.actions.running import Running
from relance.domains.crm_toolbox.actions.targets import Choosing, Chosen, Row
from relance.domains.crm_toolbox.export_templates.models import ExportTemplate
from relance.domains.crm_toolbox.export_templates.printing import Printer
from relance.domains.crm_toolbox.export_templates.repository import ExportTemplateRepository
from relance.domains.crm_toolbox.export_templates.sheets import Sheets
from relance.domains.crm_toolbox.infobox.recording import Infobox
from relance.domains.crm_toolbox.infobox.repository import InfoboxRepository
from relance.domains.crm_toolbox.models import InfoboxEntry
from relance.domains.crm_toolbox.profiles.models import Profile
from relance.domains.crm_toolbox.profiles.repository import ProfileRepository
from relance.domains.crm_toolbox.rich_text import RichText
from relance.domains.crm_toolbox.sendings.emails import AuthorFacts, ProfileMail
from relance.domains.crm_toolbox.sendings.enclosures import Enclosures
from relance.domains.crm_toolbox.sendings.errors import ContactNotMailable
from relance.domains.crm_toolbox.sendings.lifecycle import LIFECYCLE, Facts, RecipientStatus
from relance.domains.crm_toolbox.sendings.mailing import (
    SendingMails,
    Steps,
    profile_mail,
    reason_not_to,
    subject_of,
)
from relance.domains.crm_toolbox.sendings.models import ProfileRecipient, ProfileSending
from relance.domains.crm_toolbox.sendings.repository import SendingRow
from relance.domains.crm_toolbox.sendings.schemas import ACTION, ProfileSendingCreate, SendingReport

_UNKNOWN_PROFILE = Text("Ce profil est inconnu ou archivé.", "This profile is not known, or archived.")
_UNKNOWN_TEMPLATE = Text("Ce modèle d’export est inconnu ou inactif.", "This template is not known, or not active.")
_NOT_YET = Text("On ne note que ce qui a déjà été envoyé.", "Only what was sent already can be noted.")
_PAST = Text("Cette date est passée.", "This instant is past.")
_RECORD_SENDS_NOTHING = Text("Une simple note n’envoie pas de message.", "A mere note sends no mail.")


@dataclass(frozen=True, slots=True)
class Tools:
    """What sending takes besides a session."""

    runtime: Runtime
    templates: Callable[[], Templates]
    store: FileStore
    printer: Printer


class Sendings:
    """The sendings of a caller, in one session."""

    def __init__(self, session: DbSession, tools: Tools, caller: Caller) -> None:
        self._session = session
        self._tools = tools
        self._caller = caller
        self._clock = tools.runtime.clock
        self._actor = ActorRef.of(caller)
        self._infobox = Infobox.of(session, self._clock, caller)
        self._steps = Steps(session, self._clock, self._actor)

    async def create(self, wanted: ProfileSendingCreate, *, dry_run: bool = False) -> SendingReport:
        """One entry with all its targets, and a mail to each of them, now or later; or the entry alone.

        Raises:
            ValidationFailed: a target, profile, template, participant or file is not known, or the words do not fit.
            TargetsNotAllowed: the caller's right does not reach some of the targets.
            ContactNotMailable: nothing can be sent to one of them; reported alone with `partial`.
            FileTooLarge, AttachmentsTooLarge: the files do not fit into a mail.
            DocumentTooComplex, PdfUnavailable: a PDF cannot be made.
        """
        self._check_time(wanted)
        description = RichText.read_optional(wanted.description, "/description")
        profiles, template = await self.profiles(wanted.profile_ids), await self._template(wanted.export_template_id)
        running = Running(self._session, self._clock, self._caller, wanted)
        await running.check()
        words = await self._words(wanted, profiles)
        choosing = Choosing(self._session, self._caller)
        chosen = await choosing.choose(wanted.targets, ACTION.permission, partial=wanted.partial)
        await self._choose(chosen, wanted)
        if not chosen.done or dry_run:
            return _report(chosen, None, None, dry_run=dry_run)
        entry = await self._record(running, chosen, wanted, profiles, template, description)
        sending_id = None
        if entry is not None and wanted.mode == "send":
            sending_id = (await self._start(entry, chosen, profiles, words, wanted)).sending.id
        return _report(chosen, entry.id if entry else None, sending_id)

    def _check_time(self, wanted: ProfileSendingCreate) -> None:
        if wanted.mode == "send":
            return
        if wanted.at is not None and wanted.at > self._clock.now():
            raise ValidationFailed.at("/at", "not_yet", _NOT_YET)
        for name in ("subject", "body", "export_template_id"):
            if getattr(wanted, name) is not None:
                raise ValidationFailed.at(f"/{name}", "record_sends_nothing", _RECORD_SENDS_NOTHING)

    async def profiles(self, ids: Sequence[UUID], pointer: str = "/profile_ids") -> list[Profile]:
        """The profiles to send, each once.

        Raises:
            ValidationFailed: one is not known, or archived.
        """
        known = await ProfileRepository(self._session).find_all(ids)
        for position, one in enumerate(ids):
            if one not in known or known[one].archived_at is not None:
                raise ValidationFailed.at(f"{pointer}/{position}", "unknown_profile", _UNKNOWN_PROFILE)
        return [known[one] for one in dict.fromkeys(ids)]

    async def _template(self, template_id: UUID | None) -> ExportTemplate | None:
        if template_id is None:
            return None
        found = await ExportTemplateRepository(self._session).find(template_id)
        if found is None or not found.active:
            raise ValidationFailed.at("/export_template_id", "unknown_export_template", _UNKNOWN_TEMPLATE)
        return found

    async def draft(self, profiles: Sequence[Profile], locale: Locale, contact: Contact | None = None) -> Draft:
        """The mail of the workspace's template, for somebody to edit."""
        drafts = MailDrafts(self._session, self._tools.runtime, self._tools.templates())
        author = AuthorFacts(name=self._caller.name, email=self._caller.email)
        workspace = (await IdentityRepository(self._session).workspace()).name
        mail = profile_mail(kept(profiles), workspace, author, contact, "")
        return await drafts.draft(mail, locale, personal=("contact",))

    async def _words(self, wanted: ProfileSendingCreate, profiles: Sequence[Profile]) -> dict[str, str] | None:
        """What the caller wrote, checked; None where the template is to speak."""
        if wanted.subject is None and wanted.body is None:
            return None
        locale: Locale = wanted.locale or "fr"
        shown = await self.draft(profiles, locale)
        drafts = MailDrafts(self._session, self._tools.runtime, self._tools.templates())
        given = Draft(wanted.subject or shown.subject, wanted.body or shown.html)
        try:
            return drafts.checked(ProfileMail, locale, given).stored
        except ValidationFailed as refused:
            # What a template calls `html` is the `body` of a sending.
            errors = [replace(one, pointer=one.pointer.replace("/html", "/body", 1)) for one in refused.errors]
            raise ValidationFailed(errors) from None

    async def _choose(self, chosen: Chosen, wanted: ProfileSendingCreate) -> None:
        if wanted.mode == "record":
            chosen.all_done()
            return

        async def mailable(row: Row) -> bool:
            reason = reason_not_to(row) if isinstance(row, Contact) else "no_address"
            if reason is not None:
                raise ContactNotMailable(row.id, reason)
            return True

        await chosen.each(mailable)

    async def _record(
        self,
        running: Running,
        chosen: Chosen,
        wanted: ProfileSendingCreate,
        profiles: Sequence[Profile],
        template: ExportTemplate | None,
        description: RichText | None,
    ) -> InfoboxEntry | None:
        file_ids: Sequence[UUID] | None = None
        if wanted.mode == "send":
            tools = self._tools
            sheets = Sheets(self._session, self._clock, self._caller, tools.printer, tools.store)
            enclosures = Enclosures(self._session, self._caller, tools.store, tools.printer, sheets)
            file_ids = await enclosures.collect(
                list(dict.fromkeys(wanted.file_ids)), profiles, template, with_files=wanted.include_files
            )
        at = wanted.at if wanted.at is not None and (wanted.mode == "record" or self._is_to_come(wanted.at)) else None
        return await running.record(
            ACTION.key,
            chosen,
            description=description,
            content={
                "mode": wanted.mode,
                "profiles": [{"id": str(one.id), "title": one.title} for one in profiles],
                "export_template_id": str(template.id) if template else None,
            },
            action_at=at,
            file_ids=file_ids,
        )

    def _is_to_come(self, at: datetime) -> bool:
        return at > self._clock.now()

    async def _start(
        self,
        entry: InfoboxEntry,
        chosen: Chosen,
        profiles: Sequence[Profile],
        words: dict[str, str] | None,
        wanted: ProfileSendingCreate,
    ) -> SendingRow:
        """The row of the sending with its recipients: their mails at once, or planned."""
        sending = ProfileSending(
            id=new_id(),
            entry_id=entry.id,
            send_at=entry.action_at,
            plans=1,
            profiles=kept(profiles),
            words=words,
            locale=wanted.locale or "fr" if words else wanted.locale,
            created_by=self._caller.user_id,
            created_at=self._clock.now(),
        )
        self._session.add(sending)
        await self._session.flush()
        contacts = {one.id: one for one in chosen.rows if isinstance(one, Contact)}
        recipients = [
            ProfileRecipient(
                id=new_id(),
                sending_id=sending.id,
                contact_id=one.id,
                company_id=one.company_id,
                status=RecipientStatus.PLANNED,
            )
            for one in contacts.values()
        ]
        self._session.add_all(recipients)
        await self._session.flush()
        row = SendingRow(sending, recipients)
        if self._is_to_come(sending.send_at):
            await self._plan(sending)
        else:
            await self._steps.take(row, recipients, "queue", Actor.WORKER)
            await SendingMails(self._session, self._clock).send(row, recipients, contacts)
        return row

    async def _plan(self, sending: ProfileSending) -> None:
        follow_ups = FollowUps(self._session, self._clock)
        await follow_ups.plan_at(subject_of(sending.id), sending.plans, Policy(), [sending.send_at], None)

    async def cancel(self, row: SendingRow) -> None:
        """Nothing of a locked sending leaves that has not left yet.

        Raises:
            TransitionNotAllowed: nothing of it is still to come.
        """
        recipients = _still_planned(row, "cancel")
        reasons = {one.id: "on_request" for one in recipients}
        await self._steps.take(row, recipients, "cancel", Actor.USER, reasons=reasons)
        await FollowUps(self._session, self._clock).cancel(subject_of(row.sending.id), "cancelled")
        await self._infobox.cancel(await self._infobox.lock(row.sending.entry_id), "on_request")
        await self._touch(row.sending)

    async def reschedule(self, row: SendingRow, at: datetime) -> None:
        """What is to come of a locked sending leaves at another instant.

        Raises:
            TransitionNotAllowed: nothing of it is still to come.
            ValidationFailed: the instant is past.
        """
        recipients = _still_planned(row, "reschedule")
        if not self._is_to_come(at):
            raise ValidationFailed.at("/at", "past", _PAST)
        sending = row.sending
        await self._steps.take(row, recipients, "reschedule", Actor.USER, told={"send_at": at.isoformat()})
        await FollowUps(self._session, self._clock).cancel(subject_of(sending.id), "rescheduled")
        sending.send_at, sending.plans = at, sending.plans + 1
        await self._plan(sending)
        entry = await self._infobox.lock(sending.entry_id)
        await InfoboxRepository(self._session).move(entry, at)
        await self._session.flush()

    async def _touch(self, sending: ProfileSending) -> None:
        """Count a change that only its recipients' rows show."""
        sending.plans += 1
        await self._session.flush()


def kept(profiles: Sequence[Profile]) -> list[dict[str, Any]]:
    """Profiles as a sending keeps them."""
    return [{"id": str(one.id), "title": one.title, "summary": one.summary} for one in profiles]


def _still_planned(row: SendingRow, action: str) -> list[ProfileRecipient]:
    if not row.planned:
        LIFECYCLE.require(row.recipients[0].status, action, Actor.USER, Facts())
    return row.planned


def _report(chosen: Chosen, entry_id: UUID | None, sending_id: UUID | None, *, dry_run: bool = False) -> SendingReport:
    return SendingReport(**dict(chosen.report(entry_id, dry_run=dry_run)), sending_id=sending_id)
