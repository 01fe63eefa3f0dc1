"""Use cases of the dashboard: each asks the lifecycle, changes the row, and writes its side effects as rows."""

from uuid import UUID

from relance.capabilities.followups.service import FollowUps
from relance.capabilities.journal.service import Journal
from relance.capabilities.links.service import Links
from relance.capabilities.messaging.outbox import Outbox
from relance.core.db import DbSession
from relance.core.errors import NotFound, PermissionDenied, RelanceError, ValidationFailed
from relance.core.i18n import Text
from relance.core.lifecycle import Actor
from relance.core.pagination import PageRequest
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import ActorRef
from relance.domains.invitations import views
from relance.domains.invitations.asking import asked_of, subject_of
from relance.domains.invitations.chasing import Chasing
from relance.domains.invitations.creation import DOMAIN, Creation
from relance.domains.invitations.dashboard.repository import dashboard_page
from relance.domains.invitations.lifecycle import LIFECYCLE, Status
from relance.domains.invitations.permissions import READ
from relance.domains.invitations.repository import InvitationRepository, InvitationRow
from relance.domains.invitations.schemas import (
    InvitationCreate,
    InvitationFilter,
    InvitationListed,
    InvitationRead,
    InvitationUpdate,
)


class InvitationService:
    """What a caller does with invitations, in one session."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._clock = runtime.clock
        self._rows = InvitationRepository(session)
        self._follow_ups = FollowUps(session, runtime.clock)
        self._journal = Journal(session, runtime.clock)
        self._chasing = Chasing(session, runtime, caller)

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

    async def page_with_actions(
        self, wanted: InvitationFilter, request: PageRequest
    ) -> tuple[list[InvitationListed], str | None]:
        """One page of the dashboard with what may be done with each row, and the cursor of the next."""
        page = await dashboard_page(self._runtime.db, wanted, self._caller, request)
        rows, now = await self._rows.rows(page.ids), self._clock.now()
        items = [views.listed(rows[id_], views.actions_of(rows[id_], self._caller, now)) for id_ in page.ids]
        return items, self._runtime.cursors.encode(page.next) if page.next else None

    async def detail(self, row: InvitationRow) -> InvitationRead:
        """One invitation in full, as the caller sees it now."""
        subject = subject_of(row.invitation)
        queued = await Outbox(self._session, self._clock).pending(subject)
        # A cycle is planned once its mail has left: docs/adr/0007.
        waiting = row.invitation.status == Status.QUEUED
        planned = [] if waiting else await self._follow_ups.pending(subject)
        policy = await self._follow_ups.policy(DOMAIN)
        return views.detail(row, self._caller, self._clock.now(), queued, planned, policy)

    # --- creating --------------------------------------------------------------------------------------------------

    async def create(self, wanted: InvitationCreate) -> InvitationRow:
        """Invite a partner: the row, its mail, its journal entry.

        Raises:
            ValidationFailed: unknown organisation or partner, identifier that does not hold.
            PrequalificationValid: the partner's form is completed and valid.
            AlreadyOpen: an open row exists for that organisation, partner and address.
        """
        (made,) = await Creation(self._session, self._runtime, self._caller).create([wanted])
        if isinstance(made, RelanceError):
            raise made
        return made

    # --- acting ----------------------------------------------------------------------------------------------------

    async def remind(self, row: InvitationRow, *, force: bool) -> None:
        """Ask again; the expiry does not move.

        Raises:
            RelanceError: the refusal of the lifecycle: transition, archived, valid form, gap…
        """
        facts = views.facts_of(row, self._clock.now(), forced=force)
        LIFECYCLE.require(row.invitation.status, "remind", Actor.USER, facts)
        await self._chasing.remind([asked_of(row)], forced=force)
        await self._session.refresh(row.invitation)

    async def renew(self, row: InvitationRow) -> None:
        """Begin a new cycle: the inviting mail again, and reminders and expiry armed again once it has left.

        Raises:
            RelanceError: the refusal of the lifecycle, or `AlreadyOpen`.
        """
        LIFECYCLE.require(row.invitation.status, "renew", Actor.USER, views.facts_of(row, self._clock.now()))
        refused = await self._chasing.renew([asked_of(row)])
        if refused:
            raise refused[row.invitation.id]
        await self._session.refresh(row.invitation)

    async def update(self, row: InvitationRow, wanted: InvitationUpdate) -> None:
        """Correct the address, where another one is given.

        Raises:
            RelanceError: the refusal of the lifecycle, or `AlreadyOpen`.
        """
        email: str = wanted.changes().get("email", row.invitation.email)
        if email.casefold() == row.invitation.email_key:
            return
        LIFECYCLE.require(row.invitation.status, "correct", Actor.USER, views.facts_of(row, self._clock.now()))
        await self._chasing.correct(row, email)
        await self._session.refresh(row.invitation)

    async def reassign(self, row: InvitationRow, user_id: UUID) -> InvitationRow:
        """Pass the request to somebody else: « Seulement mes demandes » and the notices follow.

        Raises:
            ValidationFailed: no active user with that id works for the issuing organisation.
        """
        invitation = row.invitation
        LIFECYCLE.require(invitation.status, "reassign", Actor.USER, views.facts_of(row, self._clock.now()))
        if not await self._rows.may_request(user_id, invitation.issuing_organisation_id):
            unknown = Text(
                "Cet utilisateur est inconnu, inactif, ou ne travaille pas pour l’entité émettrice.",
                "This user is unknown, inactive, or does not work for the issuing organisation.",
            )
            raise ValidationFailed.at("/user_id", "unknown_requester", unknown)
        before, invitation.requested_by = invitation.requested_by, user_id
        self._record(row, "invitation.reassigned", invitation.status, requester=str(user_id), previous=str(before))
        await self._session.flush()
        return (await self._rows.rows([invitation.id]))[invitation.id]

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
