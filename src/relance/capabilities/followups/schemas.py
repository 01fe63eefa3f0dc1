"""Requests and responses of the policies."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from relance.core.durations import Duration
from relance.core.schemas import ClockTime, Input, ListQuery, Output, SmallInt

Country = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]

_EXAMPLE: JsonDict = {
    "reminders": ["P7D", "P14D"],
    "expires_after": "P30D",
    "quiet_hours": {"from": "20:00", "to": "08:00"},
    "working_days_only": True,
    "holidays": "FR",
}


class DailyHours(Input):
    """A part of every day, over midnight where `to` is earlier than `from`."""

    start: ClockTime = Field(alias="from", description="On the clocks of the workspace's zone.")
    end: ClockTime = Field(alias="to", description="The first time of day that is not part of it.")


class FollowUpPolicyWrite(Input):
    """When a domain reminds and expires, for what begins from now on; quiet hours and days off hold at once."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    reminders: list[Duration] = Field(
        max_length=10, description="ISO 8601 durations from the start of the cycle, ascending, before the expiry."
    )
    expires_after: Duration = Field(
        description="ISO 8601 duration from the start of the cycle; the expiry never waits."
    )
    quiet_hours: DailyHours | None = Field(None, description="When no reminder leaves; it waits for the end of them.")
    working_days_only: bool = Field(False, description="Reminders wait for the next working day.")
    holidays: Country | None = Field(
        None,
        description="ISO 3166-1 code of the country whose weekends and public holidays are no working days; null: "
        "Saturday and Sunday.",
    )


class FollowUpPolicyRead(Output):
    """The policy that holds for a domain."""

    model_config = ConfigDict(
        from_attributes=True,
        extra="forbid",
        json_schema_extra={
            "example": {
                "domain": "invitations",
                "domain_label": "Invitations",
                **_EXAMPLE,
                "zone": "Europe/Paris",
                "version": 1,
            }
        },
    )

    domain: str = Field(description="Code of the domain.")
    domain_label: str
    reminders: list[Duration]
    expires_after: Duration
    quiet_hours: DailyHours | None
    working_days_only: bool
    holidays: Country | None
    zone: str = Field(description="The workspace's zone, in which the hours and days are meant.")
    version: SmallInt = Field(description="Counts the changes; the ETag. 0: the product's own policy.")


class FollowUpPolicyQuery(ListQuery):
    """Query of the list of policies."""

    sort: Literal["domain", "-domain"] = "domain"
