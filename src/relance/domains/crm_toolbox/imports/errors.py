"""Errors of imports."""

from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from relance.core.errors import RelanceError
from relance.core.i18n import Text


class AlreadyImported(RelanceError):
    """The very same file was imported before."""

    code = "file_already_imported"
    status = 409
    title = Text("Fichier déjà importé", "File imported before")
    detail = Text(
        "Ce fichier a déjà été importé le {imported_at} ; avec « force », il l’est à nouveau.",
        "This file was imported before, on {imported_at}; with `force` it is imported again.",
    )
    example = MappingProxyType(
        {"job_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10", "imported_at": "2026-11-02T09:30:00Z"}
    )

    def __init__(self, job_id: UUID, imported_at: datetime) -> None:
        super().__init__(job_id=str(job_id), imported_at=imported_at.isoformat().replace("+00:00", "Z"))


class NothingToCommit(RelanceError):
    """The job is no dry run of an import that has come to its end."""

    code = "nothing_to_commit"
    status = 409
    title = Text("Rien à valider", "Nothing to commit")
    detail = Text(
        "Seul un essai d’import terminé peut être validé.", "Only a dry run that has come to its end can be committed."
    )


class NothingToRevert(RelanceError):
    """The job is no import that has come to its end."""

    code = "nothing_to_revert"
    status = 409
    title = Text("Rien à annuler", "Nothing to take back")
    detail = Text(
        "Seul un import terminé, qui n’était pas un essai, peut être annulé.",
        "Only an import that has come to its end, and was no dry run, can be taken back.",
    )
