"""What has become of an action. No I/O."""

from enum import StrEnum

from relance.core.i18n import Text


class Outcome(StrEnum):
    """What has become of it."""

    PLANNED = "planned"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


OUTCOME_LABELS = {
    Outcome.PLANNED: Text("À venir", "To come"),
    Outcome.DONE: Text("Effectuée", "Done"),
    Outcome.CANCELLED: Text("Annulée", "Cancelled"),
    Outcome.FAILED: Text("Échouée", "Failed"),
}
