"""What the partner's answers do: submit, save a draft, decline to be contacted."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from relance.capabilities.directory.service import Directory
from relance.capabilities.followups.models import FollowUpKind
from relance.capabilities.followups.service import FollowUps, Policy
from relance.capabilities.journal.service import Journal
from relance.capabilities.links.errors import LinkExpired
from relance.capabilities.links.forms import validate_answers
from relance.capabilities.links.models import ActionLink
from relance.capabilities.links.payload import given_reason, require_version
from relance.capabilities.links.uploads import FormFiles
from relance.capabilities.messaging.outbox import Outbox
from relance.core.db import DbSession
from relance.core.errors import NotFound, ValidationFailed
from relance.core.i18n import Locale
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.subjects import SYSTEM, ActorRef, SubjectRef
from relance.domains.invitations import views
from relance.domains.invitations.asking import Asking, subject_of
from relance.domains.invitations.errors import AlreadyAnswered
from relance.domains.invitations.expiry import PREQUALIFICATION
from relance.domains.invitations.lifecycle import LIFECYCLE, FormStatus, Status
from relance.domains.invitations.models import Prequalification, PrequalificationForm
from relance.domains.invitations.repository import InvitationRepository, InvitationRow, PrequalificationRepository

Payload = Mapping[str, object]
#: What holds the files of a draft; those of the answers are held by the prequalification itself.
DRAFT = "prequalification_draft"
#: What an answer closes.
_UNFINISHED = (Status.QUEUED, Status.SENT, Status.EXPIRED)


def is_past(row: InvitationRow, now: datetime) -> bool:
    """Whether the invitation is over; an answer received before `expires_at` wins, whenever the sweep comes by."""
    invitation = row.invitation
    passed = invitation.expires_at is not None and invitation.expires_at <= now
    return invitation.status == Status.EXPIRED or (invitation.status == Status.SENT and passed)


async def require_form(session: DbSession, form_version: int | None = None) -> PrequalificationForm:
    """A version of the workspace's form, the newest by default; every workspace is provisioned with one."""
    forms = PrequalificationRepository(session)
    found = await (forms.current_form() if form_version is None else forms.form(form_version))
    if found is None:
        raise RuntimeError("this workspace has no prequalification form: it was not provisioned")
    return found


class Answers:
    """The answers to one link, in the transaction of its request."""

    def __init__(self, session: DbSession, runtime: Runtime, link: ActionLink, locale: Locale) -> None:
        self._session = session
        self._runtime = runtime
        self._link = link
        self._locale = locale
        self._clock = runtime.clock
        self._rows = InvitationRepository(session)
        self._follow_ups = FollowUps(session, runtime.clock)
        self._journal = Journal(session, runtime.clock)

    async def submit(self, payload: Payload) -> None:
        """Record the form, close every row of the partner and tell the requesters.

        Raises:
            LinkExpired, StaleVersion, AlreadyAnswered, ValidationFailed: it was not recorded.
        """
        now = self._clock.now()
        row, prequalification, rows = await self._locked()
        if prequalification.form_status == FormStatus.COMPLETED:
            if payload.get("answers") != prequalification.answers:
                raise AlreadyAnswered()
            return
        self._require_open(row, now)
        form = await require_form(self._session)
        require_version(payload, form.form_version)
        answers = validate_answers(form.json_schema, payload.get("answers"), self._locale)
        await self._hold_files(prequalification, form, answers, submitted=True)
        LIFECYCLE.require(row.invitation.status, "submit", Actor.RECIPIENT, views.facts_of(row, now))
        await self._complete(prequalification, form, answers, now)
        await self._close(row, rows, now)
        await self._session.flush()

    async def save(self, payload: Payload) -> None:
        """Keep a draft: what is given must fit its field, what is missing may come later.

        Raises:
            LinkExpired, StaleVersion, AlreadyAnswered, ValidationFailed: it was not kept.
        """
        now = self._clock.now()
        row, prequalification, _ = await self._locked()
        if prequalification.form_status == FormStatus.COMPLETED:
            raise AlreadyAnswered()
        self._require_open(row, now)
        form = await require_form(self._session)
        require_version(payload, form.form_version)
        draft = _draft(form, payload.get("answers"), self._locale)
        await self._hold_files(prequalification, form, draft, submitted=False)
        prequalification.draft = draft
        prequalification.draft_saved_at = now
        await self._session.flush()

    async def decline(self, payload: Payload) -> None:
        """Stop the reminders of this invitation and tell its requester. Declining twice is declining once.

        Raises:
            LinkExpired: the invitation is over.
            ValidationFailed: the reason is no text, or too long.
        """
        now = self._clock.now()
        row, prequalification, _ = await self._locked()
        if row.invitation.declined_at is not None or prequalification.form_status == FormStatus.COMPLETED:
            return
        self._require_open(row, now)
        reason = given_reason(payload)
        invitation, subject = row.invitation, subject_of(row.invitation)
        step = LIFECYCLE.require(invitation.status, "decline", Actor.RECIPIENT, views.facts_of(row, now))
        invitation.declined_at, invitation.decline_reason = now, reason
        await self._follow_ups.cancel(subject, "declined", (FollowUpKind.REMINDER,))
        await Asking(self._session, self._runtime).tell_declined(row, now)
        self._journal.record(
            step.journal,
            subject,
            ActorRef("recipient", self._link.id),
            company_id=invitation.company_id,
            after={"status": invitation.status},
        )
        await self._session.flush()

    async def _locked(self) -> tuple[InvitationRow, Prequalification, dict[UUID, InvitationRow]]:
        """The invitation, its partner's prequalification and all its rows, locked in the order of all writers."""
        asked = await self._rows.row_unlocked(self._link.subject_id)
        if asked is None:
            raise NotFound()
        # Its company is registered by the answer, and who renames it locks it before the form: the company first, then
        # the partner's prequalification, then its invitations by id.
        await Directory(self._session, self._clock).lock(asked.invitation.company_id)
        prequalification = await PrequalificationRepository(self._session).lock(asked.invitation.company_id)
        rows = await self._rows.lock_all_of(asked.invitation.company_id)
        return rows[asked.invitation.id], prequalification, rows

    @staticmethod
    def _require_open(row: InvitationRow, now: datetime) -> None:
        if is_past(row, now) or row.invitation.status in (Status.CLOSED, Status.CANCELLED):
            raise LinkExpired()

    async def _hold_files(
        self, row: Prequalification, form: PrequalificationForm, answers: dict[str, object], *, submitted: bool
    ) -> None:
        """Keep the files that the answers or the draft name, and let go of those that they do not name any more."""
        recorded, drafted = SubjectRef(PREQUALIFICATION, row.id), SubjectRef(DRAFT, row.id)
        files = FormFiles(self._session, self._link)
        ids = await files.require(form.json_schema, answers, (recorded, drafted))
        if submitted:
            await files.hold(recorded, ids)
            await files.hold(drafted, ())
        else:
            # A draft may name files of the answers that it is to replace: those hold them until they are replaced.
            await files.hold(drafted, ids - await files.held(recorded))

    async def _complete(
        self,
        prequalification: Prequalification,
        form: PrequalificationForm,
        answers: dict[str, object],
        now: datetime,
    ) -> None:
        prequalification.form_status, prequalification.expiry_reason = FormStatus.COMPLETED, None
        prequalification.form_version = form.form_version
        prequalification.answers = answers
        prequalification.draft = prequalification.draft_saved_at = None
        prequalification.completed_at = now
        prequalification.completions += 1
        prequalification.valid_until = await self._follow_ups.plan(
            SubjectRef(PREQUALIFICATION, prequalification.id),
            prequalification.completions,
            Policy(reminders=(), expires_after=form.validity),
            now,
        )

    async def _close(self, answered: InvitationRow, rows: Mapping[UUID, InvitationRow], now: datetime) -> None:
        """Close every row of the partner, across organisations and addresses, and tell each requester once."""
        for row in rows.values():
            row.invitation.form_status = FormStatus.COMPLETED
        unfinished = [row for row in rows.values() if row.invitation.status in _UNFINISHED]
        outbox = Outbox(self._session, self._clock)
        answered.company.registered_at = answered.company.registered_at or now
        told: set[UUID] = set()
        # The answered row first: its requester hears of it under the reference that the partner used.
        for row in sorted(unfinished, key=lambda row: row.invitation.id != answered.invitation.id):
            invitation, subject = row.invitation, subject_of(row.invitation)
            mine = invitation.id == answered.invitation.id
            before, invitation.status = invitation.status, Status.CLOSED
            invitation.closed_at = now
            await self._follow_ups.cancel(subject, "answered")
            await outbox.cancel(subject, "answered")
            if invitation.requested_by not in told:
                told.add(invitation.requested_by)
                await Asking(self._session, self._runtime).tell_completed(row, now)
            self._journal.record(
                "prequalification.completed" if mine else "invitation.closed",
                subject,
                ActorRef("recipient", self._link.id) if mine else SYSTEM,
                company_id=invitation.company_id,
                before={"status": before},
                after={"status": invitation.status},
            )


def _draft(form: PrequalificationForm, answers: object, locale: Locale) -> dict[str, object]:
    try:
        return validate_answers(form.json_schema, answers, locale)
    except ValidationFailed as refused:
        faults = [fault for fault in refused.errors if fault.code != "required"]
        if faults or not isinstance(answers, dict):
            raise ValidationFailed(faults or refused.errors) from None
        return answers
