"""Use cases of the firm: each asks the lifecycle, changes the row, and writes its side effects as rows."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm.attributes import flag_modified

from relance.capabilities.cycles.service import Cycles
from relance.capabilities.directory.schemas import ContactCreate
from relance.capabilities.directory.service import Directory
from relance.capabilities.followups.service import FollowUps
from relance.capabilities.messaging.outbox import Outbox
from relance.core.db import DbSession
from relance.core.errors import DuplicateResource, NotFound, PermissionDenied, ValidationFailed
from relance.core.i18n import Text, as_locale
from relance.core.lifecycle import Actor
from relance.core.pagination import PageRequest
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import ActorRef
from relance.domains.mandates import views
from relance.domains.mandates.asking import ContactChase, MandateChase, subject_of
from relance.domains.mandates.completeness import DATA_REFRESH, PASSTHROUGH, UPLOAD_REMINDERS, missing_codes
from relance.domains.mandates.contacts.repository import ContactRepository
from relance.domains.mandates.deliveries.planning import DeliveryPlans
from relance.domains.mandates.errors import (
    ContactFixed,
    FeatureNotSubscribed,
    LastTeamMember,
    MandateIncomplete,
)
from relance.domains.mandates.lifecycle import LIFECYCLE, MandateStatus, Passthrough, TeamRole
from relance.domains.mandates.list_schemas import MandateFilter
from relance.domains.mandates.permissions import READ
from relance.domains.mandates.repository import MandateRepository, MandateRow
from relance.domains.mandates.schedule import ScheduleKind
from relance.domains.mandates.schemas import (
    CancelRequest,
    ContactInput,
    MandateListed,
    MandateRead,
    MandateUpdate,
    ScheduleInput,
    TeamMemberInput,
)

_FEATURE_OF = {ScheduleKind.DATA_REFRESH: DATA_REFRESH, ScheduleKind.UPLOAD_REMINDER: UPLOAD_REMINDERS}
_NOT_A_DRAFT = Text("Le type ne change plus une fois le mandat soumis.", "The kind is fixed once it is submitted.")
_UNKNOWN_MEMBER = Text(
    "Cet utilisateur est inconnu, inactif, ou ne travaille pas pour l’organisation émettrice.",
    "This user is unknown, inactive, or does not work for the issuing organisation.",
)
#: While the contact can still be somebody else.
_ASKING = (MandateStatus.DRAFT, MandateStatus.INVITED, MandateStatus.INVITATION_EXPIRED)


class MandateService:
    """What a caller does with mandates, in one session."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._clock = runtime.clock
        self._rows = MandateRepository(session)
        self._chase = MandateChase(runtime)
        self._cycles = Cycles(session, runtime, self._chase, ActorRef.of(caller))
        self._deliveries = DeliveryPlans(session, runtime.clock, ActorRef.of(caller))

    # --- reading ---------------------------------------------------------------------------------------------------

    async def readable(self, mandate_id: UUID) -> MandateRow:
        """The mandate.

        Raises:
            NotFound: unknown, of another workspace, or not readable by the caller.
        """
        row = await self._rows.find(mandate_id, self._caller)
        if row is None:
            raise NotFound()
        return row

    async def actionable(self, mandate_id: UUID, permission: str) -> MandateRow:
        """The mandate, locked, for an action that needs `permission` on it.

        Raises:
            NotFound: unknown, of another workspace, or not readable by the caller.
            PermissionDenied: readable, but the permission does not reach it.
        """
        self._caller.require(READ)
        row = await self._rows.lock(mandate_id, self._caller)
        if row is None:
            raise NotFound()
        if not views.reaches(row, self._caller, permission):
            raise PermissionDenied(permission)
        return row

    async def page(
        self, wanted: MandateFilter, request: PageRequest, *, with_actions: bool
    ) -> tuple[list[MandateListed], str | None]:
        """One page of the list, and the cursor of the next."""
        rows, found = await self._rows.page(wanted, self._caller, request)
        now = self._clock.now()
        items = [views.listed(row, views.actions_of(row, self._caller, now) if with_actions else None) for row in rows]
        return items, self._runtime.cursors.encode(found.next) if found.next else None

    async def detail(self, row: MandateRow) -> MandateRead:
        """One mandate in full, as the caller sees it now."""
        subject = subject_of(row)
        queued = await Outbox(self._session, self._clock).pending(subject)
        planned = await FollowUps(self._session, self._clock).pending(subject)
        now = self._clock.now()
        messages = views.coming(row, now, queued, planned, await self._cycles.policy())
        return views.detail(row, self._caller, now, messages)

    async def fresh(self, row: MandateRow) -> MandateRow:
        """The mandate as the database has it after what was done in this session."""
        await self._session.flush()
        return (await self._rows.rows([row.mandate.id]))[row.mandate.id]

    # --- describing ------------------------------------------------------------------------------------------------

    async def update(self, row: MandateRow, wanted: MandateUpdate) -> MandateRow:
        """Change what the mandate says. Another address of an asked contact begins a new cycle.

        Raises:
            ValidationFailed: the kind of a submitted mandate.
            DuplicateResource: another mandate has that external id.
            ContactFixed: the contact has accepted, or is not asked any more.
            MandateIncomplete: an asked contact would lack something.
        """
        mandate, changes = row.mandate, wanted.changes()
        if "kind" in changes and changes["kind"] != mandate.kind:
            if mandate.status != MandateStatus.DRAFT:
                raise ValidationFailed.at("/kind", "not_a_draft", _NOT_A_DRAFT)
            mandate.kind = wanted.kind
        if wanted.external_id is not None:
            await self.refuse_known(wanted.external_id, mandate.id)
        if "external_id" in changes:
            mandate.external_id = wanted.external_id
        if "locale" in changes:
            mandate.locale = wanted.locale
        readdressed = False
        if "contact" in changes:
            contact = wanted.contact
            if contact.email is not None and contact.email.casefold() != mandate.contact_email_key:
                contact = await self.picked(mandate.company_id, contact)
            readdressed = self._change_contact(row, contact)
        if readdressed and mandate.status != MandateStatus.DRAFT:
            mandate.status = MandateStatus.INVITED
            await link_contact(self._session, self._runtime, row, ActorRef.of(self._caller))
            await self._cycles.readdress(row, "mandate.readdressed")
        self._cycles.record(row, "mandate.changed", mandate.status, fields=sorted(wanted.model_fields_set))
        return await self.fresh(row)

    async def picked(self, company_id: UUID, wanted: ContactInput) -> ContactInput:
        """`wanted`; of a contact that the directory knows at that address, what was left out is filled in."""
        known = (
            await Directory(self._session, self._clock).contact_at(company_id, wanted.email) if wanted.email else None
        )
        if known is None:
            return wanted
        found = {"first_name": known.first_name, "last_name": known.last_name, "phone": known.phone}
        return wanted.model_copy(update={name: found[name] for name in found.keys() - wanted.model_fields_set})

    def _change_contact(self, row: MandateRow, wanted: ContactInput) -> bool:
        """Merge the contact; whether it has another address now."""
        mandate = row.mandate
        before = {name: getattr(mandate, f"contact_{name}") for name in type(wanted).model_fields}
        changes = {name: value for name, value in wanted.changes().items() if value != before[name]}
        if not changes:
            return False
        if mandate.status not in _ASKING:
            raise ContactFixed()
        set_contact(row, changes)
        if mandate.status != MandateStatus.DRAFT and (missing := missing_codes(row)):
            raise MandateIncomplete(missing)
        return (before["email"] or "").casefold() != (mandate.contact_email_key or "")

    async def set_schedule(self, row: MandateRow, schedule: ScheduleInput | None) -> MandateRow:
        """Plan uploads, or plan none.

        Raises:
            FeatureNotSubscribed: the workspace has not subscribed to this kind of schedule.
        """
        if schedule is not None:
            self.require_feature(row.features, _FEATURE_OF[schedule.kind])
        row.mandate.schedule = schedule.model_dump(mode="json") if schedule is not None else None
        self._cycles.record(row, "mandate.schedule_changed", row.mandate.status)
        await self._deliveries.replan(row)
        return await self.fresh(row)

    async def set_passthrough(self, row: MandateRow, passthrough: Passthrough) -> MandateRow:
        """Use the option, or not.

        Raises:
            FeatureNotSubscribed: the workspace has not subscribed to it.
        """
        self.require_feature(row.features, PASSTHROUGH)
        row.mandate.passthrough = passthrough
        self._cycles.record(row, "mandate.passthrough_changed", row.mandate.status, passthrough=passthrough.value)
        return await self.fresh(row)

    async def set_team(self, row: MandateRow, team: Sequence[TeamMemberInput]) -> MandateRow:
        """Replace the team.

        Raises:
            ValidationFailed: a new member is not an active user of the issuing organisation.
            LastTeamMember: a submitted mandate would lack an active owner or agent.
        """
        mandate = row.mandate
        known = {member.user_id for member in row.team}
        staff = await self._rows.staff({member.user_id for member in team}, mandate.issuing_organisation_id)
        for position, member in enumerate(team):
            if member.user_id not in known | staff:
                raise ValidationFailed.at(f"/team/{position}/user_id", "unknown_user", _UNKNOWN_MEMBER)
        await self._rows.replace_team(mandate.id, {(member.user_id, member.role) for member in team})
        # What hangs on the row moves its version, and so its ETag, as well.
        flag_modified(mandate, "status")
        changed = await self.fresh(row)
        if mandate.status != MandateStatus.DRAFT:
            for role in TeamRole:
                if not any(member.active for member in changed.members(role)):
                    raise LastTeamMember(role.value)
        self._cycles.record(changed, "mandate.team_changed", mandate.status)
        return changed

    @staticmethod
    def require_feature(features: frozenset[str], feature: str) -> None:
        """Refuse what the subscription does not include.

        Raises:
            FeatureNotSubscribed: it does not include `feature`.
        """
        if feature not in features:
            raise FeatureNotSubscribed(feature)

    async def refuse_known(self, external_id: str, own_id: UUID | None) -> None:
        """Refuse a partner's key that another mandate has.

        Raises:
            DuplicateResource: another mandate has it; the error names it.
        """
        known = await self._rows.by_external_id(external_id)
        if known is not None and known != own_id:
            raise DuplicateResource(existing_id=str(known), pointer="/external_id")

    # --- acting ----------------------------------------------------------------------------------------------------

    async def submit(self, row: MandateRow) -> MandateRow:
        """Invite the company's contact; an internal mandate is active at once.

        Raises:
            MandateIncomplete: something is missing.
            TransitionNotAllowed: it was submitted before.
        """
        mandate, now = row.mandate, self._clock.now()
        step = LIFECYCLE.require(mandate.status, "submit", Actor.USER, views.facts_of(row, now))
        before, mandate.status = mandate.status, LIFECYCLE.target(step, mandate.status)
        mandate.submitted_by, mandate.submitted_at = self._caller.user_id, now
        await link_contact(self._session, self._runtime, row, ActorRef.of(self._caller))
        if mandate.status == MandateStatus.INVITED:
            row = await self.fresh(row)
            await self._cycles.ask(row)
        self._cycles.record(row, step.journal, before)
        if mandate.status == MandateStatus.ACTIVE:
            await self._deliveries.begin(row)
        return await self.fresh(row)

    async def remind(self, row: MandateRow, *, force: bool) -> MandateRow:
        """Ask again; the expiry does not move.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        await self._cycles.remind(row, forced=force)
        return await self.fresh(row)

    async def renew(self, row: MandateRow) -> MandateRow:
        """Begin a new cycle of an expired invitation.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        await self._cycles.renew(row)
        return await self.fresh(row)

    async def switch(self, row: MandateRow, action: str) -> MandateRow:
        """Take `disable` or `enable`.

        Raises:
            TransitionNotAllowed: the table has no such row.
        """
        self._take(row, action)
        active = row.mandate.status == MandateStatus.ACTIVE
        await (self._deliveries.begin(row) if active else self._deliveries.rest(row))
        return await self.fresh(row)

    async def cancel(self, row: MandateRow, wanted: CancelRequest) -> MandateRow:
        """Withdraw the mandate: queued mails, planned follow-ups and the link end with it.

        Raises:
            TransitionNotAllowed: it is active, or cancelled already.
        """
        mandate = row.mandate
        mandate.cancelled_at, mandate.cancel_reason = self._clock.now(), wanted.reason
        self._take(row, "cancel")
        await self._cycles.stop(row, "cancelled", revoke=True)
        await self._stop_guests(row, "cancelled")
        await self._deliveries.close(row)
        if wanted.notify and mandate.last_sent_at is not None:
            await self._chase.tell_cancelled(self._session, row)
        return await self.fresh(row)

    async def delete(self, row: MandateRow) -> None:
        """Take the mandate away; the journal keeps what happened to it.

        Raises:
            TransitionNotAllowed: it is in use.
        """
        self._take(row, "delete")
        await self._cycles.stop(row, "deleted", revoke=True)
        await self._stop_guests(row, "deleted")
        await self._deliveries.delete(row)
        await self._session.flush()
        await self._rows.delete(row.mandate.id)

    async def _stop_guests(self, row: MandateRow, reason: str) -> None:
        """Further contacts are asked no more either."""
        cycles = Cycles(self._session, self._runtime, ContactChase(self._runtime), ActorRef.of(self._caller))
        for guest in (await ContactRepository(self._session).lock_unfinished(row.mandate.id)).values():
            await cycles.stop(guest, reason, revoke=True)

    def _take(self, row: MandateRow, action: str) -> None:
        mandate = row.mandate
        step = LIFECYCLE.require(mandate.status, action, Actor.USER, views.facts_of(row, self._clock.now()))
        before, mandate.status = mandate.status, LIFECYCLE.target(step, mandate.status)
        self._cycles.record(row, step.journal, before)


def set_contact(row: MandateRow, values: dict[str, Any]) -> None:
    """Write the contact's columns; the address is compared in lower case."""
    for name, value in values.items():
        setattr(row.invitee, f"contact_{name}", value)
    if "email" in values:
        row.invitee.contact_email_key = values["email"].casefold() if values["email"] else None


async def link_contact(session: DbSession, runtime: Runtime, row: MandateRow, actor: ActorRef) -> None:
    """Know whoever is asked in the directory, where they are complete.

    Raises:
        PersonErased: they are not known there, and were once erased.
    """
    invitee, mandate = row.invitee, row.mandate
    if not (invitee.contact_email and invitee.contact_first_name and invitee.contact_last_name):
        return
    contact = await Directory(session, runtime.clock, actor, runtime.keys).ensure_contact(
        ContactCreate(
            company_id=mandate.company_id,
            first_name=invitee.contact_first_name,
            last_name=invitee.contact_last_name,
            email=invitee.contact_email,
            phone=invitee.contact_phone,
            locale=as_locale(mandate.locale),
        )
    )
    invitee.contact_id = contact.id
