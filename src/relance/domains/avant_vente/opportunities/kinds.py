"""The kinds of opportunity. No I/O."""

from enum import StrEnum

from relance.core.i18n import Text


class OpportunityKind(StrEnum):
    """Whether the customer would buy for the first time."""

    PRIMO = "primo"
    OTHER = "other"


KIND_LABELS = {
    OpportunityKind.PRIMO: Text("Primo", "First purchase"),
    OpportunityKind.OTHER: Text("Autre", "Other"),
}
