"""The events of long work."""

from pydantic import Field

from relance.capabilities.webhooks.catalogue import Codes, EventData, EventType
from relance.core.i18n import Text


class JobCodes(Codes):
    """What a job shows of itself."""

    kind: str | None
    dry_run: bool | None
    done: int | None = Field(description="Items worked off so far.")
    failed: int | None = Field(description="Items refused so far.")


class JobEventData(EventData):
    """`data` of the events of a job."""

    before: JobCodes | None
    after: JobCodes | None


EVENTS = (
    EventType(
        "job.started",
        "job",
        Text("Traitement commencé", "Job started"),
        JobEventData,
        after={"kind": "invitations.remind_all", "dry_run": False, "done": 0, "failed": 0},
    ),
    EventType(
        "job.done",
        "job",
        Text("Traitement terminé", "Job done"),
        JobEventData,
        after={"kind": "invitations.remind_all", "dry_run": False, "done": 42, "failed": 0},
    ),
    EventType(
        "job.failed",
        "job",
        Text("Traitement interrompu par une erreur", "Job stopped by a fault"),
        JobEventData,
        after={"kind": "invitations.remind_all", "dry_run": False, "done": 7, "failed": 0},
    ),
    EventType(
        "job.cancelled",
        "job",
        Text("Traitement annulé", "Job cancelled"),
        JobEventData,
        after={"kind": "invitations.remind_all", "dry_run": False, "done": 7, "failed": 0},
    ),
)
