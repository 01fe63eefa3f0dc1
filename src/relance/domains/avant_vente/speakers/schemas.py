"""Responses about speakers."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from relance.core.schemas import GivenInstant, Input, Instant, Line, ListQuery, Output
from relance.domains.avant_vente.schemas import EXAMPLE_ID
from relance.domains.avant_vente.states import SlotState

_ERA = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_LONGEST = timedelta(days=400)
_BUSY: JsonDict = {
    "starts_at": "2027-12-07T08:00:00Z",
    "ends_at": "2027-12-07T10:00:00Z",
    "zone": "Europe/Paris",
    "label": "mardi 7 décembre 2027, 09:00 – 11:00 (Europe/Paris)",
    "state": "held",
    "state_label": "Proposé",
    "request_id": EXAMPLE_ID,
    "number": "AV-2027-00042",
}


class SpeakerRead(Output):
    """Somebody of the team who can be asked for."""

    model_config = ConfigDict(json_schema_extra={"example": {"id": EXAMPLE_ID, "name": "Nadia Roux"}})

    id: UUID
    name: str


class SpeakerQuery(ListQuery):
    """Query of the list of speakers."""

    q: Annotated[Line, Field(max_length=100)] | None = Field(None, description="Part of the name.")
    sort: Literal["name", "-name"] = "name"


class BusyQuery(Input):
    """Between when."""

    since: GivenInstant | None = Field(None, description="Absent: now.")
    until: GivenInstant | None = Field(None, description="Absent: ninety days after `since`.")

    @model_validator(mode="after")
    def _span(self) -> Self:
        for given in (self.since, self.until):
            if given is not None and not _ERA[0] <= given <= _ERA[1]:
                raise PydanticCustomError("out_of_era", "an instant between 1990 and 2200 is expected")
        if self.since and self.until and not timedelta() < self.until - self.since <= _LONGEST:
            raise PydanticCustomError("not_a_period", "`until` comes after `since`, by 400 days at most")
        return self


class BusyRead(Output):
    """A time at which a speaker is taken."""

    model_config = ConfigDict(json_schema_extra={"example": _BUSY})

    starts_at: Instant
    ends_at: Instant
    zone: str
    label: str = Field(description="In words, the zone named.")
    state: SlotState = Field(description="`held`: proposed, not answered yet; `accepted`: agreed.")
    state_label: str
    request_id: UUID
    number: str | None


class SpeakerBusy(Output):
    """When a speaker is taken."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "speaker": {"id": EXAMPLE_ID, "name": "Nadia Roux"},
                "since": "2027-12-01T00:00:00Z",
                "until": "2028-01-01T00:00:00Z",
                "busy": [_BUSY],
            }
        }
    )

    speaker: SpeakerRead
    since: Instant
    until: Instant
    busy: list[BusyRead] = Field(description="Soonest first.")
