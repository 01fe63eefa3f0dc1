"""States of a job, as data. No I/O."""

from enum import StrEnum

from relance.capabilities.jobs.permissions import CANCEL
from relance.core.i18n import Text
from relance.core.lifecycle import Actor, Lifecycle, Transition


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: A job in one of these is still to be worked off.
LIVE = (JobState.QUEUED, JobState.RUNNING)

STATE_LABELS = {
    JobState.QUEUED: Text("En attente", "Waiting"),
    JobState.RUNNING: Text("En cours", "Running"),
    JobState.DONE: Text("Terminé", "Done"),
    JobState.FAILED: Text("Interrompu par une erreur", "Stopped by a fault"),
    JobState.CANCELLED: Text("Annulé", "Cancelled"),
}

_LIVE = frozenset(LIVE)
_WORKER = frozenset({Actor.WORKER})

LIFECYCLE: Lifecycle[None] = Lifecycle(
    kind="job",
    initial=JobState.QUEUED,
    states={state.value: label for state, label in STATE_LABELS.items()},
    transitions=(
        Transition(
            "start",
            _LIVE,
            JobState.RUNNING,
            _WORKER,
            "job.started",
            text=Text("Un processus le prend en charge", "A worker takes it up"),
        ),
        Transition(
            "finish",
            frozenset({JobState.RUNNING}),
            JobState.DONE,
            _WORKER,
            "job.done",
            text=Text("Chaque ligne a son résultat", "Every row has its result"),
        ),
        Transition(
            "fail",
            frozenset({JobState.RUNNING}),
            JobState.FAILED,
            _WORKER,
            "job.failed",
            text=Text("Une erreur l’interrompt", "A fault stops it"),
        ),
        Transition(
            "cancel",
            _LIVE,
            JobState.CANCELLED,
            frozenset({Actor.USER}),
            "job.cancelled",
            CANCEL,
            text=Text("Annuler ; ce qui est fait le reste", "Cancel; what is done stays done"),
        ),
    ),
)
