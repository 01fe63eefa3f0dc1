"""Cells of a file as an opportunity's values. No I/O."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from relance.capabilities.transfers.reading import folded_heading
from relance.core.errors import FieldError
from relance.core.i18n import Text
from relance.domains.avant_vente.opportunities.kinds import KIND_LABELS, OpportunityKind

_NO_AMOUNT = Text("Un montant est attendu, par exemple 48 000,50.", "An amount is expected, for example 48000.50.")
_NO_DATE = Text("Une date est attendue, par exemple 31/12/2027.", "A date is expected, for example 2027-12-31.")
_NO_KIND = Text("« Primo » ou « Autre » est attendu.", "“Primo” or “Other” is expected.")
_FRENCH_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)
_KINDS: Mapping[str, OpportunityKind] = {
    folded_heading(name): kind for kind, label in KIND_LABELS.items() for name in (kind.value, label.fr, label.en)
}


class CellFault(Exception):
    """A cell says nothing that fits its column."""

    def __init__(self, column: str, code: str, words: Text) -> None:
        super().__init__(code)
        self.fault = FieldError(f"/{column}", code, words.in_locale())


def kind_of(cell: str) -> OpportunityKind:
    """The kind that a cell names; primo where it is left empty.

    Raises:
        CellFault: it names no kind.
    """
    if not cell:
        return OpportunityKind.PRIMO
    found = _KINDS.get(folded_heading(cell))
    if found is None:
        raise CellFault("kind", "enum", _NO_KIND)
    return found


def amount_of(cell: str) -> Decimal | None:
    """An amount as people write it, in French or in English.

    Raises:
        CellFault: it is none.
    """
    if not cell:
        return None
    bare = re.sub(r"[\s\u00a0\u202f€$]", "", cell)
    if "," in bare:
        bare = bare.replace(".", "").replace(",", ".") if bare.rfind(",") > bare.rfind(".") else bare.replace(",", "")
    try:
        return Decimal(bare).quantize(Decimal("0.01"))
    except InvalidOperation:
        raise CellFault("amount", "type", _NO_AMOUNT) from None


def closed_at_of(cell: str, zone: ZoneInfo) -> datetime | None:
    """The beginning of a day on the clocks of `zone`.

    Raises:
        CellFault: it is no date.
    """
    if not cell:
        return None
    french = _FRENCH_DATE.fullmatch(cell)
    try:
        day = date(*(int(part) for part in reversed(french.groups()))) if french else date.fromisoformat(cell[:10])
    except ValueError:
        raise CellFault("closed_on", "format", _NO_DATE) from None
    return datetime.combine(day, time(), zone)
