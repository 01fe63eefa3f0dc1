"""What a document is refused for."""

from collections.abc import Mapping
from types import MappingProxyType

from relance.core.errors import RelanceError
from relance.core.i18n import Text


class PdfUnavailable(RelanceError):
    """This server lacks the libraries that PDFs are made with, or all of its printers are at work."""

    code = "pdf_unavailable"
    status = 503
    title = Text("PDF indisponibles", "No PDF available")
    detail = Text(
        "Ce serveur ne peut pas produire de PDF pour le moment ; prévenez son administrateur si cela dure.",
        "This server cannot make PDFs at the moment; tell its administrator if this lasts.",
    )

    @property
    def headers(self) -> Mapping[str, str]:
        """When to try again, in seconds."""
        return {"Retry-After": "30"}


class DocumentTooComplex(RelanceError):
    """Printing took too long, too much memory, or made too many pages."""

    code = "document_too_complex"
    status = 422
    title = Text("Document trop complexe", "Document too complex")
    detail = Text(
        "Ce document ne peut pas être mis en page : {pages} pages au plus, en {seconds} secondes au plus.",
        "This document cannot be laid out: {pages} pages at most, in {seconds} seconds at most.",
    )
    example = MappingProxyType({"pages": 100, "seconds": 30})
