"""The results of a job as a table."""

from relance.capabilities.jobs.handlers import JobKinds
from relance.capabilities.jobs.models import JobItem
from relance.capabilities.transfers.cells import Column, Sheet
from relance.core.i18n import Text


def fault_words(item: JobItem) -> str:
    """The faults of an item in one cell."""
    return " ; ".join(f"{error['pointer']}: {error['message']}" for error in item.errors or [])


def result_sheet(kind: str, kinds: JobKinds) -> Sheet[JobItem]:
    """A row an item."""
    return Sheet(
        Text("Résultats", "Results"),
        (
            Column("number", Text("N°", "No."), lambda item, _locale: item.number),
            Column("reference", Text("Référence", "Reference"), lambda item, _locale: item.reference),
            Column("outcome", Text("Code", "Code"), lambda item, _locale: item.outcome),
            Column(
                "outcome_label", Text("Résultat", "Result"), lambda item, _: kinds.outcome_label(kind, item.outcome)
            ),
            Column("subject_id", Text("Identifiant", "Id"), lambda item, _: str(item.subject_id or "")),
            Column("errors", Text("Erreurs", "Errors"), lambda item, _locale: fault_words(item)),
        ),
    )
