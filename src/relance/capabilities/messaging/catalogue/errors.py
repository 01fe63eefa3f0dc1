"""Refusals of the template catalogue."""

from types import MappingProxyType

from relance.core.errors import RelanceError
from relance.core.i18n import Text


class NoPreviewSubject(RelanceError):
    """Nobody can fill this mail from a real row."""

    code = "no_preview_subject"
    status = 422
    title = Text("Aperçu sur données réelles indisponible", "No preview on real data")
    detail = Text(
        "Ce modèle ne peut être montré que sur des données d’exemple.",
        "This template can be shown on sample data only.",
    )


class LogoRefused(RelanceError):
    """The picture cannot be shown by mail clients, or is too large."""

    code = "logo_refused"
    status = 422
    title = Text("Image refusée", "Picture refused")
    detail = Text(
        "Le logo doit être une image PNG, JPEG ou GIF d’au plus {max_kilobytes} Ko et {max_side} pixels de côté.",
        "The logo must be a PNG, JPEG or GIF picture of at most {max_kilobytes} KB and {max_side} pixels a side.",
    )
    example = MappingProxyType({"max_kilobytes": 256, "max_side": 2000})
