"""What a partner's link shows, and what its answers do: the rules are those of the API."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from relance.capabilities.followups.service import FollowUps
from relance.capabilities.links.forms import validate_answers
from relance.capabilities.links.models import ActionLink
from relance.capabilities.links.payload import require_version
from relance.capabilities.links.recipient import AnswerOption, AskedBy, LinkState, RecipientForm, RecipientView
from relance.core.db import DbSession
from relance.core.errors import NotFound, ValidationFailed
from relance.core.i18n import Locale, Text, as_locale, long_datetime
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.subjects import ActorRef
from relance.domains.avant_vente.acts import RequestActs
from relance.domains.avant_vente.asking import KIND, slot_words, subject_of, zone_of
from relance.domains.avant_vente.errors import NotAskedAnyMore, SlotNotCurrent
from relance.domains.avant_vente.facts import facts_of
from relance.domains.avant_vente.models import AvantVenteInfoRequest
from relance.domains.avant_vente.repository import Person, RequestRepository, RequestRow
from relance.domains.avant_vente.speakers.repository import SpeakerRepository
from relance.domains.avant_vente.states import STATUS_LABELS, RequestStatus

_TITLE = Text("Demande avant-vente {number}", "Pre-sales request {number}")
_SLOTS = Text(
    "{vendor} vous propose les créneaux ci-dessous pour « {title} » ({customer}). Retenez-en un, ou demandez d’autres "
    "dates en précisant vos attentes.",
    "{vendor} offers you the slots below for “{title}” ({customer}). Accept one, or ask for other dates and say what "
    "you expect.",
)
_ALL_PASSED = Text(
    "Les créneaux que {vendor} vous avait proposés pour « {title} » ({customer}) sont passés. Précisez vos attentes "
    "pour en recevoir d’autres.",
    "The slots that {vendor} had offered you for “{title}” ({customer}) have passed. Say what you expect to be "
    "offered others.",
)
_QUESTION = Text(
    "Pour traiter votre demande sur « {title} » ({customer}), {vendor} a besoin d’une information :\n\n{question}",
    "To go on with your request on “{title}” ({customer}), {vendor} needs to know:\n\n{question}",
)
_AGREED = Text(
    "Le créneau retenu pour « {title} » ({customer}) est : {slot}.",
    "The slot that was accepted for “{title}” ({customer}) is: {slot}.",
)
_GOES_ON = Text(
    "Merci, votre réponse est enregistrée. Votre demande sur « {title} » ({customer}) est au statut « {status} » ; "
    "vous recevrez la suite par e-mail.",
    "Thank you, your answer is recorded. The status of your request on “{title}” ({customer}) is “{status}”; you will "
    "hear of it by e-mail.",
)
_OVER = Text(
    "Votre demande sur « {title} » ({customer}) est close, au statut « {status} ». Motif : {reason}",
    "Your request on “{title}” ({customer}) is closed, its status is “{status}”. Reason: {reason}",
)
_ACCEPT = Text("Accepter ce créneau", "Accept this slot")
_OTHERS = Text("Demander d’autres dates", "Ask for other dates")
_ANSWER = Text("Envoyer la réponse", "Send the answer")
_FORM_TITLE = Text("Votre réponse", "Your answer")
_CLOSED = (RequestStatus.REFUSED, RequestStatus.CANCELLED)


def _text_field(fr: str, en: str) -> dict[str, object]:
    return {
        "type": "string",
        "minLength": 1,
        "maxLength": 5000,
        "pattern": r"\S",
        "x-widget": "textarea",
        "x-title": {"fr": fr, "en": en},
    }


_EXPECTATIONS = _text_field("Vos attentes, si aucun créneau ne convient", "What you expect, where no slot fits")
_INFO = _text_field("Votre réponse", "Your answer")


class RequestRecipient:
    """Registered for the subject kind `avant_vente_request` by the composition root."""

    kind = KIND

    def __init__(self, runtime: Runtime) -> None:
        self._clock = runtime.clock

    async def locale(self, session: DbSession, link: ActionLink) -> Locale | None:
        """The language of the account that was written to."""
        row = (await RequestRepository(session).rows([link.subject_id])).get(link.subject_id)
        person = await _person(session, link, row) if row is not None else None
        return as_locale(person.locale) if person is not None else None

    async def view(self, session: DbSession, link: ActionLink, locale: Locale) -> RecipientView:
        """The request as the partner sees it; changes nothing.

        Raises:
            NotFound: the request is gone, or whoever was written to may not answer for the partner any more.
        """
        row = (await RequestRepository(session).rows([link.subject_id])).get(link.subject_id)
        if row is None or await _person(session, link, row) is None:
            raise NotFound()
        last = await RequestRepository(session).last_info(row.request.id)
        return _view(row, last, link, self._clock.now(), locale)

    async def answer(
        self, session: DbSession, link: ActionLink, answer: str, payload: Mapping[str, object], locale: Locale
    ) -> RecipientView:
        """Accept a slot, ask for others, or give the information. The same answer given twice is no error.

        Raises:
            NotFound: there is no such answer, or whoever was written to may not answer any more.
            StaleVersion: something else is asked meanwhile.
            RelanceError: as by the API.
        """
        actions = {
            "accept": self._accept,
            "other-slots": self._other_slots,
            "answer": self._answer,
            "unsubscribe": self._unsubscribe,
        }
        if answer not in actions:
            raise NotFound()
        row = (await RequestRepository(session).lock_all([link.subject_id])).get(link.subject_id)
        person = await _person(session, link, row) if row is not None else None
        if row is None or person is None:
            raise NotFound()
        acts = RequestActs(session, self._clock, ActorRef("recipient", link.id), Actor.RECIPIENT, person.id)
        await actions[answer](session, acts, row, payload, locale)
        return await self.view(session, link, locale)

    async def _accept(
        self, session: DbSession, acts: RequestActs, row: RequestRow, payload: Mapping[str, object], locale: Locale
    ) -> None:
        request, named = row.request, _named_slot(payload)
        if named is not None and named == request.accepted_slot_id:
            return  # the second tab
        if request.status == RequestStatus.COMPLETED and named is not None:
            await acts.accept_proposal(row, named)  # refuses, and tells the outcome
        if named is not None and row.slot(named) is None:
            known = await RequestRepository(session).slot_anywhere(request.id, named)
            if known is not None and request.status == RequestStatus.SCHEDULED:
                raise SlotNotCurrent(facts_of(row, self._clock.now()).current())
        _require_status(row, RequestStatus.SCHEDULED)
        require_version(payload, _version(row))
        schema = _only(_slots_schema(row, self._clock.now(), locale), "slot")
        answers = validate_answers(schema, _kept(payload, "slot"), locale)
        await acts.accept_proposal(row, UUID(str(answers["slot"])))

    async def _other_slots(
        self, _session: DbSession, acts: RequestActs, row: RequestRow, payload: Mapping[str, object], locale: Locale
    ) -> None:
        given = _kept(payload, "expectations")
        if row.request.status == RequestStatus.IN_PROGRESS and given.get("expectations") == row.request.expectations:
            return  # the second tab
        _require_status(row, RequestStatus.SCHEDULED)
        require_version(payload, _version(row))
        schema = _only(_slots_schema(row, self._clock.now(), locale), "expectations")
        answers = validate_answers(schema, given, locale)
        await acts.ask_other_slots(row, str(answers["expectations"]).strip())

    async def _answer(
        self, session: DbSession, acts: RequestActs, row: RequestRow, payload: Mapping[str, object], locale: Locale
    ) -> None:
        given, status = _kept(payload, "answer"), row.request.status
        last = await RequestRepository(session).last_info(row.request.id)
        again = given or payload.get("version") == row.request.cycle - 1
        if last is not None and last.answer is not None and again and given.get("answer", last.answer) == last.answer:
            return  # the page of the question that was answered last, sent again: a second tab, or a second click
        if status not in _CLOSED:
            _require_status(row, RequestStatus.AWAITING_INFO)
            require_version(payload, _version(row))
        answers = validate_answers(_info_schema(), given, locale)
        await acts.answer_info(row, str(answers["answer"]).strip())

    async def _unsubscribe(
        self, session: DbSession, _acts: RequestActs, row: RequestRow, _payload: Mapping[str, object], _locale: Locale
    ) -> None:
        """What a mail client sends by itself (RFC 8058): it ends the reminders, and answers nothing for its reader."""
        await FollowUps(session, self._clock).cancel(subject_of(row.request), "unsubscribed")


async def _person(session: DbSession, link: ActionLink, row: RequestRow) -> Person | None:
    """Whoever answers: the account behind the address, as long as it may act for the partner through the API too."""
    return await SpeakerRepository(session).answering(link.recipient, row.request.organisation_id)


def _require_status(row: RequestRow, wanted: RequestStatus) -> None:
    status = RequestStatus(row.request.status)
    if status is not wanted:
        raise NotAskedAnyMore(status.value, STATUS_LABELS[status].in_locale())


def _version(row: RequestRow) -> int:
    """What the page shows: the slots of one proposal, or one question."""
    scheduled = row.request.status == RequestStatus.SCHEDULED
    return row.request.proposal_cycle if scheduled else row.request.cycle


def _kept(payload: Mapping[str, object], name: str) -> dict[str, object]:
    """The one answer that is meant, of a form with several; whatever else is wrong with it is told by the schema."""
    answers = payload.get("answers")
    if not isinstance(answers, dict):
        raise ValidationFailed.at("/answers", "required", Text("Ce champ est obligatoire.", "This field is required."))
    return {name: answers[name]} if answers.get(name) not in (None, "") else {}


def _named_slot(payload: Mapping[str, object]) -> UUID | None:
    answers = payload.get("answers")
    try:
        return UUID(str(answers.get("slot"))) if isinstance(answers, dict) else None
    except ValueError:
        return None


def _only(schema: dict[str, object], name: str) -> dict[str, object]:
    properties = schema["properties"]
    found = properties.get(name) if isinstance(properties, dict) else None
    if found is None:
        # No slot is to come any more: a choice of none.
        found = {"type": "string", "enum": [""]}
    return {"type": "object", "properties": {name: found}, "required": [name], "additionalProperties": False}


def _slots_schema(row: RequestRow, after: datetime | None, locale: Locale) -> dict[str, object]:
    """The slots that begin `after`, or all of them, and what is expected of others."""
    choices = [
        {"const": str(one.slot.id), "title": slot_words(one, locale)}
        for one in row.slots
        if after is None or one.slot.starts_at > after
    ]
    slot = {"type": "string", "oneOf": choices, "x-title": {"fr": "Créneau", "en": "Slot"}}
    properties = {**({"slot": slot} if choices else {}), "expectations": _EXPECTATIONS}
    return {"type": "object", "x-order": list(properties), "properties": properties, "additionalProperties": False}


def _info_schema() -> dict[str, object]:
    return {"type": "object", "properties": {"answer": _INFO}, "required": ["answer"], "additionalProperties": False}


def _view(
    row: RequestRow, last: AvantVenteInfoRequest | None, link: ActionLink, now: datetime, locale: Locale
) -> RecipientView:
    request, status = row.request, RequestStatus(row.request.status)
    state, message = _told(row, now, locale)
    return RecipientView(
        kind=KIND,
        state=state,
        state_label=STATUS_LABELS[status].in_locale(locale),
        title=_TITLE.format({"number": request.number or ""}, locale),
        message=message,
        asked_by=AskedBy(
            organisation=row.workspace_name,
            requester_name=row.handler.name if row.handler else None,
            requester_email=row.handler.email if row.handler else None,
        ),
        recipient=link.recipient,
        reason=None,
        deadline=None,
        version=_version(row),
        answers=_options(row, now, locale),
        form=_form(row, last, now, locale),
        answered_at=request.closed_at if status is RequestStatus.COMPLETED else None,
        answered_label=long_datetime(request.closed_at, zone_of(row), locale)
        if status is RequestStatus.COMPLETED and request.closed_at is not None
        else None,
    )


def _told(row: RequestRow, now: datetime, locale: Locale) -> tuple[LinkState, str]:
    request, status = row.request, RequestStatus(row.request.status)
    accepted = row.slot(request.accepted_slot_id)
    words = {
        "vendor": row.workspace_name,
        "title": row.opportunity.title,
        "customer": row.company.name,
        "status": STATUS_LABELS[status].in_locale(locale),
        "question": row.info.question if row.info is not None else "",
        "slot": slot_words(accepted, locale) if accepted is not None else "",
        "reason": request.reason or "",
    }
    if status is RequestStatus.SCHEDULED:
        coming = any(one.slot.starts_at > now for one in row.slots)
        return "open", (_SLOTS if coming else _ALL_PASSED).format(words, locale)
    if status is RequestStatus.AWAITING_INFO:
        return "open", _QUESTION.format(words, locale)
    if status is RequestStatus.COMPLETED:
        return "answered", _AGREED.format(words, locale)
    if status in _CLOSED:
        return "closed", _OVER.format(words, locale)
    return "answered", _GOES_ON.format(words, locale)


def _form(row: RequestRow, last: AvantVenteInfoRequest | None, now: datetime, locale: Locale) -> RecipientForm:
    """What is to be filled in; once nothing is, what was answered: a form sent twice is read by it too."""
    request, status = row.request, RequestStatus(row.request.status)
    schema, given = _info_schema(), {}
    if status in (RequestStatus.SCHEDULED, RequestStatus.COMPLETED):
        schema = _slots_schema(row, now if status is RequestStatus.SCHEDULED else None, locale)
        chosen = row.slot(request.chosen_slot_id)
        if chosen is not None and (chosen.slot.starts_at > now or status is RequestStatus.COMPLETED):
            given = {"slot": str(chosen.slot.id)}
    elif status is not RequestStatus.AWAITING_INFO:
        schema = {"type": "object", "properties": {"expectations": _EXPECTATIONS, "answer": _INFO}}
        known = {"expectations": request.expectations, "answer": last.answer if last is not None else None}
        given = {name: text for name, text in known.items() if text}
    return RecipientForm(version=_version(row), title=_FORM_TITLE.in_locale(locale), json_schema=schema, answers=given)


def _options(row: RequestRow, now: datetime, locale: Locale) -> list[AnswerOption]:
    names: list[tuple[str, Text]] = []
    if row.request.status == RequestStatus.AWAITING_INFO:
        names = [("answer", _ANSWER)]
    elif row.request.status == RequestStatus.SCHEDULED:
        coming = any(one.slot.starts_at > now for one in row.slots)
        names = [*([("accept", _ACCEPT)] if coming else []), ("other-slots", _OTHERS)]
    return [
        AnswerOption(name=name, label=label.in_locale(locale), method="POST", uses_form=True, takes_reason=False)
        for name, label in names
    ]
