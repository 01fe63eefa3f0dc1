"""What a file is refused for. Within a form the same codes stand beside the field."""

from types import MappingProxyType

from relance.core.errors import RelanceError
from relance.core.i18n import Text


class FileRefused(RelanceError):
    """Base of every refusal of one file."""


class FileEmpty(FileRefused):
    """It holds no bytes."""

    code = "file_empty"
    status = 422
    title = Text("Fichier vide", "Empty file")
    detail = Text(
        "Le fichier « {name} » est vide. Vérifiez-le, puis choisissez-le de nouveau.",
        "The file “{name}” is empty. Check it, then choose it again.",
    )
    example = MappingProxyType({"name": "attestation.pdf"})


class FileTooLarge(FileRefused):
    """It is larger than what is accepted here."""

    code = "file_too_large"
    status = 413
    title = Text("Fichier trop volumineux", "File too large")
    detail = Text(
        "Le fichier « {name} » est trop volumineux : {limit} au plus.",
        "The file “{name}” is too large: {limit} at most.",
    )
    example = MappingProxyType({"name": "attestation.pdf", "limit": "10 Mo", "max_bytes": 10_000_000})


class FileTypeNotAccepted(FileRefused):
    """Its extension is none of those that are accepted here."""

    code = "file_type_not_accepted"
    status = 422
    title = Text("Type de fichier non accepté", "File type not accepted")
    detail = Text(
        "Le fichier « {name} » n’est pas d’un type accepté : {accepted}.",
        "The file “{name}” is not of an accepted type: {accepted}.",
    )
    example = MappingProxyType({"name": "logo.svg", "accepted": "PDF, PNG ou JPEG"})


class FileTypeMismatch(FileRefused):
    """Its content is not what its name says."""

    code = "file_type_mismatch"
    status = 422
    title = Text("Contenu différent du nom", "Content differs from the name")
    detail = Text(
        "Le contenu du fichier « {name} » n’est pas celui d’un fichier {expected}, ou il est abîmé.",
        "The content of the file “{name}” is not that of a {expected} file, or it is damaged.",
    )
    example = MappingProxyType({"name": "page.pdf", "expected": "PDF"})


class TooManyFiles(FileRefused):
    """More files than one link may hold were sent through it."""

    code = "too_many_files"
    status = 409
    title = Text("Trop de fichiers", "Too many files")
    detail = Text(
        "Trop de fichiers ont été envoyés par ce lien : {limit} au plus. Les fichiers retirés sont oubliés en un jour.",
        "Too many files were sent through this link: {limit} at most. Removed files are forgotten within a day.",
    )
    example = MappingProxyType({"limit": 50})


class FileGone(FileRefused):
    """An answer names a file that was not sent through its link, or that is no longer kept."""

    code = "unknown_file"
    status = 422
    title = Text("Fichier inconnu", "Unknown file")
    detail = Text(
        "Ce fichier n’est plus là : choisissez-le de nouveau.", "This file is no longer there: choose it again."
    )
