"""Errors of this capability."""

from collections.abc import Sequence
from types import MappingProxyType

from relance.core.errors import RelanceError
from relance.core.i18n import Text


class TooManyRows(RelanceError):
    """More rows than are taken, or than the format holds."""

    code = "too_many_rows"
    status = 422
    title = Text("Trop de lignes", "Too many rows")
    detail = Text("{limit} lignes au plus.", "At most {limit} rows.")

    def __init__(self, limit: int) -> None:
        super().__init__(limit=limit)


class TableUnreadable(RelanceError):
    """The file is neither CSV nor XLSX, or it is damaged, or it is built to do harm."""

    code = "table_unreadable"
    status = 422
    title = Text("Fichier illisible", "Unreadable file")
    detail = Text(
        "Ce fichier ne peut pas être lu comme CSV ou XLSX ; repartez du modèle.",
        "This file cannot be read as CSV or XLSX; start from the template.",
    )


class HeaderMismatch(RelanceError):
    """The first row does not name the columns that are expected."""

    code = "header_mismatch"
    status = 422
    title = Text("En-tête inattendu", "Unexpected header")
    detail = Text(
        "La première ligne ne convient pas : voir « missing », « unknown » et « repeated ».",
        "The first row does not fit: see “missing”, “unknown” and “repeated”.",
    )

    def __init__(self, missing: Sequence[str], unknown: Sequence[str], repeated: Sequence[str]) -> None:
        super().__init__(missing=list(missing), unknown=list(unknown), repeated=list(repeated))


class FormulaCells(RelanceError):
    """Cells of a workbook that are computed: what they show depends on who opens it."""

    code = "formula_cells"
    status = 422
    title = Text("Cellules calculées", "Computed cells")
    detail = Text(
        "Des cellules contiennent des formules : {shown}. Collez-les comme valeurs et recommencez.",
        "Some cells hold formulas: {shown}. Paste them as values and start again.",
    )
    example = MappingProxyType({"cells": ["B5", "C5"], "shown": "B5, C5"})

    def __init__(self, cells: Sequence[str]) -> None:
        super().__init__(cells=list(cells), shown=", ".join(cells))
