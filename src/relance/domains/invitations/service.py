"""Use cases of the dashboard: each asks the lifecycle, changes the row, and writes its side effects as rows."""

from uuid import UUID

from relance.capabilities.directory.models import Company
from relance.capabilities.directory.schemas import CompanyCreate
from relance.capabilities.directory.service import Directory
from relance.capabilities.followups.service import FollowUps
from relance.capabilities.journal.service import Journal
from relance.capabilities.links.service import Links
from relance.capabilities.messaging.outbox import Outbox
from relance.core.db import DbSession
from relance.core.errors import NotFound, PermissionDenied, ValidationFailed
from relance.core.i18n import Text
from relance.core.lifecycle import Actor
from relance.core.pagination import PageRequest
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import ActorRef
from relance.domains.invitations import views
from relance.domains.invitations.asking import Asking, subject_of
from relance.domains.invitations.errors import AlreadyOpen, PrequalificationValid
from relance.domains.invitations.lifecycle import LIFECYCLE, FormStatus, Reason, Status
from relance.domains.invitations.models import Invitation, Prequalification
from relance.domains.invitations.permissions import READ
from relance.domains.invitations.repository import InvitationRepository, InvitationRow, PrequalificationRepository
from relance.domains.invitations.schemas import (
    InvitationCreate,
    InvitationFilter,
    InvitationListed,
    InvitationRead,
    PartnerInput,
)

DOMAIN = "invitations"


class InvitationService:
    """What a caller does with invitations, in one session."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._clock = runtime.clock
        self._rows = InvitationRepository(session)
        self._forms = PrequalificationRepository(session)
        self._follow_ups = FollowUps(session, runtime.clock)
        self._journal = Journal(session, runtime.clock)
        self._asking = Asking(session, runtime)

    # --- reading ---------------------------------------------------------------------------------------------------

    async def readable(self, invitation_id: UUID) -> InvitationRow:
        """The invitation.

        Raises:
            NotFound: unknown, of another workspace, or not readable by the caller.
        """
        row = await self._rows.find(invitation_id, self._caller)
        if row is None:
            raise NotFound()
        return row

    async def actionable(self, invitation_id: UUID, permission: str) -> InvitationRow:
        """The invitation, locked, for an action that needs `permission` on it.

        Raises:
            NotFound: unknown, of another workspace, or not readable by the caller.
            PermissionDenied: readable, but the permission does not reach it.
        """
        self._caller.require(READ)
        row = await self._rows.lock(invitation_id, self._caller)
        if row is None:
            raise NotFound()
        if not self._caller.reaches(permission, row.invitation.requested_by):
            raise PermissionDenied(permission)
        return row

    async def page(
        self, wanted: InvitationFilter, request: PageRequest, *, with_actions: bool
    ) -> tuple[list[InvitationListed], str | None]:
        """One page of the dashboard, and the cursor of the next."""
        found = await self._rows.page(wanted, self._caller, request)
        rows = [InvitationRow.of(row) for row in found.rows]
        now = self._clock.now()
        items = [views.listed(row, views.actions_of(row, self._caller, now) if with_actions else None) for row in rows]
        return items, self._runtime.cursors.encode(found.next) if found.next else None

    async def detail(self, row: InvitationRow) -> InvitationRead:
        """One invitation in full, as the caller sees it now."""
        subject = subject_of(row.invitation)
        queued = await Outbox(self._session, self._clock).pending(subject)
        planned = await self._follow_ups.pending(subject)
        return views.detail(row, self._caller, self._clock.now(), queued, planned)

    # --- creating --------------------------------------------------------------------------------------------------

    async def create(self, wanted: InvitationCreate) -> InvitationRow:
        """Invite a partner: the row, its mail, its journal entry.

        Raises:
            ValidationFailed: unknown organisation or partner, identifier that does not hold.
            PrequalificationValid: the partner's form is completed and valid.
            AlreadyOpen: an open row exists for that organisation, partner and address.
        """
        if wanted.issuing_organisation_id not in self._caller.organisation_ids:
            raise ValidationFailed.at(
                "/issuing_organisation_id",
                "unknown_organisation",
                Text("Cette organisation n’est pas une des vôtres.", "This organisation is not one of yours."),
            )
        company = await self._partner(wanted.partner)
        # Held until the commit: two callers who invite one partner, or its answer, take turns from here on.
        prequalification = await self._forms.lock(company.id)
        if prequalification.form_status == FormStatus.COMPLETED:
            raise PrequalificationValid()
        email_key = wanted.email.casefold()
        existing = await self._rows.open_row(wanted.issuing_organisation_id, company.id, email_key)
        if existing is not None:
            raise AlreadyOpen(existing)
        invitation = Invitation(
            company_id=company.id,
            issuing_organisation_id=wanted.issuing_organisation_id,
            requested_by=self._caller.user_id,
            email=wanted.email,
            email_key=email_key,
            locale=wanted.locale,
            reason=reason_for(company, prequalification),
            created_at=self._clock.now(),
        )
        self._session.add(invitation)
        await self._session.flush()
        row = (await self._rows.rows([invitation.id]))[invitation.id]
        policy = await self._follow_ups.policy(DOMAIN)
        await self._asking.invite(row, policy.expiry(self._clock.now()))
        self._record(row, "invitation.created", None)
        await self._session.flush()
        return row

    async def _partner(self, partner: PartnerInput) -> Company:
        directory = Directory(self._session, self._clock, ActorRef.of(self._caller))
        if partner.id is not None:
            try:
                return await directory.get(partner.id)
            except NotFound:
                unknown = Text("Société inconnue.", "Unknown company.")
                raise ValidationFailed.at("/partner/id", "unknown_company", unknown) from None
        assert partner.name is not None  # the schema admits one of the two forms only
        assert partner.local_id is not None
        return await directory.find_or_create(
            CompanyCreate(name=partner.name, local_id=partner.local_id), pointer="/partner"
        )

    # --- acting ----------------------------------------------------------------------------------------------------

    async def remind(self, row: InvitationRow, *, force: bool) -> None:
        """Ask again; the expiry does not move.

        Raises:
            RelanceError: the refusal of the lifecycle: transition, archived, valid form, gap…
        """
        invitation = row.invitation
        LIFECYCLE.require(invitation.status, "remind", Actor.USER, views.facts_of(row, self._clock.now(), forced=force))
        await self._asking.remind(row, invitation.expires_at or self._clock.now())
        self._record(row, "invitation.reminded", invitation.status, forced=force)

    async def renew(self, row: InvitationRow) -> None:
        """Begin a new cycle: the inviting mail again, and reminders and expiry armed again once it has left."""
        invitation, now = row.invitation, self._clock.now()
        LIFECYCLE.require(invitation.status, "renew", Actor.USER, views.facts_of(row, now))
        existing = await self._rows.open_row(
            invitation.issuing_organisation_id, invitation.company_id, invitation.email_key
        )
        if existing is not None:
            raise AlreadyOpen(existing)
        before, invitation.status = invitation.status, Status.SENT
        invitation.cycle += 1
        policy = await self._follow_ups.policy(DOMAIN)
        invitation.expires_at = policy.expiry(now)
        invitation.reason = reason_for(row.company, await self._forms.of_company(invitation.company_id))
        await self._asking.invite(row, invitation.expires_at)
        self._record(row, "invitation.renewed", before)

    async def cancel(self, row: InvitationRow) -> None:
        """Stop asking: queued mails, planned follow-ups and the link end with it. Nobody is told."""
        invitation = row.invitation
        LIFECYCLE.require(invitation.status, "cancel", Actor.USER, views.facts_of(row, self._clock.now()))
        before, invitation.status = invitation.status, Status.CANCELLED
        subject = subject_of(invitation)
        await Outbox(self._session, self._clock).cancel(subject, "cancelled")
        await self._follow_ups.cancel(subject, "cancelled")
        await Links(self._session, self._clock).revoke(subject)
        self._record(row, "invitation.cancelled", before)

    async def archive(self, row: InvitationRow) -> None:
        """Put the row out of sight; it is not chased while archived."""
        invitation, now = row.invitation, self._clock.now()
        LIFECYCLE.require(invitation.status, "archive", Actor.USER, views.facts_of(row, now))
        invitation.archived_at = now
        await self._follow_ups.suspend(subject_of(invitation), "archived")
        self._record(row, "invitation.archived", invitation.status)

    async def unarchive(self, row: InvitationRow) -> None:
        """Bring the row back; past its expiry it comes back expired, else what was planned goes on."""
        invitation, now = row.invitation, self._clock.now()
        LIFECYCLE.require(invitation.status, "unarchive", Actor.USER, views.facts_of(row, now))
        before, invitation.archived_at = invitation.status, None
        if invitation.status == Status.SENT and invitation.expires_at and invitation.expires_at <= now:
            invitation.status = Status.EXPIRED
            await self._follow_ups.cancel(subject_of(invitation), "expired_while_archived")
        else:
            await self._follow_ups.resume(subject_of(invitation))
        self._record(row, "invitation.unarchived", before)

    def _record(self, row: InvitationRow, action: str, before: str | None, **details: object) -> None:
        self._journal.record(
            action,
            subject_of(row.invitation),
            ActorRef.of(self._caller),
            company_id=row.invitation.company_id,
            before={"status": before} if before else None,
            after={"status": row.invitation.status, **details},
        )


def reason_for(company: Company, prequalification: Prequalification | None) -> Reason:
    """Why a partner is asked: never registered, form not validated, or form expired."""
    if prequalification is not None and prequalification.form_status == FormStatus.EXPIRED:
        return Reason.UPDATE_REQUESTED
    return Reason.NOT_REGISTERED if company.registered_at is None else Reason.FORM_NOT_VALIDATED
