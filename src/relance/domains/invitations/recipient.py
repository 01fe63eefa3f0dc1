"""What the link of an invitation shows, and which answers it takes."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TypeGuard
from zoneinfo import ZoneInfo

from relance.capabilities.links.forms import build_form, carried_over
from relance.capabilities.links.models import ActionLink
from relance.capabilities.links.recipient import (
    AnswerOption,
    AskedBy,
    Deadline,
    LinkState,
    RecipientForm,
    RecipientView,
)
from relance.core.db import DbSession
from relance.core.errors import NotFound
from relance.core.i18n import Locale, Text, as_locale, long_datetime
from relance.core.runtime import Runtime
from relance.domains.invitations.answers import Answers, is_past, require_form
from relance.domains.invitations.asked import KIND
from relance.domains.invitations.emails import reason_sentence
from relance.domains.invitations.lifecycle import ExpiryReason, FormStatus, Reason, Status
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
_OUTDATED = Text(
    "Le formulaire de {partner} a été enregistré, puis est arrivé au terme de sa validité le {valid_until}. "
    "Si une mise à jour est nécessaire, {organisation} vous écrira.",
    "The form of {partner} was recorded, and was valid until {valid_until}. "
    "If an update is needed, {organisation} will write to you.",
)
_CARRIED_OVER = Text(
    "{message}\n\nVos réponses précédentes sont reprises ci-dessous : vérifiez-les et corrigez-les avant d’envoyer.",
    "{message}\n\nYour earlier answers are filled in below: check and correct them before you submit.",
)
_DRAFTED = Text(
    "{message}\n\nUn brouillon est enregistré depuis le {draft_saved}. Il n’est pas encore envoyé.",
    "{message}\n\nA draft has been saved since {draft_saved}. It is not submitted yet.",
)
_DECLINED = Text(
    "{message}\n\nVous avez demandé à ne plus être relancé : aucun rappel ne vous sera envoyé. Vous pouvez encore "
    "remplir le formulaire.",
    "{message}\n\nYou asked not to be reminded: no reminder will be sent to you. You can still fill the form.",
)
_LABELS = {
    "submit": Text("Envoyer le formulaire", "Submit the form"),
    "save": Text("Enregistrer le brouillon", "Save as a draft"),
    "decline": Text("Ne plus être sollicité pour cette demande", "Do not contact me about this request any more"),
}


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
        """Submit the form, save a draft, or decline to be contacted; see `Answers`.

        Raises:
            NotFound: there is no such answer, or the invitation is gone.
            LinkExpired, StaleVersion, AlreadyAnswered, ValidationFailed: it was not recorded.
        """
        answers = Answers(session, self._runtime, link, locale)
        actions: Mapping[str, Callable[[Mapping[str, object]], Awaitable[None]]] = {
            "submit": answers.submit,
            "save": answers.save,
            "decline": answers.decline,
            # What a mail client sends by itself when its reader clicks "unsubscribe" (RFC 8058).
            "unsubscribe": answers.decline,
        }
        if answer not in actions:
            raise NotFound()
        await actions[answer](payload)
        return await self.view(session, link, locale)

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
        recorded = prequalification if state == "answered" else None
        form = await require_form(session, recorded.form_version if recorded else None)
        expires = invitation.expires_at if state in ("open", "expired") else None
        answered_at = recorded.completed_at if recorded else None
        return RecipientView(
            kind=KIND,
            state=state,
            state_label=_STATES[state].in_locale(locale),
            title=_TITLE.format({"organisation": row.organisation_name}, locale),
            message=_message(state, row, prequalification, locale),
            asked_by=AskedBy(
                organisation=row.organisation_name,
                requester_name=row.requester_name,
                requester_email=row.requester_email,
            ),
            recipient=invitation.email,
            reason=reason_sentence(Reason(invitation.reason), locale) if state == "open" else None,
            deadline=Deadline.of(expires, zone, locale) if expires else None,
            version=form.form_version,
            answers=_options(row, locale) if state == "open" else [],
            form=_form_view(form, prequalification, recorded, locale) if state in ("open", "answered") else None,
            answered_at=answered_at,
            answered_label=long_datetime(answered_at, zone, locale) if answered_at else None,
        )


def _options(row: InvitationRow, locale: Locale) -> list[AnswerOption]:
    names = ["submit", "save"] + ([] if row.invitation.declined_at else ["decline"])
    return [
        AnswerOption(
            name=name,
            label=_LABELS[name].in_locale(locale),
            method="POST",
            uses_form=name != "decline",
            takes_reason=name == "decline",
        )
        for name in names
    ]


def _form_view(
    form: PrequalificationForm,
    prequalification: Prequalification | None,
    recorded: Prequalification | None,
    locale: Locale,
) -> RecipientForm:
    answers = recorded.answers if recorded else prequalification.draft if prequalification else None
    if answers is None and _is_outdated(prequalification):
        answers = carried_over(build_form(form.json_schema, locale), prequalification.answers or {})
    return RecipientForm(
        version=form.form_version,
        title=form.title_en if locale == "en" else form.title_fr,
        json_schema=form.json_schema,
        answers=answers or {},
    )


def _is_outdated(prequalification: Prequalification | None) -> TypeGuard[Prequalification]:
    """Whether there are answers of the same partner whose time is over; those of another identity are not shown."""
    return prequalification is not None and prequalification.expiry_reason == ExpiryReason.VALIDITY_OVER


def _message(state: LinkState, row: InvitationRow, prequalification: Prequalification | None, locale: Locale) -> str:
    zone, invitation = ZoneInfo(row.zone), row.invitation

    def spoken(at: datetime | None) -> str:
        return long_datetime(at, zone, locale) if at is not None else ""

    words = {
        "organisation": row.organisation_name,
        "partner": row.company.name,
        "requester": row.requester_name,
        "email": row.requester_email,
        "expired_on": spoken(invitation.expires_at),
        "valid_until": spoken(prequalification.valid_until if prequalification else None),
    }
    if state == "answered" and prequalification is not None and prequalification.form_status == FormStatus.EXPIRED:
        return _OUTDATED.format(words, locale)
    message = _MESSAGES[state].format(words, locale)
    if state != "open":
        return message
    if invitation.declined_at is not None:
        message = _DECLINED.format({"message": message}, locale)
    if prequalification is not None and prequalification.draft_saved_at is not None:
        saved = {"message": message, "draft_saved": spoken(prequalification.draft_saved_at)}
        message = _DRAFTED.format(saved, locale)
    elif _is_outdated(prequalification):
        message = _CARRIED_OVER.format({"message": message}, locale)
    return message


def _state(row: InvitationRow, prequalification: Prequalification | None, now: datetime) -> LinkState:
    """What the link is now. What was answered stays readable when its validity is over."""
    status, form = row.invitation.status, prequalification
    if form is not None and (form.form_status == FormStatus.COMPLETED or (status == Status.CLOSED and form.answers)):
        return "answered"
    if status in (Status.CLOSED, Status.CANCELLED):
        return "closed"
    return "expired" if is_past(row, now) else "open"
