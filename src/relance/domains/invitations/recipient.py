"""What the link of an invitation shows, and which answers it takes."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

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
from relance.domains.invitations.lifecycle import FormStatus, Reason, Status
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
        completed = prequalification if prequalification is not None and state == "answered" else None
        form = await require_form(session, completed.form_version if completed else None)
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
            message=_message(state, row, prequalification, words, locale),
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
            form=_form_view(form, prequalification, completed, locale) if state in ("open", "answered") else None,
            answered_at=completed.completed_at if completed else None,
            answered_label=long_datetime(completed.completed_at, zone, locale)
            if completed and completed.completed_at
            else None,
        )


def _options(row: InvitationRow, locale: Locale) -> list[AnswerOption]:
    names = ["submit", "save"] + ([] if row.invitation.declined_at else ["decline"])
    return [
        AnswerOption(name=name, label=_LABELS[name].in_locale(locale), method="POST", uses_form=name != "decline")
        for name in names
    ]


def _form_view(
    form: PrequalificationForm,
    prequalification: Prequalification | None,
    completed: Prequalification | None,
    locale: Locale,
) -> RecipientForm:
    answers = completed.answers if completed else prequalification.draft if prequalification else None
    return RecipientForm(
        version=form.form_version,
        title=form.title_en if locale == "en" else form.title_fr,
        json_schema=form.json_schema,
        answers=answers or {},
    )


def _message(
    state: LinkState,
    row: InvitationRow,
    prequalification: Prequalification | None,
    words: Mapping[str, str],
    locale: Locale,
) -> str:
    message = _MESSAGES[state].format(words, locale)
    if state != "open":
        return message
    if row.invitation.declined_at is not None:
        message = _DECLINED.format({"message": message}, locale)
    if prequalification is not None and prequalification.draft_saved_at is not None:
        saved = long_datetime(prequalification.draft_saved_at, ZoneInfo(row.zone), locale)
        message = _DRAFTED.format({"message": message, "draft_saved": saved}, locale)
    return message


def _state(row: InvitationRow, prequalification: Prequalification | None, now: datetime) -> LinkState:
    """What the link is now."""
    if prequalification is not None and prequalification.form_status == FormStatus.COMPLETED:
        return "answered"
    if row.invitation.status in (Status.CLOSED, Status.CANCELLED):
        return "closed"
    return "expired" if is_past(row, now) else "open"
