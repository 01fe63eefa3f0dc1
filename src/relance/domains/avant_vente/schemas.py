"""Requests and responses about requests."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from relance.capabilities.cycles.schemas import NextMessage, Silence
from relance.core.actions import AvailableAction
from relance.core.schemas import (
    UNSET,
    GivenInstant,
    Input,
    Instant,
    Line,
    Output,
    Patch,
    Reference,
    clean_text,
)
from relance.domains.avant_vente.dates import ZONES
from relance.domains.avant_vente.guards import SLOTS
from relance.domains.avant_vente.states import InfoState, RequestStatus, SlotState

EXAMPLE_ID = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"
_LONGEST = timedelta(days=14)
_ERA = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _zone(value: str) -> str:
    if value not in ZONES:
        raise PydanticCustomError("unknown_zone", "no such time zone")
    return value


#: A text that says something.
Words = Annotated[str, StringConstraints(min_length=1, max_length=5000, pattern=r"\S"), AfterValidator(clean_text)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"\S"), AfterValidator(clean_text)]
Zone = Annotated[Line, AfterValidator(_zone)]

_DRAFT: JsonDict = {
    "description": "Démonstration de la gestion d’atelier devant le comité de direction.",
    "intervention_type_id": EXAMPLE_ID,
    "on_site": True,
    "place": "Lille, siège",
    "wanted_date": "2027-12-08",
    "wanted_speaker_id": None,
    "confirmed": True,
}
_PERIODS: tuple[JsonDict, ...] = tuple(
    {"starts_at": f"2027-12-0{day}T08:00:00Z", "ends_at": f"2027-12-0{day}T10:00:00Z", "zone": "Europe/Paris"}
    for day in (7, 8, 9)
)
_SLOT: JsonDict = {
    "id": EXAMPLE_ID,
    "round": 1,
    "rank": 1,
    **_PERIODS[0],
    "label": "mardi 7 décembre 2027, 09:00 – 11:00 (Europe/Paris)",
    "speaker": {"id": EXAMPLE_ID, "name": "Nadia Roux"},
    "state": "held",
    "state_label": "Proposé",
    "chosen": False,
}
_LISTED: JsonDict = {
    "id": EXAMPLE_ID,
    "number": "AV-2027-00042",
    "opportunity": {"id": EXAMPLE_ID, "name": "ERP de l’usine de Lille"},
    "customer": {"id": EXAMPLE_ID, "name": "Fonderie Martin"},
    "organisation": {"id": EXAMPLE_ID, "name": "Intégrateur du Nord"},
    "intervention_type": {"id": EXAMPLE_ID, "name": "Démonstration"},
    "on_site": True,
    "place": "Lille, siège",
    "wanted_date": "2027-12-08",
    "wanted_speaker": None,
    "status": "scheduled",
    "status_label": "Planifiée",
    "round": 1,
    "intervention_at": None,
    "last_action": "proposed",
    "last_action_label": "Créneaux proposés",
    "last_action_at": "2027-11-23T09:00:02.120000Z",
    "created_at": "2027-11-22T08:12:40.200000Z",
    "available_actions": None,
}


class RequestDraft(Input):
    """What a partner asks for. A draft may be completed later; `confirmed` may not be left out."""

    model_config = ConfigDict(json_schema_extra={"example": _DRAFT})

    description: Words | None = Field(None, description="What the intervention is to be.")
    intervention_type_id: UUID | None = None
    on_site: bool = Field(False, description="Whether the team comes to a place; then `place` is required.")
    place: Line | None = None
    wanted_date: date | None = Field(None, description="Today or later.")
    wanted_speaker_id: UUID | None = Field(None, description="Somebody in particular; see the list of speakers.")
    confirmed: Literal[True] = Field(description="The box of confirmation (case de confirmation): always ticked.")


class RequestCreate(RequestDraft):
    """The same from the list, where the opportunity is chosen."""

    model_config = ConfigDict(json_schema_extra={"example": {"opportunity_id": EXAMPLE_ID, **_DRAFT}})

    opportunity_id: UUID


class RequestUpdate(Patch):
    """Changes to a draft (JSON merge patch)."""

    model_config = ConfigDict(json_schema_extra={"example": {"on_site": False, "place": None}})

    description: Words | None = None
    intervention_type_id: UUID | None = None
    on_site: bool = UNSET
    place: Line | None = None
    wanted_date: date | None = None
    wanted_speaker_id: UUID | None = None


class SubmitRequest(Input):
    """The confirmation that a submission asks for."""

    model_config = ConfigDict(json_schema_extra={"example": {"confirm": True}})

    confirm: Literal[True] = Field(description="Yes, send it to the team.")


class SlotInput(Input):
    """One slot of a proposal."""

    starts_at: GivenInstant
    ends_at: GivenInstant
    zone: Zone | None = Field(None, description="IANA name of the zone that the partner reads it in; absent: ours.")
    speaker_id: UUID | None = Field(None, description="Who intervenes; see the list of speakers.")

    @model_validator(mode="after")
    def _period(self) -> Self:
        first, last = _ERA
        if not (first <= self.starts_at < self.ends_at <= last):
            raise PydanticCustomError("not_a_period", "`ends_at` comes after `starts_at`")
        if self.ends_at - self.starts_at > _LONGEST:
            raise PydanticCustomError("period_too_long", "a slot lasts two weeks at most")
        return self


class ProposeRequest(Input):
    """Exactly three distinct slots, all in the future."""

    model_config = ConfigDict(json_schema_extra={"example": {"slots": list(_PERIODS)}})

    slots: list[SlotInput] = Field(min_length=SLOTS, max_length=SLOTS)


class ChooseSlotRequest(Input):
    """The slot that fits."""

    model_config = ConfigDict(json_schema_extra={"example": {"slot_id": EXAMPLE_ID}})

    slot_id: UUID


class AcceptProposalRequest(Input):
    """Which slot is accepted."""

    model_config = ConfigDict(json_schema_extra={"example": {"slot_id": EXAMPLE_ID}})

    slot_id: UUID | None = Field(None, description="Absent: the slot that was chosen before.")


class AskOtherSlotsRequest(Input):
    """What is expected of other slots."""

    model_config = ConfigDict(json_schema_extra={"example": {"expectations": "Plutôt la première semaine de janvier."}})

    expectations: Words


class AskInfoRequest(Input):
    """What the team needs to know."""

    model_config = ConfigDict(json_schema_extra={"example": {"question": "Combien de personnes assisteront ?"}})

    question: Words


class AnswerInfoRequest(Input):
    """What the team has asked."""

    model_config = ConfigDict(json_schema_extra={"example": {"answer": "Huit personnes, dont le directeur."}})

    answer: Words


class ReasonRequest(Input):
    """Why."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "Le projet du client est reporté."}})

    reason: Reason


class RemindRequest(Input):
    """Options of a manual reminder."""

    force: bool = Field(False, description="Send although the last mail is less than 24 h old.")


class InterventionChange(Patch):
    """What changes of an agreed intervention (JSON merge patch); the slot does not."""

    model_config = ConfigDict(json_schema_extra={"example": {"place": "Lille, salle Vauban"}})

    place: Line | None = None
    speaker_id: UUID | None = None


class SlotRead(Output):
    """A slot of the present round."""

    model_config = ConfigDict(json_schema_extra={"example": _SLOT})

    id: UUID
    round: int
    rank: int = Field(description="1 to 3.")
    starts_at: Instant
    ends_at: Instant
    zone: str
    label: str = Field(description="In words, the zone named.")
    speaker: Reference | None
    state: SlotState
    state_label: str
    chosen: bool = Field(description="Whether it is the one that the partner has saved.")


class InfoRead(Output):
    """A question of the team and its answer."""

    id: UUID
    question: str
    answer: str | None
    state: InfoState
    state_label: str
    asked_at: Instant
    answered_at: Instant | None


class Warning(Output):
    """Something that somebody should know, and that forbids nothing."""

    code: str = Field(description="`opportunity_closed`, `slot_held`, `no_future_slot` or `undeliverable`.")
    message: str
    slot_id: UUID | None = Field(description="The slot that it is about, where it is about one.")


class RequestListed(Output):
    """A row of the list."""

    model_config = ConfigDict(json_schema_extra={"example": _LISTED})

    id: UUID
    number: str | None = Field(description="From the submission on.")
    opportunity: Reference
    customer: Reference
    organisation: Reference = Field(description="The partner.")
    intervention_type: Reference | None
    on_site: bool
    place: str | None
    wanted_date: date | None
    wanted_speaker: Reference | None
    status: RequestStatus
    status_label: str
    round: int = Field(description="Of proposals.")
    intervention_at: Instant | None = Field(description="When the accepted slot begins.")
    last_action: str
    last_action_label: str
    last_action_at: Instant
    created_at: Instant
    available_actions: list[AvailableAction] | None = Field(description="With `include=available_actions`.")


class RequestRead(RequestListed):
    """One request in full."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                **_LISTED,
                "version": 5,
                "description": _DRAFT["description"],
                "confirmed": True,
                "reason": None,
                "expectations": None,
                "created_by": {"id": EXAMPLE_ID, "name": "Paul Girard"},
                "submitted_by": {"id": EXAMPLE_ID, "name": "Paul Girard"},
                "submitted_at": "2027-11-22T08:20:00.510000Z",
                "handled_by": {"id": EXAMPLE_ID, "name": "Nadia Roux"},
                "status_before_info": None,
                "slots": [_SLOT],
                "accepted_slot": None,
                "info_requests": [
                    {
                        "id": EXAMPLE_ID,
                        "question": "Combien de personnes assisteront ?",
                        "answer": "Huit.",
                        "state": "answered",
                        "state_label": "Répondue",
                        "asked_at": "2027-11-22T09:00:00Z",
                        "answered_at": "2027-11-22T10:00:00Z",
                    }
                ],
                "last_sent_at": "2027-11-23T09:00:04.900000Z",
                "undeliverable": False,
                "closed_at": None,
                "warnings": [],
                "available_actions": [{"action": "accept-proposal", "allowed": True, "reason": None}],
                "next_messages": [],
                "no_message_reason": {"code": "nothing_planned", "message": "Aucun envoi n’est prévu."},
            }
        }
    )

    version: int = Field(description="Counts the changes; the ETag.")
    description: str | None
    confirmed: bool
    reason: str | None = Field(description="Of the refusal or the cancellation.")
    expectations: str | None = Field(description="What the partner expected when other slots were last asked for.")
    created_by: Reference
    submitted_by: Reference | None
    submitted_at: Instant | None
    handled_by: Reference | None = Field(description="Who has accepted the request.")
    status_before_info: RequestStatus | None = Field(description="Where an answer leads back to.")
    slots: list[SlotRead] = Field(description="Of the present round, by rank.")
    accepted_slot: SlotRead | None
    info_requests: list[InfoRead] = Field(description="The oldest first.")
    last_sent_at: Instant | None = Field(description="When the partner was last written to with a link.")
    undeliverable: bool = Field(description="Mail to the partner was refused for good.")
    closed_at: Instant | None
    warnings: list[Warning]
    available_actions: list[AvailableAction] = Field(description="What the caller may do now.")
    next_messages: list[NextMessage] = Field(description="What the partner will be sent, soonest first.")
    no_message_reason: Silence | None = Field(description="Why nothing will be sent; null where something will.")
