"""What the link of an invitation shows, and what an answer does."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from relance.capabilities.followups.service import FollowUps, Policy
from relance.capabilities.journal.service import Journal
from relance.capabilities.links.errors import LinkExpired
from relance.capabilities.links.forms import validate_answers
from relance.capabilities.links.models import ActionLink
from relance.capabilities.links.payload import require_version
from relance.capabilities.links.recipient import (
    AnswerOption,
    AskedBy,
    Deadline,
    LinkState,
    RecipientForm,
    RecipientView,
)
from relance.capabilities.links.service import confirm_link
from relance.capabilities.messaging.outbox import Outbox
from relance.core.db import DbSession
from relance.core.errors import NotFound
from relance.core.i18n import Locale, Text, as_locale, long_datetime
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.subjects import SYSTEM, ActorRef, SubjectRef
from relance.domains.invitations import views
from relance.domains.invitations.asking import KIND, Asking, subject_of
from relance.domains.invitations.emails import reason_sentence
from relance.domains.invitations.errors import AlreadyAnswered
from relance.domains.invitations.followups import PREQUALIFICATION
from relance.domains.invitations.lifecycle import LIFECYCLE, FormStatus, Reason, Status
from relance.domains.invitations.models import Prequalification, PrequalificationForm
from relance.domains.invitations.repository import InvitationRepository, InvitationRow, PrequalificationRepository

_TITLE = Text("Préqualification demandée par {organisation}", "Prequalification requested by {organisation}")
_STATES: Mapping[LinkState, Text] = {
    "open": Text("En attente de votre réponse", "Waiting for your answer"),
    "answered": Text("Formulaire envoyé", "Form submitted"),
    "expired": Text("Invitation expirée", "Invitation expired"),
    "closed": Text("Invitation close", "Invitation closed"),
}
_MESSAGES: Mapping[LinkState, Text] = {
    "open": Text(
        "{organisation} invite {partner} à remplir ce formulaire de préqualification.",
        "{organisation} invites {partner} to fill this prequalification form.",
    ),
    "answered": Text(
        "Merci : le formulaire de {partner} est enregistré. Vous n’avez plus rien à faire.",
        "Thank you: the form of {partner} is recorded. There is nothing more to do.",
    ),
    "expired": Text(
        "Cette invitation a expiré le {expired_on}. Pour y répondre encore, écrivez à {requester} ({email}), qui peut "
        "vous la renvoyer.",
        "This invitation expired on {expired_on}. To answer it still, write to {requester} ({email}), who can send it "
        "again.",
    ),
    "closed": Text("Cette invitation est close.", "This invitation is closed."),
}
_SUBMIT = Text("Envoyer le formulaire", "Submit the form")


class InvitationRecipient:
    """Registered for the subject kind `invitation` by the composition root."""

    kind = KIND

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def locale(self, session: DbSession, link: ActionLink) -> Locale | None:
        """The language the invitation was written in."""
        row = await InvitationRepository(session).row_unlocked(link.subject_id)
        return as_locale(row.invitation.locale) if row is not None else None

    async def view(self, session: DbSession, link: ActionLink, locale: Locale) -> RecipientView:
        """The invitation as its partner sees it; changes nothing.

        Raises:
            NotFound: the invitation is gone.
        """
        row = await InvitationRepository(session).row_unlocked(link.subject_id)
        if row is None:
            raise NotFound()
        prequalification = await PrequalificationRepository(session).of_company(row.invitation.company_id)
        return await self._view(session, row, prequalification, link, locale)

    async def answer(
        self, session: DbSession, link: ActionLink, answer: str, payload: Mapping[str, object], locale: Locale
    ) -> RecipientView:
        """Submit the form.

        Raises:
            NotFound: there is no such answer, or the link was revoked meanwhile.
            LinkExpired: the invitation expired.
            StaleVersion: the form has a newer version.
            AlreadyAnswered: other answers were recorded before.
            ValidationFailed: the answers do not fit the form.
        """
        if answer != "submit":
            raise NotFound()
        now = self._runtime.clock.now()
        rows = InvitationRepository(session)
        asked = await rows.row_unlocked(link.subject_id)
        if asked is None:
            raise NotFound()
        # Order of the locks: the partner's prequalification, then its invitations by id (see service.create).
        prequalification = await PrequalificationRepository(session).lock(asked.invitation.company_id)
        unfinished = await rows.lock_unfinished_of(asked.invitation.company_id)
        await confirm_link(session, link)
        row = unfinished.get(asked.invitation.id) or await rows.row_unlocked(asked.invitation.id)
        assert row is not None  # it was there before the locks, and rows are never deleted
        if prequalification.form_status == FormStatus.COMPLETED:
            if payload.get("answers") != prequalification.answers:
                raise AlreadyAnswered()
            return await self._view(session, row, prequalification, link, locale)
        if _state(row, prequalification, now) != "open":
            raise LinkExpired()
        form = await self._form(session, None)
        require_version(payload, form.form_version)
        answers = validate_answers(form.json_schema, payload.get("answers"), locale)
        LIFECYCLE.require(row.invitation.status, "submit", Actor.RECIPIENT, views.facts_of(row, now))
        await self._complete(session, prequalification, form, answers, now)
        await self._close(session, row, unfinished, link, now)
        await session.flush()
        refreshed = (await rows.rows([row.invitation.id]))[row.invitation.id]
        return await self._view(session, refreshed, prequalification, link, locale)

    async def _complete(
        self,
        session: DbSession,
        prequalification: Prequalification,
        form: PrequalificationForm,
        answers: dict[str, object],
        now: datetime,
    ) -> None:
        prequalification.form_status = FormStatus.COMPLETED
        prequalification.form_version = form.form_version
        prequalification.answers = answers
        prequalification.completed_at = now
        prequalification.completions += 1
        prequalification.valid_until = await FollowUps(session, self._runtime.clock).plan(
            SubjectRef(PREQUALIFICATION, prequalification.id),
            prequalification.completions,
            Policy(reminders=(), expires_after=form.validity),
            now,
        )

    async def _close(
        self,
        session: DbSession,
        answered: InvitationRow,
        unfinished: Mapping[UUID, InvitationRow],
        link: ActionLink,
        now: datetime,
    ) -> None:
        """Close every row of the partner, across organisations and addresses, and tell each requester once."""
        clock = self._runtime.clock
        outbox, follow_ups, journal = Outbox(session, clock), FollowUps(session, clock), Journal(session, clock)
        answered.company.registered_at = answered.company.registered_at or now
        told: set[UUID] = set()
        # The answered row first: its requester hears of it under the reference that the partner used.
        for row in sorted(unfinished.values(), key=lambda row: row.invitation.id != answered.invitation.id):
            invitation, subject = row.invitation, subject_of(row.invitation)
            mine = invitation.id == answered.invitation.id
            before, invitation.status = invitation.status, Status.CLOSED
            invitation.closed_at = now
            await follow_ups.cancel(subject, "answered")
            await outbox.cancel(subject, "answered")
            if invitation.requested_by not in told:
                told.add(invitation.requested_by)
                await Asking(session, self._runtime).tell_completed(row, now)
            journal.record(
                "prequalification.completed" if mine else "invitation.closed",
                subject,
                ActorRef("recipient", link.id) if mine else SYSTEM,
                company_id=invitation.company_id,
                before={"status": before},
                after={"status": invitation.status},
            )

    async def _form(self, session: DbSession, form_version: int | None) -> PrequalificationForm:
        forms = PrequalificationRepository(session)
        found = await (forms.current_form() if form_version is None else forms.form(form_version))
        if found is None:
            raise RuntimeError("this workspace has no prequalification form: it was not provisioned")
        return found

    async def _view(
        self,
        session: DbSession,
        row: InvitationRow,
        prequalification: Prequalification | None,
        link: ActionLink,
        locale: Locale,
    ) -> RecipientView:
        invitation, zone = row.invitation, ZoneInfo(row.zone)
        state = _state(row, prequalification, self._runtime.clock.now())
        completed = prequalification if prequalification is not None and state == "answered" else None
        form = await self._form(session, completed.form_version if completed else None)
        expires = invitation.expires_at if state in ("open", "expired") else None
        words = {
            "organisation": row.organisation_name,
            "partner": row.company.name,
            "requester": row.requester_name,
            "email": row.requester_email,
            "expired_on": long_datetime(expires, zone, locale) if expires else "",
        }
        return RecipientView(
            kind=KIND,
            state=state,
            state_label=_STATES[state].in_locale(locale),
            title=_TITLE.format(words, locale),
            message=_MESSAGES[state].format(words, locale),
            asked_by=AskedBy(
                organisation=row.organisation_name,
                requester_name=row.requester_name,
                requester_email=row.requester_email,
            ),
            recipient=invitation.email,
            reason=reason_sentence(Reason(invitation.reason), locale) if state == "open" else None,
            deadline=Deadline.of(expires, zone, locale) if expires else None,
            version=form.form_version,
            answers=[_submit(locale)] if state == "open" else [],
            form=_form_view(form, completed, locale) if state in ("open", "answered") else None,
            answered_at=completed.completed_at if completed else None,
            answered_label=long_datetime(completed.completed_at, zone, locale)
            if completed and completed.completed_at
            else None,
        )


def _submit(locale: Locale) -> AnswerOption:
    return AnswerOption(name="submit", label=_SUBMIT.in_locale(locale), method="POST", uses_form=True)


def _form_view(form: PrequalificationForm, completed: Prequalification | None, locale: Locale) -> RecipientForm:
    return RecipientForm(
        version=form.form_version,
        title=form.title_en if locale == "en" else form.title_fr,
        json_schema=form.json_schema,
        answers=(completed.answers or {}) if completed else {},
    )


def _state(row: InvitationRow, prequalification: Prequalification | None, now: datetime) -> LinkState:
    """What the link is now; an answer received before `expires_at` wins, whenever the sweep comes by."""
    invitation = row.invitation
    if prequalification is not None and prequalification.form_status == FormStatus.COMPLETED:
        return "answered"
    if invitation.status in (Status.CLOSED, Status.CANCELLED):
        return "closed"
    passed = invitation.expires_at is not None and invitation.expires_at <= now
    return "expired" if invitation.status == Status.EXPIRED or passed else "open"
