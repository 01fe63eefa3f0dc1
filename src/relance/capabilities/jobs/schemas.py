"""Requests and responses of jobs."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from relance.capabilities.jobs.lifecycle import JobState
from relance.core.actions import AvailableAction
from relance.core.schemas import ActionsQuery, Input, Instant, ListQuery, Output, Reference

Code = Annotated[str, StringConstraints(max_length=100, pattern=r"^[a-z0-9_.]+$")]
JobSort = Literal["-created_at", "created_at"]
ResultSort = Literal["number", "-number"]

_ID = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"
_JOB: JsonDict = {
    "id": _ID,
    "kind": "invitations.remind_all",
    "kind_label": "Tout relancer",
    "state": "running",
    "state_label": "En cours",
    "dry_run": False,
    "total": 1200,
    "done": 500,
    "failed": 0,
    "counts": [
        {"outcome": "sent", "outcome_label": "Relancée", "count": 480},
        {"outcome": "too_recent", "outcome_label": "Dernier envoi trop récent", "count": 20},
    ],
    "eta": "2026-11-23T09:00:04Z",
    "created_at": "2026-11-23T09:00:01Z",
    "started_at": "2026-11-23T09:00:01Z",
    "finished_at": None,
    "file": None,
    "error": None,
    "version": 3,
    "available_actions": [{"action": "cancel", "allowed": True, "reason": None}],
}
_ITEM: JsonDict = {
    "number": 1,
    "outcome": "sent",
    "outcome_label": "Relancée",
    "failed": False,
    "subject_kind": "invitation",
    "subject_id": _ID,
    "reference": "achats@partenaire.example",
    "errors": [],
}


class OutcomeCount(Output):
    """How many items came to one outcome."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"outcome": "sent", "outcome_label": "Relancée", "count": 1}}
    )

    outcome: str
    outcome_label: str
    count: int


class JobSummary(Output):
    """What a piece of long work shows of itself, in lists too."""

    id: UUID
    kind: str
    kind_label: str
    state: JobState
    state_label: str
    dry_run: bool = Field(description="Nothing is changed; the report is the same.")
    total: int | None = Field(description="How many items there are; null while nobody has counted.")
    done: int = Field(description="How many are settled, the failed ones included.")
    failed: int
    counts: list[OutcomeCount] = Field(description="By outcome, the most frequent first.")
    eta: Instant | None = Field(description="When it ends at this pace; null where that cannot be told.")
    created_at: Instant
    started_at: Instant | None
    finished_at: Instant | None
    file: Reference | None = Field(description="What it has made: `GET /v1/files/{id}/content`.")
    error: str | None = Field(description="Why it failed: an error code.")
    version: int = Field(description="Counts the changes; the ETag.")


class JobListed(JobSummary):
    """A piece of long work in the list, with its actions where they were asked for."""

    model_config = ConfigDict(json_schema_extra={"example": {**_JOB, "available_actions": None}})

    available_actions: list[AvailableAction] | None = Field(description="With `include=available_actions`.")


class JobRead(JobSummary):
    """A piece of long work."""

    model_config = ConfigDict(json_schema_extra={"example": _JOB})

    available_actions: list[AvailableAction] = Field(description="What the caller may do now.")


class ItemError(Output):
    """One fault of an item."""

    pointer: str
    code: str
    message: str


class JobItemRead(Output):
    """What became of one item."""

    model_config = ConfigDict(json_schema_extra={"example": _ITEM})

    number: int = Field(description="1 for the first; for an import, the row of the file without its header.")
    outcome: str
    outcome_label: str
    failed: bool
    subject_kind: str | None
    subject_id: UUID | None
    reference: str | None = Field(description="What a person recognises it by.")
    errors: list[ItemError]


class Report(Output):
    """What became of the items of a bulk operation: the shape of a job's report."""

    dry_run: bool
    total: int
    done: int
    failed: int
    counts: list[OutcomeCount]
    items: list[JobItemRead]


class JobFilter(ActionsQuery):
    """Query of the list of jobs."""

    state: list[JobState] = Field(default_factory=list, max_length=5, description="Repeatable.")
    kind: list[Code] = Field(default_factory=list, max_length=20, description="Repeatable.")
    sort: JobSort = "-created_at"


class ResultExport(Input):
    """Filters of the results as a file."""

    outcome: list[Code] = Field(default_factory=list, max_length=20, description="Repeatable.")
    failed: bool | None = Field(None, description="Only what failed, or only what did not.")


class ResultFilter(ListQuery, ResultExport):
    """Query of the results of a job."""

    sort: ResultSort = "number"
