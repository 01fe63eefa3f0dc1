"""What the link of a proposal shows the client, and what accepting and declining do."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from relance.capabilities.followups.models import FollowUpKind
from relance.capabilities.followups.service import FollowUps
from relance.capabilities.links.errors import LinkExpired, StaleVersion
from relance.capabilities.links.forms import validate_answers
from relance.capabilities.links.models import ActionLink
from relance.capabilities.links.payload import require_version
from relance.capabilities.links.recipient import (
    AnswerOption,
    AskedBy,
    Deadline,
    LinkState,
    RecipientFact,
    RecipientForm,
    RecipientView,
)
from relance.core.db import DbSession
from relance.core.errors import NotFound
from relance.core.i18n import Locale, Text, as_locale, long_datetime
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.subjects import ActorRef
from relance.domains.sessions.answering import Answering
from relance.domains.sessions.asking import KIND, facts_of, is_past_due, subject_of
from relance.domains.sessions.clients.repository import ClientRepository
from relance.domains.sessions.errors import DatesNotProposed, DatesValidated, SessionCancelled, StaleDates
from relance.domains.sessions.lifecycle import LIFECYCLE, Confirmation, SessionStatus
from relance.domains.sessions.models import DateProposal, SessionClient
from relance.domains.sessions.planning import dates_in_words, day_in_words, hours_in_words, zone_in_words
from relance.domains.sessions.proposals.repository import ProposalRepository
from relance.domains.sessions.proposals.sending import was_revised
from relance.domains.sessions.repository import ClientRow, SessionRepository, SessionRow
from relance.domains.sessions.views import slot_read

_TITLE = Text("{session} : dates proposées à {company}", "{session}: dates proposed to {company}")
#: By what has become of the question.
_SHOWN: Mapping[str, tuple[LinkState, Text, Text]] = {
    "awaiting": (
        "open",
        Text("En attente de votre réponse", "Waiting for your answer"),
        Text(
            "{organisation} propose à {company} les dates ci-dessous. Vous pouvez ajouter un commentaire.",
            "{organisation} proposes the dates below to {company}. You can add a comment.",
        ),
    ),
    "overdue": (
        "expired",
        Text("Échéance dépassée", "Due date passed"),
        Text(
            "L’échéance pour répondre est passée. Pour répondre encore, écrivez à {responsible} ({responsible_email}), "
            "qui peut la reporter.",
            "The due date to answer has passed. To answer still, write to {responsible} ({responsible_email}), who can "
            "extend it.",
        ),
    ),
    "accepted": (
        "answered",
        Text("Dates acceptées", "Dates accepted"),
        Text(
            "Merci : vous avez accepté ces dates ; {responsible} en est informé.",
            "Thank you: you have accepted these dates; {responsible} was told.",
        ),
    ),
    "declined": (
        "answered",
        Text("Dates déclinées", "Dates declined"),
        Text(
            "Vous avez décliné ces dates ; {responsible} en est informé.",
            "You have declined these dates; {responsible} was told.",
        ),
    ),
    "manual": (
        "closed",
        Text("Dates déjà validées", "Dates already validated"),
        Text(
            "Ces dates ont déjà été validées avec {organisation} : aucune réponse n’est attendue.",
            "These dates were validated with {organisation} already: no answer is awaited.",
        ),
    ),
    "not_sent": (
        "closed",
        Text("Dates modifiées", "Dates changed"),
        Text(
            "Les dates ci-dessous vous seront proposées dans un nouveau message, auquel vous pourrez répondre.",
            "The dates below will be proposed to you in a new message, which you can answer.",
        ),
    ),
    "cancelled": (
        "closed",
        Text("Session annulée", "Session cancelled"),
        Text(
            "{organisation} a annulé cette session. Une question ? Écrivez à {responsible} ({responsible_email}).",
            "{organisation} has cancelled this session. A question? Write to {responsible} ({responsible_email}).",
        ),
    ),
}
_CHANGED = Text(
    "Attention : les dates ont changé depuis le message que vous avez reçu.",
    "Please note: the dates have changed since the message that you received.",
)
_REVISED = Text(
    "Attention : ces dates remplacent celles d’un message précédent.",
    "Please note: these dates replace those of an earlier message.",
)
_CHANGEABLE = Text("Vous pouvez changer votre réponse jusqu’au {until}.", "You can change your answer until {until}.")
_ACCEPT, _DECLINE = Text("J’accepte", "I accept"), Text("Je décline", "I decline")
_DECISIONS = {"accept": Confirmation.ACCEPTED, "decline": Confirmation.DECLINED}
_LABELS = {"accept": _ACCEPT, "decline": _DECLINE}
_TRAINING, _TRAINER = Text("Formation", "Training"), Text("Formateur", "Trainer")
_HOURS = Text("Horaires", "Hours")
_FORM = Text("Votre réponse", "Your answer")
_SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "comment": {
            "type": "string",
            "maxLength": 2000,
            "x-widget": "textarea",
            "x-title": {"fr": "Commentaire", "en": "Comment"},
        },
    },
    "additionalProperties": False,
}


class SessionClientRecipient:
    """Registered for the subject kind `session_client` by the composition root."""

    kind = KIND

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock

    async def _found(
        self, session: DbSession, link: ActionLink, *, lock: bool = False
    ) -> tuple[SessionRow, ClientRow, Sequence[DateProposal]]:
        known = (await ClientRepository(session).sessions_of([link.subject_id])).get(link.subject_id)
        rows = SessionRepository(session)
        if known is not None:
            row = (await (rows.lock_all([known]) if lock else rows.rows([known]))).get(known)
            for found in row.clients if row is not None else ():
                if row is not None and found.client.id == link.subject_id:
                    return row, found, await ProposalRepository(session).of_client(found.client.id)
        raise NotFound()

    async def locale(self, session: DbSession, link: ActionLink) -> Locale | None:
        """The language of the last proposal."""
        try:
            _, _, proposals = await self._found(session, link)
        except NotFound:
            return None
        return as_locale(proposals[-1].locale) if proposals else None

    async def view(self, session: DbSession, link: ActionLink, locale: Locale) -> RecipientView:
        """The dates as they are now; changes nothing.

        Raises:
            NotFound: the client was taken out of the session, or the session is gone.
        """
        row, found, proposals = await self._found(session, link)
        return self._view(row, found, proposals, link, locale)

    async def answer(
        self, session: DbSession, link: ActionLink, answer: str, payload: Mapping[str, object], locale: Locale
    ) -> RecipientView:
        """Accept, decline, or stop the reminders.

        Raises:
            NotFound: there is no such answer, or the client is gone.
            SessionCancelled: the session will not take place.
            DatesValidated: they were validated by hand meanwhile.
            StaleDates: an answer to dates that are not those of now.
            DatesNotProposed: the dates have changed, and were not proposed yet.
            LinkExpired: the due date has passed.
            SessionBegun: an answer cannot be changed any more.
            ValidationFailed: the comment does not fit.
        """
        if answer not in {*_DECISIONS, "unsubscribe"}:
            raise NotFound()
        row, found, _ = await self._found(session, link, lock=True)
        if answer == "unsubscribe":
            # What a mail client sends by itself (RFC 8058): it ends the reminders, and answers nothing for its reader.
            follow_ups = FollowUps(session, self._clock)
            await follow_ups.cancel(subject_of(found.client), "unsubscribed", (FollowUpKind.REMINDER,))
        else:
            await self._answer(session, row, found, link, answer, payload, locale)
        return await self.view(session, link, locale)

    async def _answer(
        self,
        session: DbSession,
        row: SessionRow,
        found: ClientRow,
        link: ActionLink,
        answer: str,
        payload: Mapping[str, object],
        locale: Locale,
    ) -> None:
        client, now = found.client, self._clock.now()
        if row.status is SessionStatus.CANCELLED:
            raise SessionCancelled()
        if client.confirmation == Confirmation.MANUAL:
            raise DatesValidated()
        try:
            require_version(payload, _version(client))
        except StaleVersion:
            slots = [slot_read(slot).model_dump(mode="json") for slot in row.slots]
            raise StaleDates(_version(client), dates_in_words(row.times, row.zone, locale), slots) from None
        if client.confirmation == Confirmation.NOT_SENT:
            raise DatesNotProposed()
        given = validate_answers(_SCHEMA, payload.get("answers") or {}, locale)
        if client.confirmation == _DECISIONS[answer]:
            return  # the second tab, or a second click
        if is_past_due(client, now):
            raise LinkExpired()
        step = LIFECYCLE.require(client.confirmation, answer, Actor.RECIPIENT, facts_of(row, client, now))
        comment = str(given.get("comment") or "").strip() or None
        acts = Answering(session, self._clock, ActorRef("recipient", link.id))
        await acts.take(row, found, step, comment, link.recipient)

    def _view(
        self,
        row: SessionRow,
        found: ClientRow,
        proposals: Sequence[DateProposal],
        link: ActionLink,
        locale: Locale,
    ) -> RecipientView:
        client, now = found.client, self._clock.now()
        shown = _standing(row, client, now)
        state, label, message = _SHOWN[shown]
        words = _words(row, found)
        answers = self._options(row, client, locale, now)
        said = [message.format(words, locale)]
        if shown in ("accepted", "declined") and answers:
            until = min(client.due_at or now, row.session.begins_at or now) - timedelta(seconds=1)
            said.append(_CHANGEABLE.format({"until": long_datetime(until, row.zone, locale)}, locale))
        comment = {"comment": client.comment} if client.comment else {}
        return RecipientView(
            kind=self.kind,
            state=state,
            state_label=label.in_locale(locale),
            title=_TITLE.format(words, locale),
            message="\n\n".join(said),
            asked_by=AskedBy(
                organisation=row.organisation_name,
                requester_name=row.responsible.name,
                requester_email=row.responsible.email,
            ),
            recipient=link.recipient,
            reason=row.session.cancel_reason if shown == "cancelled" else None,
            deadline=_deadline(row, client, locale) if state == "open" else None,
            version=_version(client),
            answers=answers,
            form=RecipientForm(version=1, title=_FORM.in_locale(locale), json_schema=_SCHEMA, answers=dict(comment))
            if answers or comment
            else None,
            answered_at=client.answered_at,
            answered_label=long_datetime(client.answered_at, row.zone, locale) if client.answered_at else None,
            warning=_warning(shown, proposals, locale),
            facts=_facts(row, locale),
        )

    def _options(self, row: SessionRow, client: SessionClient, locale: Locale, now: datetime) -> list[AnswerOption]:
        facts = facts_of(row, client, now)
        return [
            AnswerOption(
                name=name, label=_LABELS[name].in_locale(locale), method="POST", uses_form=True, takes_reason=False
            )
            for name in _DECISIONS
            if LIFECYCLE.refusal(client.confirmation, name, Actor.RECIPIENT, facts) is None
        ]


def _version(client: SessionClient) -> int:
    """Of the dates that the page shows: those proposed, or those that will be."""
    return client.proposal_version + (client.confirmation == Confirmation.NOT_SENT)


def _standing(row: SessionRow, client: SessionClient, now: datetime) -> str:
    if row.status is SessionStatus.CANCELLED:
        return "cancelled"
    if client.confirmation == Confirmation.AWAITING and is_past_due(client, now):
        return "overdue"
    return client.confirmation


def _warning(shown: str, proposals: Sequence[DateProposal], locale: Locale) -> str | None:
    if shown == Confirmation.NOT_SENT:
        return _CHANGED.in_locale(locale)
    return _REVISED.in_locale(locale) if shown == Confirmation.AWAITING and was_revised(proposals) else None


def _deadline(row: SessionRow, client: SessionClient, locale: Locale) -> Deadline | None:
    return Deadline.of(client.due_at - timedelta(seconds=1), row.zone, locale) if client.due_at else None


def _facts(row: SessionRow, locale: Locale) -> list[RecipientFact]:
    found = [RecipientFact(label=_TRAINING.in_locale(locale), value=row.session.title)]
    if row.session.trainer:
        found.append(RecipientFact(label=_TRAINER.in_locale(locale), value=row.session.trainer))
    for slot in row.times:
        place = f", {slot.place}" if slot.place else ""
        found.append(RecipientFact(label=day_in_words(slot.day, locale), value=f"{hours_in_words(slot)}{place}"))
    zone = zone_in_words(row.zone, row.times, locale)
    return [*found, RecipientFact(label=_HOURS.in_locale(locale), value=zone)]


def _words(row: SessionRow, found: ClientRow) -> Mapping[str, str]:
    return {
        "session": row.session.title,
        "company": found.company.name,
        "organisation": row.organisation_name,
        "responsible": row.responsible.name,
        "responsible_email": row.responsible.email,
    }
