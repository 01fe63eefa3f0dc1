"""From rows to responses: labels, available actions, warnings, next messages."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from relance.capabilities.cycles.schemas import NextMessage, Silence
from relance.capabilities.followups.models import FollowUp
from relance.capabilities.messaging.models import Message
from relance.core.actions import AvailableAction, available_actions
from relance.core.i18n import Text
from relance.core.schemas import Reference
from relance.core.security import Caller, Level
from relance.domains.avant_vente.asking import ASKING, slot_words, type_words
from relance.domains.avant_vente.dates import period_words
from relance.domains.avant_vente.emails import ReminderMail
from relance.domains.avant_vente.events import EVENTS
from relance.domains.avant_vente.facts import facts_of, is_staff, possible
from relance.domains.avant_vente.lifecycle import LIFECYCLE
from relance.domains.avant_vente.models import AvantVenteInfoRequest, AvantVenteSlot
from relance.domains.avant_vente.repository import Person, RequestRow, SlotRow
from relance.domains.avant_vente.schemas import InfoRead, RequestListed, RequestRead, SlotRead, Warning
from relance.domains.avant_vente.speakers.repository import BusyRow
from relance.domains.avant_vente.states import (
    INFO_LABELS,
    SLOT_LABELS,
    STATUS_LABELS,
    InfoState,
    RequestStatus,
    SlotState,
)

#: What an action is called where it is read as the last one.
ACTION_LABELS = {one.type.partition(".")[2]: one.title for one in EVENTS if one.subject_kind == LIFECYCLE.kind}

_QUEUED = Text("En file d’attente, part dès que possible.", "Queued, leaves as soon as possible.")
_REMINDER = Text("Relance automatique si le partenaire n’a pas répondu.", "Automatic reminder without an answer.")
_NOTHING_PLANNED = Text("Aucun envoi n’est prévu.", "No mail is planned.")
_CLOSED = Text(
    "L’opportunité a été close entre-temps ; la demande suit son cours.",
    "The opportunity was closed meanwhile; the request goes on.",
)
_HELD = Text(
    "{speaker} est déjà retenu(e) ou proposé(e) : {period}{number}.",
    "{speaker} is taken or proposed already: {period}{number}.",
)
_NO_FUTURE = Text(
    "Aucun créneau proposé n’est encore à venir : d’autres dates sont à demander.",
    "No proposed slot is still to come: other dates are to be asked for.",
)
_UNDELIVERABLE = Text("Le dernier message au partenaire a été refusé.", "The last mail to the partner was refused.")


#: Slots that meet another request's.
Clashes = Sequence[tuple[AvantVenteSlot, BusyRow]]


@dataclass(frozen=True, slots=True)
class Around:
    """What is beside a request in its detail."""

    infos: Sequence[AvantVenteInfoRequest]
    queued: Sequence[Message]
    planned: Sequence[FollowUp]
    #: Whom the planned reminders go to.
    partner: Sequence[Person]
    #: What the slots meet; empty for who is not of the team.
    clashes: Clashes


def owner_for(row: RequestRow, caller: Caller) -> UUID | None:
    """Whose the request is, as a permission's level asks: the caller's where it is of a partner they work for."""
    return caller.user_id if row.request.organisation_id in caller.organisation_ids else None


def reaches(row: RequestRow, caller: Caller, permission: str) -> bool:
    """Whether the caller's `permission` reaches the request."""
    level = caller.level(permission)
    return level is Level.ALL or (level > Level.NONE and owner_for(row, caller) is not None)


def actions_of(row: RequestRow, caller: Caller, now: datetime) -> list[AvailableAction]:
    """What `caller` may do with this request now."""
    facts = possible(facts_of(row, now, staff=is_staff(caller)))
    return available_actions(LIFECYCLE, row.request.status, facts, caller, owner_for(row, caller))


def listed(row: RequestRow, actions: list[AvailableAction] | None) -> RequestListed:
    """One row of the list, with its actions where they were asked for."""
    return RequestListed.model_validate({**_summary(row), "available_actions": actions})


def detail(row: RequestRow, caller: Caller, now: datetime, around: Around) -> RequestRead:
    """One request in full, as `caller` may see it."""
    request = row.request
    messages = list(_messages(row, now, around))
    accepted = row.slot(request.accepted_slot_id)
    before = request.status_before_info
    return RequestRead.model_validate(
        {
            **_summary(row),
            "version": request.version,
            "description": request.description,
            "confirmed": request.confirmed,
            "reason": request.reason,
            "expectations": request.expectations,
            "created_by": _reference(row.creator),
            "submitted_by": _reference(row.submitter),
            "submitted_at": request.submitted_at,
            "handled_by": _reference(row.handler),
            "status_before_info": RequestStatus(before) if before else None,
            "slots": [_slot(row, one) for one in row.slots],
            "accepted_slot": _slot(row, accepted) if accepted is not None else None,
            "info_requests": [_info(one) for one in around.infos],
            "last_sent_at": request.last_sent_at,
            "undeliverable": request.undeliverable,
            "closed_at": request.closed_at,
            "warnings": list(_warnings(row, now, around)),
            "available_actions": actions_of(row, caller, now),
            "next_messages": messages,
            "no_message_reason": None if messages else _silence(row),
        }
    )


def _reference(person: Person | None) -> Reference | None:
    return Reference(id=person.id, name=person.name) if person is not None else None


def _summary(row: RequestRow) -> dict[str, object]:
    request = row.request
    status = RequestStatus(request.status)
    return {
        "id": request.id,
        "number": request.number,
        "opportunity": Reference(id=row.opportunity.id, name=row.opportunity.title),
        "customer": Reference(id=row.company.id, name=row.company.name),
        "organisation": Reference(id=request.organisation_id, name=row.organisation_name),
        "intervention_type": Reference(id=row.type.id, name=type_words(row)) if row.type is not None else None,
        "on_site": request.on_site,
        "place": request.place,
        "wanted_date": request.wanted_date,
        "wanted_speaker": _reference(row.wanted_speaker),
        "status": status,
        "status_label": STATUS_LABELS[status].in_locale(),
        "round": request.round,
        "intervention_at": request.intervention_at,
        "last_action": request.last_action,
        "last_action_label": ACTION_LABELS[request.last_action].in_locale(),
        "last_action_at": request.last_action_at,
        "created_at": request.created_at,
    }


def _slot(row: RequestRow, one: SlotRow) -> SlotRead:
    slot, state = one.slot, SlotState(one.slot.state)
    return SlotRead(
        id=slot.id,
        round=slot.round,
        rank=slot.rank,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        zone=slot.zone,
        label=slot_words(one),
        speaker=_reference(one.speaker),
        state=state,
        state_label=SLOT_LABELS[state].in_locale(),
        chosen=slot.id == row.request.chosen_slot_id,
    )


def _info(asked: AvantVenteInfoRequest) -> InfoRead:
    state = InfoState(asked.state)
    return InfoRead(
        id=asked.id,
        question=asked.question,
        answer=asked.answer,
        state=state,
        state_label=INFO_LABELS[state].in_locale(),
        asked_at=asked.asked_at,
        answered_at=asked.answered_at,
    )


def _warnings(row: RequestRow, now: datetime, around: Around) -> Iterator[Warning]:
    request = row.request
    is_open = request.closed_at is None
    if is_open and row.opportunity.closed_at is not None:
        yield Warning(code="opportunity_closed", message=_CLOSED.in_locale(), slot_id=None)
    if request.status == RequestStatus.SCHEDULED and all(one.slot.starts_at <= now for one in row.slots):
        yield Warning(code="no_future_slot", message=_NO_FUTURE.in_locale(), slot_id=None)
    if is_open and request.undeliverable:
        yield Warning(code="undeliverable", message=_UNDELIVERABLE.in_locale(), slot_id=None)
    for slot, other in around.clashes:
        one = row.slot(slot.id)
        words = {
            "speaker": one.speaker.name if one is not None and one.speaker is not None else "",
            "period": period_words(other.slot.starts_at, other.slot.ends_at, other.slot.zone),
            "number": f" ({other.number})" if other.number else "",
        }
        yield Warning(code="slot_held", message=_HELD.format(words), slot_id=slot.id)


def _messages(row: RequestRow, now: datetime, around: Around) -> Iterator[NextMessage]:
    request = row.request
    for message in around.queued:
        if message.mail_key in ASKING and message.cycle in (request.cycle, request.proposal_cycle):
            at = max(now, message.not_before) if message.not_before else now
            kind = "reminder" if message.mail_key == ReminderMail.key else "invitation"
            yield _message(kind, message.mail_key, at, message.recipient, _QUEUED)
    for follow_up in around.planned:
        for person in around.partner:
            yield _message("reminder", ReminderMail.key, follow_up.due_at, person.email, _REMINDER)


def _message(kind: str, template: str, at: datetime, to: str, why: Text) -> NextMessage:
    found = {"kind": kind, "template": template, "at": at, "to": to, "why": why.in_locale()}
    return NextMessage.model_validate(found)


def _silence(row: RequestRow) -> Silence:
    status = RequestStatus(row.request.status)
    if status in (RequestStatus.SCHEDULED, RequestStatus.AWAITING_INFO):
        return Silence(code="nothing_planned", message=_NOTHING_PLANNED.in_locale())
    return Silence(code=status.value, message=STATUS_LABELS[status].in_locale())
