"""What every action is given, and what every action answers."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from relance.core.schemas import Input, Output
from relance.domains.crm_toolbox.rich_text import GivenHtml

MOST_TARGETS = 500
_CONTACT = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a11"
EXAMPLE_USER = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a14"
EXAMPLE_TARGETS: list[JsonDict] = [{"contact_id": _CONTACT}]

ResultOutcome = Literal["done", "unchanged", "refused"]


class TargetInput(Input):
    """A company or a contact."""

    company_id: UUID | None = Field(None, description="A company; then no `contact_id`.")
    contact_id: UUID | None = Field(None, description="A contact; then no `company_id`.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.company_id is None) == (self.contact_id is None):
            raise ValueError("give either `company_id` or `contact_id`")
        return self


class ContactTarget(Input):
    """A contact."""

    contact_id: UUID


Targets = Annotated[
    list[TargetInput],
    Field(min_length=1, max_length=MOST_TARGETS, description="With whom; they stand together in one entry."),
]
ContactTargets = Annotated[
    list[ContactTarget],
    Field(min_length=1, max_length=MOST_TARGETS, description="With whom; they stand together in one entry."),
]


class ParticipantsInput(Input):
    """Who is told of the entry, and of what is said about it later."""

    user_ids: list[UUID] = Field(default_factory=list, max_length=100, description="Users of the workspace.")
    distribution_list_ids: list[UUID] = Field(
        default_factory=list, max_length=20, description="Those who are on these lists now; later changes do not count."
    )


class PlainActionInput(Input):
    """What every action can be given besides its targets."""

    participants: ParticipantsInput = Field(default_factory=ParticipantsInput)
    file_ids: list[UUID] = Field(
        default_factory=list, max_length=20, description="Files from `POST /v1/files`, attached to the entry."
    )
    partial: bool = Field(
        False, description="Do it with the targets that it can be done with, and report the others; else all or none."
    )


class ActionInput(PlainActionInput):
    """The same, with formatted words."""

    description: GivenHtml | None = Field(None, description="HTML: formatting is kept, a script is refused.")


class TargetRefusal(Output):
    """Why nothing was done with a target."""

    code: str = Field(description="The code of the error that the target alone would answer.")
    message: str


class TargetResult(Output):
    """What was done with one target."""

    company_id: UUID | None = Field(description="Of a company.")
    contact_id: UUID | None = Field(description="Of a contact.")
    outcome: ResultOutcome = Field(description="`unchanged`: it was so already, and is not in the entry.")
    outcome_label: str
    error: TargetRefusal | None = Field(description="Of what was refused; only where `partial` was asked for.")


class ActionReport(Output):
    """What an action has done, target by target in the order in which they were given."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "entry_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a30",
                "total": 1,
                "done": 1,
                "unchanged": 0,
                "failed": 0,
                "results": [
                    {
                        "company_id": None,
                        "contact_id": _CONTACT,
                        "outcome": "done",
                        "outcome_label": "Effectué",
                        "error": None,
                    }
                ],
                "dry_run": False,
            }
        }
    )

    entry_id: UUID | None = Field(description="The entry of the infobox; null where there is nothing to record.")
    total: int
    done: int
    unchanged: int
    failed: int = Field(description="How many targets were refused.")
    results: list[TargetResult]
    dry_run: bool
